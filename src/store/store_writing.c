/*
 * store_writing: the thread of a store_writer. See store_writer.h.
 *
 * Two queues: `waiting`, into which the loop puts under the lock, and `batch`,
 * which is the thread's while it writes. They change places at the start of
 * an attempt, which takes no time; after a failure what has come meanwhile is
 * put behind what is left.
 */
#include "store/store_writing.h"

#include "store/rebuild.h"
#include <inttypes.h>
#include <mtasts/error.h>

#define STOP_RETRY_MS 50 /* between two attempts while it stops */
#define NEVER INT64_MAX

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t store_writing_now(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

void store_writing_wait(struct store_writer *writer, pthread_cond_t *condition,
                        int64_t ms)
{
    const struct timespec until = {.tv_sec = (time_t)(ms / 1000),
                                   .tv_nsec = (long)(ms % 1000) * 1000000};

    if (ms == NEVER)
        pthread_cond_wait(condition, &writer->lock);
    else
        pthread_cond_timedwait(condition, &writer->lock, &until);
}

/* ---- state; the lock is held ---- */

void store_writing_failed(struct store_writer *writer,
                          const struct store_fault *fault)
{
    struct store_state *state = &writer->state;
    int64_t pause = writer->stopping ? STOP_RETRY_MS : writer->pause_ms;

    if (!state->failing)
        state->since_ms = clock_ms(CLOCK_REALTIME);
    if (!state->failing || state->fault.trouble != fault->trouble)
        store_news_add(&writer->news, STORE_NEWS_FAILING, "%s", fault->text);
    state->failing = true;
    state->fault = *fault;
    writer->retry_ms = store_writing_now() + pause;
    writer->pause_ms =
        MIN_OF(2 * writer->pause_ms, (int64_t)STORE_RETRY_MAX_MS);
    if (fault->trouble == STORE_CORRUPT)
        writer->suspect = true;
}

void store_writing_notice_slow(struct store_writer *writer)
{
    struct store_fault fault;

    /* To rebuild a file takes its time. */
    if (!writer->writing || writer->state.failing || writer->suspect ||
        store_writing_now() - writer->writing_ms < STORE_SLOW_MS)
        return;
    store_fault_set(&fault, STORE_FAILED, writer->path,
                    "the disk does not answer");
    store_writing_failed(writer, &fault);
}

static void fine(struct store_writer *writer)
{
    struct store_state *state = &writer->state;

    if (state->failing)
        store_news_add(&writer->news, STORE_NEWS_RECOVERED,
                       "%s: is written again, after %" PRId64 " s",
                       writer->path,
                       (clock_ms(CLOCK_REALTIME) - state->since_ms) / 1000);
    state->failing = false;
    state->fault = (struct store_fault){.trouble = STORE_FINE};
    writer->pause_ms = STORE_RETRY_MS;
}

void store_writing_tell_lost(struct store_writer *writer)
{
    uint64_t lost = writer->state.lost + writer->waiting->lost;

    if (lost < writer->lost_mark)
        return;
    while (writer->lost_mark <= lost)
        writer->lost_mark *= 10;
    store_news_add(&writer->news, STORE_NEWS_LOST,
                   "%s: no room in memory for all that waits to be written: "
                   "%" PRIu64 " changes will not be kept over a restart; %s",
                   writer->path, lost,
                   writer->state.failing ? writer->state.fault.text
                                         : "the disk is too slow");
}

/* ---- the file ---- */

static void on_damage(void *ctx, const struct store_fault *fault)
{
    struct store_writer *writer = ctx;
    unsigned generation;

    /* The check is ended before another file takes the place of this one. */
    store_writer_readable(writer, &generation);
    store_writer_suspect(writer, generation, fault);
}

int store_writing_open(struct store_writer *writer, struct store_fault *fault)
{
    int error = store_file_open(writer->path, &writer->file, fault);

    if (error || writer->checked)
        return error;
    /* Without it damage shows later, when somebody comes across it. */
    writer->checked = true;
    store_check_start(writer->path, on_damage, writer, &writer->check);
    return 0;
}

static void close_file(struct store_writer *writer, bool damaged)
{
    store_file_close(TAKE_PTR(writer->file), damaged);
}

static void end_check(struct store_writer *writer)
{
    store_check_stop(TAKE_PTR(writer->check));
    writer->checked = true;
}

static void tell_rebuilt(struct store_writer *writer,
                         const struct rebuilt *rebuilt)
{
    pthread_mutex_lock(&writer->lock);
    if (rebuilt)
        store_news_add(
            &writer->news, STORE_NEWS_REBUILT,
            "%s: was damaged: it is now %s, and a new file has what could be "
            "read of it (%zu rows of policies, %zu of history); look after "
            "the disk, then delete the damaged file",
            writer->path, rebuilt->aside, rebuilt->salvaged.policies,
            rebuilt->salvaged.history);
    writer->suspect = false;
    writer->state.generation++;
    pthread_mutex_unlock(&writer->lock);
}

static int rebuild_file(struct store_writer *writer, struct store_fault *fault)
{
    struct rebuilt rebuilt;
    int error;

    end_check(writer);
    close_file(writer, true);
    if (writer->rebuilds >= STORE_REBUILDS_MAX) {
        store_fault_set(fault, STORE_FAILED, writer->path,
                        "damaged again and again");
        return -MTASTS_EIO;
    }
    error = rebuild(writer->path, clock_ms(CLOCK_REALTIME) / 1000,
                    &writer->give_up, &rebuilt, fault);
    /* Somebody was quicker to move it away: then a new one is made. */
    if (error && error != -MTASTS_ENOTFOUND)
        return error;
    writer->rebuilds++;
    tell_rebuilt(writer, error ? NULL : &rebuilt);
    return 0;
}

static void close_gone(struct store_writer *writer)
{
    if (!writer->file || !store_file_gone(writer->file))
        return;
    end_check(writer);
    close_file(writer, true);
    pthread_mutex_lock(&writer->lock);
    store_news_add(&writer->news, STORE_NEWS_REPLACED,
                   "%s: somebody moved or deleted it while it was in use: "
                   "what is there now is used, or a new one made",
                   writer->path);
    writer->state.generation++;
    pthread_mutex_unlock(&writer->lock);
}

/* One attempt: whatever it takes to write `batch`. */
static int attempt(struct store_writer *writer, bool suspect, uint64_t *written,
                   struct store_fault *fault)
{
    int error = 0;

    close_gone(writer);
    if (suspect)
        error = rebuild_file(writer, fault);
    if (!error && !writer->file)
        error = store_writing_open(writer, fault);
    if (!error)
        error = store_file_write(writer->file, writer->batch, written, fault);
    /* A lock or a full disk passes; else a new start may help. */
    if (error && fault->trouble != STORE_LOCKED && fault->trouble != STORE_FULL)
        close_file(writer, fault->trouble == STORE_CORRUPT ||
                               fault->trouble == STORE_FOREIGN);
    return error;
}

/* ---- the thread ---- */

static void exchange_queues(struct store_writer *writer)
{
    struct store_queue *queue = writer->waiting;

    writer->waiting = writer->batch;
    writer->batch = queue;
}

/* The lock is held, but not while it writes. */
static void work(struct store_writer *writer)
{
    bool suspect = writer->suspect;
    struct store_fault fault = {.trouble = STORE_FINE};
    uint64_t written = 0;
    int error;

    exchange_queues(writer);
    writer->state.lost += writer->batch->lost;
    writer->batch->lost = 0;
    writer->writing = true;
    writer->writing_ms = store_writing_now();
    writer->writing_count = store_queue_count(writer->batch);
    pthread_mutex_unlock(&writer->lock);

    error = attempt(writer, suspect, &written, &fault);

    pthread_mutex_lock(&writer->lock);
    writer->writing = false;
    writer->state.written += written;
    if (store_queue_count(writer->batch) > 0) {
        store_queue_absorb(writer->batch, writer->waiting);
        exchange_queues(writer);
    }
    if (error)
        store_writing_failed(writer, &fault);
    else
        fine(writer);
    store_writing_tell_lost(writer);
}

/* When there is something to do; 0: now. */
static int64_t due_ms(const struct store_writer *writer)
{
    if (writer->state.failing)
        return writer->retry_ms;
    if (writer->suspect)
        return 0;
    if (store_queue_count(writer->waiting) == 0)
        return NEVER;
    if (writer->stopping ||
        store_queue_count(writer->waiting) >= STORE_BATCH_MAX)
        return 0;
    return writer->handed_ms + STORE_INTERVAL_MS;
}

/* False: it is time to end. The lock is held. */
static bool wait_for_work(struct store_writer *writer)
{
    for (;;) {
        int64_t now = store_writing_now();
        int64_t due = due_ms(writer);

        if (writer->stopping && (store_queue_count(writer->waiting) == 0 ||
                                 now >= writer->stop_by_ms))
            return false;
        if (due <= now)
            return true;
        if (writer->stopping)
            due = MIN_OF(due, writer->stop_by_ms);
        store_writing_wait(writer, &writer->wake, due);
    }
}

void *store_writing_run(void *ctx)
{
    struct store_writer *writer = ctx;
    bool damaged;

    pthread_mutex_lock(&writer->lock);
    while (wait_for_work(writer))
        work(writer);
    damaged = writer->suspect;
    pthread_mutex_unlock(&writer->lock);
    store_check_stop(TAKE_PTR(writer->check));
    close_file(writer, damaged);
    pthread_mutex_lock(&writer->lock);
    writer->done = true;
    pthread_cond_signal(&writer->ended);
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}
