/*
 * storage: the policies and their history over a restart.
 *
 * What is written goes to the store's own thread. At the start the policies
 * are read in slices between which the loop turns; until that has ended, a
 * domain that is asked for and not there yet is read by itself, so that no
 * answer is weaker than the store knows.
 *
 * No trouble with the file stops the daemon: it works from memory, says so,
 * and writes everything once it can.
 */
#ifndef MTASTS_POLICYD_STORAGE_H
#define MTASTS_POLICYD_STORAGE_H

#include "engine/policy_engine.h"
#include "net/loop.h"
#include "store/history_store.h"
#include "store/store_writer.h"

#define STORAGE_STOP_MS 5000u /* what waits is written so long at the end */

struct storage;

/*
 * Opens or makes the file. -MTASTS_EIO: it belongs to another program or to a
 * later version, which was logged.
 */
int storage_new(struct loop *loop, const char *path,
                struct storage **ret_storage);
void storage_free(struct storage *storage); /* NULL is fine */

/* The latest time in the store, milliseconds since 1970 UTC; 0: none. */
int64_t storage_newest(struct storage *storage);

/* What gives the engine's present time. */
typedef int64_t storage_now_fn(void *ctx);

/* Begins to hand what was kept to `engine`, which outlives the storage.
   `loaded` runs once, when all is there. */
int storage_load(struct storage *storage, struct policy_engine *engine,
                 storage_now_fn *now, loop_fn *loaded, void *ctx);

/* Whether that is still going on. */
bool storage_loading(const struct storage *storage);

/* Before `domain` is asked for while it is: what was kept of it. */
void storage_fetch(struct storage *storage, const char *domain);

/* ---- wishes of the engine ---- */

void storage_put(struct storage *storage, const char *domain,
                 const struct held_policy *held, int64_t used_ms);
void storage_delete(struct storage *storage, const char *domain);
void storage_note(struct storage *storage, const struct policy_event *event);

/* Newest first. -MTASTS_EIO: the file cannot be read now. */
int storage_history(struct storage *storage, const char *domain,
                    history_row_fn *fn, void *ctx);

struct storage_stats {
    struct store_state state;
    size_t loaded;  /* policies taken from the file */
    size_t refused; /* rows that were no use: expired, or not a policy */
};

void storage_stats(struct storage *storage, struct storage_stats *ret_stats);

DEFINE_CLEANUP(struct storage *, storage_free, storage)
#define _cleanup_storage_ _cleanup_(cleanup_storage)

#endif
