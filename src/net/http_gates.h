/*
 * http_gates: where an evhttp accepts connections, and how many it has.
 *
 * evhttp 2.1 knows no limit of connections, tells nobody when one ends, and
 * tries accept() over and over when there is no descriptor. Here the
 * connections are counted, and nobody is let in while there are too many or
 * no descriptors: they wait in the kernel's queue.
 */
#ifndef MTASTS_NET_HTTP_GATES_H
#define MTASTS_NET_HTTP_GATES_H

#include "net/listener.h"

#define HTTP_GATES_MAX 16u /* descriptors, all listeners together */

struct bufferevent;
struct evhttp;
struct http_gates;

/* `peers_max`: connections at once. `patience_ms`: so long may one take to
   send a request, or to read an answer. `http` gets its connections' streams
   from here; it must be freed before the gates are. */
int http_gates_new(struct loop *loop, struct evhttp *http, unsigned peers_max,
                   uint64_t patience_ms, struct http_gates **ret_gates);
void http_gates_free(struct http_gates *gates); /* NULL is fine */

/* Accepts at all descriptors of `listener`. -MTASTS_ELIMIT, _ENOMEM. */
int http_gates_add(struct http_gates *gates, const struct listener *listener);
void http_gates_remove(struct http_gates *gates,
                       const struct listener *listener);

/* A request has come (`waits`: for us), or its answer goes out. */
void http_gates_note(struct http_gates *gates, const struct bufferevent *stream,
                     bool waits);

/* Connections now, and so far. */
size_t http_gates_count(struct http_gates *gates);
uint64_t http_gates_opened(const struct http_gates *gates);

DEFINE_CLEANUP(struct http_gates *, http_gates_free, http_gates)
#define _cleanup_http_gates_ _cleanup_(cleanup_http_gates)

#endif
