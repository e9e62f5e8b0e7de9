/*
 * daemon_client: the address from the configuration, the request by libcurl,
 * the answer as JSON.
 */
#include "cli/daemon_client.h"

#include "base/cleanup.h"
#include "cli/complain.h"
#include "cli/places.h"
#include "net/http_local.h"
#include "net/idn.h"
#include <mtasts/error.h>
#include <string.h>

#define ADDRESS_MAX 512u
#define TARGET_MAX 512u /* octets of a route and a domain */
#define WHO_MAX 512u    /* octets of a command and a domain */
#define ANSWER_MAX (32u << 20)

/* The first socket that can be asked at. */
static const char *first_socket(const struct config *config)
{
    const struct config_list *list = &config->policyd.http;

    for (size_t i = 0; i < list->count; i++)
        if (strncmp(list->items[i], "systemd:", 8) != 0)
            return list->items[i];
    return NULL;
}

static int find_address(const char *who, const struct daemon_options *options,
                        char address[ADDRESS_MAX])
{
    _cleanup_config_ struct config *config = NULL;
    const char *found;
    int error;

    if (options->socket) {
        snprintf(address, ADDRESS_MAX, "%s%s",
                 *options->socket == '/' ? "unix:" : "", options->socket);
        return 0;
    }
    error = places_load(who, options->config, PLACES_FIND, &config);
    if (error)
        return error;
    found = first_socket(config);
    if (!found) {
        complain("%s: the configuration has no socket for it; add http = "
                 "{ \"unix:http.sock\" } to the section policyd, or say "
                 "--socket",
                 who);
        return -MTASTS_ENOTFOUND;
    }
    snprintf(address, ADDRESS_MAX, "%s", found);
    return 0;
}

/* What the daemon says is wrong. */
static int refused(const char *who, long status, const struct json *json)
{
    const char *text = json_text(json_get(json, "error"), NULL);

    complain("%s: %s", who, text ? text : "the daemon refused it");
    return status == 404 ? -MTASTS_ENOTFOUND : -MTASTS_EINVAL;
}

static int ask(const char *who, const struct daemon_options *options,
               const struct http_local_request *wanted, struct json **ret_json)
{
    struct http_local_request request = *wanted;
    char address[ADDRESS_MAX];
    char why[HTTP_LOCAL_WHY_MAX] = "";
    _cleanup_buf_ struct buf body = BUF(ANSWER_MAX);
    _cleanup_json_ struct json *json = NULL;
    long status = 0;
    int error;

    error = find_address(who, options, address);
    if (error)
        return error;
    request.address = address;
    request.deadline_ms = DAEMON_CLIENT_MS;
    error = http_local(&request, &body, &status, why);
    if (error) {
        complain("%s: %s; does mtasts-policyd run?", who,
                 *why ? why : mtasts_strerror(error));
        return error;
    }
    error = json_parse(buf_text(&body), body.len, NULL, NULL, &json);
    if (error) {
        complain("%s: %s does not answer as mtasts-policyd does", who, address);
        return error;
    }
    if (status != 200)
        return refused(who, status, json);
    *ret_json = TAKE_PTR(json);
    return 0;
}

int daemon_get(const char *who, const struct daemon_options *options,
               const char *target, struct json **ret_json)
{
    const struct http_local_request request = {.target = target};

    return ask(who, options, &request, ret_json);
}

/* What goes wrong is said with the domain: it may be one of many. */
static int ask_of(const char *who, const struct daemon_options *options,
                  const char *route, const char *domain, bool post,
                  struct json **ret_json)
{
    char name[MTASTS_NAME_MAX + 1];
    char target[TARGET_MAX];
    char of[WHO_MAX];
    const struct http_local_request request = {.target = target, .post = post};

    if (idn_to_ascii(domain, strlen(domain), 0, name) < 0) {
        complain("%s: '%s' is no domain", who, domain);
        return -MTASTS_ENAME;
    }
    snprintf(target, sizeof(target), "%s%s", route, name);
    snprintf(of, sizeof(of), "%s: %s", who, name);
    return ask(of, options, &request, ret_json);
}

int daemon_get_of(const char *who, const struct daemon_options *options,
                  const char *route, const char *domain, struct json **ret_json)
{
    return ask_of(who, options, route, domain, false, ret_json);
}

int daemon_post_of(const char *who, const struct daemon_options *options,
                   const char *route, const char *domain,
                   struct json **ret_json)
{
    return ask_of(who, options, route, domain, true, ret_json);
}

int daemon_post(const char *who, const struct daemon_options *options,
                const char *target, const char *body, size_t len,
                struct json **ret_json)
{
    const struct http_local_request request = {
        .target = target, .post = true, .body = body, .len = len};

    return ask(who, options, &request, ret_json);
}
