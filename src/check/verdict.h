/*
 * verdict: all of it in one word and one sentence.
 */
#ifndef MTASTS_CHECK_VERDICT_H
#define MTASTS_CHECK_VERDICT_H

#include "check/mx_tally.h"

/* After the rules have run. */
void verdict_of(struct judge *judge, struct verdict *ret_verdict);

/* The words for it, in the judge's arena; without a final stop. */
const char *verdict_sentence(const struct mx_tally *tally,
                             enum protection protection);

/* A record that counts, and a policy that can be read. */
bool verdict_is_announced(const struct judge *judge);

/* What decides about MTA-STS gave no answer. */
bool verdict_is_unknown(const struct judge *judge);

#endif
