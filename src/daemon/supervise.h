/*
 * supervise: a few daemons as children of one process, for a small site that
 * has no systemd to do it (`mtasts run`).
 *
 * A child that ends without having been told to is started again, after a
 * second at first, then twice as long each time up to a minute; one that has
 * been well for a minute begins with a second again. What children write to
 * standard output and error goes into our own log, each line with the
 * daemon's name. They end when we do, even when we are killed.
 */
#ifndef MTASTS_DAEMON_SUPERVISE_H
#define MTASTS_DAEMON_SUPERVISE_H

#include "net/loop.h"

#define SUPERVISE_CHILDREN_MAX 8u
#define SUPERVISE_FIRST_MS 1000u     /* before the first new start */
#define SUPERVISE_MOST_MS 60000u     /* before any */
#define SUPERVISE_WELL_MS 60000u     /* after so long it has been well */
#define SUPERVISE_DEADLINE_MS 20000u /* from SIGTERM to SIGKILL */

struct supervise_child {
    const char *name;  /* for the log: "policyd" */
    char *const *argv; /* of exec: argv[0] is a path; NULL ends it */
};

/* 0: the number above. */
struct supervise_times {
    uint32_t first_ms;
    uint32_t most_ms;
    uint32_t well_ms;
    uint32_t deadline_ms;
};

struct supervisor;

/* All children have ended, after supervisor_stop(). */
typedef void supervise_ended_fn(void *ctx);

/*
 * Starts them. What `children` points to outlives the supervisor; `times` may
 * be NULL. One that cannot be started is tried again like one that ended.
 * -MTASTS_ELIMIT, -MTASTS_ENOMEM, -MTASTS_ESYSTEM.
 */
int supervisor_new(struct loop *loop, const struct supervise_child *children,
                   size_t count, const struct supervise_times *times,
                   supervise_ended_fn *ended, void *ctx,
                   struct supervisor **ret_supervisor);

/* SIGHUP to all that run; who waits for a new start gets it now. */
void supervisor_reload(struct supervisor *supervisor);

/* SIGTERM to all, SIGKILL to those that are left after the deadline. Then
   `ended` is called, later. */
void supervisor_stop(struct supervisor *supervisor);

/* Kills what is left. NULL is fine; not from `ended`. */
void supervisor_free(struct supervisor *supervisor);

/*
 * The whole of it: starts the children, passes SIGHUP on, ends on SIGTERM and
 * SIGINT, tells systemd. Returns an exit status (daemon/start.h).
 */
int supervise(const struct supervise_child *children, size_t count,
              const struct supervise_times *times);

DEFINE_CLEANUP(struct supervisor *, supervisor_free, supervisor)
#define _cleanup_supervisor_ _cleanup_(cleanup_supervisor)

#endif
