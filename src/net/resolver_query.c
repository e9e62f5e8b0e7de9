/*
 * resolver_query: questions to libunbound, from the asking to the answer.
 *
 * libunbound may call back before a question has been asked: so answers are
 * copied and handed on from a timer, always. An answer is what the validator
 * says of it, and is handed on as that; it is never asked for again another
 * way.
 *
 * A cancelled or timed out query goes on in libunbound for as long as that
 * likes; its answer is dropped there (or cached).
 */
#include "net/resolving.h"

#include <mtasts/error.h>
#include <string.h>
#include <unbound-event.h>

#define CLASS_IN 1

#define DIAGNOSES_MAX 64u     /* at once; more go without a reason */
#define DIAGNOSIS_MS 2000u    /* how long one may take at most */
#define DIAGNOSIS_MIN_MS 100u /* and what must be left for it */
#define WHY_MAX 1024u         /* octets of libunbound's reason */

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

/* ---- from the answer on ---- */

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

static void deliver_judged(struct resolver_query *query)
{
    char canonical[DNS_NAME_TEXT_MAX + 1];
    struct dns_answer answer;

    resolver_judge(query, &query->resolver->message, canonical, &answer);
    deliver(query, &answer);
}

static void schedule_drain(struct resolver *resolver);

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
        !resolver_forwards(resolver) ||
        resolver->diagnosing.count >= DIAGNOSES_MAX ||
        question.deadline_ms < DIAGNOSIS_MIN_MS ||
        forwarder_address_parse(resolver->settings.forwarders.text[0],
                                &question.forwarder) < 0 ||
        forwarder_ask_start(resolver->loop, &question, on_diagnosis, query,
                            &query->diagnosis) < 0)
        return false;
    queue_join(&resolver->diagnosing, &query->node);
    return true;
}

/* Hands on what is done now; what that brings about waits for a turn. */
static void on_drain(void *ctx)
{
    struct resolver *resolver = ctx;
    bool gone = false;

    resolver->drain = NULL;
    resolver->gone = &gone;
    for (size_t left = resolver->done.count; left > 0; left--) {
        struct resolver_query *query = first_of(&resolver->done);
        if (!query)
            break;
        if (!diagnose(query))
            deliver_judged(query);
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

/* What it says of the forwarders; an answer from the cache says nothing. */
static void learn(const struct resolver_query *query, int rcode, int secure)
{
    if (query->asking || !query->validated || rcode != DNS_NOERROR)
        return;
    if (secure == SECURE_YES)
        resolver_saw(query->resolver, VALIDATION_ANSWER_SECURE);
    else if (secure == SECURE_BOGUS)
        resolver_saw(query->resolver, VALIDATION_ANSWER_BOGUS);
}

static void on_answer(void *ctx, int rcode, void *packet, int len, int secure,
                      char *why, int limited)
{
    struct resolver_query *query = ctx;

    (void)limited;
    query->id = 0;
    query->secure = secure;
    learn(query, rcode, secure);
    query->unproven = !resolver_proven(query->resolver);
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

/* ---- from the question on ---- */

static void submit(struct resolver_query *query)
{
    struct resolver *resolver = query->resolver;
    int error;

    forget_answer(query);
    queue_join(&resolver->asked, &query->node);
    query->validated = resolver->validates;
    query->secure = SECURE_NOT;
    query->id = 0;
    query->asking = true;
    error = ub_resolve_event(resolver->context, query->name, (int)query->type,
                             CLASS_IN, query, on_answer, &query->id);
    query->asking = false;
    if (error)
        finish(query, -1, strdup(ub_strerror(error)));
}

/* libunbound forgets the question, if it has it. */
static void withdraw(struct resolver_query *query)
{
    struct resolver *resolver = query->resolver;

    if (query->node.queue == &resolver->asked && query->id)
        ub_cancel(resolver->context, query->id);
}

static void on_deadline(void *ctx)
{
    struct resolver_query *query = ctx;
    const struct resolver *resolver = query->resolver;
    struct dns_answer answer = {.status = LOOKUP_TIMEOUT,
                                .canonical = "",
                                .why = "no answer within the deadline"};
    char names[FORWARDERS_NAMES_MAX];
    char why[RESOLVER_TEXT_MAX];

    query->deadline = NULL;
    if (query->answered) { /* it was about to be handed on */
        deliver_judged(query);
        return;
    }
    if (resolver->state == FORWARDER_UNREACHABLE) {
        forwarders_names(&resolver->settings.forwarders, names);
        snprintf(why, sizeof(why), "%s %s not answer", names,
                 resolver->settings.forwarders.count == 1 ? "does" : "do");
        answer.why = why;
    }
    withdraw(query);
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
    withdraw(query);
    query_free(query);
}

/* ---- all of them ---- */

void resolver_recall(struct resolver *resolver)
{
    struct resolver_query *query;

    while ((query = first_of(&resolver->asked))) {
        withdraw(query);
        queue_join(&resolver->waiting, &query->node);
    }
}

void resolver_resume(struct resolver *resolver)
{
    for (size_t left = resolver->waiting.count; left > 0; left--)
        submit(first_of(&resolver->waiting));
}

static void cancel_all(const struct queue *queue)
{
    while (queue->first)
        resolver_cancel(first_of(queue));
}

void resolver_cancel_all(struct resolver *resolver)
{
    cancel_all(&resolver->waiting);
    cancel_all(&resolver->asked);
    cancel_all(&resolver->done);
    cancel_all(&resolver->diagnosing);
}
