/*
 * forwarder_probe: whether the resolvers that we forward to let DNSSEC
 * through.
 */
#ifndef MTASTS_NET_FORWARDER_PROBE_H
#define MTASTS_NET_FORWARDER_PROBE_H

#include "net/unbound_context.h"

#define FORWARDER_PROBE_MS 5000u /* how long it may take in all */

enum forwarder_state {
    FORWARDER_DNSSEC,      /* signatures come through */
    FORWARDER_STRIPS,      /* they do not: see forwarder_probe_start() */
    FORWARDER_UNCLEAR,     /* it answers, but that could not be told */
    FORWARDER_UNREACHABLE, /* no answer to anything */
};

struct forwarder_probe;

typedef void forwarder_probe_fn(void *ctx, enum forwarder_state state);

/*
 * Asks for `. DNSKEY` and for `. SOA`, in a context of its own so that no
 * cache answers. FORWARDER_STRIPS is what an honest forwarder without DNSSEC
 * does: keys without a signature; or, where the SOA is answered, none at all,
 * or a refusal (REFUSED, NOTIMP, FORMERR, ...). SERVFAIL, silence and what is
 * no answer may be a bad moment, and are FORWARDER_UNCLEAR. The probe frees
 * itself before `fn` runs.
 */
int forwarder_probe_start(struct loop *loop,
                          const struct unbound_settings *settings,
                          forwarder_probe_fn *fn, void *ctx,
                          struct forwarder_probe **ret_probe);
void forwarder_probe_cancel(struct forwarder_probe *probe); /* NULL is fine */

#endif
