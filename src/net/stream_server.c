/*
 * stream_server: all connections of a server. See stream_server.h; one of
 * them is in stream_peer.c.
 */
#include "net/stream_server.h"

#include "net/stream_peer.h"
#include <mtasts/error.h>

/* ---- idleness ---- */

static void sweep(struct stream_server *server)
{
    struct queue_node *next = NULL;

    for (struct queue_node *node = server->peers.first; node; node = next) {
        next = node->next;
        struct stream_peer *peer = stream_peer_of(node);
        enum stream_swept swept = stream_peer_sweep(peer);
        if (swept == STREAM_KEEP)
            continue;
        if (swept == STREAM_IDLE)
            server->stats.idle++;
        else
            server->stats.stalled++;
        stream_peer_free(peer);
    }
}

static void on_sweep(void *ctx);

/* Without memory for the timer the next connection tries again. */
static void plan_sweep(struct stream_server *server)
{
    uint64_t wait = server->options.idle_ms / STREAM_SWEEPS + 1;

    if (!server->sweep)
        loop_timer(server->loop, wait, on_sweep, server, &server->sweep);
}

static void on_sweep(void *ctx)
{
    struct stream_server *server = ctx;

    server->sweep = NULL;
    server->sweeps++;
    sweep(server);
    if (server->peers.count > 0)
        plan_sweep(server);
}

/* ---- room for others ---- */

static struct stream_peer *first_idle(const struct stream_server *server,
                                      bool rested)
{
    for (struct queue_node *node = server->peers.first; node;
         node = node->next) {
        struct stream_peer *peer = stream_peer_of(node);
        if (stream_peer_is_idle(peer) && (!rested || stream_peer_rests(peer)))
            return peer;
    }
    return NULL;
}

/*
 * Who may make room: idle, and nothing came since it was called on, some time
 * ago. If nobody is, all who are idle now are called on. Else whoever has just
 * been let in would go before his request was read, and one who asks all the
 * time between two requests.
 */
static struct stream_peer *dispensable(struct stream_server *server)
{
    uint64_t now = loop_now_ms(server->loop);
    struct stream_peer *peer = first_idle(server, true);

    if (peer)
        return now - server->called >= STREAM_REST_MS ? peer : NULL;
    for (struct queue_node *node = server->peers.first; node; node = node->next)
        if (stream_peer_is_idle(stream_peer_of(node)))
            stream_peer_call_on(stream_peer_of(node));
    server->called = now;
    return NULL;
}

static void evict(struct stream_server *server, struct stream_peer *peer)
{
    server->stats.evicted++;
    stream_peer_free(peer);
}

static bool has_room(void *ctx)
{
    struct stream_server *server = ctx;

    return server->peers.count < server->options.peers_max ||
           dispensable(server);
}

static bool relieve(void *ctx)
{
    struct stream_server *server = ctx;
    struct stream_peer *peer = dispensable(server);

    if (peer)
        evict(server, peer);
    return peer;
}

/* Whoever is at the listener has asked for room first. */
static bool make_room(struct stream_server *server)
{
    struct stream_peer *peer = dispensable(server);

    if (!peer)
        peer = first_idle(server, false);
    if (peer)
        evict(server, peer);
    return peer;
}

int stream_server_adopt(struct stream_server *server, int fd)
{
    if (server->peers.count >= server->options.peers_max &&
        !make_room(server)) {
        close(fd);
        return -MTASTS_ELIMIT;
    }
    int error = stream_peer_new(server, fd);
    if (error)
        return error;
    server->stats.opened++;
    plan_sweep(server);
    return 0;
}

static void on_accepted(void *ctx, int fd)
{
    stream_server_adopt(ctx, fd);
}

int stream_server_listen(struct stream_server *server,
                         struct listener *listener)
{
    static const struct listener_user user = {
        .room = has_room, .relieve = relieve, .accepted = on_accepted};

    return listener_start(listener, server->loop, &user, server);
}

/* ---- making, freeing ---- */

int stream_server_new(struct loop *loop, const struct stream_options *options,
                      const struct stream_protocol *protocol, void *ctx,
                      struct stream_server **ret_server)
{
    struct stream_server *server = malloc(sizeof(*server));

    if (!server)
        return -MTASTS_ENOMEM;
    *server = (struct stream_server){
        .loop = loop, .protocol = protocol, .ctx = ctx, .options = *options};
    if (server->options.peers_max == 0)
        server->options.peers_max = STREAM_PEERS_MAX;
    if (server->options.idle_ms == 0)
        server->options.idle_ms = STREAM_IDLE_MS;
    buf_init(&server->output, STREAM_OUTPUT_MAX);
    *ret_server = server;
    return 0;
}

void stream_server_free(struct stream_server *server)
{
    if (!server)
        return;
    while (server->peers.first)
        stream_peer_free(stream_peer_of(server->peers.first));
    loop_timer_cancel(server->sweep);
    buf_clear(&server->output);
    free(server->spare);
    free(server);
}

void stream_server_stats(const struct stream_server *server,
                         struct stream_stats *ret_stats)
{
    *ret_stats = server->stats;
    ret_stats->peers = server->peers.count;
}
