/*
 * store_writer: writes behind. See store_writer.h; its thread is in
 * store_writing.c.
 *
 * The lock is held for moments only: by the thread when it changes the queues
 * (once per attempt to write), by the callers while a row is copied.
 */
#include "store/store_writing.h"

#include <mtasts/error.h>
#include <string.h>

#define STOP_GRACE_MS 500 /* for a call to come back after the deadline */

/* ---- start and stop ---- */

static void queue_free(struct store_queue *queue)
{
    if (queue)
        store_queue_clear(queue);
    free(queue);
}

/* Its thread has ended, or was never started. */
static void writer_free(struct store_writer *writer)
{
    store_check_stop(writer->check);
    store_file_close(writer->file, false);
    queue_free(writer->waiting);
    queue_free(writer->batch);
    pthread_cond_destroy(&writer->ended);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->lock);
    free(writer->path);
    free(writer);
}

DEFINE_CLEANUP(struct store_writer *, writer_free, writer)

static int writer_new(const char *path, struct store_writer **ret_writer)
{
    _cleanup_(cleanup_writer) struct store_writer *writer =
        calloc(1, sizeof(*writer));

    if (!writer)
        return -MTASTS_ENOMEM;
    pthread_mutex_init(&writer->lock, NULL);
    thread_condition_init(&writer->wake);
    thread_condition_init(&writer->ended);
    writer->pause_ms = STORE_RETRY_MS;
    writer->lost_mark = 1;
    writer->state.generation = 1;
    writer->path = strdup(path);
    writer->waiting = calloc(1, sizeof(*writer->waiting));
    writer->batch = calloc(1, sizeof(*writer->batch));
    if (!writer->path || !writer->waiting || !writer->batch)
        return -MTASTS_ENOMEM;
    *ret_writer = TAKE_PTR(writer);
    return 0;
}

/* What may pass is tried again by the thread; what is damaged, at once. */
static int open_first(struct store_writer *writer, struct store_fault *fault)
{
    int error = store_writing_open(writer, fault);

    if (!error)
        return 0;
    if (fault->trouble == STORE_NEWER || fault->trouble == STORE_FOREIGN)
        return error;
    store_writing_failed(writer, fault);
    if (fault->trouble == STORE_CORRUPT)
        writer->retry_ms = 0;
    return 0;
}

int store_writer_start(const char *path, struct store_writer **ret_writer,
                       struct store_fault *fault)
{
    _cleanup_(cleanup_writer) struct store_writer *writer = NULL;
    int error = writer_new(path, &writer);

    if (error) {
        store_fault_set(fault, STORE_NO_MEMORY, path, NULL);
        return error;
    }
    error = open_first(writer, fault);
    if (error)
        return error;
    error = thread_start("store-writer", store_writing_run, writer,
                         &writer->thread);
    if (error) {
        store_fault_set(fault, STORE_NO_MEMORY, path, "no thread for it");
        return error;
    }
    *ret_writer = TAKE_PTR(writer);
    return 0;
}

/* False: the thread is stuck. */
static bool await_end(struct store_writer *writer, unsigned timeout_ms)
{
    int64_t until;
    bool done;

    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    writer->stop_by_ms = store_writing_now() + timeout_ms;
    writer->retry_ms = 0;
    until = writer->stop_by_ms + STOP_GRACE_MS;
    pthread_cond_signal(&writer->wake);
    while (!writer->done && store_writing_now() < writer->stop_by_ms)
        store_writing_wait(writer, &writer->ended, writer->stop_by_ms);
    atomic_store(&writer->give_up, true);
    while (!writer->done && store_writing_now() < until)
        store_writing_wait(writer, &writer->ended, until);
    done = writer->done;
    pthread_mutex_unlock(&writer->lock);
    return done;
}

static void measure_loss(struct store_writer *writer, bool ended,
                         struct store_loss *loss)
{
    struct store_state state;

    store_writer_state(writer, &state);
    *loss = (struct store_loss){.count = state.waiting, .why = state.fault};
    if (!ended)
        store_fault_set(&loss->why, STORE_FAILED, writer->path,
                        "the disk does not answer");
    else if (loss->count == 0)
        loss->why = (struct store_fault){.trouble = STORE_FINE};
    else if (!state.failing)
        store_fault_set(&loss->why, STORE_FAILED, writer->path,
                        "the disk is too slow");
}

int store_writer_stop(struct store_writer *writer, unsigned timeout_ms,
                      struct store_loss *ret_loss)
{
    bool ended = await_end(writer, timeout_ms);
    struct store_loss loss;
    bool failing = false;

    measure_loss(writer, ended, &loss);
    if (ended) {
        pthread_join(writer->thread, NULL);
        failing = writer->state.failing;
        writer_free(writer);
    } else {
        pthread_detach(writer->thread);
    }
    if (ret_loss)
        *ret_loss = loss;
    if (ended && loss.count == 0)
        return 0;
    return failing ? -MTASTS_EIO : -MTASTS_ETIMEDOUT;
}

/* ---- handing over ---- */

/* Whether nothing waited before; the lock is held until hand_over_end(). */
static bool hand_over_begin(struct store_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    return store_queue_count(writer->waiting) == 0;
}

static void hand_over_end(struct store_writer *writer, bool was_empty)
{
    if (was_empty)
        writer->handed_ms = store_writing_now();
    if (was_empty || store_queue_count(writer->waiting) == STORE_BATCH_MAX)
        pthread_cond_signal(&writer->wake);
    store_writing_tell_lost(writer);
    pthread_mutex_unlock(&writer->lock);
}

int store_writer_put(struct store_writer *writer, const struct policy_row *row)
{
    bool was_empty = hand_over_begin(writer);
    int error = store_queue_put(writer->waiting, row);

    hand_over_end(writer, was_empty);
    return error;
}

int store_writer_delete(struct store_writer *writer, const char *domain)
{
    bool was_empty = hand_over_begin(writer);
    int error = store_queue_delete(writer->waiting, domain);

    hand_over_end(writer, was_empty);
    return error;
}

int store_writer_history(struct store_writer *writer,
                         const struct history_row *row)
{
    bool was_empty = hand_over_begin(writer);
    int error = store_queue_history(writer->waiting, row);

    hand_over_end(writer, was_empty);
    return error;
}

/* ---- asking ---- */

/* The lock is held. */
static size_t count(const struct store_writer *writer)
{
    return store_queue_count(writer->waiting) +
           (writer->writing ? writer->writing_count : 0);
}

size_t store_writer_waiting(struct store_writer *writer)
{
    size_t waiting;

    pthread_mutex_lock(&writer->lock);
    waiting = count(writer);
    pthread_mutex_unlock(&writer->lock);
    return waiting;
}

bool store_writer_readable(struct store_writer *writer,
                           unsigned *ret_generation)
{
    bool readable;

    pthread_mutex_lock(&writer->lock);
    *ret_generation = writer->state.generation;
    readable = !writer->suspect;
    pthread_mutex_unlock(&writer->lock);
    return readable;
}

void store_writer_state(struct store_writer *writer,
                        struct store_state *ret_state)
{
    pthread_mutex_lock(&writer->lock);
    store_writing_notice_slow(writer);
    *ret_state = writer->state;
    ret_state->waiting = count(writer);
    ret_state->lost += writer->waiting->lost;
    pthread_mutex_unlock(&writer->lock);
}

bool store_writer_news(struct store_writer *writer, struct store_news *ret_news)
{
    bool any;

    pthread_mutex_lock(&writer->lock);
    store_writing_notice_slow(writer);
    any = store_news_take(&writer->news, ret_news);
    pthread_mutex_unlock(&writer->lock);
    return any;
}

void store_writer_suspect(struct store_writer *writer, unsigned generation,
                          const struct store_fault *fault)
{
    pthread_mutex_lock(&writer->lock);
    if (!writer->suspect && generation == writer->state.generation) {
        store_news_add(&writer->news, STORE_NEWS_FAILING, "%s", fault->text);
        writer->suspect = true;
        pthread_cond_signal(&writer->wake);
    }
    pthread_mutex_unlock(&writer->lock);
}
