/*
 * reply_names: an mx that is no proper pattern, which a tolerant reading may
 * leave in a policy, matches no host (mtasts/sts_policy.h): it is left out.
 */
#include "engine/reply_names.h"

#include "core/policy.h"
#include <mtasts/mx_match.h>

static bool covers(const struct mtasts_sts_policy *policy,
                   const struct mtasts_bytes *host)
{
    return mtasts_sts_policy_find_mx(policy, host->data, host->len, NULL) == 0;
}

bool reply_names_covered(const struct policy_answer *answer)
{
    const struct mx_set *mx = answer->mx;

    if (!mx || mx->status != MX_OK || !answer->held)
        return false;
    for (size_t i = 0; i < mx->count; i++)
        if (covers(answer->held->policy, &mx->hosts[i]))
            return true;
    return false;
}

/* The next one, however long; false at the end. */
static bool next_name(struct reply_names *names, struct mtasts_bytes *ret_name)
{
    const struct mtasts_sts_policy *policy = names->policy;
    const struct mtasts_bytes *from = names->mx ? names->mx->hosts : policy->mx;
    size_t count = names->mx ? names->mx->count : policy->mx_count;

    while (names->next < count) {
        struct mtasts_bytes name = from[names->next++];

        if (names->mx ? !covers(policy, &name)
                      : !mtasts_mx_pattern_valid(name.data, name.len))
            continue;
        if (name.data[name.len - 1] == '.')
            name.len--;
        *ret_name = name;
        return true;
    }
    return false;
}

bool reply_names_next(struct reply_names *names, struct mtasts_bytes *ret_name)
{
    struct mtasts_bytes name;

    while (next_name(names, &name)) {
        size_t cost = name.len * names->times + names->more;

        if (cost > names->room) {
            names->cut = true;
            continue;
        }
        names->room -= cost;
        *ret_name = name;
        return true;
    }
    return false;
}
