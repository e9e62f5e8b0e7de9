/*
 * MX patterns against MX host names (RFC 8461 section 4.1).
 */
#ifndef MTASTS_MX_MATCH_H
#define MTASTS_MX_MATCH_H

#include <mtasts/sts_policy.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Whether `pattern` is ["*."] Domain (RFC 5321 4.1.2), any letter case. */
bool mtasts_mx_pattern_valid(const char *pattern, size_t len);

/*
 * Whether `host`, the name in the MX record, matches `pattern`. ASCII case
 * does not count, nor does one final dot of `host`. `*.` stands for exactly
 * one label, left-most. A pattern that is not valid matches nothing; a host
 * may have `_` in a label that the wildcard stands for. No allocation.
 */
bool mtasts_mx_match(const char *pattern, size_t pattern_len, const char *host,
                     size_t host_len);

/*
 * Index of the first pattern of `policy` that `host` matches.
 * Errors: -MTASTS_ENOTFOUND. `ret_index` may be NULL.
 */
int mtasts_sts_policy_find_mx(const struct mtasts_sts_policy *policy,
                              const char *host, size_t host_len,
                              size_t *ret_index);

/*
 * A whole policy against a list of MX hosts: sets covered[i] for each of
 * `hosts` and used[j] for each pattern (either array may be NULL).
 * Returns the number of hosts covered.
 */
size_t mtasts_sts_policy_match(const struct mtasts_sts_policy *policy,
                               const struct mtasts_bytes *hosts, size_t count,
                               bool *covered, bool *used);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
