/*
 * trace: the steps that --verbose shows: what was asked, how it ended, how
 * long it took.
 */
#ifndef MTASTS_CLI_TRACE_H
#define MTASTS_CLI_TRACE_H

#include "base/arena.h"
#include <stdint.h>

#define TRACE_STEPS_MAX                                                        \
    4096u                           /* of one domain: far above FACTS_MX_MAX   \
                                       hosts of FACTS_ADDRESS_MAX addresses */
#define TRACE_OCTETS_MAX (4u << 20) /* of their texts */

struct trace_step {
    const char *step;
    const char *result;
    uint32_t elapsed_ms;
};

struct trace {
    struct arena *arena;
    struct trace_step *steps;
    size_t count;
    size_t omitted; /* for want of room */
};

int trace_new(struct trace **ret_trace);
void trace_free(struct trace *trace); /* NULL is fine */

/* Copies the texts. */
void trace_add(struct trace *trace, const char *step, const char *result,
               uint32_t elapsed_ms);

#endif
