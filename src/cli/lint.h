/*
 * lint: what the three lint commands have in common: findings without DNS,
 * shown with the line they are about, or as JSON.
 */
#ifndef MTASTS_CLI_LINT_H
#define MTASTS_CLI_LINT_H

#include "check/check.h"
#include "cli/paper.h"
#include <mtasts/fault.h>

#define LINT_BODY_MAX                                                          \
    (16u << 20) /* octets of a policy that are read: far                       \
                   above what any sender does */

/*
 * Puts the findings. `text` is what they are about: a policy body, or the
 * one record that counts; data NULL: no lines can be shown.
 */
void lint_findings(struct paper *paper, const struct findings *findings,
                   struct mtasts_bytes text);

/*
 * The findings that a policy body alone gives, check_policy_body() with the
 * public suffixes looked up. Errors: -MTASTS_ENOMEM.
 */
int lint_policy(struct mtasts_bytes body, struct findings **ret_findings);

/*
 * Puts "Valid", "Valid by the letter" if there are errors all the same, or
 * `not_valid` (NULL: it is valid), in colour.
 */
void lint_verdict(struct paper *paper, const char *not_valid,
                  const struct findings *findings);

/* Puts the end of the first line: how much there is to mend. */
void lint_counts(struct paper *paper, bool valid,
                 const struct findings *findings);

#endif
