/*
 * reply_names: the names by which an MTA is to know the MX hosts of a domain:
 * either the hosts that DNS names and the policy covers (RFC 8461 section
 * 4.1), or the patterns of the policy.
 *
 * Only proper names come out: letters, digits, `-`, `_`, `.`, and "*." at
 * the start of a pattern. So they need no quoting anywhere.
 */
#ifndef MTASTS_ENGINE_REPLY_NAMES_H
#define MTASTS_ENGINE_REPLY_NAMES_H

#include "engine/policy_answer.h"
#include <stdbool.h>
#include <stddef.h>

struct reply_names {
    const struct mtasts_sts_policy *policy;
    const struct mx_set *mx; /* NULL: the patterns */
    size_t room;             /* octets; each name takes: */
    size_t times;            /* its length so often, */
    size_t more;             /* and this */
    size_t next;
    bool cut; /* a name was left out for want of room */
};

/* Whether any MX host is known and covered. */
bool reply_names_covered(const struct policy_answer *answer);

/* The next name; false at the end. It lives as long as the answer. */
bool reply_names_next(struct reply_names *names, struct mtasts_bytes *ret_name);

#endif
