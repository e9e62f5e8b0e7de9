/*
 * trace: the steps that --verbose shows. See trace.h.
 */
#include "cli/trace.h"

#include <mtasts/error.h>

int trace_new(struct trace **ret_trace)
{
    _cleanup_arena_ struct arena *arena = NULL;
    size_t table = TRACE_STEPS_MAX * sizeof(struct trace_step);
    int error = arena_new(TRACE_OCTETS_MAX + table, &arena);
    if (error)
        return error;
    struct trace *trace = arena_new_of(arena, struct trace);
    struct trace_step *steps =
        arena_array_of(arena, TRACE_STEPS_MAX, struct trace_step);
    if (!trace || !steps)
        return -MTASTS_ENOMEM;
    trace->steps = steps;
    trace->arena = TAKE_PTR(arena);
    *ret_trace = trace;
    return 0;
}

void trace_free(struct trace *trace)
{
    if (trace)
        arena_free(trace->arena); /* `trace` itself is in it */
}

void trace_add(struct trace *trace, const char *step, const char *result,
               uint32_t elapsed_ms)
{
    char *step_copy = arena_string(trace->arena, step);
    char *result_copy = arena_string(trace->arena, result);
    if (trace->count == TRACE_STEPS_MAX || !step_copy || !result_copy) {
        trace->omitted++;
        return;
    }
    trace->steps[trace->count++] =
        (struct trace_step){step_copy, result_copy, elapsed_ms};
}
