/*
 * policy_seen: the policy that the policy host served. See policy_seen.h.
 */
#include "check/policy_seen.h"

#include <mtasts/error.h>

/* Without quirks the tolerant reading is the strict one (sts_policy.h). */
int policy_seen(const struct facts *facts,
                struct mtasts_sts_policy **ret_policy, bool *ret_valid)
{
    const struct fact_fetch *fetch = &facts->policy_host.fetch;
    struct mtasts_sts_policy *policy = NULL;
    struct mtasts_faults faults = {0};
    int error = -MTASTS_ESYNTAX;

    if (fetch->status == FETCH_OK)
        error = mtasts_sts_policy_parse(fetch->body.data, fetch->body.len,
                                        MTASTS_TOLERANT, &faults, &policy);
    if (error == -MTASTS_ENOMEM)
        return error;
    *ret_policy = policy;
    *ret_valid = error == 0 && faults.quirks == 0;
    return 0;
}
