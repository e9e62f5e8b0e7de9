/*
 * bulk: checks domains, many at a time, one document each.
 *
 * Memory does not grow with the length of the list: lines are read when
 * there is room for work, and no work is begun while output waits. The
 * first SIGINT or SIGTERM ends the run: what is finished is written, what
 * is under way given up; the second one kills.
 */
#ifndef MTASTS_CLI_BULK_H
#define MTASTS_CLI_BULK_H

#include "cli/batch.h"
#include "cli/checker.h"
#include "cli/document.h"

#define BULK_JOBS_WORDS 10u /* default for domains as arguments */
#define BULK_JOBS_FILE 50u  /* default for a list */

struct bulk_options {
    struct document_options document;
    const struct words *words; /* the domains; or */
    const char *from;          /* a file with them, "-": stdin */
    unsigned jobs;             /* at once, 1 to BATCH_JOBS_MAX */
};

/* Where the steps of --verbose go: the trace function's context. */
struct bulk_steps {
    struct trace *trace; /* of the domain under way; NULL: to stderr */
};

/* A gather_trace_fn; `ctx` is a struct bulk_steps. */
void bulk_step(void *ctx, const char *step, const char *result,
               uint32_t elapsed_ms);

/* Returns the exit status of it all. */
int bulk_run(const struct bulk_options *options, struct checker *checker,
             struct bulk_steps *steps);

#endif
