/*
 * fetch_request: what a caller asks of a fetch, checked and copied.
 */
#include "net/fetch_transfer.h"

#include <mtasts/error.h>
#include <mtasts/name.h>
#include <mtasts/sts_policy.h>
#include <string.h>

#define WELL_KNOWN "/.well-known/mta-sts.txt"
#define USER_AGENT "mtasts/" MTASTS_VERSION
#define HTTPS_PORT 443u
#define ADDRESS_LIST_MAX (FACTS_ADDRESS_MAX * (ADDRESS_TEXT_MAX + 3u))

/* A slash begins the path; what else could change the URL's meaning is in no
   name and no path of ours. */
bool fetch_request_ok(const struct fetch_request *request)
{
    static const char bad[] = " \t\r\n\"<>\\^`{|}";
    const char *path = request->path;

    if (strpbrk(request->host, bad) || strpbrk(request->host, "/?#@:") ||
        !*request->host || strlen(request->host) > MTASTS_NAME_MAX)
        return false;
    if (path &&
        (path[0] != '/' || strpbrk(path, bad) || strlen(path) > FETCH_PATH_MAX))
        return false;
    return request->address_count <= FACTS_ADDRESS_MAX;
}

/* Allowed ones, as CURLOPT_RESOLVE wants them; NULL if there are none. */
static char *address_list(const struct fetch_request *request)
{
    struct buf buf;
    bool any = false;

    buf_init(&buf, ADDRESS_LIST_MAX);
    for (size_t i = 0; i < request->address_count; i++) {
        const struct fact_address *address = &request->addresses[i];
        if (!address->allowed)
            continue;
        buf_printf(&buf, address->ipv6 ? "%s[%s]" : "%s%s", any ? "," : "",
                   address->text);
        any = true;
    }
    if (!any || buf.error) {
        buf_clear(&buf);
        return NULL;
    }
    return buf.data;
}

/* Whether a family has more than one address to try. */
static bool has_several(const struct fetch_request *request)
{
    size_t ipv4 = 0;
    size_t ipv6 = 0;

    for (size_t i = 0; i < request->address_count; i++) {
        if (!request->addresses[i].allowed)
            continue;
        if (request->addresses[i].ipv6)
            ipv6++;
        else
            ipv4++;
    }
    return ipv4 > 1 || ipv6 > 1;
}

static struct fact_fetch *fact_new(const struct fetch_request *request)
{
    struct fact_fetch *fact = arena_new_of(request->arena, struct fact_fetch);
    uint16_t port = request->port;
    const char *path = request->path ? request->path : WELL_KNOWN;

    if (!fact)
        return NULL;
    if (port && port != HTTPS_PORT)
        fact->url = arena_printf(request->arena, "https://%s:%u%s",
                                 request->host, port, path);
    else
        fact->url =
            arena_printf(request->arena, "https://%s%s", request->host, path);
    fact->pinned = request->pinned;
    if (fact->pinned && request->address_count > 0) /* also if it is dead */
        fact->address =
            arena_string(request->arena, request->addresses[0].text);
    return fact->url ? fact : NULL;
}

int fetch_request_take(struct fetch *fetch, const struct fetch_request *request)
{
    struct arena *arena = request->arena;

    buf_init(&fetch->body, MTASTS_POLICY_BODY_MAX);
    fetch->arena = arena;
    fetch->host = arena_string(arena, request->host);
    fetch->port = request->port ? request->port : HTTPS_PORT;
    fetch->user_agent = arena_string(
        arena, request->user_agent ? request->user_agent : USER_AGENT);
    fetch->accept_encoding = arena_string(arena, request->accept_encoding);
    fetch->connect_only = request->connect_only;
    fetch->several = has_several(request);
    fetch->deadline_ms =
        request->deadline_ms ? request->deadline_ms : FETCH_DEADLINE_MS;
    fetch->addresses = fetch->proxied ? NULL : address_list(request);
    fetch->fact = fact_new(request);
    if (!fetch->host || !fetch->user_agent || !fetch->fact ||
        (request->accept_encoding && !fetch->accept_encoding))
        return -MTASTS_ENOMEM;
    return 0;
}
