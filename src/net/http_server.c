/*
 * http_server: HTTP through libevent's evhttp. See http_server.h.
 *
 * evhttp watches for reading while it writes an answer, and drops the answer
 * when the peer has ended its side. We stop it: the end is seen afterwards.
 */
#include "net/http_server.h"

#include "base/container.h"
#include "base/queue.h"
#include "net/http_gates.h"
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <mtasts/error.h>
#include <poll.h>
#include <stdalign.h>
#include <string.h>

/* All that evhttp knows: what is refused, we refuse. */
#define METHODS                                                                \
    (EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |     \
     EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |               \
     EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH)

/* RFC 9110 sections 15.5.20 and 15.6.6 */
#define MISDIRECTED 421u
#define HTTP_VERSION 505u

struct http_asker {
    struct queue_node node; /* in server->askers */
    struct http_server *server;
    struct evhttp_request *request;
    struct loop_watch *watch; /* for the end of its connection */
    alignas(max_align_t) char extra[];
};

struct http_server {
    struct loop *loop;
    struct evhttp *http;
    struct http_gates *gates;
    struct http_options options; /* nothing left to a default */
    struct queue askers;
    uint64_t requests;
    uint64_t refused;
};

/* ---- answers ---- */

static struct bufferevent *stream_of(struct evhttp_request *request)
{
    return evhttp_connection_get_bufferevent(
        evhttp_request_get_connection(request));
}

static void add_headers(struct evhttp_request *request, const char *type,
                        size_t len)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    char length[24];

    /* By hand, because evhttp adds none to the answer to HEAD. */
    snprintf(length, sizeof(length), "%zu", len);
    evhttp_add_header(headers, "Content-Length", length);
    evhttp_add_header(headers, "Content-Type", type);
    evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
    evhttp_add_header(headers, "Cache-Control", "no-store");
}

/* evhttp knows the others. */
static const char *reason_of(unsigned status)
{
    switch (status) {
    case MISDIRECTED: return "Misdirected Request";
    case HTTP_VERSION: return "HTTP Version Not Supported";
    default: return NULL;
    }
}

/* Without memory the answer is empty, and an error. */
static void send_answer(struct http_server *server,
                        struct evhttp_request *request, unsigned status,
                        const char *type, const char *body, size_t len)
{
    struct bufferevent *stream = stream_of(request);
    struct evbuffer *content = NULL;
    bool with_body =
        len > 0 && evhttp_request_get_command(request) != EVHTTP_REQ_HEAD;

    if (with_body) {
        content = evbuffer_new();
        if (!content || evbuffer_add(content, body, len) < 0) {
            status = HTTP_INTERNAL;
            len = 0;
        }
    }
    add_headers(request, type, len);
    http_gates_note(server->gates, stream, false);
    evhttp_send_reply(request, (int)status, reason_of(status), content);
    bufferevent_disable(stream, EV_READ);
    if (content)
        evbuffer_free(content);
}

static void refuse(struct http_server *server, struct evhttp_request *request,
                   unsigned status, const char *why)
{
    server->refused++;
    /* evhttp would not close the connection of a proxy. */
    request->flags &= ~EVHTTP_PROXY_REQUEST;
    if (request->type == EVHTTP_REQ_CONNECT)
        request->type = EVHTTP_REQ_GET;
    /* What follows on the connection may belong to this request. */
    evhttp_add_header(evhttp_request_get_output_headers(request), "Connection",
                      "close");
    send_answer(server, request, status, "text/plain; charset=utf-8", why,
                strlen(why));
}

/* ---- askers ---- */

void *http_asker_extra(struct http_asker *asker)
{
    return asker->extra;
}

/* The request that it was for. */
static struct evhttp_request *asker_free(struct http_asker *asker)
{
    struct evhttp_request *request = asker->request;

    loop_watch_cancel(asker->watch);
    queue_leave(&asker->node);
    free(asker);
    return request;
}

void http_answer(struct http_asker *asker, unsigned status, const char *type,
                 const char *body, size_t len)
{
    struct http_server *server = asker->server;

    send_answer(server, asker_free(asker), status, type, body, len);
}

/* evhttp does not look at the connection while we think: we do. */
static void on_change(void *ctx, int fd, unsigned events)
{
    struct http_asker *asker = ctx;
    struct http_server *server = asker->server;
    struct pollfd pollfd = {.fd = fd};

    (void)events;
    if (poll(&pollfd, 1, 0) <= 0 || !(pollfd.revents & (POLLHUP | POLLERR)))
        return;
    server->options.cancelled(server->options.ctx, asker);
    send_answer(server, asker_free(asker), HTTP_SERVUNAVAIL, "text/plain", NULL,
                0);
}

static void ask(struct http_server *server, struct evhttp_request *request,
                const struct http_route *found, const char *name)
{
    struct http_asker *asker =
        calloc(1, sizeof(*asker) + server->options.extra);
    struct evbuffer *body = evhttp_request_get_input_buffer(request);
    const struct http_request asked = {
        .target = evhttp_request_get_uri(request),
        .name = name,
        .body = (const char *)evbuffer_pullup(body, -1),
        .len = evbuffer_get_length(body)};

    if (!asker || (asked.len > 0 && !asked.body) ||
        loop_watch(server->loop, bufferevent_getfd(stream_of(request)),
                   LOOP_CHANGE, on_change, asker, &asker->watch) < 0) {
        free(asker);
        refuse(server, request, HTTP_SERVUNAVAIL, "no memory\n");
        return;
    }
    asker->server = server;
    asker->request = request;
    queue_join(&server->askers, &asker->node);
    http_gates_note(server->gates, stream_of(request), true);
    server->requests++;
    found->fn(server->options.ctx, asker, &asked);
}

/* ---- requests ---- */

static const char *header_of(struct evhttp_request *request, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(request), name);
}

static bool is_unix(struct evhttp_request *request)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(storage);

    getsockname(bufferevent_getfd(stream_of(request)),
                (struct sockaddr *)&storage, &len);
    return storage.ss_family == AF_UNIX;
}

/* Over TCP a browser may have been led here by a name of the attacker's.
   Before HTTP/1.1, which no browser speaks any more, there was no Host. */
static bool host_is_ours(const struct http_server *server,
                         struct evhttp_request *request)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *host = header_of(request, "Host");

    if (is_unix(request))
        return true;
    if (!host)
        return request->minor == 0;
    for (size_t i = 0; i < ELEMENTS(names); i++)
        if (http_host_is(host, names[i]))
            return true;
    return server->options.host && http_host_is(host, server->options.host);
}

static bool is_reading(const struct evhttp_request *request)
{
    return request->type == EVHTTP_REQ_GET || request->type == EVHTTP_REQ_HEAD;
}

static void refuse_method(struct http_server *server,
                          struct evhttp_request *request, const char *allowed)
{
    evhttp_add_header(evhttp_request_get_output_headers(request), "Allow",
                      allowed);
    refuse(server, request, HTTP_BADMETHOD,
           "there is nothing to do here by this method\n");
}

static bool has_body(struct evhttp_request *request)
{
    const char *length = header_of(request, "Content-Length");

    return (length && strcmp(length, "0") != 0) ||
           header_of(request, "Transfer-Encoding");
}

/* The route, NULL and why not: a status. */
static const struct http_route *find_route(const struct http_server *server,
                                           const char *target,
                                           char name[HTTP_NAME_MAX],
                                           unsigned *ret_status)
{
    const struct http_route *route = server->options.routes;

    for (; route->path; route++) {
        int match = http_target_match(target, route->path, name);
        if (match > 0)
            return route;
        if (match < 0) {
            *ret_status = HTTP_BADREQUEST;
            return NULL;
        }
    }
    *ret_status = HTTP_NOTFOUND;
    return NULL;
}

static void route(struct http_server *server, struct evhttp_request *request)
{
    char name[HTTP_NAME_MAX];
    unsigned status = 0;
    const struct http_route *found =
        find_route(server, evhttp_request_get_uri(request), name, &status);

    if (found && found->acts != !is_reading(request))
        refuse_method(server, request, found->acts ? "POST" : "GET, HEAD");
    else if (found && !found->takes_body && has_body(request))
        refuse(server, request, HTTP_BADREQUEST,
               "a request has no content here\n");
    else if (found)
        ask(server, request, found, name);
    else
        refuse(server, request, status,
               status == HTTP_NOTFOUND ? "there is nothing here\n"
                                       : "the path is malformed\n");
}

static void on_request(struct evhttp_request *request, void *ctx)
{
    struct http_server *server = ctx;

    if (request->major != 1) {
        request->major = 1; /* of the answer, too */
        request->minor = 0;
        refuse(server, request, HTTP_VERSION, "HTTP/1.1 is spoken here\n");
    } else if (!host_is_ours(server, request)) {
        refuse(server, request, MISDIRECTED,
               "this is not the host that you asked for\n");
    } else if (!is_reading(request) &&
               (request->type != EVHTTP_REQ_POST || !is_unix(request))) {
        refuse_method(server, request, "GET, HEAD");
    } else if (evhttp_request_get_uri(request)[0] != '/') {
        refuse(server, request, HTTP_BADREQUEST,
               "this is not a proxy: ask for a path\n");
    } else {
        route(server, request);
    }
}

/* ---- listening ---- */

int http_server_listen(struct http_server *server,
                       const struct listener *listener)
{
    if (!listener_is_local(listener))
        return -MTASTS_EINVAL;
    return http_gates_add(server->gates, listener);
}

void http_server_ignore(struct http_server *server,
                        const struct listener *listener)
{
    http_gates_remove(server->gates, listener);
}

/* ---- making, freeing ---- */

int http_server_new(struct loop *loop, const struct http_options *options,
                    struct http_server **ret_server)
{
    _cleanup_http_server_ struct http_server *server =
        calloc(1, sizeof(*server));

    if (!server)
        return -MTASTS_ENOMEM;
    server->loop = loop;
    server->options = *options;
    if (server->options.peers_max == 0)
        server->options.peers_max = HTTP_PEERS_MAX;
    if (server->options.idle_s == 0)
        server->options.idle_s = HTTP_IDLE_S;
    server->http = evhttp_new(loop_event_base(loop));
    if (!server->http)
        return -MTASTS_ENOMEM;
    uint64_t patience_ms =
        UINT64_C(1000) * HTTP_PATIENCE * server->options.idle_s;
    int error = http_gates_new(loop, server->http, server->options.peers_max,
                               patience_ms, &server->gates);
    if (error)
        return error;
    evhttp_set_allowed_methods(server->http, METHODS);
    evhttp_set_max_headers_size(server->http, (ssize_t)HTTP_HEAD_MAX);
    evhttp_set_max_body_size(server->http, (ssize_t)options->body_max);
    evhttp_set_timeout(server->http, (int)server->options.idle_s);
    evhttp_set_default_content_type(server->http, NULL);
    evhttp_set_gencb(server->http, on_request, server);
    *ret_server = TAKE_PTR(server);
    return 0;
}

void http_server_free(struct http_server *server)
{
    struct queue_node *node;

    if (!server)
        return;
    while ((node = server->askers.first)) {
        struct http_asker *asker = container_of(node, struct http_asker, node);
        server->options.cancelled(server->options.ctx, asker);
        asker_free(asker); /* the request goes with its connection */
    }
    if (server->http)
        evhttp_free(server->http);
    http_gates_free(server->gates);
    free(server);
}

void http_server_stats(const struct http_server *server,
                       struct http_stats *ret_stats)
{
    *ret_stats = (struct http_stats){
        .peers = http_gates_count(server->gates),
        .askers = server->askers.count,
        .opened = http_gates_opened(server->gates),
        .requests = server->requests,
        .refused = server->refused,
    };
}
