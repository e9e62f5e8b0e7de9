/*
 * gather_ask: the look-ups of a gathering, as facts. See gathering.h.
 *
 * A record whose RDATA is broken is left out; libunbound lets none through
 * that breaks the message.
 */
#include "net/gathering.h"

#include "net/dane.h"

#include <string.h>

#define LATE_TEXT "the deadline passed"
#define WHY_MAX 100u   /* octets of a sentence of ours */
#define TRACE_MAX 600u /* octets of a step's name or result */

struct asking {
    struct work work;
    struct resolver_query *query; /* NULL: it is over */
    struct loop_timer *patience;  /* set once it is waited for no longer */
    uint64_t started_ms;
    struct fact_lookup *lookup;
    enum rr_type type;
    ask_fn *fn;
    void *subject;
};

/* ---- one question ---- */

static const char *type_name(enum rr_type type)
{
    switch (type) {
    case RR_A: return "A";
    case RR_AAAA: return "AAAA";
    case RR_MX: return "MX";
    case RR_TXT: return "TXT";
    case RR_TLSA: return "TLSA";
    default: return "?";
    }
}

static void trace(const struct gathering *gathering, enum rr_type type,
                  const struct fact_lookup *lookup,
                  const struct dns_answer *answer)
{
    char step[TRACE_MAX];
    char result[TRACE_MAX];
    if (!gathering_traces(gathering))
        return;
    snprintf(step, sizeof(step), "%s %s", type_name(type), lookup->name);
    if (lookup->status == LOOKUP_OK)
        snprintf(result, sizeof(result), "%s, %zu record%s",
                 dnssec_status_name(lookup->dnssec),
                 answer->count + answer->omitted,
                 answer->count == 1 ? "" : "s");
    else
        snprintf(result, sizeof(result), "%s%s%s",
                 lookup_status_text(lookup->status), lookup->why ? ": " : "",
                 lookup->why ? lookup->why : "");
    gathering_trace(gathering, step, result, lookup->elapsed_ms);
}

static void fill_lookup(struct gathering *gathering,
                        const struct dns_answer *answer,
                        struct fact_lookup *lookup)
{
    lookup->status = answer->status;
    lookup->dnssec = answer->dnssec;
    lookup->ttl = answer->ttl;
    lookup->cnames = answer->cnames;
    lookup->elapsed_ms = answer->elapsed_ms;
    lookup->why = gathering_string(gathering, answer->why);
    if (answer->canonical && *answer->canonical)
        lookup->canonical = gathering_string(gathering, answer->canonical);
}

static void on_answer(void *ctx, const struct dns_answer *answer)
{
    struct asking *asking = ctx;
    struct gathering *gathering = asking->work.gathering;
    asking->query = NULL;
    loop_timer_cancel(TAKE_PTR(asking->patience));
    fill_lookup(gathering, answer, asking->lookup);
    trace(gathering, asking->type, asking->lookup, answer);
    asking->fn(gathering, asking->subject, answer);
    work_end(&asking->work);
}

static void time_out(struct asking *asking, const char *why)
{
    const struct gathering *gathering = asking->work.gathering;
    uint64_t now = loop_now_ms(gathering->gatherer->loop);
    const struct dns_answer answer = {
        .status = LOOKUP_TIMEOUT,
        .why = why,
        .elapsed_ms = (uint32_t)(now - asking->started_ms),
    };
    resolver_cancel(TAKE_PTR(asking->query));
    on_answer(asking, &answer);
}

static void stop_asking(struct work *work, bool late)
{
    struct asking *asking = (struct asking *)work;
    if (late) {
        time_out(asking, LATE_TEXT);
        return;
    }
    resolver_cancel(TAKE_PTR(asking->query));
    loop_timer_cancel(TAKE_PTR(asking->patience));
}

static void on_patience(void *ctx)
{
    struct asking *asking = ctx;
    char why[WHY_MAX];
    asking->patience = NULL;
    snprintf(why, sizeof(why),
             "no answer within %u ms of the other family's addresses",
             GATHER_FAMILY_MS);
    time_out(asking, why);
}

/* Waits GATHER_FAMILY_MS more for the answer, if that is still to come. No
   memory for a timer: it has the time that it had. */
static void hurry(struct asking *asking)
{
    if (asking && asking->query && !asking->patience)
        loop_timer(asking->work.gathering->gatherer->loop, GATHER_FAMILY_MS,
                   on_patience, asking, &asking->patience);
}

/* Ends a look-up that was not begun. */
static void not_begun(struct gathering *gathering, struct fact_lookup *lookup,
                      enum lookup_status status, const char *why, ask_fn *fn,
                      void *subject)
{
    const struct dns_answer answer = {.status = status, .why = why};
    fill_lookup(gathering, &answer, lookup);
    fn(gathering, subject, &answer);
}

static int begin(struct asking *asking, struct gathering *gathering)
{
    struct resolver *resolver = gathering->gatherer->options.resolver;
    uint32_t left = gathering_left_ms(gathering);
    return resolver_ask(resolver, asking->lookup->name, asking->type,
                        MIN_OF(left, RESOLVER_DEADLINE_MS), on_answer, asking,
                        &asking->query);
}

/* As ask(); NULL if the question has ended at once. */
static struct asking *ask_one(struct gathering *gathering, const char *prefix,
                              const char *name, enum rr_type type,
                              struct fact_lookup *lookup, ask_fn *fn,
                              void *subject)
{
    if (strlen(prefix) + strlen(name) > MTASTS_NAME_MAX) {
        not_begun(gathering, lookup, LOOKUP_NOT_ASKED,
                  "too long for a domain name", fn, subject);
        return NULL;
    }
    struct asking *asking = gathering_new_of(gathering, 1, struct asking);
    lookup->name = arena_printf(gathering->facts->arena, "%s%s", prefix, name);
    if (!asking || !lookup->name) {
        gathering->short_of_memory = true;
        lookup->name = NULL;
        not_begun(gathering, lookup, LOOKUP_NOT_ASKED, NULL, fn, subject);
        return NULL;
    }
    if (gathering_left_ms(gathering) == 0) {
        not_begun(gathering, lookup, LOOKUP_TIMEOUT, LATE_TEXT, fn, subject);
        return NULL;
    }
    asking->started_ms = loop_now_ms(gathering->gatherer->loop);
    asking->lookup = lookup;
    asking->type = type;
    asking->fn = fn;
    asking->subject = subject;
    int error = begin(asking, gathering);
    if (error) {
        not_begun(gathering, lookup, LOOKUP_FAILED, mtasts_strerror(error), fn,
                  subject);
        return NULL;
    }
    work_begin(&asking->work, gathering, &gathering->works, stop_asking);
    return asking;
}

void ask(struct gathering *gathering, const char *prefix, const char *name,
         enum rr_type type, struct fact_lookup *lookup, ask_fn *fn,
         void *subject)
{
    ask_one(gathering, prefix, name, type, lookup, fn, subject);
}

/* ---- TXT ---- */

struct txt_asking {
    struct fact_txt *txt;
    ask_done_fn *fn;
    void *subject;
};

static size_t count_strings(const struct dns_rr *rr)
{
    size_t count = 0;
    for (size_t at = 0; at < rr->len; at += 1u + rr->rdata[at])
        count++;
    return count;
}

static bool read_txt(struct gathering *gathering, const struct dns_rr *rr,
                     struct fact_txt_rr *ret_rr)
{
    size_t len = 0;
    char *text = gathering_alloc(gathering, rr->len + 1, 1);
    if (!text || mtasts_txt_join(rr->rdata, rr->len, text, rr->len, &len) < 0)
        return false;
    ret_rr->text = (struct mtasts_bytes){text, len};
    ret_rr->strings = count_strings(rr);
    return true;
}

static void on_txt(struct gathering *gathering, void *subject,
                   const struct dns_answer *answer)
{
    struct txt_asking *asking = subject;
    struct fact_txt *txt = asking->txt;
    txt->omitted = answer->omitted;
    if (answer->count > 0)
        txt->rrs =
            gathering_new_of(gathering, answer->count, struct fact_txt_rr);
    for (size_t i = 0; txt->rrs && i < answer->count; i++)
        if (read_txt(gathering, &answer->rrs[i], &txt->rrs[txt->count]))
            txt->count++;
    asking->fn(gathering, asking->subject);
}

void ask_txt(struct gathering *gathering, const char *prefix, const char *name,
             struct fact_txt *txt, ask_done_fn *fn, void *subject)
{
    struct txt_asking *asking =
        gathering_new_of(gathering, 1, struct txt_asking);
    if (!asking) {
        fn(gathering, subject);
        return;
    }
    *asking = (struct txt_asking){txt, fn, subject};
    ask(gathering, prefix, name, RR_TXT, &txt->lookup, on_txt, asking);
}

/* ---- A and AAAA ---- */

struct host_asking {
    struct fact_host *host;
    struct asking *a; /* NULL: ended at once */
    struct asking *aaaa;
    struct fact_address *v4;
    struct fact_address *v6;
    size_t v4_count;
    size_t v6_count;
    unsigned left; /* answers still to come */
    ask_done_fn *fn;
    void *subject;
};

static bool read_address(struct gathering *gathering, const struct dns_rr *rr,
                         bool ipv6, struct fact_address *ret_fact)
{
    struct address address = {.ipv6 = ipv6};
    char text[ADDRESS_TEXT_MAX];
    if (rr->len != (ipv6 ? 16u : 4u))
        return false;
    memcpy(address.octets, rr->rdata, rr->len);
    address_text(&address, text);
    ret_fact->text = gathering_string(gathering, text);
    ret_fact->ipv6 = ipv6;
    ret_fact->class = address_classify(&address);
    ret_fact->allowed =
        address_allowed(gathering->gatherer->options.guard, &address);
    return ret_fact->text != NULL;
}

/* Addresses of one family; returns how many. */
static size_t read_addresses(struct gathering *gathering,
                             const struct dns_answer *answer, bool ipv6,
                             struct fact_address **ret_addresses)
{
    size_t most = MIN_OF(answer->count, (size_t)FACTS_ADDRESS_MAX);
    size_t count = 0;
    if (most == 0)
        return 0;
    struct fact_address *addresses =
        gathering_new_of(gathering, most, struct fact_address);
    for (size_t i = 0; addresses && i < answer->count && count < most; i++)
        if (read_address(gathering, &answer->rrs[i], ipv6, &addresses[count]))
            count++;
    *ret_addresses = addresses;
    return count;
}

/* IPv6 first; neither family crowds the other out. */
static void join_families(struct gathering *gathering,
                          const struct host_asking *asking)
{
    struct fact_host *host = asking->host;
    const size_t most = FACTS_ADDRESS_MAX;
    size_t v6 =
        MIN_OF(asking->v6_count, most - MIN_OF(asking->v4_count, most / 2));
    size_t v4 = MIN_OF(asking->v4_count, most - v6);
    if (v4 + v6 == 0)
        return;
    host->addresses = gathering_new_of(gathering, v4 + v6, struct fact_address);
    if (!host->addresses)
        return;
    if (v6)
        memcpy(host->addresses, asking->v6, v6 * sizeof(*asking->v6));
    if (v4)
        memcpy(host->addresses + v6, asking->v4, v4 * sizeof(*asking->v4));
    host->count = v4 + v6;
}

/* Name servers that drop questions for AAAA keep nobody waiting for the
   addresses that there are. */
static void family_done(struct gathering *gathering, struct host_asking *asking)
{
    if (--asking->left > 0) {
        if (asking->v4_count > 0)
            hurry(asking->aaaa);
        if (asking->v6_count > 0)
            hurry(asking->a);
        return;
    }
    join_families(gathering, asking);
    asking->fn(gathering, asking->subject);
}

static void on_a(struct gathering *gathering, void *subject,
                 const struct dns_answer *answer)
{
    struct host_asking *asking = subject;
    asking->v4_count = read_addresses(gathering, answer, false, &asking->v4);
    family_done(gathering, asking);
}

static void on_aaaa(struct gathering *gathering, void *subject,
                    const struct dns_answer *answer)
{
    struct host_asking *asking = subject;
    asking->v6_count = read_addresses(gathering, answer, true, &asking->v6);
    family_done(gathering, asking);
}

void ask_host(struct gathering *gathering, const char *prefix, const char *name,
              struct fact_host *host, ask_done_fn *fn, void *subject)
{
    struct host_asking *asking =
        gathering_new_of(gathering, 1, struct host_asking);
    if (!asking) {
        fn(gathering, subject);
        return;
    }
    asking->host = host;
    asking->left = 2;
    asking->fn = fn;
    asking->subject = subject;
    asking->aaaa =
        ask_one(gathering, prefix, name, RR_AAAA, &host->aaaa, on_aaaa, asking);
    asking->a = ask_one(gathering, prefix, name, RR_A, &host->a, on_a, asking);
}

/* ---- TLSA ---- */

struct tlsa_asking {
    struct fact_tlsa *tlsa;
    ask_done_fn *fn;
    void *subject;
};

/* In an order of its own, since a resolver deals records out in turn. */
static int compare_tlsa(const void *a, const void *b)
{
    const struct fact_tlsa_rr *left = a;
    const struct fact_tlsa_rr *right = b;
    const int ways[] = {
        left->usage - right->usage,
        left->selector - right->selector,
        left->matching - right->matching,
        (left->len > right->len) - (left->len < right->len),
    };
    for (size_t i = 0; i < ELEMENTS(ways); i++)
        if (ways[i] != 0)
            return ways[i];
    return left->len > 0 ? memcmp(left->data, right->data, left->len) : 0;
}

static void on_tlsa(struct gathering *gathering, void *subject,
                    const struct dns_answer *answer)
{
    struct tlsa_asking *asking = subject;
    struct fact_tlsa *tlsa = asking->tlsa;
    if (answer->omitted > 0) { /* any of them could match */
        tlsa->lookup.status = LOOKUP_TOO_MANY;
        asking->fn(gathering, asking->subject);
        return;
    }
    if (answer->count > 0)
        tlsa->rrs =
            gathering_new_of(gathering, answer->count, struct fact_tlsa_rr);
    for (size_t i = 0; tlsa->rrs && i < answer->count; i++) {
        const struct dns_rr *rr = &answer->rrs[i];
        int error = dane_rr_parse(gathering->facts->arena, rr->rdata, rr->len,
                                  &tlsa->rrs[tlsa->count]);
        if (!error)
            tlsa->count++;
        else if (error == -MTASTS_ENOMEM)
            gathering->short_of_memory = true;
    }
    if (tlsa->rrs)
        qsort(tlsa->rrs, tlsa->count, sizeof(*tlsa->rrs), compare_tlsa);
    asking->fn(gathering, asking->subject);
}

void ask_tlsa(struct gathering *gathering, const char *name,
              struct fact_tlsa *tlsa, ask_done_fn *fn, void *subject)
{
    struct tlsa_asking *asking =
        gathering_new_of(gathering, 1, struct tlsa_asking);
    if (!asking) {
        fn(gathering, subject);
        return;
    }
    *asking = (struct tlsa_asking){tlsa, fn, subject};
    ask(gathering, "_25._tcp.", name, RR_TLSA, &tlsa->lookup, on_tlsa, asking);
}
