/*
 * suffix: mx patterns that cover a whole public suffix. See suffix.h.
 *
 * Uses the list that libpsl was built with, private suffixes included: what
 * is under one belongs to strangers too. A top-level domain that the list
 * does not know counts as a public suffix.
 */
#include "net/suffix.h"

#include <libpsl.h>
#include <mtasts/error.h>
#include <string.h>

#define WILDCARD "*."

DEFINE_CLEANUP(struct mtasts_sts_policy *, mtasts_sts_policy_free, policy)

static bool at_public_suffix(const char *pattern)
{
    const size_t len = sizeof(WILDCARD) - 1;
    return strncmp(pattern, WILDCARD, len) == 0 &&
           psl_is_public_suffix2(psl_builtin(), pattern + len, PSL_TYPE_ANY);
}

static bool seen(const char *const *patterns, size_t count, const char *pattern)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(patterns[i], pattern) == 0)
            return true;
    return false;
}

int suffix_find(struct arena *arena, const struct mtasts_sts_policy *policy,
                const char *const **ret_patterns, size_t *ret_count)
{
    size_t total = mtasts_sts_policy_mx_count(policy);
    const char **found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < total; i++) {
        const char *pattern = mtasts_sts_policy_mx(policy, i);
        if (!at_public_suffix(pattern) || seen(found, count, pattern))
            continue;
        if (!found)
            found = arena_array_of(arena, total, const char *);
        char *copy = found ? arena_string(arena, pattern) : NULL;
        if (!copy)
            return -MTASTS_ENOMEM;
        found[count++] = copy;
    }
    *ret_patterns = found;
    *ret_count = count;
    return 0;
}

int suffix_find_in_body(struct arena *arena, const char *body, size_t len,
                        const char *const **ret_patterns, size_t *ret_count)
{
    _cleanup_(cleanup_policy) struct mtasts_sts_policy *policy = NULL;
    int error =
        mtasts_sts_policy_parse(body, len, MTASTS_TOLERANT, NULL, &policy);
    if (error == -MTASTS_ENOMEM)
        return error;
    if (!error)
        return suffix_find(arena, policy, ret_patterns, ret_count);
    *ret_patterns = NULL;
    *ret_count = 0;
    return 0;
}
