/*
 * policy_seen: the policy that the policy host served, for those who show
 * it. (The rules read it once more, with its faults: judge.h.)
 */
#ifndef MTASTS_CHECK_POLICY_SEEN_H
#define MTASTS_CHECK_POLICY_SEEN_H

#include "check/facts.h"
#include <mtasts/sts_policy.h>

/*
 * Writes the policy as tolerant senders read it, NULL if there is none that
 * they can use, and whether strict ones take it too. The caller frees it by
 * mtasts_sts_policy_free(). Errors: -MTASTS_ENOMEM.
 */
int policy_seen(const struct facts *facts,
                struct mtasts_sts_policy **ret_policy, bool *ret_valid);

#endif
