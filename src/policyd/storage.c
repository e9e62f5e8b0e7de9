/*
 * storage: one connection that reads, on the loop; one that writes, behind it.
 */
#include "policyd/storage.h"

#include "daemon/log.h"
#include "store/store_reader.h"
#include <mtasts/error.h>
#include <string.h>

#define SLICE_MS 4u    /* of reading, before the loop turns */
#define SLICE_ROWS 64u /* between two looks at the clock */
#define POLL_MS                                                                \
    1000u /* how often the writer is asked for news, and a file                \
             that cannot be read is tried again */
#define REWRITE_ROWS 5000u /* handed over again in one turn */

struct storage {
    struct loop *loop;
    char *path;
    struct store_writer *writer;
    struct store_reader *reader;
    struct policy_engine *engine;
    storage_now_fn *now;
    loop_fn *on_loaded;
    void *ctx;
    struct loop_timer *slice;
    struct loop_timer *poll;
    bool loading;
    size_t loaded;
    size_t refused;
    bool rewriting;
    uint64_t cursor; /* of policy_engine_next(): rewriting */
    uint64_t lost;
    unsigned generation;
};

int64_t storage_newest(struct storage *storage)
{
    int64_t newest = 0;

    store_reader_newest(storage->reader, &newest);
    return newest;
}

/* ---- reading all of it ---- */

static void take_row(void *ctx, const struct policy_row *row)
{
    struct storage *storage = ctx;
    int64_t now_ms = storage->now(storage->ctx);
    const struct policy_kept kept = {.domain = row->domain,
                                     .id = row->id,
                                     .fetched_ms = row->fetched_ms,
                                     .used_ms = row->used_ms,
                                     .body = row->body,
                                     .len = row->len};
    int taken = policy_engine_load(storage->engine, &kept, now_ms);

    if (taken < 0) {
        storage->refused++;
        if (taken == -MTASTS_ETIMEDOUT)
            store_writer_delete(storage->writer, row->domain);
    } else if (taken == 1) { /* else it was asked for, and read, before */
        storage->loaded++;
    }
}

static void end_loading(struct storage *storage)
{
    storage->loading = false;
    log_say(LOG_EVENT_POLICIES_LOADED,
            LOG_NUMBER("policies", (int64_t)storage->loaded),
            LOG_NUMBER("refused", (int64_t)storage->refused),
            LOG_TEXT("file", storage->path));
    storage->on_loaded(storage->ctx);
}

/* Locked, damaged or being rebuilt: it goes on when that has passed, and what
   is asked for meanwhile is discovered. */
static void on_slice(void *ctx)
{
    struct storage *storage = ctx;
    uint64_t start = loop_now_ms(storage->loop);
    enum store_load load;

    storage->slice = NULL;
    do {
        load =
            store_reader_load(storage->reader, SLICE_ROWS, take_row, storage);
    } while (load == STORE_LOAD_MORE &&
             loop_now_ms(storage->loop) - start < SLICE_MS);
    if (load == STORE_LOAD_DONE ||
        loop_timer(storage->loop, load == STORE_LOAD_WAIT ? POLL_MS : 0,
                   on_slice, storage, &storage->slice) < 0)
        end_loading(storage);
}

int storage_load(struct storage *storage, struct policy_engine *engine,
                 storage_now_fn *now, loop_fn *loaded, void *ctx)
{
    storage->engine = engine;
    storage->now = now;
    storage->on_loaded = loaded;
    storage->ctx = ctx;
    storage->loading = true;
    return loop_timer(storage->loop, 0, on_slice, storage, &storage->slice);
}

bool storage_loading(const struct storage *storage)
{
    return storage->loading;
}

void storage_fetch(struct storage *storage, const char *domain)
{
    struct policy_view view;
    struct policy_row *row = NULL;

    if (policy_engine_view(storage->engine, domain, &view) == 0 && view.held)
        return;
    if (store_reader_get(storage->reader, domain, &row) == 0)
        take_row(storage, row);
    free(row);
}

/* ---- writing ---- */

void storage_put(struct storage *storage, const char *domain,
                 const struct held_policy *held, int64_t used_ms)
{
    const struct policy_row row = {.domain = domain,
                                   .id = held->id,
                                   .fetched_ms = held->fetched_ms,
                                   .used_ms = used_ms,
                                   .body = held->body,
                                   .len = held->len};

    /* What finds no room is handed over again: see on_poll(). */
    store_writer_put(storage->writer, &row);
}

void storage_delete(struct storage *storage, const char *domain)
{
    store_writer_delete(storage->writer, domain);
}

void storage_note(struct storage *storage, const struct policy_event *event)
{
    const struct history_row row = {
        .domain = event->domain,
        .at_ms = event->at_ms,
        .event = policy_event_name(event->kind),
        .old_mode = event->had ? mtasts_mode_name(event->old_mode) : "",
        .old_id = event->had ? event->old_id : "",
        .new_mode = event->has ? mtasts_mode_name(event->mode) : "",
        .new_id = event->has ? event->id : "",
        .detail = event->why};

    store_writer_history(storage->writer, &row);
}

int storage_history(struct storage *storage, const char *domain,
                    history_row_fn *fn, void *ctx)
{
    int error = store_reader_history(storage->reader, domain, fn, ctx);

    return error ? -MTASTS_EIO : 0;
}

/* ---- the writer's news ---- */

static void log_news(struct storage *storage)
{
    static const enum log_event events[STORE_NEWS_KINDS] = {
        [STORE_NEWS_FAILING] = LOG_EVENT_STORE_FAILING,
        [STORE_NEWS_RECOVERED] = LOG_EVENT_STORE_RECOVERED,
        [STORE_NEWS_REBUILT] = LOG_EVENT_STORE_REBUILT,
        [STORE_NEWS_REPLACED] = LOG_EVENT_STORE_REPLACED,
        [STORE_NEWS_LOST] = LOG_EVENT_STORE_LOST,
    };
    struct store_news news;

    while (store_writer_news(storage->writer, &news))
        log_say(events[news.kind], LOG_TEXT("why", news.text));
}

/* Hands over again all that is held, some at a time. */
static void rewrite(struct storage *storage)
{
    struct policy_view view;

    for (unsigned i = 0; i < REWRITE_ROWS; i++) {
        if (!policy_engine_next(storage->engine, &storage->cursor, &view)) {
            storage->rewriting = false;
            return;
        }
        if (view.held)
            storage_put(storage, view.domain, view.held, view.used_ms);
    }
}

/* The file was made anew, or something did not find room to wait in. */
static void on_poll(void *ctx)
{
    struct storage *storage = ctx;
    struct store_state state;

    storage->poll = NULL;
    log_news(storage);
    store_writer_state(storage->writer, &state);
    if (state.generation != storage->generation) {
        storage->rewriting = true;
        storage->cursor = 0;
        storage->generation = state.generation;
    } else if (state.lost != storage->lost && !state.failing) {
        storage->rewriting = true;
        storage->cursor = 0;
        storage->lost = state.lost;
    }
    if (storage->rewriting && !storage->loading && storage->engine &&
        !state.failing && state.waiting < REWRITE_ROWS)
        rewrite(storage);
    loop_timer(storage->loop, POLL_MS, on_poll, storage, &storage->poll);
}

void storage_stats(struct storage *storage, struct storage_stats *ret_stats)
{
    store_writer_state(storage->writer, &ret_stats->state);
    ret_stats->loaded = storage->loaded;
    ret_stats->refused = storage->refused;
}

/* ---- life ---- */

int storage_new(struct loop *loop, const char *path,
                struct storage **ret_storage)
{
    _cleanup_storage_ struct storage *storage = calloc(1, sizeof(*storage));
    struct store_fault fault = {.text = ""};
    struct store_state state;
    int error;

    if (!storage)
        return -MTASTS_ENOMEM;
    storage->loop = loop;
    storage->path = strdup(path);
    if (!storage->path)
        return -MTASTS_ENOMEM;
    error = store_writer_start(path, &storage->writer, &fault);
    if (error) {
        log_say(LOG_EVENT_START_FAILED, LOG_TEXT("why", fault.text));
        return error;
    }
    error = store_reader_new(path, storage->writer, &storage->reader);
    if (error)
        return error;
    store_writer_state(storage->writer, &state);
    storage->generation = state.generation;
    error = loop_timer(loop, POLL_MS, on_poll, storage, &storage->poll);
    if (error)
        return error;
    *ret_storage = TAKE_PTR(storage);
    return 0;
}

static void stop_writer(struct storage *storage)
{
    struct store_loss loss;

    log_news(storage);
    if (store_writer_stop(storage->writer, STORAGE_STOP_MS, &loss) < 0)
        log_say(LOG_EVENT_STORE_UNWRITTEN,
                LOG_NUMBER("changes", (int64_t)loss.count),
                LOG_TEXT("why", loss.why.text));
}

void storage_free(struct storage *storage)
{
    if (!storage)
        return;
    loop_timer_cancel(storage->slice);
    loop_timer_cancel(storage->poll);
    store_reader_free(storage->reader);
    if (storage->writer)
        stop_writer(storage);
    free(storage->path);
    free(storage);
}
