/*
 * stream_peer: one connection: octets in, requests, answers in order, octets
 * out. See stream_server.h.
 *
 * Octets are read into a buffer of the server and requests are taken where
 * they lie; only what is left over is kept with the connection. Answers to
 * requests being taken gather in a buffer of the server and go out by one
 * call; only what the kernel does not take is kept. So the usual request, one
 * whole, answered at once, costs a read, a write, and no allocation.
 *
 * Callbacks of the protocol (take, cancel) are only run from the loop, never
 * from within asker_answer(): what is left to do then waits until the socket
 * is found writable.
 */
#include "net/stream_peer.h"

#include "base/container.h"
#include <errno.h>
#include <mtasts/error.h>
#include <poll.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>

struct asker {
    struct queue_node node; /* in peer->askers; nowhere: it is the spare */
    struct stream_peer *peer;
    bool answered;
    char *held; /* its answer, while earlier askers wait */
    size_t held_len;
    alignas(max_align_t) char extra[];
};

struct stream_peer {
    struct queue_node node; /* in server->peers */
    struct stream_server *server;
    struct loop_watch *watch;
    int fd;
    unsigned events;     /* that are watched */
    bool ended;          /* nothing more comes in, or is wanted */
    bool stopped;        /* `input` holds requests that wait for room */
    bool broken;         /* no use: to be closed by the loop */
    bool called_on;      /* and has not been active since */
    uint64_t last;       /* sweep before which it was last active */
    struct queue askers; /* in the order of their requests */
    size_t held;         /* octets of answers held */
    struct buf input;    /* that were not taken yet */
    struct buf output;   /* that were not sent yet */
};

static struct asker *asker_of(struct queue_node *node)
{
    return container_of(node, struct asker, node);
}

struct stream_peer *stream_peer_of(struct queue_node *node)
{
    return container_of(node, struct stream_peer, node);
}

void *asker_extra(struct asker *asker)
{
    return asker->extra;
}

/* ---- what there is to do ---- */

static bool has_room(const struct stream_peer *peer)
{
    return peer->output.len == 0 &&
           peer->server->output.len < STREAM_OUTPUT_HIGH &&
           peer->held < STREAM_OUTPUT_HIGH &&
           peer->askers.count < STREAM_ASKERS_MAX;
}

static bool is_over(const struct stream_peer *peer)
{
    return peer->broken || (peer->ended && !peer->stopped &&
                            peer->askers.count == 0 && peer->output.len == 0);
}

bool stream_peer_is_idle(const struct stream_peer *peer)
{
    return peer->askers.count == 0 && peer->output.len == 0 &&
           peer->input.len == 0 && !peer->ended && peer != peer->server->now;
}

void stream_peer_call_on(struct stream_peer *peer)
{
    peer->called_on = true;
}

bool stream_peer_rests(const struct stream_peer *peer)
{
    return peer->called_on;
}

/* Being writable is also the way to be called by the loop. */
static unsigned events_wanted(const struct stream_peer *peer)
{
    unsigned events = 0;

    if (is_over(peer))
        return LOOP_WRITE;
    if (peer->output.len > 0 || (peer->stopped && has_room(peer)))
        events |= LOOP_WRITE;
    if (!peer->ended && !peer->stopped && peer->output.len == 0)
        events |= LOOP_READ;
    return events ? events : LOOP_CHANGE;
}

/* If it cannot be watched a sweep will find it. */
static void watch(struct stream_peer *peer)
{
    unsigned events = events_wanted(peer);

    if (events == peer->events)
        return;
    if (loop_watch_change(peer->watch, events) < 0)
        peer->broken = true;
    peer->events = events;
}

/* Puts it last among those that could be evicted, once between two sweeps. */
static void touch(struct stream_peer *peer)
{
    struct stream_server *server = peer->server;

    peer->called_on = false;
    if (peer->last == server->sweeps)
        return;
    peer->last = server->sweeps;
    queue_join(&server->peers, &peer->node);
}

/* ---- sending ---- */

/* Octets that the kernel took. */
static size_t send_some(struct stream_peer *peer, const char *data, size_t len)
{
    ssize_t sent = send(peer->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent >= 0)
        return (size_t)sent;
    if (errno != EAGAIN && errno != EINTR)
        peer->broken = true;
    return 0;
}

static void send_kept(struct stream_peer *peer)
{
    size_t sent = send_some(peer, peer->output.data, peer->output.len);

    if (sent > 0)
        touch(peer);
    buf_consume(&peer->output, sent);
    if (peer->output.len == 0)
        buf_clear(&peer->output);
}

static void keep(struct buf *kept, struct stream_peer *peer, const char *data,
                 size_t len)
{
    if (buf_append(kept, data, len) < 0)
        peer->broken = true;
}

/* ---- answers ---- */

/* Where an answer that is next goes. */
static struct buf *outlet(struct stream_peer *peer)
{
    return peer == peer->server->now ? &peer->server->output : &peer->output;
}

static void put(struct stream_peer *peer, const struct mtasts_bytes *parts,
                size_t count)
{
    struct buf *buf = outlet(peer);

    for (size_t i = 0; i < count; i++)
        keep(buf, peer, parts[i].data, parts[i].len);
}

static void hold(struct asker *asker, const struct mtasts_bytes *parts,
                 size_t count)
{
    struct buf buf;

    buf_init(&buf, STREAM_OUTPUT_MAX);
    for (size_t i = 0; i < count; i++)
        keep(&buf, asker->peer, parts[i].data, parts[i].len);
    asker->held = buf.data;
    asker->held_len = buf.len;
    asker->peer->held += buf.len;
}

static void asker_free(struct asker *asker)
{
    asker->peer->held -= asker->held_len;
    queue_leave(&asker->node);
    free(asker->held);
    free(asker);
}

/* Lets go of answers that nobody is before any more. */
static void release(struct stream_peer *peer)
{
    struct queue_node *node;

    while ((node = peer->askers.first) && asker_of(node)->answered) {
        struct asker *asker = asker_of(node);
        if (asker->held_len > 0)
            keep(outlet(peer), peer, asker->held, asker->held_len);
        asker_free(asker);
    }
}

void asker_answer(struct asker *asker, const struct mtasts_bytes *parts,
                  size_t count)
{
    struct stream_peer *peer = asker->peer;
    bool is_spare = asker == peer->server->spare;
    bool is_next =
        is_spare ? peer->askers.count == 0 : peer->askers.first == &asker->node;

    asker->answered = true;
    if (!is_spare)
        peer->server->stats.askers--;
    if (!is_next) {
        hold(asker, parts, count);
        return;
    }
    put(peer, parts, count);
    if (is_spare)
        return;
    asker_free(asker);
    release(peer);
    if (peer == peer->server->now)
        return;
    if (peer->output.len > 0)
        send_kept(peer);
    watch(peer);
}

/* ---- requests ---- */

/* The asker for the next request, as new. */
static struct asker *next_asker(struct stream_peer *peer)
{
    struct stream_server *server = peer->server;
    size_t extra = server->options.extra;

    if (!server->spare)
        server->spare = malloc(sizeof(struct asker) + extra);
    if (!server->spare) {
        peer->broken = true;
        return NULL;
    }
    *server->spare = (struct asker){.peer = peer};
    memset(server->spare->extra, 0, extra);
    return server->spare;
}

/* A request was taken; if its answer is still to come, or to go, its asker
   is not the spare one any more. */
static void taken(struct stream_peer *peer, struct asker *asker)
{
    struct stream_server *server = peer->server;

    server->stats.requests++;
    touch(peer);
    if (asker->answered && !asker->held)
        return;
    server->spare = NULL;
    if (!asker->answered)
        server->stats.askers++;
    queue_join(&peer->askers, &asker->node);
    release(peer);
}

/* Takes what requests there are and room for; returns the octets taken. */
static size_t take_all(struct stream_peer *peer, const char *data, size_t len)
{
    const struct stream_server *server = peer->server;
    size_t at = 0;

    peer->stopped = false;
    while (at < len && !peer->broken) {
        if (!has_room(peer)) {
            peer->stopped = true;
            break;
        }
        struct asker *asker = next_asker(peer);
        if (!asker)
            break;
        size_t used = 0;
        enum stream_taken took = server->protocol->take(
            server->ctx, asker, data + at, len - at, peer->ended, &used);
        if (took == STREAM_PART)
            break;
        at += used;
        taken(peer, asker);
        if (took == STREAM_LAST) {
            peer->ended = true;
            return len;
        }
    }
    /* What is no whole request when all has come never will be one. */
    return peer->ended && !peer->stopped ? len : at;
}

/* `data` is in the server's buffer, the connection's own is empty. */
static void work(struct stream_peer *peer, const char *data, size_t len)
{
    struct stream_server *server = peer->server;
    struct buf *output = &server->output;

    server->now = peer;
    size_t used = take_all(peer, data, len);
    if (used < len)
        keep(&peer->input, peer, data + used, len - used);
    server->now = NULL;
    size_t sent = 0;
    if (output->len > 0 && !peer->broken)
        sent = send_some(peer, output->data, output->len);
    if (sent < output->len)
        keep(&peer->output, peer, output->data + sent, output->len - sent);
    output->len = 0;
    if (output->error)
        buf_clear(output);
}

/* Moves what was left over to the front of the server's buffer. */
static size_t recall(struct stream_peer *peer)
{
    size_t len = peer->input.len;

    if (len > 0) {
        memcpy(peer->server->input, peer->input.data, len);
        buf_clear(&peer->input);
    }
    return len;
}

/* Whether nobody is there to read. Of TCP only writing shows it. */
static bool hung_up(int fd)
{
    struct pollfd pollfd = {.fd = fd};

    return poll(&pollfd, 1, 0) > 0 && (pollfd.revents & (POLLHUP | POLLERR));
}

static void receive(struct stream_peer *peer)
{
    char *input = peer->server->input;
    size_t kept = peer->input.len;
    ssize_t len = recv(peer->fd, input + kept, STREAM_INPUT_MAX - kept, 0);

    if (len < 0) {
        peer->broken = errno != EAGAIN && errno != EINTR;
        return;
    }
    if (len == 0) {
        peer->ended = true;
        peer->broken = peer->askers.count > 0 && hung_up(peer->fd);
    }
    recall(peer);
    work(peer, input, kept + (size_t)len);
}

static void on_ready(void *ctx, int fd, unsigned events)
{
    struct stream_peer *peer = ctx;

    if (events & LOOP_WRITE) {
        if (peer->output.len > 0)
            send_kept(peer);
        if (peer->stopped && has_room(peer))
            work(peer, peer->server->input, recall(peer));
    }
    if ((events & LOOP_READ) && events_wanted(peer) & LOOP_READ)
        receive(peer);
    if (events & LOOP_CHANGE)
        peer->broken = hung_up(fd);
    if (is_over(peer))
        stream_peer_free(peer);
    else
        watch(peer);
}

/* ---- making, freeing ---- */

int stream_peer_new(struct stream_server *server, int fd)
{
    struct stream_peer *peer = malloc(sizeof(*peer));
    int error = -MTASTS_ENOMEM;

    if (peer) {
        *peer = (struct stream_peer){.server = server,
                                     .fd = fd,
                                     .events = LOOP_READ,
                                     .last = server->sweeps};
        buf_init(&peer->input, STREAM_INPUT_MAX);
        buf_init(&peer->output, STREAM_OUTPUT_MAX);
        error = loop_watch(server->loop, fd, LOOP_READ, on_ready, peer,
                           &peer->watch);
    }
    if (error) {
        free(peer);
        close(fd);
        return error;
    }
    queue_join(&server->peers, &peer->node);
    return 0;
}

static void cancel_askers(struct stream_peer *peer)
{
    struct stream_server *server = peer->server;
    struct queue_node *node;

    while ((node = peer->askers.first)) {
        struct asker *asker = asker_of(node);
        if (!asker->answered) {
            server->stats.askers--;
            server->protocol->cancel(server->ctx, asker);
        }
        asker_free(asker);
    }
}

void stream_peer_free(struct stream_peer *peer)
{
    cancel_askers(peer);
    queue_leave(&peer->node);
    loop_watch_cancel(peer->watch);
    close(peer->fd);
    buf_clear(&peer->input);
    buf_clear(&peer->output);
    free(peer);
}

/* Who waits for our answer is not idle. */
enum stream_swept stream_peer_sweep(struct stream_peer *peer)
{
    if (peer->broken)
        return STREAM_IDLE;
    if (peer->server->sweeps - peer->last <= STREAM_SWEEPS)
        return STREAM_KEEP;
    if (peer->output.len > 0)
        return STREAM_STALLED;
    if (peer->askers.count == 0)
        return peer->stopped ? STREAM_STALLED : STREAM_IDLE;
    touch(peer);
    return STREAM_KEEP;
}
