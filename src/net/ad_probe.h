/*
 * ad_probe: whether a resolver says of its answers that it has validated
 * them (the AD bit, RFC 4035 section 3.2.3).
 *
 * That is what an MTA goes by which leaves DNSSEC to its resolver, as Postfix
 * and Exim do. Nothing of ours believes in it.
 */
#ifndef MTASTS_NET_AD_PROBE_H
#define MTASTS_NET_AD_PROBE_H

#include "net/forwarders.h"

#define AD_PROBE_MS 5000u /* for one resolver; the question is sent twice */

enum ad_state {
    AD_SET,       /* answers, with AD */
    AD_UNSET,     /* answers, without */
    AD_REFUSED,   /* answers nothing: SERVFAIL, REFUSED, ... */
    AD_NO_ANSWER, /* no DNS answer within the deadline */
};

/* Asks for `. SOA` with DO, which is signed everywhere, and waits.
   -MTASTS_ESYSTEM: no socket. */
int ad_probe(const struct forwarder_address *resolver, uint32_t deadline_ms,
             enum ad_state *ret_state);

/* What an answer says. Pure; -MTASTS_ESYNTAX: it is no answer to `id`. */
int ad_probe_read(const uint8_t *packet, size_t len, uint16_t id,
                  enum ad_state *ret_state);

#endif
