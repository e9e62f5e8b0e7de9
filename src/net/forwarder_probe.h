/*
 * forwarder_probe: whether the resolvers that we forward to let DNSSEC
 * through.
 */
#ifndef MTASTS_NET_FORWARDER_PROBE_H
#define MTASTS_NET_FORWARDER_PROBE_H

#include "net/unbound_context.h"

#define FORWARDER_PROBE_MS 5000u /* how long an answer may take */

enum forwarder_state {
    FORWARDER_DNSSEC,      /* signatures come through */
    FORWARDER_STRIPS,      /* it answers, but without them */
    FORWARDER_UNREACHABLE, /* no answer to anything */
};

struct forwarder_probe;

typedef void forwarder_probe_fn(void *ctx, enum forwarder_state state);

/*
 * Asks for `. DNSKEY`, and for `. SOA` to tell a forwarder that cannot do
 * DNSSEC from one that cannot be reached, in a context of its own so that no
 * cache answers. The probe frees itself before `fn` runs.
 */
int forwarder_probe_start(struct loop *loop,
                          const struct unbound_settings *settings,
                          forwarder_probe_fn *fn, void *ctx,
                          struct forwarder_probe **ret_probe);
void forwarder_probe_cancel(struct forwarder_probe *probe); /* NULL is fine */

#endif
