/*
 * http_server: HTTP/1.1 for the people and programs of this machine, through
 * libevent's evhttp: GET, HEAD and POST, answers now or later.
 *
 * It listens on UNIX sockets and loopback addresses alone. Over TCP the Host
 * header must name this machine, or a page in somebody's browser could read
 * what is here under a name of its own that resolves to 127.0.0.1 (DNS
 * rebinding).
 */
#ifndef MTASTS_NET_HTTP_SERVER_H
#define MTASTS_NET_HTTP_SERVER_H

#include "net/http_target.h"
#include "net/listener.h"

#define HTTP_HEAD_MAX 8192u /* octets of request line and headers */
#define HTTP_IDLE_S 60u     /* without a request, or a reader */
#define HTTP_PATIENCE 2u    /* times as long a request or an answer may take */
#define HTTP_PEERS_MAX 64u  /* connections: those beyond wait in the queue */

struct http_server;

/* Somebody who waits for the answer to one request. */
struct http_asker;

/* Good until the call that it comes with returns. */
struct http_request {
    const char *target; /* as it came: see http_target_query() */
    const char *name;   /* the segment that the route leaves open, or "" */
    const char *body;   /* of a route that takes one; not terminated */
    size_t len;
};

/* http_answer() is called once, from in here or later. May not free the
   server. */
typedef void http_fn(void *ctx, struct http_asker *asker,
                     const struct http_request *request);

struct http_route {
    const char *path; /* see http_target_match(); NULL: the end of the table */
    http_fn *fn;
    bool acts; /* takes POST instead of GET and HEAD; over UNIX sockets alone,
                  where a browser cannot be led */
    bool takes_body; /* content, which others refuse */
};

struct http_options {
    const struct http_route *routes; /* outlive the server */
    /* The asker has gone, and with the return of this call its handle. */
    void (*cancelled)(void *ctx, struct http_asker *asker);
    void *ctx;
    size_t extra;       /* octets that the owner wants with each asker */
    size_t body_max;    /* octets of a request's content; 0: none at all */
    const char *host;   /* that the Host header may name, too; or NULL */
    unsigned peers_max; /* 0: HTTP_PEERS_MAX */
    unsigned idle_s;    /* 0: HTTP_IDLE_S */
};

struct http_stats {
    size_t peers;
    size_t askers;     /* unanswered */
    uint64_t opened;   /* connections so far */
    uint64_t requests; /* that reached a route */
    uint64_t refused;  /* that did not */
};

int http_server_new(struct loop *loop, const struct http_options *options,
                    struct http_server **ret_server);

/* Cancels those who wait. NULL is fine. */
void http_server_free(struct http_server *server);

/* Accepts at `listener`, which stays the caller's. -MTASTS_EINVAL: others
   than this machine could reach it; -MTASTS_ELIMIT. */
int http_server_listen(struct http_server *server,
                       const struct listener *listener);

/* No more; to be called before `listener` is freed. */
void http_server_ignore(struct http_server *server,
                        const struct listener *listener);

/* `extra` octets that are zero when the request comes, aligned for any type,
   and stay where they are until it is answered or cancelled. */
void *http_asker_extra(struct http_asker *asker);

/* `type`: of the content, with its charset. The handle is gone. Runs no
   callback. */
void http_answer(struct http_asker *asker, unsigned status, const char *type,
                 const char *body, size_t len);

void http_server_stats(const struct http_server *server,
                       struct http_stats *ret_stats);

DEFINE_CLEANUP(struct http_server *, http_server_free, http_server)
#define _cleanup_http_server_ _cleanup_(cleanup_http_server)

#endif
