/*
 * bench_unbound FORWARD TRUST_ANCHOR JOBS FILE KIND: libunbound's share.
 *
 * Asks, for every domain of FILE and JOBS domains at once, the DNS questions
 * that `mtasts check --no-smtp` asks (the table below), through libunbound's
 * event API under libevent, in the context that the resolver makes, and does
 * nothing with the answers but count them. KIND: "none" for domains without
 * records, "sts" for domains with record and policy. FORWARD: ADDR@PORT.
 * Prints how many answers came; exit status 1 if one failed.
 *
 * The second wave (addresses and TLSA of the MX host) starts when the MX
 * answer is in, as in the real program; the host's name is known: mx.<domain>.
 */
#include "bench.h"
#include "net/dns_message.h"
#include "net/unbound_context.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <unbound-event.h>
#include <unbound.h>

#define CLASS_IN 1
#define CACHE_BYTES (16u << 20) /* these two as in resolver.c */
#define QUERIES 4096u

enum kind {
    NONE = 1, /* domains without records */
    STS = 2,  /* domains with record and policy */
    BOTH = NONE | STS,
    POLICYD = 4,
    ALL = BOTH | POLICYD,
};

struct question {
    const char *prefix; /* before the domain */
    enum rr_type type;
    bool after_mx;  /* asked once the MX answer is in */
    enum kind kind; /* asked for these */
};

static const struct question questions[] = {
    {"_mta-sts.", RR_TXT, false, ALL},
    {"_smtp._tls.", RR_TXT, false, BOTH},
    {"_smtp_sts.", RR_TXT, false, NONE},
    {"_smtp-tlsrpt.", RR_TXT, false, NONE},
    {"", RR_MX, false, BOTH},
    {"mta-sts.", RR_A, false, ALL},
    {"mta-sts.", RR_AAAA, false, ALL},
    {"mx.", RR_A, true, BOTH},
    {"mx.", RR_AAAA, true, BOTH},
    {"_25._tcp.mx.", RR_TLSA, true, BOTH},
    {"", RR_MX, true, STS}, /* of the domain in rua */
};

struct bench;

struct slot {
    struct bench *bench;
    unsigned pending;
    char domain[BENCH_LINE_MAX];
};

struct bench {
    struct ub_ctx *ctx;
    struct event_base *base;
    struct event *refill; /* fills idle slots, outside of callbacks */
    FILE *lines;
    enum kind kind;
    unsigned long answers;
    unsigned long failed;
    struct slot *slots;
    size_t slot_count;
    size_t idle;
};

static void take_answer(void *ctx, int rcode, void *packet, int len, int secure,
                        char *why, int limited);
static void take_mx(void *ctx, int rcode, void *packet, int len, int secure,
                    char *why, int limited);

static void ask(struct slot *slot, const struct question *question)
{
    char name[BENCH_LINE_MAX + 32];
    snprintf(name, sizeof(name), "%s%s", question->prefix, slot->domain);
    bool leads_on = question->type == RR_MX && !question->after_mx;
    slot->pending++;
    if (ub_resolve_event(slot->bench->ctx, name, (int)question->type, CLASS_IN,
                         slot, leads_on ? take_mx : take_answer, NULL) != 0) {
        slot->bench->failed++;
        slot->pending--;
    }
}

static void count_down(struct slot *slot)
{
    if (--slot->pending == 0) {
        slot->bench->idle++;
        event_active(slot->bench->refill, 0, 0);
    }
}

static void ask_wave(struct slot *slot, bool after_mx)
{
    slot->pending++; /* answers may come before ask() returns */
    for (size_t i = 0; i < ELEMENTS(questions); i++)
        if (questions[i].after_mx == after_mx &&
            (questions[i].kind & slot->bench->kind))
            ask(slot, &questions[i]);
    count_down(slot);
}

static void count_answer(struct slot *slot, int rcode)
{
    if (rcode == DNS_NOERROR || rcode == DNS_NXDOMAIN)
        slot->bench->answers++;
    else
        slot->bench->failed++;
    count_down(slot);
}

static void take_answer(void *ctx, int rcode, void *packet, int len, int secure,
                        char *why, int limited)
{
    (void)packet;
    (void)len;
    (void)secure;
    (void)why;
    (void)limited;
    count_answer(ctx, rcode);
}

static void take_mx(void *ctx, int rcode, void *packet, int len, int secure,
                    char *why, int limited)
{
    (void)packet;
    (void)len;
    (void)secure;
    (void)why;
    (void)limited;
    ask_wave(ctx, true);
    count_answer(ctx, rcode);
}

static void fill_slots(evutil_socket_t fd, short events, void *ctx)
{
    struct bench *bench = ctx;
    (void)fd;
    (void)events;
    for (size_t i = 0; i < bench->slot_count; i++) {
        struct slot *slot = &bench->slots[i];
        if (slot->pending > 0)
            continue;
        if (!bench_line(bench->lines, slot->domain))
            break;
        bench->idle--;
        ask_wave(slot, false);
    }
    if (bench->idle == bench->slot_count)
        event_base_loopbreak(bench->base);
}

static bool context_init(struct bench *bench, struct loop *loop,
                         const char *forwarder, const char *trust_anchor)
{
    struct unbound_settings settings = {
        .trust_anchor = trust_anchor,
        .cache_bytes = CACHE_BYTES,
        .queries = QUERIES,
    };
    return forwarders_one(forwarder, &settings.forwarders) == 0 &&
           unbound_context_new(loop, &settings, &bench->ctx) == 0;
}

static enum kind kind_of(const char *name)
{
    if (strcmp(name, "policyd") == 0)
        return POLICYD;
    return strcmp(name, "sts") == 0 ? STS : NONE;
}

int main(int argc, char **argv)
{
    unsigned jobs = argc == 6 ? bench_number(argv[3], BENCH_JOBS_MAX) : 0;
    if (!jobs) {
        fprintf(stderr, "usage: bench_unbound FORWARD TRUST_ANCHOR JOBS FILE "
                        "none|sts|policyd\n");
        return 1;
    }
    _cleanup_loop_ struct loop *loop = NULL;
    _cleanup_file_ FILE *lines = fopen(argv[4], "r");
    _cleanup_free_ struct slot *slots = calloc(jobs, sizeof(*slots));
    struct bench bench = {.lines = lines,
                          .kind = kind_of(argv[5]),
                          .slots = slots,
                          .slot_count = jobs,
                          .idle = jobs};
    if (!lines || !slots || loop_new(&loop) != 0 ||
        !context_init(&bench, loop, argv[1], argv[2])) {
        fprintf(stderr, "bench_unbound: cannot start\n");
        return 1;
    }
    for (unsigned i = 0; i < jobs; i++)
        slots[i].bench = &bench;
    bench.base = loop_event_base(loop);
    bench.refill = event_new(bench.base, -1, 0, fill_slots, &bench);
    event_active(bench.refill, 0, 0);
    event_base_dispatch(bench.base);
    ub_ctx_delete(bench.ctx);
    event_free(bench.refill);
    printf("%lu answers, %lu failed\n", bench.answers, bench.failed);
    return bench.failed ? 1 : 0;
}
