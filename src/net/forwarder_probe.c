/*
 * forwarder_probe: finds forwarders that strip DNSSEC.
 *
 * Goes through libunbound without its validator, so that an answer too large
 * for UDP is asked for again over TCP, as it would be for a real query. It
 * looks for the signature only; whether that is right is the validator's
 * work.
 */
#include "net/forwarder_probe.h"

#include "net/dns_message.h"
#include <mtasts/error.h>
#include <unbound-event.h>

#define CACHE_BYTES 262144u /* two answers */
#define QUERIES 16u         /* two, and what they need */
#define CLASS_IN 1

enum part {
    PART_WAITING,
    PART_GOOD,
    PART_BAD,
};

struct forwarder_probe {
    struct loop *loop;
    struct ub_ctx *context;
    struct loop_timer *timer; /* the deadline, then the end */
    enum part dnskey;         /* GOOD: with signatures */
    enum part soa;            /* GOOD: any answer */
    forwarder_probe_fn *fn;
    void *ctx;
    struct dns_message message;
};

void forwarder_probe_cancel(struct forwarder_probe *probe)
{
    if (!probe)
        return;
    loop_timer_cancel(probe->timer);
    probe->timer = NULL;
    /* It calls back for what is still under way: see settled(). */
    probe->fn = NULL;
    if (probe->context)
        ub_ctx_delete(probe->context);
    free(probe);
}

/* SOA answered but no signed DNSKEY in time: then it is not the network. */
static enum forwarder_state probe_state(const struct forwarder_probe *probe)
{
    if (probe->dnskey == PART_GOOD)
        return FORWARDER_DNSSEC;
    return probe->soa == PART_GOOD ? FORWARDER_STRIPS : FORWARDER_UNREACHABLE;
}

static void on_end(void *ctx)
{
    struct forwarder_probe *probe = ctx;
    enum forwarder_state state = probe_state(probe);
    forwarder_probe_fn *fn = probe->fn;
    void *fn_ctx = probe->ctx;

    probe->timer = NULL;
    forwarder_probe_cancel(probe);
    fn(fn_ctx, state);
}

/* Ends the probe once it knows, outside libunbound's callback. */
static void settled(struct forwarder_probe *probe)
{
    bool both = probe->dnskey != PART_WAITING && probe->soa != PART_WAITING;
    struct loop_timer *deadline = probe->timer;

    if (!probe->fn || (!both && probe->dnskey != PART_GOOD))
        return;
    /* Without memory for it the deadline ends the probe. */
    if (!loop_timer(probe->loop, 0, on_end, probe, &probe->timer))
        loop_timer_cancel(deadline);
}

static bool answered(struct forwarder_probe *probe, int rcode,
                     const void *packet, int len)
{
    return rcode == DNS_NOERROR && packet && len > 0 &&
           dns_message_read(packet, (size_t)len, 0, &probe->message) == 0;
}

static void on_dnskey(void *ctx, int rcode, void *packet, int len, int secure,
                      char *why, int limited)
{
    struct forwarder_probe *probe = ctx;
    bool good = answered(probe, rcode, packet, len) &&
                probe->message.count > 0 && probe->message.rrsig;

    (void)secure;
    (void)why;
    (void)limited;
    probe->dnskey = good ? PART_GOOD : PART_BAD;
    settled(probe);
}

static void on_soa(void *ctx, int rcode, void *packet, int len, int secure,
                   char *why, int limited)
{
    struct forwarder_probe *probe = ctx;

    (void)secure;
    (void)why;
    (void)limited;
    probe->soa = answered(probe, rcode, packet, len) ? PART_GOOD : PART_BAD;
    settled(probe);
}

static int ask(struct forwarder_probe *probe)
{
    if (ub_resolve_event(probe->context, ".", RR_DNSKEY, CLASS_IN, probe,
                         on_dnskey, NULL) ||
        ub_resolve_event(probe->context, ".", RR_SOA, CLASS_IN, probe, on_soa,
                         NULL))
        return -MTASTS_ESYSTEM;
    return 0;
}

int forwarder_probe_start(struct loop *loop,
                          const struct unbound_settings *settings,
                          forwarder_probe_fn *fn, void *ctx,
                          struct forwarder_probe **ret_probe)
{
    struct unbound_settings plain = *settings;
    struct forwarder_probe *probe = calloc(1, sizeof(*probe));
    int error;

    if (!probe)
        return -MTASTS_ENOMEM;
    plain.trust_anchor = NULL;
    plain.cache_bytes = CACHE_BYTES;
    plain.queries = QUERIES;
    probe->loop = loop;
    probe->fn = fn;
    probe->ctx = ctx;
    error = unbound_context_new(loop, &plain, &probe->context);
    if (!error)
        error =
            loop_timer(loop, FORWARDER_PROBE_MS, on_end, probe, &probe->timer);
    if (!error)
        error = ask(probe);
    if (error) {
        forwarder_probe_cancel(probe);
        return error;
    }
    *ret_probe = probe;
    return 0;
}
