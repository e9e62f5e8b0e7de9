/*
 * The policy body of mta-sts.txt (RFC 8461 section 3.2).
 */
#ifndef MTASTS_STS_POLICY_H
#define MTASTS_STS_POLICY_H

#include <mtasts/fault.h>
#include <mtasts/sts_record.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define MTASTS_MAX_AGE_MAX 31557600u  /* seconds: about one year */
#define MTASTS_POLICY_BODY_MAX 65536u /* octets a fetcher reads at most */

enum mtasts_mode {
    MTASTS_MODE_NONE,
    MTASTS_MODE_TESTING,
    MTASTS_MODE_ENFORCE,
};

struct mtasts_sts_policy; /* immutable once parsed */

/*
 * Parses a policy body. With flags 0 it is accepted only if it follows the
 * RFC's grammar to the letter; with MTASTS_TOLERANT also with the
 * deviations that are reported as MTASTS_QUIRK, as senders should: a
 * refused policy is no protection at all. A tolerant parse without quirks
 * is a strict one, so one tolerant call gives both verdicts.
 * Tolerant: max_age above MTASTS_MAX_AGE_MAX is clamped; an mx that is no
 * host name is dropped as long as a good one is left; the whole list is in
 * mtasts_sts_policy(3).
 * `faults` may be NULL; it is filled whatever is returned.
 * The caller frees *ret_policy. `body` is not kept. Any size is accepted.
 * Errors: -MTASTS_ESYNTAX, -MTASTS_ENOMEM, -MTASTS_EINVAL.
 */
int mtasts_sts_policy_parse(const char *body, size_t len, unsigned flags,
                            struct mtasts_faults *faults,
                            struct mtasts_sts_policy **ret_policy);

/* `policy` may be NULL. */
void mtasts_sts_policy_free(struct mtasts_sts_policy *policy);

enum mtasts_mode mtasts_sts_policy_mode(const struct mtasts_sts_policy *policy);

/* Seconds, 0 to MTASTS_MAX_AGE_MAX. */
uint32_t mtasts_sts_policy_max_age(const struct mtasts_sts_policy *policy);

/*
 * mx patterns: lower-case, in the file's order, duplicates kept. In a
 * tolerant parse without a proper pattern they may hold `_`; such ones match
 * no host, but keep the policy in force.
 */
size_t mtasts_sts_policy_mx_count(const struct mtasts_sts_policy *policy);

/* Lives as long as `policy`. NULL past the end. */
const char *mtasts_sts_policy_mx(const struct mtasts_sts_policy *policy,
                                 size_t index);

/* "none", "testing", "enforce". */
const char *mtasts_mode_name(enum mtasts_mode mode);

/* The reverse; case-sensitive. Errors: -MTASTS_ENOTFOUND. */
int mtasts_mode_parse(const char *text, size_t len, enum mtasts_mode *ret_mode);

/*
 * Writes a canonical policy: version, mode, mx..., max_age, each line ended
 * by CRLF. Patterns are checked and lower-cased. `ret_len` is the length
 * without the terminating NUL, which is written too.
 * Errors: -MTASTS_EINVAL (max_age, or no mx in enforce or testing),
 * -MTASTS_ENAME (a pattern; *ret_len says which, from 0),
 * -MTASTS_ETOOLONG (`size`, or MTASTS_POLICY_BODY_MAX).
 */
int mtasts_sts_policy_write(enum mtasts_mode mode, uint32_t max_age,
                            const char *const *mx, size_t mx_count, char *buf,
                            size_t size, size_t *ret_len);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
