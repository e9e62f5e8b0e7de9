/*
 * A parsed policy: what can be asked of it, and the words for its modes.
 * See mtasts/sts_policy.h.
 */
#include "core/policy.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include <mtasts/error.h>

static const char *const mode_names[] = {
    [MTASTS_MODE_NONE] = "none",
    [MTASTS_MODE_TESTING] = "testing",
    [MTASTS_MODE_ENFORCE] = "enforce",
};

const char *mtasts_mode_name(enum mtasts_mode mode)
{
    return (size_t)mode < ELEMENTS(mode_names) ? mode_names[mode] : NULL;
}

int mtasts_mode_parse(const char *text, size_t len, enum mtasts_mode *ret_mode)
{
    for (size_t i = 0; i < ELEMENTS(mode_names); i++) {
        if (!ascii_is(text, len, mode_names[i]))
            continue;
        *ret_mode = (enum mtasts_mode)i;
        return 0;
    }
    return -MTASTS_ENOTFOUND;
}

enum mtasts_mode mtasts_sts_policy_mode(const struct mtasts_sts_policy *policy)
{
    return policy->mode;
}

uint32_t mtasts_sts_policy_max_age(const struct mtasts_sts_policy *policy)
{
    return policy->max_age;
}

size_t mtasts_sts_policy_mx_count(const struct mtasts_sts_policy *policy)
{
    return policy->mx_count;
}

const char *mtasts_sts_policy_mx(const struct mtasts_sts_policy *policy,
                                 size_t index)
{
    return index < policy->mx_count ? policy->mx[index].data : NULL;
}

void mtasts_sts_policy_free(struct mtasts_sts_policy *policy)
{
    free(policy);
}
