/*
 * policy_json: answers, entries of the cache and history as JSON.
 */
#include "policyd/policy_json.h"

#include "engine/demand.h"
#include "engine/reply_client.h"
#include "engine/reply_exim.h"
#include "engine/reply_socketmap.h"
#include <mtasts/error.h>
#include <string.h>
#include <time.h>

#define TIME_TEXT_MAX 32u

void policy_json_add_time(struct json_builder *builder, const char *key,
                          int64_t ms)
{
    char text[TIME_TEXT_MAX];
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;

    if (ms <= 0 || !gmtime_r(&seconds, &parts) ||
        !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts))
        json_add_null(builder, key);
    else
        json_add_string(builder, key, text);
}

static void add_result(struct json_builder *builder, const char *key,
                       enum mtasts_result result)
{
    if (result == MTASTS_RESULT_SUCCESS)
        json_add_null(builder, key);
    else
        json_add_string(builder, key, mtasts_result_name(result));
}

/* "" is null. */
static void add_text(struct json_builder *builder, const char *key,
                     const char *text)
{
    json_add_string(builder, key, text && *text ? text : NULL);
}

/* ---- a policy ---- */

static struct json *patterns(const struct mtasts_sts_policy *policy)
{
    _cleanup_json_builder_ struct json_builder array = json_build_array();

    for (size_t i = 0; i < mtasts_sts_policy_mx_count(policy); i++)
        json_add_string(&array, NULL, mtasts_sts_policy_mx(policy, i));
    return json_built(&array);
}

static struct json *policy(const struct held_policy *held, int64_t now_ms)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    bool local = held_policy_is_local(held);

    json_add_string(&object, "id", held->id);
    json_add_string(&object, "mode", mtasts_mode_name(held_policy_mode(held)));
    json_add_int(&object, "max_age", mtasts_sts_policy_max_age(held->policy));
    json_add(&object, "mx", patterns(held->policy));
    policy_json_add_time(&object, "fetched", local ? 0 : held->fetched_ms);
    policy_json_add_time(&object, "expires",
                         local ? 0 : held_policy_expires_ms(held));
    json_add_int(&object, "age",
                 local ? 0 : (now_ms - held->fetched_ms) / 1000);
    json_add_octets(&object, "body", held->body, held->len);
    return json_built(&object);
}

static void add_policy(struct json_builder *builder,
                       const struct held_policy *held, int64_t now_ms)
{
    if (held)
        json_add(builder, "policy", policy(held, now_ms));
    else
        json_add_null(builder, "policy");
}

/* ---- MX hosts ---- */

static struct json *hosts(const struct mx_set *set,
                          const struct held_policy *held)
{
    _cleanup_json_builder_ struct json_builder array = json_build_array();
    bool covered[MX_SET_MAX] = {false};

    if (held)
        mx_set_covered(set, held->policy, covered);
    for (size_t i = 0; i < set->count; i++) {
        struct json_builder host = json_build_object();
        json_add_string(&host, "name", set->hosts[i].data);
        if (held)
            json_add_bool(&host, "covered", covered[i]);
        json_add(&array, NULL, json_built(&host));
    }
    return json_built(&array);
}

static struct json *mx_hosts(const struct mx_set *set,
                             const struct held_policy *held)
{
    static const char *const statuses[] = {
        [MX_OK] = "ok",
        [MX_NULL] = "null-mx",
        [MX_NONE] = "none",
        [MX_FAILED] = "failed",
    };
    static const char *const dane[] = {
        [MX_DANE_UNASKED] = "unasked",
        [MX_DANE_NONE] = "none",
        [MX_DANE_USABLE] = "usable",
        [MX_DANE_FAILED] = "failed",
    };
    _cleanup_json_builder_ struct json_builder object = json_build_object();

    json_add_string(&object, "status", statuses[set->status]);
    json_add_string(&object, "dane", dane[set->dane]);
    json_add(&object, "hosts", hosts(set, held));
    policy_json_add_time(&object, "expires", set->expires_ms);
    return json_built(&object);
}

static void add_mx(struct json_builder *builder, const struct mx_set *set,
                   const struct held_policy *held)
{
    if (set)
        json_add(builder, "mx", mx_hosts(set, held));
    else
        json_add_null(builder, "mx");
}

/* ---- the replies ---- */

static void add_map(struct json_builder *builder,
                    const struct reply_settings *settings, enum reply_map map,
                    const char *domain, const struct policy_answer *answer,
                    int64_t now_ms)
{
    _cleanup_buf_ struct buf text = BUF(REPLY_SOCKETMAP_MAX + 16);
    _cleanup_free_ char *data = malloc(REPLY_SOCKETMAP_MAX);
    enum reply_status status = REPLY_OK;
    size_t len;
    int error = -MTASTS_ENOMEM;

    if (data && map == REPLY_MAP_CLIENT)
        error = reply_client(answer, now_ms, data, REPLY_SOCKETMAP_MAX, &len);
    else if (data)
        error = reply_socketmap(settings, map, domain, answer, data,
                                REPLY_SOCKETMAP_MAX, &status, &len);
    if (error) {
        json_add_null(builder, reply_map_name(map));
        return;
    }
    buf_printf(&text, "%s ", reply_status_word(status));
    buf_append(&text, data, len);
    json_add_octets(builder, reply_map_name(map), buf_text(&text), text.len);
}

static struct json *replies(const struct reply_settings *settings,
                            const char *domain,
                            const struct policy_answer *answer, int64_t now_ms)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    char line[REPLY_EXIM_MAX];
    size_t len;

    for (unsigned map = 0; map < REPLY_MAPS; map++)
        add_map(&object, settings, (enum reply_map)map, domain, answer, now_ms);
    if (reply_exim(answer, line, sizeof(line), &len) == 0)
        json_add_octets(&object, "exim", line, len);
    return json_built(&object);
}

/* ---- an answer ---- */

struct json *policy_json_answer(const struct reply_settings *settings,
                                const char *domain,
                                const struct policy_answer *answer,
                                int64_t now_ms)
{
    static const char *const sources[ANSWER_SOURCES] = {
        "cache", "discovery", "deadline", "override", "limit"};
    _cleanup_json_builder_ struct json_builder object = json_build_object();

    json_add_string(&object, "domain", domain);
    json_add_string(&object, "demand", demand_name(demand_of(answer)));
    if (answer->held)
        json_add_string(&object, "mode", mtasts_mode_name(answer->mode));
    else
        json_add_null(&object, "mode");
    json_add_string(&object, "source", sources[answer->source]);
    add_result(&object, "failure", answer->failure);
    add_text(&object, "why", answer->why);
    json_add_int(&object, "ttl", answer->ttl_s);
    json_add_bool(&object, "dane", answer->dane);
    add_policy(&object, answer->held, now_ms);
    add_mx(&object, answer->mx, answer->held);
    json_add(&object, "replies", replies(settings, domain, answer, now_ms));
    return json_built(&object);
}

/* ---- the cache ---- */

struct json *policy_json_view(const struct policy_view *view, int64_t now_ms)
{
    static const char *const records[] = {
        [TXT_VALID] = "valid",     [TXT_NONE] = "none",
        [TXT_INVALID] = "invalid", [TXT_MULTIPLE] = "multiple",
        [TXT_FAILED] = "failed",
    };
    _cleanup_json_builder_ struct json_builder object = json_build_object();

    json_add_string(&object, "domain", view->domain);
    add_policy(&object, view->held, now_ms);
    add_mx(&object, view->mx, view->held);
    /* Of what an earlier run has kept the record was not looked at yet. */
    if (view->txt_due_ms)
        json_add_string(&object, "record", records[view->txt]);
    else
        json_add_null(&object, "record");
    policy_json_add_time(&object, "record_until", view->txt_due_ms);
    policy_json_add_time(&object, "used", view->used_ms);
    policy_json_add_time(&object, "next", view->next_ms);
    json_add_bool(&object, "busy", view->busy);
    add_result(&object, "failure", view->failure);
    add_text(&object, "why", view->why);
    policy_json_add_time(&object, "failing_since", view->failing_since_ms);
    return json_built(&object);
}

struct json *policy_json_history(const struct history_row *row)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();

    policy_json_add_time(&object, "time", row->at_ms);
    json_add_string(&object, "event", row->event);
    add_text(&object, "old_mode", row->old_mode);
    add_text(&object, "old_id", row->old_id);
    add_text(&object, "mode", row->new_mode);
    add_text(&object, "id", row->new_id);
    add_text(&object, "why", row->detail);
    return json_built(&object);
}

struct json *policy_json_error(const char *text)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();

    json_add_string(&object, "error", text);
    return json_built(&object);
}
