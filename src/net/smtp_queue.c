/*
 * smtp_queue: SMTP probes waiting for their turn. See smtp_queue.h.
 *
 * A lane is an address that is being looked at, with those who wait for just
 * this address; who finds neither his lane nor a free one waits in `rest`.
 * Probes are started by `on_turn` only, so that no caller of add or cancel
 * ever runs somebody else's callback.
 */
#include "net/smtp_queue.h"

#include "net/smtp_memo.h"

#include <string.h>

#define LEAST_MS 500u /* less left than this: no new connection */

struct smtp_job {
    struct smtp_queue *queue;
    struct jobs *jobs; /* where it waits; NULL: it runs */
    struct smtp_job *previous;
    struct smtp_job *next;
    struct smtp_request request;
    uint64_t end_ms;
    struct smtp_probe *probe;
    smtp_fn *fn;
    void *ctx;
};

struct jobs {
    struct smtp_job *first;
    struct smtp_job *last;
};

struct lane {
    struct smtp_job *running; /* whose address the lane is for, or NULL */
    struct address address;
    uint16_t port;
    struct jobs waiting;
};

struct smtp_queue {
    struct loop *loop;
    struct loop_timer *turn;
    struct smtp_memo *memo;
    struct lane lanes[SMTP_QUEUE_ACTIVE];
    struct jobs rest;
};

/* ---- lists ---- */

static void append(struct jobs *jobs, struct smtp_job *job)
{
    job->jobs = jobs;
    job->previous = jobs->last;
    job->next = NULL;
    if (jobs->last)
        jobs->last->next = job;
    else
        jobs->first = job;
    jobs->last = job;
}

static void take_out(struct smtp_job *job)
{
    struct jobs *jobs = job->jobs;
    if (job->previous)
        job->previous->next = job->next;
    else
        jobs->first = job->next;
    if (job->next)
        job->next->previous = job->previous;
    else
        jobs->last = job->previous;
    job->jobs = NULL;
    job->previous = NULL;
    job->next = NULL;
}

static void job_free(struct smtp_job *job)
{
    if (job->jobs)
        take_out(job);
    smtp_probe_cancel(job->probe);
    free(job);
}

static void free_all(struct jobs *jobs)
{
    while (jobs->first)
        job_free(jobs->first);
}

/* ---- lanes ---- */

static bool idle(const struct lane *lane)
{
    return !lane->running && !lane->waiting.first;
}

static struct lane *lane_of(struct smtp_queue *queue,
                            const struct smtp_request *request)
{
    for (size_t i = 0; i < SMTP_QUEUE_ACTIVE; i++) {
        struct lane *lane = &queue->lanes[i];
        if (!idle(lane) && lane->port == request->port &&
            memcmp(&lane->address, &request->address, sizeof(lane->address)) ==
                0)
            return lane;
    }
    return NULL;
}

static struct lane *lane_running(struct smtp_queue *queue,
                                 const struct smtp_job *job)
{
    for (size_t i = 0; i < SMTP_QUEUE_ACTIVE; i++)
        if (queue->lanes[i].running == job)
            return &queue->lanes[i];
    return NULL;
}

static void leave_lane(const struct smtp_job *job)
{
    struct lane *lane = lane_running(job->queue, job);
    if (lane)
        lane->running = NULL;
}

/* Lets the first of `rest` whose address nobody looks at have the lane. */
static void fill(struct smtp_queue *queue, struct lane *lane)
{
    while (idle(lane) && queue->rest.first) {
        struct smtp_job *job = queue->rest.first;
        struct lane *other = lane_of(queue, &job->request);
        take_out(job);
        if (!other) {
            lane->address = job->request.address;
            lane->port = job->request.port;
        }
        append(other ? &other->waiting : &lane->waiting, job);
    }
}

/* ---- turns ---- */

static void on_turn(void *ctx);

static int ask_for_turn(struct smtp_queue *queue)
{
    if (queue->turn)
        return 0;
    return loop_timer(queue->loop, 0, on_turn, queue, &queue->turn);
}

/* Ends a job that runs; the lane is free before its callback is run. */
static void done(struct smtp_job *job, const struct fact_smtp *fact)
{
    leave_lane(job);
    ask_for_turn(job->queue);
    job->fn(job->ctx, fact);
    job_free(job);
}

/* Others are told the same, unless it was our time that ran out. */
static void keep(const struct smtp_job *job, const struct fact_smtp *fact)
{
    struct smtp_queue *queue = job->queue;
    uint64_t now = loop_now_ms(queue->loop);
    if (fact->status != SMTP_NOT_DONE && fact->status != SMTP_TIMEOUT &&
        now + LEAST_MS <= job->end_ms)
        smtp_memo_keep(queue->memo, &job->request, now, fact);
}

static void on_probe(void *ctx, const struct fact_smtp *fact)
{
    struct smtp_job *job = ctx;
    job->probe = NULL;
    keep(job, fact);
    done(job, fact);
}

static void not_done(struct smtp_job *job, const char *why)
{
    struct arena *arena = job->request.arena;
    struct fact_smtp fact = {.status = SMTP_NOT_DONE, .detail = why};
    char text[ADDRESS_TEXT_MAX];
    address_text(&job->request.address, text);
    fact.address = arena_string(arena, text);
    done(job, &fact);
}

static void run(struct smtp_job *job)
{
    uint64_t now = loop_now_ms(job->queue->loop);
    struct fact_smtp known;
    if (smtp_memo_find(job->queue->memo, &job->request, now, &known) == 0) {
        done(job, &known);
        return;
    }
    if (now + LEAST_MS > job->end_ms) {
        not_done(job, "its turn came too late");
        return;
    }
    job->request.deadline_ms = (uint32_t)(job->end_ms - now);
    int error = smtp_probe_start(job->queue->loop, &job->request, on_probe, job,
                                 &job->probe);
    if (error)
        not_done(job, mtasts_strerror(error));
}

static void on_turn(void *ctx)
{
    struct smtp_queue *queue = ctx;
    queue->turn = NULL;
    for (size_t i = 0; i < SMTP_QUEUE_ACTIVE; i++) {
        struct lane *lane = &queue->lanes[i];
        fill(queue, lane);
        if (lane->running || !lane->waiting.first)
            continue;
        struct smtp_job *job = lane->waiting.first;
        take_out(job);
        lane->running = job;
        run(job);
    }
}

/* ---- adding, cancelling ---- */

int smtp_queue_add(struct smtp_queue *queue, const struct smtp_request *request,
                   uint64_t end_ms, smtp_fn *fn, void *ctx,
                   struct smtp_job **ret_job)
{
    int error = ask_for_turn(queue);
    if (error)
        return error;
    struct smtp_job *job = calloc(1, sizeof(*job));
    if (!job)
        return -MTASTS_ENOMEM;
    job->queue = queue;
    job->request = *request;
    job->end_ms = end_ms;
    job->fn = fn;
    job->ctx = ctx;
    struct lane *lane = lane_of(queue, request);
    append(lane ? &lane->waiting : &queue->rest, job);
    *ret_job = job;
    return 0;
}

void smtp_queue_cancel(struct smtp_job *job)
{
    if (!job)
        return;
    struct lane *lane = lane_running(job->queue, job);
    if (lane) {
        lane->running = NULL;
        ask_for_turn(job->queue);
    }
    job_free(job);
}

int smtp_queue_new(struct loop *loop, struct smtp_queue **ret_queue)
{
    struct smtp_queue *queue = calloc(1, sizeof(*queue));
    if (!queue)
        return -MTASTS_ENOMEM;
    queue->loop = loop;
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
    for (size_t i = 0; i < SMTP_QUEUE_ACTIVE; i++) {
        if (queue->lanes[i].running)
            job_free(queue->lanes[i].running);
        free_all(&queue->lanes[i].waiting);
    }
    free_all(&queue->rest);
    loop_timer_cancel(queue->turn);
    smtp_memo_free(queue->memo);
    free(queue);
}
