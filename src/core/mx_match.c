/*
 * MX patterns against MX host names (RFC 8461 section 4.1). See
 * mtasts/mx_match.h.
 *
 * Names are compared as text in ASCII without case. The comparison comes
 * first, since most pairs differ; only a pair that fits is looked at for
 * syntax, so that nothing but names of hosts can match.
 */
#include <mtasts/mx_match.h>

#include "base/ascii.h"
#include "core/domain.h"
#include "core/policy.h"
#include <mtasts/error.h>
#include <mtasts/name.h>
#include <string.h>

static bool is_wildcard(const char *pattern, size_t len)
{
    return len >= 2 && pattern[0] == '*' && pattern[1] == '.';
}

/* Nearly always they are spelt alike. */
static bool same_name(const char *a, const char *b, size_t len)
{
    return memcmp(a, b, len) == 0 || ascii_equal_nocase(a, b, len);
}

bool mtasts_mx_pattern_valid(const char *pattern, size_t len)
{
    if (is_wildcard(pattern, len)) {
        pattern += 2;
        len -= 2;
    }
    return domain_valid(pattern, len, 0);
}

bool mtasts_mx_match(const char *pattern, size_t pattern_len, const char *host,
                     size_t host_len)
{
    if (host_len > 1 && host[host_len - 1] == '.')
        host_len--;
    if (!is_wildcard(pattern, pattern_len))
        return pattern_len == host_len && host_len > 0 &&
               same_name(pattern, host, host_len) &&
               domain_valid(pattern, pattern_len, 0);

    /* The label, then ".example.com" of the pattern. */
    size_t tail_len = pattern_len - 1;
    if (host_len <= tail_len || host_len > MTASTS_NAME_MAX)
        return false;
    size_t label_len = host_len - tail_len;
    return same_name(pattern + 1, host + label_len, tail_len) &&
           domain_label_valid(host, label_len, MTASTS_NAME_UNDERSCORE) &&
           domain_valid(pattern + 2, pattern_len - 2, 0);
}

int mtasts_sts_policy_find_mx(const struct mtasts_sts_policy *policy,
                              const char *host, size_t host_len,
                              size_t *ret_index)
{
    for (size_t i = 0; i < policy->mx_count; i++) {
        const struct mtasts_bytes *pattern = &policy->mx[i];

        if (!mtasts_mx_match(pattern->data, pattern->len, host, host_len))
            continue;
        if (ret_index)
            *ret_index = i;
        return 0;
    }
    return -MTASTS_ENOTFOUND;
}

size_t mtasts_sts_policy_match(const struct mtasts_sts_policy *policy,
                               const struct mtasts_bytes *hosts, size_t count,
                               bool *covered, bool *used)
{
    size_t patterns = policy->mx_count;
    size_t total = 0;

    for (size_t j = 0; used && j < patterns; j++)
        used[j] = false;
    for (size_t i = 0; i < count; i++) {
        bool found = false;

        for (size_t j = 0; j < patterns && (used || !found); j++) {
            const struct mtasts_bytes *pattern = &policy->mx[j];

            if (!mtasts_mx_match(pattern->data, pattern->len, hosts[i].data,
                                 hosts[i].len))
                continue;
            found = true;
            if (used)
                used[j] = true;
        }
        if (covered)
            covered[i] = found;
        total += found;
    }
    return total;
}
