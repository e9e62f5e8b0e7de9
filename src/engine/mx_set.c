/*
 * mx_set: one allocation, the names behind the array.
 */
#include "engine/mx_set.h"

#include "base/cleanup.h"
#include <mtasts/mx_match.h>
#include <stdlib.h>
#include <string.h>

static int64_t lifetime_ms(const struct mx_outcome *outcome)
{
    uint32_t ttl = outcome->ttl;

    if (outcome->status == MX_FAILED || outcome->dane == MX_DANE_FAILED)
        ttl = MX_FAILED_TTL_S;
    ttl = MAX_OF(MX_TTL_MIN_S, MIN_OF(ttl, MX_TTL_MAX_S));
    return (int64_t)ttl * 1000;
}

struct mx_set *mx_set_new(const struct mx_outcome *outcome, int64_t now_ms)
{
    size_t count = MIN_OF(outcome->count, MX_SET_MAX);
    size_t size = sizeof(struct mx_set) + count * sizeof(struct mtasts_bytes);
    struct mx_set *set;
    char *text;

    for (size_t i = 0; i < count; i++)
        size += strlen(outcome->hosts[i]) + 1;
    set = malloc(size);
    if (!set)
        return NULL;
    set->status = outcome->status;
    set->dane = outcome->dane;
    set->expires_ms = now_ms + lifetime_ms(outcome);
    set->stale_ms = set->expires_ms + (int64_t)MX_STALE_S * 1000;
    set->count = count;
    set->size = size;
    text = (char *)(set->hosts + count);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(outcome->hosts[i]);
        memcpy(text, outcome->hosts[i], len + 1);
        set->hosts[i] = (struct mtasts_bytes){text, len};
        text += len + 1;
    }
    return set;
}

void mx_set_stand_in(struct mx_set *set, int64_t now_ms)
{
    set->expires_ms =
        MAX_OF(set->expires_ms, now_ms + (int64_t)MX_FAILED_TTL_S * 1000);
}

size_t mx_set_covered(const struct mx_set *set,
                      const struct mtasts_sts_policy *policy,
                      bool covered[MX_SET_MAX])
{
    return mtasts_sts_policy_match(policy, set->hosts, set->count, covered,
                                   NULL);
}
