/*
 * mtasts_query: the one call. See mtasts/client.h.
 */
#include "client/answer.h"
#include "client/exchange.h"

#include "base/cleanup.h"
#include <mtasts/name.h>
#include <stdio.h>
#include <string.h>

#define MAP "client"
#define REQUEST_MAX (MTASTS_NAME_MAX + sizeof("1000:" MAP " ,"))

static int ask(const char *path, const char *domain, unsigned deadline_ms,
               struct mtasts_answer **ret_answer)
{
    char request[REQUEST_MAX];
    _cleanup_free_ char *reply = NULL;
    size_t reply_len = 0;
    int len = snprintf(request, sizeof(request), "%zu:" MAP " %s,",
                       strlen(domain) + sizeof(MAP), domain);
    int error = exchange(path, request, (size_t)len,
                         exchange_now_ms() + deadline_ms, &reply, &reply_len);

    return error ? error : answer_parse(reply, reply_len, ret_answer);
}

int mtasts_query(const char *path, const char *domain, unsigned deadline_ms,
                 struct mtasts_answer **ret_answer)
{
    struct mtasts_next_hop hop;
    int error;

    if (!domain || !ret_answer)
        return -MTASTS_EINVAL;
    error = mtasts_next_hop_parse(domain, strlen(domain), &hop);
    if (error)
        return error;
    if (hop.kind != MTASTS_NEXT_HOP_DOMAIN)
        return answer_new(MTASTS_ANSWER_NONE, "", ret_answer);
    return ask(path ? path : MTASTS_CLIENT_SOCKET, hop.name,
               deadline_ms ? deadline_ms : MTASTS_CLIENT_DEADLINE_MS,
               ret_answer);
}
