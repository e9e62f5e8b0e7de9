/*
 * batch: gatherings, many at a time, and standard output for what comes of
 * them.
 *
 * As many are under way as there are slots, and none is begun while output
 * waits. The first SIGINT or SIGTERM ends the batch: what is under way is
 * given up, what was put is written; the second one kills.
 */
#ifndef MTASTS_CLI_BATCH_H
#define MTASTS_CLI_BATCH_H

#include "cli/progress.h"
#include "net/gather.h"

#define BATCH_JOBS_MAX 1000u /* slots */

struct batch;

/* Where one gathering is under way. */
struct batch_slot {
    void *ctx;                   /* the feed's */
    size_t number;               /* what it is at: the feed's own */
    struct gathering *gathering; /* NULL: free */
    struct batch *batch;
    struct batch_slot *next; /* free one */
};

enum batch_step {
    BATCH_GO_ON, /* one was taken, begun or not */
    BATCH_WAIT,  /* none is to be had until batch_pump() */
    BATCH_END,   /* there are no more */
};

struct batch_feed {
    /* Takes the next one and begins it: sets the slot's gathering, whose
       function ends with batch_done(). May leave the slot free. */
    enum batch_step (*next)(void *ctx, struct batch_slot *slot);
    /* A signal has ended the batch; `busy` are given up. */
    void (*interrupted)(void *ctx, size_t busy);
    progress_fn *progress; /* NULL: none is shown */
    void *ctx;
};

/* Begins nothing before batch_run(). `jobs`: 1 to BATCH_JOBS_MAX. */
int batch_new(struct loop *loop, unsigned jobs, const struct batch_feed *feed,
              struct batch **ret_batch);
void batch_free(struct batch *batch); /* NULL is fine; cancels all */

/* Runs the loop until all is done and written, or cannot be. */
int batch_run(struct batch *batch);

/* More is to be had. */
void batch_pump(struct batch *batch);

/* The slot's gathering is over: the slot is free at once, the next one is
   begun by batch_pump(). */
void batch_done(struct batch_slot *slot);

/* Writes to standard output; complains and breaks off where it cannot. */
void batch_put(struct batch *batch, const char *text, size_t len);

/* Ends at once, what is under way forgotten. */
void batch_break_off(struct batch *batch);

/* Wipes the line of progress out, for something else on the terminal. */
void batch_hide_progress(struct batch *batch);

size_t batch_busy(const struct batch *batch);
bool batch_interrupted(const struct batch *batch);
bool batch_broken(const struct batch *batch); /* broken off, or output is */

DEFINE_CLEANUP(struct batch *, batch_free, batch)
#define _cleanup_batch_ _cleanup_(cleanup_batch)

#endif
