/*
 * loop: one event loop, ours to fake.
 *
 * Timers, file descriptors, signals and posted calls over libevent's core.
 * A loop made by loop_fake_new() has no file descriptors and a clock that
 * only tests move, so that anything with deadlines can be scripted.
 * One thread owns a loop. Callbacks never run before the call that asked
 * for them has returned, and never after their handle was cancelled.
 */
#ifndef MTASTS_NET_LOOP_H
#define MTASTS_NET_LOOP_H

#include "base/cleanup.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer waits end after this: a year. */
#define LOOP_TIMER_MAX_MS (UINT64_C(366) * 86400 * 1000)

/* loop_wall() of a new fake loop. */
#define LOOP_FAKE_WALL INT64_C(1700000000)

struct loop;
struct loop_timer;
struct loop_watch;
struct event_base;

typedef void loop_fn(void *ctx);
typedef void loop_fd_fn(void *ctx, int fd, unsigned events);

enum loop_events {
    LOOP_READ = 1,
    LOOP_WRITE = 2,
    LOOP_CHANGE = 4, /* alone: told once whenever octets come in or the other
                        end goes, and not again while they lie unread */
};

/*
 * Also raises the process's soft limit of open descriptors to the hard one,
 * and ignores SIGPIPE unless the program has said what to do with it.
 */
int loop_new(struct loop **ret_loop);
int loop_fake_new(struct loop **ret_loop);
/* NULL is fine. Cancels what is left: its handles are gone then. */
void loop_free(struct loop *loop);

/*
 * Until loop_stop(), or until nothing is left to wait for (a resolver on the
 * loop always leaves something). A fake loop runs what is due at its present
 * time. 0 or -MTASTS_ESYSTEM.
 */
int loop_run(struct loop *loop);

/* Ends the loop_run() or loop_fake_advance() under way, after the callback
   that asked for it; what else was due runs the next time. */
void loop_stop(struct loop *loop);

/* Fake loops: lets `ms` pass, running what falls due, in order. */
void loop_fake_advance(struct loop *loop, uint64_t ms);

/* Milliseconds of a clock that never goes back; not related to the day. */
uint64_t loop_now_ms(const struct loop *loop);

/* Seconds since 1970 UTC. */
int64_t loop_wall(const struct loop *loop);

/*
 * Runs `fn` once, `ms` from now (0: as soon as the loop turns). Timers due at
 * the same time run in the order they were made. `ret_timer` may be NULL.
 */
int loop_timer(struct loop *loop, uint64_t ms, loop_fn *fn, void *ctx,
               struct loop_timer **ret_timer);
/* Also frees it; NULL is fine. A timer that ran has freed itself: its handle
   is gone when `fn` begins. */
void loop_timer_cancel(struct loop_timer *timer);

/*
 * Calls `fn` whenever `fd` is ready for `events` (0: not for now). `fd` stays
 * the caller's, who cancels before closing it. -MTASTS_EINVAL on a fake loop.
 */
int loop_watch(struct loop *loop, int fd, unsigned events, loop_fd_fn *fn,
               void *ctx, struct loop_watch **ret_watch);
int loop_watch_change(struct loop_watch *watch, unsigned events);
/* The descriptor was closed without a word, and opened again under the same
   number: watches it as before. */
int loop_watch_renew(struct loop_watch *watch);
/* Of loop_watch() and loop_signal(). Also frees it; NULL is fine, and so is
   a call from the watch's own callback. */
void loop_watch_cancel(struct loop_watch *watch);

/* Calls `fn` at each arrival of `signal`, until the watch is cancelled. */
int loop_signal(struct loop *loop, int signal, loop_fn *fn, void *ctx,
                struct loop_watch **ret_watch);

/*
 * How many descriptors one of the two who connect to hosts may use (the
 * fetcher, the SMTP queue): a quarter of those that the process may have,
 * where DNS has half, less what everything else needs. 1 at least.
 */
size_t loop_descriptor_share(void);

/* For libraries that join libevent themselves (libunbound); NULL if fake. */
struct event_base *loop_event_base(struct loop *loop);

DEFINE_CLEANUP(struct loop *, loop_free, loop)
#define _cleanup_loop_ _cleanup_(cleanup_loop)

#endif
