/*
 * store_check: is a store's file sound? See store_check.h.
 *
 * What cannot be opened or read here is not called damaged: the writer and
 * the reader find that out, and say so.
 */
#include "store/store_check.h"

#include "store/db.h"
#include "store/thread.h"
#include <mtasts/error.h>
#include <string.h>
#include <time.h>

#define BUSY_MS 1000u
#define CACHE_KIB 2048u

struct store_check {
    pthread_t thread;
    pthread_mutex_t lock;
    struct db *db; /* under the lock: for who interrupts it */
    bool stopping; /* under the lock */
    bool done;     /* under the lock */
    store_check_fn *fn;
    void *ctx;
    char *path;
};

/* From now on it can be interrupted. */
static bool offer(struct store_check *check, struct db *db)
{
    bool stopping;

    pthread_mutex_lock(&check->lock);
    check->db = db;
    stopping = check->stopping;
    pthread_mutex_unlock(&check->lock);
    return !stopping;
}

static void *run(void *ctx)
{
    struct store_check *check = ctx;
    const struct db_options options = {.path = check->path,
                                       .read_only = true,
                                       .busy_ms = BUSY_MS,
                                       .cache_kib = CACHE_KIB};
    _cleanup_db_ struct db *db = NULL;
    struct store_fault fault = {.trouble = STORE_FINE};

    if (db_open(&options, &db, &fault) == 0) {
        if (offer(check, db) && db_check(db) < 0)
            fault = *db_fault(db);
        offer(check, NULL);
    }
    if (fault.trouble == STORE_CORRUPT)
        check->fn(check->ctx, &fault);
    pthread_mutex_lock(&check->lock);
    check->done = true;
    pthread_mutex_unlock(&check->lock);
    return NULL;
}

static void check_free(struct store_check *check)
{
    pthread_mutex_destroy(&check->lock);
    free(check->path);
    free(check);
}

int store_check_start(const char *path, store_check_fn *fn, void *ctx,
                      struct store_check **ret_check)
{
    struct store_check *check = calloc(1, sizeof(*check));

    if (!check)
        return -MTASTS_ENOMEM;
    *check = (struct store_check){.fn = fn, .ctx = ctx, .path = strdup(path)};
    pthread_mutex_init(&check->lock, NULL);
    if (!check->path) {
        check_free(check);
        return -MTASTS_ENOMEM;
    }
    if (thread_start("store-check", run, check, &check->thread) < 0) {
        check_free(check);
        return -MTASTS_ESYSTEM;
    }
    *ret_check = check;
    return 0;
}

/* True once the thread is at its end. */
static bool break_off(struct store_check *check)
{
    bool done;

    pthread_mutex_lock(&check->lock);
    check->stopping = true;
    done = check->done;
    if (check->db)
        db_interrupt(check->db);
    pthread_mutex_unlock(&check->lock);
    return done;
}

void store_check_stop(struct store_check *check)
{
    static const struct timespec PAUSE = {.tv_nsec = 5000000};

    if (!check)
        return;
    /* An interrupt just before a statement begins is lost. */
    while (!break_off(check))
        nanosleep(&PAUSE, NULL);
    pthread_join(check->thread, NULL);
    check_free(check);
}
