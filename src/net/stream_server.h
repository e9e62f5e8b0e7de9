/*
 * stream_server: requests on stream sockets, answered in their order.
 *
 * What socketmap_server and line_server have in common: connections with
 * their buffers and limits, and those who wait for an answer. A protocol
 * takes requests out of the octets that have come in.
 *
 * A request can be answered at once or later; answers go out in the order of
 * the requests all the same. A peer that has half-closed still gets what it
 * asked for. A peer that does not read its answers is not read from, nor is
 * one with many requests unanswered. When there are too many connections the
 * one that has been idle for longest makes room; those in use never do, and
 * new ones wait. Connections are closed for idleness by a sweep over all of
 * them, so that no request pays for a timer.
 *
 * An idle connection holds no buffer: about 400 octets.
 */
#ifndef MTASTS_NET_STREAM_SERVER_H
#define MTASTS_NET_STREAM_SERVER_H

#include "net/listener.h"
#include <mtasts/fault.h>

#define STREAM_PEERS_MAX 16384u      /* connections, if nothing is said */
#define STREAM_IDLE_MS (600u * 1000) /* Postfix's own limit is 100 s */
#define STREAM_SWEEPS 16u            /* in the time that one may be idle */
#define STREAM_REST_MS 50u           /* who is idle for less makes no room */
#define STREAM_ASKERS_MAX 16u        /* unanswered, of one connection */
#define STREAM_INPUT_MAX                                                       \
    16384u                              /* octets read at once; a request has  \
                                           to fit */
#define STREAM_OUTPUT_HIGH (64u * 1024) /* octets unsent: no more is read */
#define STREAM_OUTPUT_MAX                                                      \
    (2048u * 1024) /* octets unsent: room for the longest                      \
                      answers of as many askers */

struct stream_server;

/* Somebody who waits for the answer to one request. */
struct asker;

enum stream_taken {
    STREAM_PART,    /* not a whole request yet: nothing was taken */
    STREAM_REQUEST, /* one request was taken */
    STREAM_LAST,    /* one was taken, and nothing more is read */
};

struct stream_protocol {
    /*
     * Takes a request off the start of `data`, `len` > 0 octets, and sees to
     * it that `asker` is answered, once, now or later, if with nothing.
     * `ended`: no more octets will follow these. STREAM_PART: leaves `asker`
     * alone. May not free the server.
     */
    enum stream_taken (*take)(void *ctx, struct asker *asker, const char *data,
                              size_t len, bool ended, size_t *ret_used);
    /* `asker` has gone, and with the return of this call its handle. */
    void (*cancel)(void *ctx, struct asker *asker);
};

struct stream_options {
    size_t extra;     /* octets that the owner wants with each asker */
    size_t peers_max; /* 0: STREAM_PEERS_MAX */
    uint32_t idle_ms; /* 0: STREAM_IDLE_MS */
};

struct stream_stats {
    size_t peers;    /* connections open */
    size_t askers;   /* unanswered */
    uint64_t opened; /* connections so far */
    uint64_t requests;
    uint64_t evicted; /* connections closed to make room for others */
    uint64_t idle;    /* closed for idleness */
    uint64_t stalled; /* closed because they did not read */
};

/* `protocol` outlives the server. */
int stream_server_new(struct loop *loop, const struct stream_options *options,
                      const struct stream_protocol *protocol, void *ctx,
                      struct stream_server **ret_server);

/* Cancels those who wait. NULL is fine. */
void stream_server_free(struct stream_server *server);

/* Accepts at `listener`, which stays the caller's, who frees it first. */
int stream_server_listen(struct stream_server *server,
                         struct listener *listener);

/* Serves a connection that somebody else has made: `fd` is non-blocking, and
   the server's from now on, also on failure. */
int stream_server_adopt(struct stream_server *server, int fd);

void stream_server_stats(const struct stream_server *server,
                         struct stream_stats *ret_stats);

/* `extra` octets that are zero when the request comes, aligned for any type,
   and stay where they are until it is answered or cancelled. */
void *asker_extra(struct asker *asker);

/* Answers with all parts one after the other (count 0: nothing). They are
   copied or sent; the handle is gone. Runs no callback. */
void asker_answer(struct asker *asker, const struct mtasts_bytes *parts,
                  size_t count);

DEFINE_CLEANUP(struct stream_server *, stream_server_free, stream_server)
#define _cleanup_stream_server_ _cleanup_(cleanup_stream_server)

#endif
