/*
 * findings: the list that the rules add to.
 */
#ifndef MTASTS_CHECK_FINDINGS_H
#define MTASTS_CHECK_FINDINGS_H

#include "check/check.h"

#define FINDINGS_MEMORY_MAX (16u << 20) /* octets: faults of a hostile body */
#define SEVERITY_COUNT ((size_t)SEVERITY_ERROR + 1)
#define FINDINGS_OF_RULE_MAX 100u /* so that no rule hides the others */

/* Errors: -MTASTS_ENOMEM. */
int findings_new(struct findings **ret_findings);

/*
 * Adds a copy, message and subject copied and made printable; `fix` must be
 * in the arena already. Past a maximum it only notes the severity and that
 * something was left out.
 */
void findings_add(struct findings *findings, const struct finding *finding);

/* Puts them in the order that check.h promises. */
void findings_sort(struct findings *findings);

#endif
