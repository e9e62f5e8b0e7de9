/*
 * http_gates: where an evhttp accepts connections. See http_gates.h.
 *
 * A connection is counted by a reference to its bufferevent, which keeps that
 * alive. When evhttp has freed its own, the bufferevent has no callbacks any
 * more: then the connection is over, and a sweep lets go of it, which closes
 * the socket. The peer knows before, since evhttp shuts it down.
 *
 * evhttp's own timeout begins anew with each octet. So whoever takes too long
 * over a request or an answer is shut down by a sweep.
 */
#include "net/http_gates.h"

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <mtasts/error.h>
#include <sys/socket.h>

#define SWEEP_MS 5000u /* how long a socket that is shut down may stay open */

/* A descriptor of a listener that we accept at. */
struct gate {
    const struct listener *listener; /* NULL: free */
    struct evhttp_bound_socket *bound;
};

struct visit {
    struct bufferevent *stream;
    uint64_t since; /* when it came, asked or was answered, the last of it */
    bool waits;     /* for us */
};

struct http_gates {
    struct http_gates *next; /* of this thread */
    struct loop *loop;
    struct evhttp *http;
    struct gate gates[HTTP_GATES_MAX];
    struct loop_timer *timer; /* of the next sweep */
    bool closed;              /* nobody is let in */
    uint64_t opened;
    uint64_t patience_ms;
    size_t max;
    size_t count;
    struct visit visits[];
};

/* libevent gives the handler of accept()'s errors the evhttp, and from there
   no way leads to us. */
static _Thread_local struct http_gates *all_gates;

/* ---- open, closed ---- */

static void let_in(struct http_gates *gates, bool open)
{
    if (gates->closed == !open)
        return;
    gates->closed = !open;
    for (size_t i = 0; i < HTTP_GATES_MAX; i++) {
        const struct gate *gate = &gates->gates[i];
        if (!gate->listener)
            continue;
        struct evconnlistener *listener =
            evhttp_bound_socket_get_listener(gate->bound);
        if (open)
            evconnlistener_enable(listener);
        else
            evconnlistener_disable(listener);
    }
}

static bool is_over(struct bufferevent *stream)
{
    bufferevent_event_cb event = NULL;

    bufferevent_getcb(stream, NULL, NULL, &event, NULL);
    return !event;
}

/* evhttp sees that, and ends the connection. */
static void hurry(const struct http_gates *gates, const struct visit *visit)
{
    if (!visit->waits &&
        loop_now_ms(gates->loop) - visit->since > gates->patience_ms)
        shutdown(bufferevent_getfd(visit->stream), SHUT_RDWR);
}

static void sweep(struct http_gates *gates)
{
    for (size_t i = gates->count; i-- > 0;) {
        struct bufferevent *stream = gates->visits[i].stream;
        if (!is_over(stream)) {
            hurry(gates, &gates->visits[i]);
            continue;
        }
        gates->visits[i] = gates->visits[--gates->count];
        bufferevent_decref(stream);
    }
}

void http_gates_note(struct http_gates *gates, const struct bufferevent *stream,
                     bool waits)
{
    for (size_t i = 0; i < gates->count; i++)
        if (gates->visits[i].stream == stream) {
            gates->visits[i].since = loop_now_ms(gates->loop);
            gates->visits[i].waits = waits;
        }
}

static void on_timer(void *ctx);

/* Without memory for the timer the next connection tries again. */
static void plan(struct http_gates *gates, uint64_t ms)
{
    loop_timer_cancel(gates->timer);
    gates->timer = NULL;
    loop_timer(gates->loop, ms, on_timer, gates, &gates->timer);
}

static void on_timer(void *ctx)
{
    struct http_gates *gates = ctx;

    gates->timer = NULL;
    sweep(gates);
    let_in(gates, gates->count < gates->max);
    if (gates->closed)
        plan(gates, LISTENER_BACK_OFF_MS);
    else if (gates->count > 0)
        plan(gates, SWEEP_MS);
}

static void close_for_a_while(struct http_gates *gates)
{
    let_in(gates, false);
    plan(gates, LISTENER_BACK_OFF_MS);
}

/* ---- connections ---- */

/* The stream of a new connection. Its callbacks are set when we are back:
   that is why it is swept before it is counted. */
static struct bufferevent *on_connection(struct event_base *base, void *ctx)
{
    struct http_gates *gates = ctx;
    struct bufferevent *stream =
        bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

    sweep(gates);
    if (!stream || gates->count == gates->max)
        return stream; /* let_in() has kept it from coming to that */
    bufferevent_incref(stream);
    gates->visits[gates->count++] =
        (struct visit){.stream = stream, .since = loop_now_ms(gates->loop)};
    gates->opened++;
    if (gates->count == gates->max)
        close_for_a_while(gates);
    else if (!gates->timer)
        plan(gates, SWEEP_MS);
    return stream;
}

static void on_accept_error(struct evconnlistener *listener, void *ctx)
{
    struct http_gates *gates = all_gates;

    (void)listener;
    while (gates && gates->http != ctx)
        gates = gates->next;
    if (gates)
        close_for_a_while(gates);
}

/* ---- listening ---- */

static struct gate *free_gate(struct http_gates *gates)
{
    for (size_t i = 0; i < HTTP_GATES_MAX; i++)
        if (!gates->gates[i].listener)
            return &gates->gates[i];
    return NULL;
}

static int add(struct http_gates *gates, const struct listener *listener,
               int fd)
{
    struct gate *gate = free_gate(gates);

    if (!gate)
        return -MTASTS_ELIMIT;
    struct evconnlistener *accepting = evconnlistener_new(
        loop_event_base(gates->loop), NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (!accepting)
        return -MTASTS_ENOMEM;
    gate->bound = evhttp_bind_listener(gates->http, accepting);
    if (!gate->bound) {
        evconnlistener_free(accepting);
        return -MTASTS_ENOMEM;
    }
    gate->listener = listener;
    evconnlistener_set_error_cb(accepting, on_accept_error);
    if (gates->closed)
        evconnlistener_disable(accepting);
    return 0;
}

int http_gates_add(struct http_gates *gates, const struct listener *listener)
{
    for (size_t i = 0; i < listener_count(listener); i++) {
        int error = add(gates, listener, listener_fd(listener, i));
        if (error) {
            http_gates_remove(gates, listener);
            return error;
        }
    }
    return 0;
}

void http_gates_remove(struct http_gates *gates,
                       const struct listener *listener)
{
    for (size_t i = 0; i < HTTP_GATES_MAX; i++) {
        struct gate *gate = &gates->gates[i];
        if (gate->listener != listener)
            continue;
        evhttp_del_accept_socket(gates->http, gate->bound);
        *gate = (struct gate){.listener = NULL};
    }
}

/* ---- making, freeing, asking ---- */

int http_gates_new(struct loop *loop, struct evhttp *http, unsigned peers_max,
                   uint64_t patience_ms, struct http_gates **ret_gates)
{
    struct http_gates *gates =
        calloc(1, sizeof(*gates) + peers_max * sizeof(struct visit));

    if (!gates)
        return -MTASTS_ENOMEM;
    gates->loop = loop;
    gates->http = http;
    gates->max = peers_max;
    gates->patience_ms = patience_ms;
    gates->next = all_gates;
    all_gates = gates;
    evhttp_set_bevcb(http, on_connection, gates);
    *ret_gates = gates;
    return 0;
}

void http_gates_free(struct http_gates *gates)
{
    if (!gates)
        return;
    for (struct http_gates **link = &all_gates; *link; link = &(*link)->next)
        if (*link == gates) {
            *link = gates->next;
            break;
        }
    for (size_t i = 0; i < gates->count; i++)
        bufferevent_decref(gates->visits[i].stream);
    loop_timer_cancel(gates->timer);
    free(gates);
}

size_t http_gates_count(struct http_gates *gates)
{
    sweep(gates);
    return gates->count;
}

uint64_t http_gates_opened(const struct http_gates *gates)
{
    return gates->opened;
}
