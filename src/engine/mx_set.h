/*
 * mx_set: the MX hosts of a domain, as last seen in DNS, and what DANE says
 * of them. Immutable, but for when it is to be looked up next.
 */
#ifndef MTASTS_ENGINE_MX_SET_H
#define MTASTS_ENGINE_MX_SET_H

#include "engine/outcome.h"
#include <mtasts/sts_policy.h>

#define MX_SET_MAX 64u      /* hosts kept of a domain */
#define MX_TTL_MIN_S 60u    /* a shorter TTL is taken as this */
#define MX_TTL_MAX_S 86400u /* a longer one as this */
#define MX_FAILED_TTL_S 60u /* how long a failed look-up is remembered */
#define MX_STALE_S 86400u   /* how long what expired may stand in for it */

struct mx_set {
    enum mx_status status;
    enum mx_dane dane;
    int64_t expires_ms; /* then looked up anew; used past it meanwhile */
    int64_t stale_ms;   /* until then it stands in for a failed look-up */
    size_t count;
    size_t size;                 /* octets in memory */
    struct mtasts_bytes hosts[]; /* terminated; in order of preference */
};

/* NULL: no memory. Names past MX_SET_MAX are left out. */
struct mx_set *mx_set_new(const struct mx_outcome *outcome, int64_t now_ms);

/* A look-up has failed, and `set` stands in: no other for a while. */
void mx_set_stand_in(struct mx_set *set, int64_t now_ms);

/* Number of hosts that `policy` covers; `covered` as in
   mtasts_sts_policy_match(), or NULL. */
size_t mx_set_covered(const struct mx_set *set,
                      const struct mtasts_sts_policy *policy,
                      bool covered[MX_SET_MAX]);

#endif
