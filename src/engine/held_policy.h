/*
 * held_policy: a policy as a sender holds it: what was served, under which
 * id, and when it was fetched (RFC 8461 sections 3.3 and 5.1).
 *
 * Immutable but for the time of the fetch, so that an answer may point to it.
 * Times are milliseconds of the engine's clock.
 */
#ifndef MTASTS_ENGINE_HELD_POLICY_H
#define MTASTS_ENGINE_HELD_POLICY_H

#include "base/cleanup.h"
#include <mtasts/fault.h>
#include <mtasts/sts_policy.h>
#include <stdbool.h>
#include <stdint.h>

struct held_policy {
    struct mtasts_sts_policy *policy;
    int64_t fetched_ms;
    char id[MTASTS_ID_MAX + 1]; /* "" for one that came from a file */
    uint32_t len;               /* of `body` */
    char body[];                /* as served; terminated */
};

/*
 * `flags`: MTASTS_TOLERANT or 0. `faults` may be NULL.
 * -MTASTS_ESYNTAX (not a policy), -MTASTS_ETOOLONG (body or id),
 * -MTASTS_ENOMEM.
 */
int held_policy_new(const char *body, size_t len, const char *id,
                    int64_t fetched_ms, unsigned flags,
                    struct mtasts_faults *faults,
                    struct held_policy **ret_held);
void held_policy_free(struct held_policy *held); /* NULL is fine */

/* From a file of the site, not from the domain. */
static inline bool held_policy_is_local(const struct held_policy *held)
{
    return held->id[0] == '\0';
}

enum mtasts_mode held_policy_mode(const struct held_policy *held);

/* The last moment at which it is in force. */
int64_t held_policy_expires_ms(const struct held_policy *held);

bool held_policy_expired(const struct held_policy *held, int64_t now_ms);

/* Same mode, max_age and set of patterns in the same order. */
bool held_policy_same(const struct held_policy *a, const struct held_policy *b);

/* The octets that it takes up in memory. */
size_t held_policy_size(const struct held_policy *held);

DEFINE_CLEANUP(struct held_policy *, held_policy_free, held_policy)
#define _cleanup_held_policy_ _cleanup_(cleanup_held_policy)

#endif
