/*
 * smtp_queue: SMTP probes waiting for their turn. See smtp_queue.h.
 *
 * Askers whose jobs wait stand in a line. Who may begin a probe leaves its
 * head and joins its end; who may not, because an address of his is being
 * looked at or he has his share, keeps his place. Probes are started from the
 * loop only, so that no caller of add or cancel ever runs somebody else's
 * callback.
 */
#include "net/smtp_queue.h"

#include "base/queue.h"
#include "net/smtp_memo.h"

#include <string.h>

#define LEAST_MS 500u /* less left than this: no new connection */

struct smtp_job {
    struct queue_node node; /* first; in the line that says how far it is */
    struct smtp_asker *asker;
    struct smtp_request request;
    struct fact_smtp *known; /* the answer, if it was known from the start */
    struct smtp_probe *probe;
    smtp_fn *fn;
    void *ctx;
};

struct smtp_asker {
    struct queue_node node; /* first; in `askers` while jobs wait */
    struct smtp_queue *queue;
    struct queue waiting;
    size_t running;
    uint32_t budget_ms;
    uint64_t end_ms; /* 0: its time has not begun */
    loop_fn *begun;
    void *ctx;
};

struct smtp_queue {
    struct loop *loop;
    struct loop_timer *turn;
    struct smtp_memo *memo;
    size_t places; /* probes under way at once */
    struct queue askers;
    struct queue running;
    struct queue told; /* jobs whose answer was known */
};

static struct smtp_job *first_job(const struct queue *line)
{
    return (struct smtp_job *)line->first;
}

static struct smtp_job *next_job(const struct smtp_job *job)
{
    return (struct smtp_job *)job->node.next;
}

/* ---- who is next ---- */

static bool is_busy(const struct smtp_queue *queue,
                    const struct smtp_request *request)
{
    for (const struct smtp_job *job = first_job(&queue->running); job;
         job = next_job(job))
        if (job->request.port == request->port &&
            memcmp(&job->request.address, &request->address,
                   sizeof(request->address)) == 0)
            return true;
    return false;
}

static bool has_room(const struct smtp_queue *queue,
                     const struct smtp_asker *asker)
{
    return asker->running < SMTP_QUEUE_SHARE ||
           queue->running.count < queue->places / 2;
}

/* The first in the line who may begin a probe; NULL if none may. */
static struct smtp_job *choose(const struct smtp_queue *queue)
{
    const struct queue_node *node = queue->askers.first;
    if (queue->running.count >= queue->places)
        return NULL;
    for (; node; node = node->next) {
        const struct smtp_asker *asker = (const struct smtp_asker *)node;
        if (!has_room(queue, asker))
            continue;
        for (struct smtp_job *job = first_job(&asker->waiting); job;
             job = next_job(job))
            if (!is_busy(queue, &job->request))
                return job;
    }
    return NULL;
}

/* Whether a job is in the line, and where, follows from what waits. */
static void line_up(struct smtp_asker *asker, bool at_the_end)
{
    if (!asker->waiting.first)
        queue_leave(&asker->node);
    else if (at_the_end || !asker->node.queue)
        queue_join(&asker->queue->askers, &asker->node);
}

/* ---- the end of a job ---- */

static void take_out(struct smtp_job *job)
{
    struct smtp_asker *asker = job->asker;
    if (job->node.queue == &asker->queue->running)
        asker->running--;
    queue_leave(&job->node);
    line_up(asker, false);
}

static void job_free(struct smtp_job *job)
{
    take_out(job);
    smtp_probe_cancel(job->probe);
    free(job);
}

/* The job has left its line before its callback is run. */
static void end(struct smtp_job *job, const struct fact_smtp *fact)
{
    take_out(job);
    job->fn(job->ctx, fact);
    free(job);
}

static void not_done(struct smtp_job *job, const char *why)
{
    struct fact_smtp fact = {.status = SMTP_NOT_DONE, .detail = why};
    char text[ADDRESS_TEXT_MAX];
    address_text(&job->request.address, text);
    fact.address = arena_string(job->request.arena, text);
    end(job, &fact);
}

/* ---- turns ---- */

static void take_turns(struct smtp_queue *queue);

/* Others are told the same, unless it was our time that ran out. */
static void keep(const struct smtp_job *job, const struct fact_smtp *fact)
{
    struct smtp_queue *queue = job->asker->queue;
    uint64_t now = loop_now_ms(queue->loop);
    if (fact->status != SMTP_NOT_DONE && fact->status != SMTP_TIMEOUT &&
        now + LEAST_MS <= job->asker->end_ms)
        smtp_memo_keep(queue->memo, &job->request, now, fact);
}

static void on_probe(void *ctx, const struct fact_smtp *fact)
{
    struct smtp_job *job = ctx;
    struct smtp_queue *queue = job->asker->queue;
    job->probe = NULL;
    keep(job, fact);
    end(job, fact);
    take_turns(queue);
}

static void start_clock(struct smtp_asker *asker, uint64_t now)
{
    if (asker->end_ms)
        return;
    asker->end_ms = now + asker->budget_ms;
    if (asker->begun)
        asker->begun(asker->ctx);
}

static void run(struct smtp_job *job)
{
    struct smtp_asker *asker = job->asker;
    struct smtp_queue *queue = asker->queue;
    uint64_t now = loop_now_ms(queue->loop);
    struct fact_smtp known;
    if (smtp_memo_find(queue->memo, &job->request, now, &known) == 0) {
        end(job, &known);
        return;
    }
    start_clock(asker, now);
    if (now + LEAST_MS > asker->end_ms) {
        not_done(job, "its turn came too late");
        return;
    }
    job->request.deadline_ms = (uint32_t)(asker->end_ms - now);
    int error = smtp_probe_start(queue->loop, &job->request, on_probe, job,
                                 &job->probe);
    if (error)
        not_done(job, mtasts_strerror(error));
}

static void take_turns(struct smtp_queue *queue)
{
    struct smtp_job *job;
    while ((job = first_job(&queue->told)))
        end(job, job->known);
    while ((job = choose(queue))) {
        queue_join(&queue->running, &job->node);
        job->asker->running++;
        line_up(job->asker, true);
        run(job);
    }
}

static void on_turn(void *ctx)
{
    struct smtp_queue *queue = ctx;
    queue->turn = NULL;
    take_turns(queue);
}

static int ask_for_turn(struct smtp_queue *queue)
{
    if (queue->turn)
        return 0;
    return loop_timer(queue->loop, 0, on_turn, queue, &queue->turn);
}

/* ---- adding, cancelling ---- */

/* NULL: not known, or no memory for it. */
static struct fact_smtp *find_known(const struct smtp_queue *queue,
                                    const struct smtp_request *request)
{
    uint64_t now = loop_now_ms(queue->loop);
    struct fact_smtp known;
    struct fact_smtp *copy;
    if (smtp_memo_find(queue->memo, request, now, &known) < 0)
        return NULL;
    copy = arena_new_of(request->arena, struct fact_smtp);
    if (copy)
        *copy = known;
    return copy;
}

int smtp_queue_add(struct smtp_asker *asker, const struct smtp_request *request,
                   smtp_fn *fn, void *ctx, struct smtp_job **ret_job)
{
    struct smtp_queue *queue = asker->queue;
    struct smtp_job *job;
    int error = ask_for_turn(queue);
    if (error)
        return error;
    job = calloc(1, sizeof(*job));
    if (!job)
        return -MTASTS_ENOMEM;
    job->asker = asker;
    job->request = *request;
    job->known = find_known(queue, request);
    job->fn = fn;
    job->ctx = ctx;
    queue_join(job->known ? &queue->told : &asker->waiting, &job->node);
    line_up(asker, false);
    *ret_job = job;
    return 0;
}

/* Without memory to ask for a turn, the next probe that ends brings one; if
   there is none, who waits is told at his deadline that nothing was done. */
void smtp_queue_cancel(struct smtp_job *job)
{
    struct smtp_queue *queue;
    if (!job)
        return;
    queue = job->asker->queue;
    job_free(job);
    ask_for_turn(queue);
}

/* ---- askers, the queue ---- */

int smtp_asker_new(struct smtp_queue *queue, uint32_t budget_ms, loop_fn *begun,
                   void *ctx, struct smtp_asker **ret_asker)
{
    struct smtp_asker *asker = calloc(1, sizeof(*asker));
    if (!asker)
        return -MTASTS_ENOMEM;
    asker->queue = queue;
    asker->budget_ms = budget_ms;
    asker->begun = begun;
    asker->ctx = ctx;
    *ret_asker = asker;
    return 0;
}

static void cancel_of(const struct smtp_asker *asker, const struct queue *line)
{
    struct smtp_job *next;
    for (struct smtp_job *job = first_job(line); job; job = next) {
        next = next_job(job);
        if (job->asker == asker)
            smtp_queue_cancel(job);
    }
}

void smtp_asker_free(struct smtp_asker *asker)
{
    if (!asker)
        return;
    cancel_of(asker, &asker->waiting);
    cancel_of(asker, &asker->queue->told);
    cancel_of(asker, &asker->queue->running);
    free(asker);
}

int smtp_queue_new(struct loop *loop, struct smtp_queue **ret_queue)
{
    struct smtp_queue *queue = calloc(1, sizeof(*queue));
    if (!queue)
        return -MTASTS_ENOMEM;
    queue->loop = loop;
    queue->places = MIN_OF(loop_descriptor_share(), SMTP_QUEUE_ACTIVE);
    int error = smtp_memo_new(&queue->memo);
    if (error) {
        smtp_queue_free(queue);
        return error;
    }
    *ret_queue = queue;
    return 0;
}

void smtp_queue_free(struct smtp_queue *queue)
{
    if (!queue)
        return;
    loop_timer_cancel(queue->turn);
    smtp_memo_free(queue->memo);
    free(queue);
}
