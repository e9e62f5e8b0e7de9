/*
 * How the parsers of libmtasts append to the caller's list of faults.
 *
 * The lists are the same whatever the flags: weights say what each reading
 * makes of a fault, so that one parse gives both verdicts.
 */
#ifndef MTASTS_CORE_FAULT_LIST_H
#define MTASTS_CORE_FAULT_LIST_H

#include <mtasts/fault.h>
#include <stdbool.h>
#include <stddef.h>

/* Appends, or only counts when the list is full. */
void fault_add(struct mtasts_faults *faults, struct mtasts_fault fault);

/* What a list held before a parse, to tell what that parse found. */
struct fault_mark {
    size_t count;
    size_t quirks;
    size_t fatal;
};

static inline struct fault_mark fault_mark(const struct mtasts_faults *faults)
{
    return (struct fault_mark){faults->count, faults->quirks, faults->fatal};
}

/* Whether the reading that `tolerant` asks for accepts what came after. */
static inline bool fault_accepts(const struct mtasts_faults *faults,
                                 struct fault_mark mark, bool tolerant)
{
    return faults->fatal == mark.fatal &&
           (tolerant || faults->quirks == mark.quirks);
}

/*
 * Gives the quirks of one code that came after `mark` another weight: what
 * a fault means may be known only at the end. `number` is how many there
 * are, those that found no room included.
 */
void fault_raise(struct mtasts_faults *faults, struct fault_mark mark,
                 enum mtasts_fault_code code, size_t number);

#endif
