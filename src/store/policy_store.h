/*
 * policy_store: the policies that a sender holds, on one database connection:
 * put, delete, look up one, read all, and the newest time ever written.
 *
 * Every row carries a checksum. One that does not agree with it is never
 * given out: -MTASTS_ESYNTAX, and db_fault() says CORRUPT.
 *
 * Threads: those of its connection (db.h).
 */
#ifndef MTASTS_STORE_POLICY_STORE_H
#define MTASTS_STORE_POLICY_STORE_H

#include "store/db.h"
#include "store/policy_row.h"

/* The checksum of a row of `clock`. */
int64_t policy_clock_sum(const char *name, int64_t newest_ms);

struct policy_store;

/* `db` is the caller's and outlives the store. Statements are made at their
   first use. -MTASTS_ENOMEM. */
int policy_store_new(struct db *db, struct policy_store **ret_store);
void policy_store_free(struct policy_store *store); /* NULL is fine */

/* ---- writing: in a transaction of the caller's ---- */

/* In place of what is there. -MTASTS_EINVAL: not valid. */
int policy_store_put(struct policy_store *store, const struct policy_row *row);

/* Only if it was fetched (or used) later than what is there. */
int policy_store_merge(struct policy_store *store,
                       const struct policy_row *row);

/* 0 also if it was not there. */
int policy_store_delete(struct policy_store *store, const char *domain);

/* The time was `ms`, at least; puts say so by themselves. */
void policy_store_note_time(struct policy_store *store, int64_t ms);

/* Writes the newest time, unless a later one is there: the last thing before
   a commit. */
int policy_store_write_time(struct policy_store *store);

/* ---- reading ---- */

/* *ret_row is the caller's, for free(). -MTASTS_ENOTFOUND */
int policy_store_get(struct policy_store *store, const char *domain,
                     struct policy_row **ret_row);

/*
 * The next of all rows, in no order, good until the next call: 1; 0 at the
 * end, after which it begins anew. All that comes until then is as of the
 * first call, and keeps the database's log from being cut: read on, or
 * rewind. After -MTASTS_ESYNTAX it can be read on.
 */
int policy_store_next(struct policy_store *store, struct policy_row *ret_row);
void policy_store_rewind(struct policy_store *store);

/* The newest time that was ever written; 0: none. */
int policy_store_newest(struct policy_store *store, int64_t *ret_ms);

DEFINE_CLEANUP(struct policy_store *, policy_store_free, policy_store)
#define _cleanup_policy_store_ _cleanup_(cleanup_policy_store)

#endif
