/*
 * forwarder_probe: finds forwarders that strip DNSSEC.
 *
 * Goes through libunbound without its validator, so that an answer too large
 * for UDP is asked for again over TCP, as it would be for a real query. It
 * looks for the signature only; whether that is right is the validator's
 * work.
 *
 * libunbound makes SERVFAIL of a refusal, of garbage and of silence. When it
 * says that of the keys, or has nothing to say for long, each forwarder is
 * asked straight to tell these apart.
 */
#include "net/forwarder_probe.h"

#include "net/dns_message.h"
#include "net/forwarder_ask.h"
#include <mtasts/error.h>
#include <unbound-event.h>

#define CACHE_BYTES 262144u /* two answers */
#define QUERIES 16u         /* two, and what they need */
#define CLASS_IN 1
#define ASK_AFTER_MS 2000u /* what is long for libunbound */
#define ASK_MS 1500u       /* and for a straight answer */

/* What became of one of the two questions. */
enum part {
    PART_WAITING,
    PART_SIGNED,
    PART_BARE,  /* records, without a signature */
    PART_EMPTY, /* there are none, it says */
    PART_REFUSED,
    PART_FAILED, /* anything else that was answered */
    PART_SILENT,
};

struct forwarder_probe {
    struct loop *loop;
    struct forwarders forwarders;
    struct ub_ctx *context;
    struct loop_timer *timer; /* to ask straight, the deadline, the end */
    uint64_t due;
    enum part dnskey;
    enum part soa;
    struct asking {
        struct forwarder_probe *probe;
        struct forwarder_ask *ask; /* NULL: not under way */
    } askings[FORWARDERS_MAX];
    bool asked;    /* they were begun */
    bool refused;  /* what came of them: some did refuse, */
    bool failed;   /* some said something else */
    bool given_up; /* so has libunbound */
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
    for (size_t i = 0; i < FORWARDERS_MAX; i++)
        forwarder_ask_cancel(probe->askings[i].ask);
    /* It calls back for what is still under way. */
    probe->fn = NULL;
    if (probe->context)
        ub_ctx_delete(probe->context);
    free(probe);
}

static bool has_answer(enum part part)
{
    return part == PART_SIGNED || part == PART_BARE;
}

static enum forwarder_state probe_state(const struct forwarder_probe *probe)
{
    switch (probe->dnskey) {
    case PART_SIGNED: return FORWARDER_DNSSEC;
    case PART_BARE: return FORWARDER_STRIPS;
    case PART_EMPTY:
    case PART_REFUSED:
        return has_answer(probe->soa) ? FORWARDER_STRIPS : FORWARDER_UNCLEAR;
    case PART_FAILED: return FORWARDER_UNCLEAR;
    default:
        return has_answer(probe->soa) ? FORWARDER_UNCLEAR
                                      : FORWARDER_UNREACHABLE;
    }
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

    if (!both && !has_answer(probe->dnskey))
        return;
    /* Without memory for it the deadline ends the probe. */
    if (!loop_timer(probe->loop, 0, on_end, probe, &probe->timer))
        loop_timer_cancel(deadline);
}

/* ---- the keys, asked straight ---- */

static bool asks_straight(const struct forwarder_probe *probe)
{
    for (size_t i = 0; i < FORWARDERS_MAX; i++)
        if (probe->askings[i].ask)
            return true;
    return false;
}

/* One that refuses decides; the silence of others says nothing. But where
   one says anything else, it may be better at another time. */
static void weigh(struct forwarder_probe *probe)
{
    if (probe->dnskey != PART_WAITING || asks_straight(probe))
        return;
    if (probe->refused && !probe->failed)
        probe->dnskey = PART_REFUSED;
    else if (probe->given_up)
        probe->dnskey = probe->failed ? PART_FAILED : PART_SILENT;
    else
        return;
    settled(probe);
}

static void on_asked(void *ctx, enum lookup_status status, const char *why)
{
    struct asking *asking = ctx;
    struct forwarder_probe *probe = asking->probe;

    (void)why;
    asking->ask = NULL;
    if (status == LOOKUP_REFUSED)
        probe->refused = true;
    else if (status != LOOKUP_TIMEOUT)
        probe->failed = true;
    weigh(probe);
}

static void ask_straight(struct forwarder_probe *probe)
{
    uint64_t now = loop_now_ms(probe->loop);
    uint64_t left = probe->due > now ? probe->due - now : 0;
    struct forwarder_question question = {.name = ".",
                                          .type = RR_DNSKEY,
                                          .checking_disabled = true,
                                          .deadline_ms =
                                              (uint32_t)MIN_OF(left, ASK_MS)};

    probe->asked = true;
    for (size_t i = 0; i < probe->forwarders.count; i++) {
        struct asking *asking = &probe->askings[i];
        asking->probe = probe;
        if (!forwarder_address_parse(probe->forwarders.text[i],
                                     &question.forwarder))
            forwarder_ask_start(probe->loop, &question, on_asked, asking,
                                &asking->ask);
    }
}

static void on_long(void *ctx)
{
    struct forwarder_probe *probe = ctx;

    probe->timer = NULL;
    if (loop_timer(probe->loop, FORWARDER_PROBE_MS - ASK_AFTER_MS, on_end,
                   probe, &probe->timer) < 0) {
        on_end(probe);
        return;
    }
    if (!probe->asked && probe->dnskey == PART_WAITING)
        ask_straight(probe);
}

/* ---- libunbound's answers ---- */

static enum part part_of(struct forwarder_probe *probe, int rcode,
                         const void *packet, int len)
{
    const struct dns_message *message = &probe->message;

    if (rcode != DNS_NOERROR || !packet || len <= 0)
        return PART_FAILED;
    if (dns_message_read(packet, (size_t)len, 0, &probe->message) < 0 ||
        message->rcode != DNS_NOERROR || message->cnames > 0)
        return PART_FAILED;
    if (message->count == 0)
        return PART_EMPTY;
    return message->rrsig ? PART_SIGNED : PART_BARE;
}

static void on_dnskey(void *ctx, int rcode, void *packet, int len, int secure,
                      char *why, int limited)
{
    struct forwarder_probe *probe = ctx;

    (void)secure;
    (void)why;
    (void)limited;
    if (!probe->fn) /* the context goes away: see forwarder_probe_cancel() */
        return;
    probe->dnskey = part_of(probe, rcode, packet, len);
    if (probe->dnskey != PART_FAILED) {
        settled(probe);
        return;
    }
    probe->dnskey = PART_WAITING;
    probe->given_up = true;
    if (!probe->asked)
        ask_straight(probe);
    weigh(probe);
}

static void on_soa(void *ctx, int rcode, void *packet, int len, int secure,
                   char *why, int limited)
{
    struct forwarder_probe *probe = ctx;

    (void)secure;
    (void)why;
    (void)limited;
    if (!probe->fn)
        return;
    probe->soa = part_of(probe, rcode, packet, len);
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
    probe->forwarders = settings->forwarders;
    probe->due = loop_now_ms(loop) + FORWARDER_PROBE_MS;
    probe->fn = fn;
    probe->ctx = ctx;
    error = unbound_context_new(loop, &plain, &probe->context);
    if (!error)
        error = loop_timer(loop, ASK_AFTER_MS, on_long, probe, &probe->timer);
    if (!error)
        error = ask(probe);
    if (error) {
        forwarder_probe_cancel(probe);
        return error;
    }
    *ret_probe = probe;
    return 0;
}
