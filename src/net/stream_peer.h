/*
 * stream_peer: one connection of a stream_server. Internal to it.
 */
#ifndef MTASTS_NET_STREAM_PEER_H
#define MTASTS_NET_STREAM_PEER_H

#include "base/buf.h"
#include "base/queue.h"
#include "net/stream_server.h"

struct stream_server {
    struct loop *loop;
    const struct stream_protocol *protocol;
    void *ctx;
    struct stream_options options; /* nothing left to a default */
    struct queue peers; /* those longest without a request come first */
    struct loop_timer *sweep;
    uint64_t sweeps;         /* so far: the clock of idleness */
    uint64_t called;         /* when those who were idle were called on, by
                                loop_now_ms() */
    struct stream_peer *now; /* whose requests are being taken, or NULL */
    struct asker *spare;     /* for the next request: most are answered at
                                once and leave it unused */
    struct buf output;       /* answers to the requests being taken */
    struct stream_stats stats;
    char input[STREAM_INPUT_MAX]; /* what is being read */
};

/* Takes `fd` over, also on failure. */
int stream_peer_new(struct stream_server *server, int fd);

/* Cancels its askers, closes it. */
void stream_peer_free(struct stream_peer *peer);

/* Nothing of it is under way: it may be closed at no loss. */
bool stream_peer_is_idle(const struct stream_peer *peer);

/* Calls on an idle one to show that it is in use; whether it has not. */
void stream_peer_call_on(struct stream_peer *peer);
bool stream_peer_rests(const struct stream_peer *peer);

/* The connection of a node of server->peers. */
struct stream_peer *stream_peer_of(struct queue_node *node);

enum stream_swept {
    STREAM_KEEP,
    STREAM_IDLE,    /* nothing asked for too long, or gone without a word */
    STREAM_STALLED, /* it has not read its answers for too long */
};

/* What a sweep has to do with it. */
enum stream_swept stream_peer_sweep(struct stream_peer *peer);

#endif
