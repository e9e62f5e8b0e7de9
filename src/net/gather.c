/*
 * gather: asks everything about a domain and fills one struct facts. See
 * gather.h, and gathering.h for how the parts work together.
 *
 * Judges nothing, but for what has to be known to ask on: which URIs a
 * TLSRPT record has, which patterns a policy.
 */
#include "net/gathering.h"

#include "net/idn.h"

#include <string.h>

/* ---- holding, work ---- */

static void on_finish(void *ctx);

void gathering_hold(struct gathering *gathering)
{
    gathering->holds++;
}

void gathering_release(struct gathering *gathering)
{
    if (--gathering->holds > 0)
        return;
    /* Not from here: a resolver or fetcher may be further up the stack, and
       the callback may free it. Without memory for the timer that of a
       deadline, which is still set, does it. */
    loop_timer(gathering->gatherer->loop, 0, on_finish, gathering,
               &gathering->finish);
}

void work_begin(struct work *work, struct gathering *gathering,
                struct queue *line, void (*stop)(struct work *work, bool late))
{
    work->gathering = gathering;
    work->stop = stop;
    queue_join(line, &work->node);
    gathering_hold(gathering);
}

void work_end(struct work *work)
{
    queue_leave(&work->node);
    gathering_release(work->gathering);
}

/* Stops works as the gathering goes away. */
static void drop(const struct queue *line)
{
    while (line->first) {
        struct work *work = (struct work *)line->first;
        queue_leave(&work->node);
        work->stop(work, false);
    }
}

uint32_t gathering_left_ms(const struct gathering *gathering)
{
    uint64_t now = loop_now_ms(gathering->gatherer->loop);
    uint64_t end = gathering->end_ms - GATHER_LAST_MS;
    return gathering->late || now >= end ? 0 : (uint32_t)(end - now);
}

void *gathering_alloc(struct gathering *gathering, size_t count, size_t size)
{
    void *memory = arena_array(gathering->facts->arena, count, size);
    if (!memory)
        gathering->short_of_memory = true;
    return memory;
}

char *gathering_string(struct gathering *gathering, const char *text)
{
    char *copy = arena_string(gathering->facts->arena, text);
    if (text && !copy)
        gathering->short_of_memory = true;
    return copy;
}

bool gathering_traces(const struct gathering *gathering)
{
    return gathering->gatherer->options.trace != NULL;
}

void gathering_trace(const struct gathering *gathering, const char *step,
                     const char *result, uint32_t elapsed_ms)
{
    const struct gatherer_options *options = &gathering->gatherer->options;
    if (options->trace)
        options->trace(options->trace_ctx, step, result, elapsed_ms);
}

/* ---- one gathering ---- */

static void unlink_gathering(struct gathering *gathering)
{
    if (gathering->previous)
        gathering->previous->next = gathering->next;
    else
        gathering->gatherer->gatherings = gathering->next;
    if (gathering->next)
        gathering->next->previous = gathering->previous;
}

static void gathering_free(struct gathering *gathering)
{
    drop(&gathering->works);
    drop(&gathering->probes);
    smtp_asker_free(gathering->asker);
    loop_timer_cancel(gathering->deadline);
    loop_timer_cancel(gathering->smtp_deadline);
    loop_timer_cancel(gathering->finish);
    facts_free(gathering->facts);
    unlink_gathering(gathering);
    free(gathering);
}

static void finish(struct gathering *gathering)
{
    struct resolver *resolver = gathering->gatherer->options.resolver;
    struct facts *facts = gathering->facts;
    facts->validating = resolver_validating(resolver);
    facts->resolver_note = gathering_string(gathering, resolver_note(resolver));
    if (gathering->short_of_memory)
        facts->resolver_note = "there is more about this domain than is kept "
                               "of one: some facts are missing";
    facts->elapsed_ms = (uint32_t)(loop_now_ms(gathering->gatherer->loop) -
                                   gathering->started_ms);
    gathering->facts = NULL;
    gather_fn *fn = gathering->fn;
    void *ctx = gathering->ctx;
    gathering_free(gathering);
    fn(ctx, facts);
}

static void on_finish(void *ctx)
{
    struct gathering *gathering = ctx;
    gathering->finish = NULL;
    finish(gathering);
}

/* Ends works as timed out. What they begin then ends at once; what stands in
   the other line has a deadline still to come. */
static void cut_off(struct gathering *gathering, const struct queue *line)
{
    gathering_hold(gathering);
    while (line->first) {
        struct work *work = (struct work *)line->first;
        work->stop(work, true);
    }
    gathering->holds--;
    if (gathering->works.first || gathering->probes.first)
        return;
    loop_timer_cancel(TAKE_PTR(gathering->finish));
    finish(gathering);
}

static void on_deadline(void *ctx)
{
    struct gathering *gathering = ctx;
    gathering->deadline = NULL;
    gathering->late = true;
    cut_off(gathering, &gathering->works);
}

/* ---- the time of SMTP ---- */

static void on_smtp_deadline(void *ctx)
{
    struct gathering *gathering = ctx;
    gathering->smtp_deadline = NULL;
    cut_off(gathering, &gathering->probes);
}

/* Without memory for the timer the longest wait stays the deadline. */
static void on_first_turn(void *ctx)
{
    struct gathering *gathering = ctx;
    struct loop_timer *timer = NULL;
    if (loop_timer(gathering->gatherer->loop, gathering->smtp_ms,
                   on_smtp_deadline, gathering, &timer) < 0)
        return;
    loop_timer_cancel(gathering->smtp_deadline);
    gathering->smtp_deadline = timer;
}

int gathering_ask_smtp(struct gathering *gathering, uint32_t left_ms)
{
    struct gatherer *gatherer = gathering->gatherer;
    if (gathering->asker)
        return 0;
    gathering->smtp_ms = gathering->end_ms - loop_now_ms(gatherer->loop);
    if (!gathering->smtp_deadline) {
        int error =
            loop_timer(gatherer->loop, GATHER_TURN_MAX_MS, on_smtp_deadline,
                       gathering, &gathering->smtp_deadline);
        if (error)
            return error;
    }
    return smtp_asker_new(gatherer->queue, left_ms, on_first_turn, gathering,
                          &gathering->asker);
}

/* ---- what is asked ---- */

static void nothing_more(struct gathering *gathering _unused_,
                         void *subject _unused_)
{
}

static void ask_draft_sts(struct gathering *gathering)
{
    struct facts *facts = gathering->facts;
    ask_txt(gathering, "_smtp_sts.", facts->domain, &facts->legacy_sts_txt,
            nothing_more, NULL);
}

static void ask_draft_tlsrpt(struct gathering *gathering)
{
    struct facts *facts = gathering->facts;
    ask_txt(gathering, "_smtp-tlsrpt.", facts->domain,
            &facts->legacy_tlsrpt_txt, nothing_more, NULL);
}

/* Without variations a draft's name is asked for only where the record itself
   is missing: beside one it is litter, and not worth a question of many. */
static bool draft_explains(const struct gathering *gathering,
                           const struct fact_txt *txt)
{
    return gathering->parts == GATHER_ALL &&
           !gathering->gatherer->options.variations && txt->count == 0;
}

/*
 * Of an RRset that is not whole one thing can be known: that senders take
 * none of it, where two records are there already. Anything else depends on
 * the RRs that were left out.
 */
static void judge_cut(struct fact_txt *txt, enum mtasts_verdict verdict)
{
    if (txt->omitted == 0 || verdict == MTASTS_VERDICT_MULTIPLE)
        return;
    txt->lookup.status = LOOKUP_TOO_MANY;
    txt->count = 0;
}

static enum mtasts_verdict sts_verdict(const struct fact_txt *txt)
{
    struct mtasts_bytes texts[FACTS_RR_MAX];
    struct mtasts_sts_record record = {0};
    size_t count = fact_txt_texts(txt, texts);
    mtasts_sts_record_parse(texts, count, 0, NULL, &record);
    return record.verdict;
}

static enum mtasts_verdict tlsrpt_verdict(const struct fact_txt *txt)
{
    struct mtasts_bytes texts[FACTS_RR_MAX];
    struct mtasts_tlsrpt_record record = {0};
    size_t count = fact_txt_texts(txt, texts);
    mtasts_tlsrpt_record_parse(texts, count, 0, NULL, NULL, 0, &record);
    return record.verdict;
}

static void on_sts(struct gathering *gathering, void *subject _unused_)
{
    struct fact_txt *txt = &gathering->facts->sts_txt;
    judge_cut(txt, sts_verdict(txt));
    if (draft_explains(gathering, &gathering->facts->sts_txt))
        ask_draft_sts(gathering);
}

static void on_tlsrpt(struct gathering *gathering, void *subject _unused_)
{
    struct fact_txt *txt = &gathering->facts->tlsrpt_txt;
    judge_cut(txt, tlsrpt_verdict(txt));
    gather_ruas(gathering);
    if (draft_explains(gathering, &gathering->facts->tlsrpt_txt))
        ask_draft_tlsrpt(gathering);
}

/* Runs from the loop, so that nothing below calls back too early. */
static void begin(void *ctx)
{
    struct gathering *gathering = ctx;
    struct facts *facts = gathering->facts;
    const char *domain = facts->domain;
    gathering->finish = NULL;
    gathering_hold(gathering);
    if (gathering->parts & GATHER_RECORD)
        ask_txt(gathering, "_mta-sts.", domain, &facts->sts_txt, on_sts, NULL);
    if (gathering->parts & GATHER_REPORTS)
        ask_txt(gathering, "_smtp._tls.", domain, &facts->tlsrpt_txt, on_tlsrpt,
                NULL);
    if (gathering->parts & GATHER_POLICY)
        gather_policy(gathering);
    if (gathering->parts & GATHER_MX)
        gather_mx(gathering);
    if (gathering->parts == GATHER_ALL &&
        gathering->gatherer->options.variations) {
        ask_draft_sts(gathering);
        ask_draft_tlsrpt(gathering);
    }
    gathering_release(gathering);
}

static int set_unicode(struct facts *facts)
{
    char unicode[IDN_UNICODE_MAX];
    if (!strstr(facts->domain, "xn--"))
        return 0;
    int error = idn_to_unicode(facts->domain, unicode);
    if (error)
        return error;
    char *copy = arena_string(facts->arena, unicode);
    if (!copy)
        return -MTASTS_ENOMEM;
    facts->unicode = copy;
    return 0;
}

static int start(struct gathering *gathering, const char *domain)
{
    struct gatherer *gatherer = gathering->gatherer;
    int error = facts_new(domain, &gathering->facts);
    if (!error)
        error = set_unicode(gathering->facts);
    if (error)
        return error;
    gathering->facts->time = loop_wall(gatherer->loop);
    gathering->facts->smtp_probed = gatherer->options.smtp;
    gathering->started_ms = loop_now_ms(gatherer->loop);
    gathering->end_ms = gathering->started_ms + gatherer->options.deadline_ms;
    error = loop_timer(gatherer->loop, gatherer->options.deadline_ms,
                       on_deadline, gathering, &gathering->deadline);
    if (error)
        return error;
    return loop_timer(gatherer->loop, 0, begin, gathering, &gathering->finish);
}

int gather_start(struct gatherer *gatherer, const char *domain, unsigned parts,
                 gather_fn *fn, void *ctx, struct gathering **ret_gathering)
{
    struct gathering *gathering = calloc(1, sizeof(*gathering));
    if (!gathering)
        return -MTASTS_ENOMEM;
    gathering->gatherer = gatherer;
    gathering->parts = parts;
    gathering->fn = fn;
    gathering->ctx = ctx;
    gathering->next = gatherer->gatherings;
    if (gathering->next)
        gathering->next->previous = gathering;
    gatherer->gatherings = gathering;
    int error = start(gathering, domain);
    if (error) {
        gathering_free(gathering);
        return error;
    }
    *ret_gathering = gathering;
    return 0;
}

void gather_cancel(struct gathering *gathering)
{
    if (gathering)
        gathering_free(gathering);
}

/* ---- the gatherer ---- */

int gatherer_new(struct loop *loop, const struct gatherer_options *options,
                 struct gatherer **ret_gatherer)
{
    struct gatherer *gatherer = calloc(1, sizeof(*gatherer));
    if (!gatherer)
        return -MTASTS_ENOMEM;
    gatherer->loop = loop;
    gatherer->options = *options;
    gatherer->helo = options->helo ? strdup(options->helo) : NULL;
    if (options->deadline_ms == 0)
        gatherer->options.deadline_ms = GATHER_DEADLINE_MS;
    gatherer->options.deadline_ms =
        MAX_OF(gatherer->options.deadline_ms, 2 * GATHER_LAST_MS);
    if ((options->helo && !gatherer->helo) ||
        smtp_queue_new(loop, &gatherer->queue) < 0) {
        gatherer_free(gatherer);
        return -MTASTS_ENOMEM;
    }
    *ret_gatherer = gatherer;
    return 0;
}

void gatherer_free(struct gatherer *gatherer)
{
    if (!gatherer)
        return;
    while (gatherer->gatherings)
        gathering_free(gatherer->gatherings);
    smtp_queue_free(gatherer->queue);
    free(gatherer->helo);
    free(gatherer);
}
