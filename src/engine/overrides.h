/*
 * overrides: the site's own rules for domains, which go before what the
 * domains publish. A table without time: who asks says what time it is.
 */
#ifndef MTASTS_ENGINE_OVERRIDES_H
#define MTASTS_ENGINE_OVERRIDES_H

#include "engine/policy_answer.h"

#define OVERRIDES_MAX 100000u   /* rows: a file that people keep by hand */
#define OVERRIDE_TEXT_MAX 1024u /* octets of a reason, and of an owner */

enum override_action {
    OVERRIDE_EXEMPT,  /* as if the domain had no policy; DANE neither */
    OVERRIDE_ENFORCE, /* its policy in testing is enforced */
    OVERRIDE_POLICY,  /* `held` in place of what it publishes */
};

/* "exempt", "enforce", "policy". */
const char *override_action_name(enum override_action action);

struct override {
    /* A canonical domain, or one behind a dot: all names below it, however
       deep, but not itself. */
    const char *pattern;
    enum override_action action;
    struct held_policy *held; /* with OVERRIDE_POLICY alone, else NULL */
    const char *reason;       /* for people; may be "" */
    const char *owner;        /* who is to be asked; may be "" */
    int64_t expires_s;        /* seconds since 1970, from then on it does not
                                 apply; 0: it does not expire */
};

struct overrides;

/*
 * Copies `rows`; on success the policies are its own, otherwise they remain
 * the caller's. *ret_bad, on the errors marked *, is the row at fault.
 * -MTASTS_ENAME* (pattern), -MTASTS_EINVAL* (a policy that lacks or that has
 * no use; a pattern twice: the second row), -MTASTS_ETOOLONG* (reason or
 * owner), -MTASTS_ELIMIT (OVERRIDES_MAX), -MTASTS_ENOMEM.
 */
int overrides_new(const struct override *rows, size_t count,
                  struct overrides **ret_overrides, size_t *ret_bad);
void overrides_free(struct overrides *overrides); /* NULL is fine */

/*
 * What applies to `domain`, a canonical name: the row of its own, else that
 * of the longest suffix, of those that have not expired. NULL: none; also
 * for `overrides` NULL. Lives as long as `overrides`.
 */
const struct override *overrides_find(const struct overrides *overrides,
                                      const char *domain, int64_t now_s);

/* The rows in the order in which they were given. */
size_t overrides_count(const struct overrides *overrides);
const struct override *overrides_at(const struct overrides *overrides,
                                    size_t index);

bool override_expired(const struct override *row, int64_t now_s);

/* When the next of those in force expires; INT64_MAX: none will. */
int64_t overrides_next_expiry(const struct overrides *overrides, int64_t now_s);

/*
 * Changes what the engine says of a domain into what the site says. `row` may
 * be NULL. The answer then lives no longer than the row's table.
 * OVERRIDE_ENFORCE makes nothing of a domain without a policy.
 */
void override_apply(const struct override *row, int64_t now_s,
                    struct policy_answer *answer);

DEFINE_CLEANUP(struct overrides *, overrides_free, overrides)
#define _cleanup_overrides_ _cleanup_(cleanup_overrides)

#endif
