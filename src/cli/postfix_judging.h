/*
 * postfix_judging: what the parts of postfix_judge.h share.
 */
#ifndef MTASTS_CLI_POSTFIX_JUDGING_H
#define MTASTS_CLI_POSTFIX_JUDGING_H

#include "cli/postfix_judge.h"

struct judging {
    const struct postfix_facts *facts;
    const struct postfix_wishes *wishes;
    struct setup_findings *findings;
    struct postfix_plan *plan;
    struct map_list maps; /* in force */
    int error;            /* sticky: a value that does not fit */
};

static inline void judging_change(struct judging *judging,
                                  struct setup_changes *changes,
                                  const char *name, const char *value)
{
    int error = setup_change(changes, name, value);
    if (error && !judging->error)
        judging->error = error;
}

/* Certificate authorities, the level, DANE: what TLS depends on. */
void postfix_judge_ca(struct judging *judging);
void postfix_judge_level(struct judging *judging);
void postfix_judge_dane(struct judging *judging);

#endif
