/*
 * resolver: DNS questions to libunbound on our loop.
 *
 * A query waits for the first probe of the forwarder, is under way in
 * libunbound, is done and waits for its callback, or (after a SERVFAIL from
 * a forwarder) is being diagnosed; the queue it stands in says which.
 * libunbound may call back before a question has been asked: so answers are
 * copied and handed on from a timer, always.
 *
 * When a probe finds that the forwarder strips DNSSEC, or has ceased to, the
 * libunbound context is replaced by one without or with the validator, and
 * what was under way is asked again. An answer found bogus brings the next
 * probe forward, and waits for it.
 *
 * A cancelled or timed out query goes on in libunbound for as long as that
 * likes; its answer is dropped there (or cached).
 */
#include "net/resolver.h"

#include "net/forwarder_ask.h"
#include "net/forwarder_probe.h"
#include "net/resolver_query.h"
#include "net/unbound_context.h"
#include <mtasts/error.h>
#include <string.h>
#include <unbound-event.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define TRUST_ANCHOR "/usr/share/dns/root.key" /* package dns-root-data */
#define CACHE_BYTES (16u << 20)
#define QUERIES_EXPECTED 4096u /* at once; more only queue in libunbound */
#define CLASS_IN 1

#define PROBE_RETRY_MS 10000u /* when there was no answer */
#define PROBE_BOGUS_MS 30000u /* at most so often because of bogus answers */

#define DIAGNOSES_MAX 64u     /* at once; more go without a reason */
#define DIAGNOSIS_MS 2000u    /* how long one may take at most */
#define DIAGNOSIS_MIN_MS 100u /* and what must be left for it */
#define WHY_MAX 1024u         /* octets of libunbound's reason */
#define NOTE_MAX 256u

struct resolver {
    struct loop *loop;
    struct unbound_settings settings;
    char *root_hints;
    char *trust_anchor;
    uint32_t deadline_ms;
    uint32_t probe_ms;
    struct ub_ctx *context;
    bool ready;      /* the first probe is over */
    bool validating; /* what `context` is */
    bool silent;     /* the last probe had no answer at all */
    struct forwarder_probe *probe;
    struct loop_timer *probe_timer;
    uint64_t probed;
    struct queue waiting;
    struct queue asked;
    struct queue done;
    struct queue diagnosing;
    struct loop_timer *drain;
    bool *gone; /* set when freed from a callback */
    char note[NOTE_MAX];
    struct dns_message message; /* the answer being handed on */
};

/* Who has stood in a line longest; NULL if nobody does. */
static struct resolver_query *first_of(const struct queue *queue)
{
    return (struct resolver_query *)queue->first;
}

/* Drops an answer, so that the query may be asked again. */
static void forget_answer(struct resolver_query *query)
{
    free(query->why);
    free(query->packet);
    query->why = NULL;
    query->packet = NULL;
    query->packet_len = 0;
    query->answered = false;
}

static void query_free(struct resolver_query *query)
{
    queue_leave(&query->node);
    loop_timer_cancel(query->deadline);
    forwarder_ask_cancel(query->diagnosis);
    forget_answer(query);
    free(query->name);
    free(query);
}

static bool forwards(const struct resolver *resolver)
{
    return resolver->settings.forwarders.count > 0;
}

/* The handle is gone when the callback begins. */
static void deliver(struct resolver_query *query, struct dns_answer *answer)
{
    uint64_t now = loop_now_ms(query->resolver->loop);

    answer->elapsed_ms = (uint32_t)(now - query->started);
    queue_leave(&query->node);
    loop_timer_cancel(query->deadline);
    query->deadline = NULL;
    query->fn(query->ctx, answer);
    query_free(query);
}

static void start_probe(struct resolver *resolver);
static void schedule_drain(struct resolver *resolver);

/* Bogus may mean that the forwarder strips since the last probe. */
static bool suspicious(const struct resolver_query *query)
{
    const struct resolver *resolver = query->resolver;

    return query->validated && query->secure == 1 && forwards(resolver) &&
           loop_now_ms(resolver->loop) - resolver->probed >
               MIN_OF(PROBE_BOGUS_MS, resolver->probe_ms);
}

static void on_diagnosis(void *ctx, enum lookup_status status, const char *why)
{
    struct resolver_query *query = ctx;

    query->diagnosis = NULL;
    query->diagnosed = status;
    free(query->why);
    query->why = strdup(why);
    queue_join(&query->resolver->done, &query->node);
    schedule_drain(query->resolver);
}

/* Starts finding out why there is no answer; false if there is no way. */
static bool diagnose(struct resolver_query *query)
{
    struct resolver *resolver = query->resolver;
    uint64_t now = loop_now_ms(resolver->loop);
    uint64_t left = query->due > now ? query->due - now : 0;
    struct forwarder_question question = {
        .name = query->name,
        .type = query->type,
        .checking_disabled = query->validated,
        .deadline_ms = (uint32_t)MIN_OF(left / 2, DIAGNOSIS_MS)};

    if (query->rcode != DNS_SERVFAIL || query->diagnosed != LOOKUP_NOT_ASKED ||
        !forwards(resolver) || resolver->diagnosing.count >= DIAGNOSES_MAX ||
        question.deadline_ms < DIAGNOSIS_MIN_MS ||
        forwarder_address_parse(resolver->settings.forwarders.text[0],
                                &question.forwarder) < 0 ||
        forwarder_ask_start(resolver->loop, &question, on_diagnosis, query,
                            &query->diagnosis) < 0)
        return false;
    queue_join(&resolver->diagnosing, &query->node);
    return true;
}

static void settle(struct resolver_query *query)
{
    struct resolver *resolver = query->resolver;
    char canonical[DNS_NAME_TEXT_MAX + 1];
    struct dns_answer answer;

    if (suspicious(query)) {
        queue_join(&resolver->waiting, &query->node);
        start_probe(resolver);
        return;
    }
    if (diagnose(query))
        return;
    resolver_judge(query, &resolver->message, canonical, &answer);
    deliver(query, &answer);
}

/* Hands on what is done now; what that brings about waits for a turn. */
static void on_drain(void *ctx)
{
    struct resolver *resolver = ctx;
    bool gone = false;

    resolver->drain = NULL;
    resolver->gone = &gone;
    for (size_t left = resolver->done.count; left > 0; left--) {
        if (!resolver->done.first)
            break;
        settle(first_of(&resolver->done));
        if (gone)
            return;
    }
    resolver->gone = NULL;
    if (resolver->done.first)
        schedule_drain(resolver);
}

/* Should it fail for want of memory, the deadlines end the queries. */
static void schedule_drain(struct resolver *resolver)
{
    if (!resolver->drain)
        loop_timer(resolver->loop, 0, on_drain, resolver, &resolver->drain);
}

/* Takes `why`, which may be NULL. */
static void finish(struct resolver_query *query, int rcode, char *why)
{
    query->answered = true;
    query->rcode = rcode;
    query->why = why;
    queue_join(&query->resolver->done, &query->node);
    schedule_drain(query->resolver);
}

static void on_answer(void *ctx, int rcode, void *packet, int len, int secure,
                      char *why, int limited)
{
    struct resolver_query *query = ctx;

    (void)limited;
    query->id = 0;
    query->secure = secure;
    if (rcode == DNS_NOERROR && packet && len > 0) {
        query->packet = malloc((size_t)len);
        if (!query->packet) {
            finish(query, -1, strdup("out of memory"));
            return;
        }
        memcpy(query->packet, packet, (size_t)len);
        query->packet_len = (size_t)len;
    }
    finish(query, rcode, why ? strndup(why, WHY_MAX) : NULL);
}

static void submit(struct resolver_query *query)
{
    struct resolver *resolver = query->resolver;
    int error;

    forget_answer(query);
    queue_join(&resolver->asked, &query->node);
    query->validated = resolver->validating;
    query->secure = 0;
    query->id = 0;
    error = ub_resolve_event(resolver->context, query->name, (int)query->type,
                             CLASS_IN, query, on_answer, &query->id);
    if (error)
        finish(query, -1, strdup(ub_strerror(error)));
}

static void on_deadline(void *ctx)
{
    struct resolver_query *query = ctx;
    struct resolver *resolver = query->resolver;
    struct dns_answer answer = {.status = LOOKUP_TIMEOUT,
                                .canonical = "",
                                .why = "no answer within the deadline"};
    char why[NOTE_MAX];

    if (resolver->silent) {
        snprintf(why, sizeof(why), "the resolver %s does not answer",
                 resolver->settings.forwarders.text[0]);
        answer.why = why;
    }
    query->deadline = NULL;
    if (query->node.queue == &resolver->asked && query->id)
        ub_cancel(resolver->context, query->id);
    deliver(query, &answer);
}

int resolver_ask(struct resolver *resolver, const char *name, enum rr_type type,
                 uint32_t deadline_ms, resolver_fn *fn, void *ctx,
                 struct resolver_query **ret_query)
{
    uint32_t ms = deadline_ms ? deadline_ms : resolver->deadline_ms;
    struct resolver_query *query;
    struct dns_name wire;

    if (dns_name_parse(name, &wire) < 0)
        return -MTASTS_ENAME;
    query = calloc(1, sizeof(*query));
    if (!query)
        return -MTASTS_ENOMEM;
    query->resolver = resolver;
    query->type = type;
    query->fn = fn;
    query->ctx = ctx;
    query->started = loop_now_ms(resolver->loop);
    query->due = query->started + ms;
    query->name = strdup(name);
    if (!query->name || loop_timer(resolver->loop, ms, on_deadline, query,
                                   &query->deadline) < 0) {
        query_free(query);
        return -MTASTS_ENOMEM;
    }
    if (resolver->ready)
        submit(query);
    else
        queue_join(&resolver->waiting, &query->node);
    if (ret_query)
        *ret_query = query;
    return 0;
}

void resolver_cancel(struct resolver_query *query)
{
    if (!query)
        return;
    if (query->node.queue == &query->resolver->asked && query->id)
        ub_cancel(query->resolver->context, query->id);
    query_free(query);
}

/* Takes back what is under way in the present context. */
static void recall(struct resolver *resolver)
{
    struct resolver_query *query;

    while ((query = first_of(&resolver->asked))) {
        if (query->id)
            ub_cancel(resolver->context, query->id);
        queue_join(&resolver->waiting, &query->node);
    }
}

static void write_note(struct resolver *resolver)
{
    if (resolver->validating)
        resolver->note[0] = '\0';
    else if (resolver->trust_anchor)
        snprintf(resolver->note, sizeof(resolver->note),
                 "the resolver %s strips DNSSEC: answers are not validated",
                 resolver->settings.forwarders.text[0]);
    else
        snprintf(resolver->note, sizeof(resolver->note),
                 "no DNSSEC trust anchor in " TRUST_ANCHOR
                 ": answers are not validated");
}

/* A context with or without the validator in place of the present one. */
static int replace_context(struct resolver *resolver, bool validating)
{
    struct unbound_settings settings = resolver->settings;
    struct ub_ctx *context;
    int error;

    if (!validating)
        settings.trust_anchor = NULL;
    error = unbound_context_new(resolver->loop, &settings, &context);
    if (error)
        return error;
    recall(resolver);
    if (resolver->context)
        ub_ctx_delete(resolver->context);
    resolver->context = context;
    resolver->validating = validating;
    write_note(resolver);
    return 0;
}

/* Moves on what waited for a probe. An answer that waits is good still if
   the context that gave it is the present one. */
static void resume(struct resolver *resolver)
{
    struct queue *waiting = &resolver->waiting;

    for (size_t left = waiting->count; left > 0; left--) {
        struct resolver_query *query = first_of(waiting);
        if (query->answered && query->validated == resolver->validating) {
            queue_join(&resolver->done, &query->node);
            schedule_drain(resolver);
        } else {
            submit(query);
        }
    }
}

static void on_probe_timer(void *ctx)
{
    struct resolver *resolver = ctx;

    resolver->probe_timer = NULL;
    start_probe(resolver);
}

static void on_probe(void *ctx, enum forwarder_state state)
{
    struct resolver *resolver = ctx;
    bool validate = state == FORWARDER_DNSSEC;
    uint32_t retry = MIN_OF(PROBE_RETRY_MS, resolver->probe_ms);
    uint32_t wait = state == FORWARDER_UNREACHABLE ? retry : resolver->probe_ms;

    resolver->probe = NULL;
    resolver->probed = loop_now_ms(resolver->loop);
    resolver->silent = state == FORWARDER_UNREACHABLE;
    /* Silence says nothing; and without memory for a new context the
       present one has to do until the next probe. */
    if (state != FORWARDER_UNREACHABLE && validate != resolver->validating &&
        replace_context(resolver, validate) < 0)
        wait = retry;
    resolver->ready = true;
    loop_timer_cancel(resolver->probe_timer);
    resolver->probe_timer = NULL;
    loop_timer(resolver->loop, wait, on_probe_timer, resolver,
               &resolver->probe_timer);
    resume(resolver);
}

static void start_probe(struct resolver *resolver)
{
    if (resolver->probe)
        return;
    if (forwarder_probe_start(resolver->loop, &resolver->settings, on_probe,
                              resolver, &resolver->probe) < 0)
        on_probe(resolver, FORWARDER_UNREACHABLE);
}

static int choose_servers(struct resolver *resolver,
                          const struct resolver_options *options)
{
    struct forwarders *forwarders = &resolver->settings.forwarders;

    if (options->forward)
        return forwarders_one(options->forward, forwarders);
    if (!options->root_hints)
        return forwarders_read(options->resolv_conf ? options->resolv_conf
                                                    : RESOLV_CONF,
                               forwarders);
    resolver->root_hints = strdup(options->root_hints);
    resolver->settings.root_hints = resolver->root_hints;
    if (!resolver->root_hints)
        return -MTASTS_ENOMEM;
    return access(options->root_hints, R_OK) ? -MTASTS_ENOTFOUND : 0;
}

/* A machine without Debian's anchor works on unvalidated, and says so. */
static int choose_anchor(struct resolver *resolver,
                         const struct resolver_options *options)
{
    const char *file =
        options->trust_anchor ? options->trust_anchor : TRUST_ANCHOR;

    if (access(file, R_OK) < 0) {
        if (options->trust_anchor)
            return -MTASTS_ENOTFOUND;
        return 0;
    }
    resolver->trust_anchor = strdup(file);
    resolver->settings.trust_anchor = resolver->trust_anchor;
    return resolver->trust_anchor ? 0 : -MTASTS_ENOMEM;
}

int resolver_new(struct loop *loop, const struct resolver_options *options,
                 struct resolver **ret_resolver)
{
    _cleanup_resolver_ struct resolver *resolver = calloc(1, sizeof(*resolver));
    int error;

    if (!resolver)
        return -MTASTS_ENOMEM;
    resolver->loop = loop;
    resolver->deadline_ms =
        options->deadline_ms ? options->deadline_ms : RESOLVER_DEADLINE_MS;
    resolver->probe_ms =
        options->probe_ms ? options->probe_ms : RESOLVER_PROBE_MS;
    resolver->settings.cache_bytes =
        options->cache_bytes ? options->cache_bytes : CACHE_BYTES;
    resolver->settings.queries = QUERIES_EXPECTED;
    error = choose_servers(resolver, options);
    if (!error)
        error = choose_anchor(resolver, options);
    if (!error)
        error = replace_context(resolver, resolver->trust_anchor != NULL);
    if (error)
        return error;
    if (forwards(resolver) && resolver->validating)
        start_probe(resolver);
    else
        resolver->ready = true;
    *ret_resolver = TAKE_PTR(resolver);
    return 0;
}

static void cancel_all(const struct queue *queue)
{
    while (queue->first)
        resolver_cancel(first_of(queue));
}

void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    if (resolver->gone)
        *resolver->gone = true;
    cancel_all(&resolver->waiting);
    cancel_all(&resolver->asked);
    cancel_all(&resolver->done);
    cancel_all(&resolver->diagnosing);
    forwarder_probe_cancel(resolver->probe);
    loop_timer_cancel(resolver->probe_timer);
    loop_timer_cancel(resolver->drain);
    if (resolver->context)
        ub_ctx_delete(resolver->context);
    free(resolver->root_hints);
    free(resolver->trust_anchor);
    free(resolver);
}

bool resolver_validating(const struct resolver *resolver)
{
    return resolver->ready && resolver->validating;
}

const char *resolver_note(const struct resolver *resolver)
{
    return resolver->ready && *resolver->note ? resolver->note : NULL;
}
