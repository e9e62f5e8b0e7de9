/*
 * load_order: policies from elsewhere. See load_order.h.
 */
#include "policyd/load_order.h"

#include "policyd/kept_policy.h"
#include <mtasts/error.h>
#include <string.h>

/* The longest policy has some 13000 patterns. */
static const struct json_limits limits = {
    .size = LOAD_ORDER_MAX, .depth = 8, .values = 16384};

struct loading {
    struct policyd *policyd;
    int64_t line;
    int64_t loaded;
    int64_t held;
    int64_t expired;
    struct json_builder refused;
};

static void refuse(struct loading *loading, const char *why)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();

    json_add_int(&object, "line", loading->line);
    json_add_string(&object, "error", why);
    json_add(&loading->refused, NULL, json_built(&object));
}

static void take(struct loading *loading, const struct policy_kept *kept)
{
    struct policyd *policyd = loading->policyd;
    int taken;

    if (storage_loading(policyd->storage))
        storage_fetch(policyd->storage, kept->domain);
    taken = policy_engine_import(policyd->engine, kept, policyd_now(policyd));
    if (taken == 1)
        loading->loaded++;
    else if (taken == 0)
        loading->held++;
    else if (taken == -MTASTS_ETIMEDOUT)
        loading->expired++;
    else if (taken == -MTASTS_ENOMEM)
        refuse(loading, "out of memory");
    else
        refuse(loading, "policy.body: that is not a policy");
}

static void read_line(struct loading *loading, const char *line, size_t len)
{
    _cleanup_json_ struct json *json = NULL;
    struct json_fault fault;
    struct policy_kept kept;
    const char *why;

    if (json_parse(line, len, &limits, &fault, &json) < 0)
        refuse(loading, fault.text);
    else if (kept_policy_read(json, &kept, &why) < 0)
        refuse(loading, why);
    else
        take(loading, &kept);
}

static void read_lines(struct loading *loading, const char *body, size_t len)
{
    size_t done = 0;

    while (done < len) {
        const char *end = memchr(body + done, '\n', len - done);
        size_t line = (end ? (size_t)(end - body) : len) - done;
        loading->line++;
        if (line > 0)
            read_line(loading, body + done, line);
        done += line + 1;
    }
}

struct json *load_order(struct policyd *policyd, const char *body, size_t len)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    struct loading loading = {.policyd = policyd,
                              .refused = json_build_array()};

    read_lines(&loading, body, len);
    json_add_int(&object, "loaded", loading.loaded);
    json_add_int(&object, "held", loading.held);
    json_add_int(&object, "expired", loading.expired);
    json_add(&object, "refused", json_built(&loading.refused));
    return json_built(&object);
}
