/*
 * batch: the slots, the output and the signals of one. See batch.h.
 */
#include "cli/batch.h"

#include "cli/complain.h"
#include "cli/sink.h"
#include <mtasts/error.h>
#include <signal.h>

struct batch {
    struct batch_feed feed;
    struct loop *loop;
    struct sink *sink;
    struct progress *progress;
    struct loop_watch *signals[2];
    struct loop_timer *start;
    struct batch_slot *free_slots;
    size_t busy;
    bool ended; /* nothing more is to be begun */
    bool interrupted;
    bool broken;
    unsigned jobs;
    struct batch_slot slots[];
};

static void stop_if_done(struct batch *batch)
{
    if (batch->broken ||
        (batch->ended && batch->busy == 0 && sink_empty(batch->sink)))
        loop_stop(batch->loop);
}

void batch_break_off(struct batch *batch)
{
    batch->broken = true;
    batch->ended = true;
    stop_if_done(batch);
}

void batch_put(struct batch *batch, const char *text, size_t len)
{
    if (batch->broken || len == 0)
        return;
    if (isatty(STDOUT_FILENO))
        progress_hide(batch->progress);
    int error = sink_put(batch->sink, text, len);
    if (error == -MTASTS_EIO)
        return; /* on_failed() is under way */
    if (error) {
        complain_error("standard output", error);
        batch_break_off(batch);
    }
}

/* ---- slots ---- */

static void free_slot(struct batch_slot *slot)
{
    struct batch *batch = slot->batch;
    slot->gathering = NULL;
    slot->next = batch->free_slots;
    batch->free_slots = slot;
}

void batch_done(struct batch_slot *slot)
{
    free_slot(slot);
    slot->batch->busy--;
}

void batch_pump(struct batch *batch)
{
    while (!batch->ended && batch->free_slots && !sink_full(batch->sink)) {
        struct batch_slot *slot = batch->free_slots;
        batch->free_slots = slot->next;
        enum batch_step step = batch->feed.next(batch->feed.ctx, slot);
        if (slot->gathering)
            batch->busy++;
        else
            free_slot(slot);
        if (step == BATCH_WAIT)
            return;
        if (step == BATCH_END)
            batch->ended = true;
    }
    stop_if_done(batch);
}

static void on_more(void *ctx)
{
    batch_pump(ctx);
}

static void on_failed(void *ctx)
{
    batch_break_off(ctx);
}

static void on_start(void *ctx)
{
    struct batch *batch = ctx;
    batch->start = NULL;
    batch_pump(batch);
}

/* A second signal then has its usual effect. */
static void on_interrupt(void *ctx)
{
    struct batch *batch = ctx;
    for (size_t i = 0; i < ELEMENTS(batch->signals); i++)
        loop_watch_cancel(TAKE_PTR(batch->signals[i]));
    batch->interrupted = true;
    batch->ended = true;
    batch->feed.interrupted(batch->feed.ctx, batch->busy);
    for (size_t i = 0; i < batch->jobs; i++) {
        if (batch->slots[i].gathering) {
            gather_cancel(TAKE_PTR(batch->slots[i].gathering));
            batch_done(&batch->slots[i]);
        }
    }
    stop_if_done(batch);
}

/* ---- life ---- */

static int open_all(struct batch *batch)
{
    static const int signals[] = {SIGINT, SIGTERM};
    struct loop *loop = batch->loop;
    int error = sink_new(loop, on_more, on_failed, batch, &batch->sink);
    for (size_t i = 0; i < ELEMENTS(signals) && !error; i++)
        error = loop_signal(loop, signals[i], on_interrupt, batch,
                            &batch->signals[i]);
    if (!error && batch->feed.progress)
        error = progress_new(loop, batch->feed.progress, batch->feed.ctx,
                             &batch->progress);
    if (!error)
        error = loop_timer(loop, 0, on_start, batch, &batch->start);
    return error;
}

int batch_new(struct loop *loop, unsigned jobs, const struct batch_feed *feed,
              struct batch **ret_batch)
{
    _cleanup_batch_ struct batch *batch =
        calloc(1, sizeof(*batch) + jobs * sizeof(batch->slots[0]));
    if (!batch)
        return -MTASTS_ENOMEM;
    batch->feed = *feed;
    batch->loop = loop;
    batch->jobs = jobs;
    for (size_t i = jobs; i-- > 0;) {
        batch->slots[i].batch = batch;
        batch->slots[i].ctx = feed->ctx;
        free_slot(&batch->slots[i]);
    }
    int error = open_all(batch);
    if (error)
        return error;
    *ret_batch = TAKE_PTR(batch);
    return 0;
}

void batch_free(struct batch *batch)
{
    if (!batch)
        return;
    for (size_t i = 0; i < batch->jobs; i++)
        gather_cancel(batch->slots[i].gathering);
    for (size_t i = 0; i < ELEMENTS(batch->signals); i++)
        loop_watch_cancel(batch->signals[i]);
    loop_timer_cancel(batch->start);
    progress_free(batch->progress);
    sink_free(batch->sink);
    free(batch);
}

int batch_run(struct batch *batch)
{
    bool done = !batch->start && batch->busy == 0 && sink_empty(batch->sink);
    return done || batch_broken(batch) ? 0 : loop_run(batch->loop);
}

void batch_hide_progress(struct batch *batch)
{
    progress_hide(batch->progress);
}

size_t batch_busy(const struct batch *batch)
{
    return batch->busy;
}

bool batch_interrupted(const struct batch *batch)
{
    return batch->interrupted;
}

bool batch_broken(const struct batch *batch)
{
    return batch->broken || sink_broken(batch->sink);
}
