/*
 * verdict: all of it in one word and one sentence.
 */
#ifndef MTASTS_CHECK_VERDICT_H
#define MTASTS_CHECK_VERDICT_H

#include "check/judge.h"

/* After the rules have run. */
void verdict_of(struct judge *judge, struct verdict *ret_verdict);

#endif
