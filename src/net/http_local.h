/*
 * http_local: one request to a daemon of this machine, and the wait for its
 * answer. For programs that do nothing else meanwhile.
 */
#ifndef MTASTS_NET_HTTP_LOCAL_H
#define MTASTS_NET_HTTP_LOCAL_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

#define HTTP_LOCAL_WHY_MAX 512u

struct http_local_request {
    const char *address; /* "unix:/PATH" or "inet:ADDRESS:PORT" */
    const char *target;  /* "/v1/status" */
    bool post;
    const char *body; /* of a POST; NULL: none */
    size_t len;
    uint32_t deadline_ms;
};

/*
 * The answer's body is appended to `body`, whose maximum holds; the status is
 * *ret_status. -MTASTS_EINVAL (address), -MTASTS_EIO (nobody there, or no
 * proper answer), -MTASTS_ETIMEDOUT, -MTASTS_ETOOLONG, -MTASTS_ENOMEM: then
 * `why` has a sentence.
 */
int http_local(const struct http_local_request *request, struct buf *body,
               long *ret_status, char why[HTTP_LOCAL_WHY_MAX]);

#endif
