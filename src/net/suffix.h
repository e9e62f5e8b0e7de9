/*
 * suffix: mx patterns that cover a whole public suffix (publicsuffix.org).
 */
#ifndef MTASTS_NET_SUFFIX_H
#define MTASTS_NET_SUFFIX_H

#include "base/arena.h"
#include <mtasts/sts_policy.h>

/*
 * Finds the patterns of `policy` whose wildcard stands for all names under a
 * public suffix: "*.com", "*.co.uk". ret_patterns[] is in `arena`, each
 * pattern named once. Errors: -MTASTS_ENOMEM.
 */
int suffix_find(struct arena *arena, const struct mtasts_sts_policy *policy,
                const char *const **ret_patterns, size_t *ret_count);

/* The same for a policy body, read tolerantly; none if it is no policy. */
int suffix_find_in_body(struct arena *arena, const char *body, size_t len,
                        const char *const **ret_patterns, size_t *ret_count);

#endif
