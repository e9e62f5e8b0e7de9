/*
 * progress: one line on stderr's terminal while many domains are checked:
 * a bar, how many are done, how fast, how long it will take.
 *
 * Silent where stderr is no terminal (or a dumb one).
 */
#ifndef MTASTS_CLI_PROGRESS_H
#define MTASTS_CLI_PROGRESS_H

#include "cli/tally.h"
#include "net/loop.h"

struct progress;

struct progress_state {
    const struct tally *tally;
    double fraction; /* 0 to 1 of all the work; negative: not known */
};

/* Asked whenever the line is drawn. */
typedef struct progress_state progress_fn(void *ctx);

int progress_new(struct loop *loop, progress_fn *fn, void *ctx,
                 struct progress **ret_progress);
/* Wipes the line out; NULL is fine. */
void progress_free(struct progress *progress);

/* Wipes the line out, so that something else can be written to the terminal;
   it comes back at the next step. */
void progress_hide(struct progress *progress);

/* "1:02:03" or "2:03". */
#define PROGRESS_TIME_MAX 32u
void progress_time(double seconds, char ret_text[PROGRESS_TIME_MAX]);

#endif
