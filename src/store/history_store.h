/*
 * history_store: what happened to the policies, on one database connection.
 *
 * Bounded three ways, so that neither one busy domain nor many fill the disk:
 * rows a domain, rows in all, and age. The oldest go first.
 *
 * Threads: those of its connection (db.h).
 */
#ifndef MTASTS_STORE_HISTORY_STORE_H
#define MTASTS_STORE_HISTORY_STORE_H

#include "store/db.h"
#include "store/history_row.h"

#define HISTORY_DOMAIN_ROWS_MAX 100u /* what people read */
#define HISTORY_ROWS_MAX 100000u     /* some 30 MB */
#define HISTORY_PURGE_ROWS 1000u     /* added between two looks at the rest */
#define HISTORY_PURGE_MS (INT64_C(86400) * 1000)
#define HISTORY_AGE_MAX_MS (INT64_C(366) * 86400 * 1000)

struct history_store;

/* `db` is the caller's and outlives the store. -MTASTS_ENOMEM. */
int history_store_new(struct db *db, struct history_store **ret_store);
void history_store_free(struct history_store *store); /* NULL is fine */

/* ---- writing: in a transaction of the caller's ---- */

/*
 * As the newest; of its domain the oldest above the bound go. The texts are
 * within their bounds (history_row_copy). The first row, each 1000th and the
 * first of a day also make those go that are too old by its time, and the
 * oldest of all: that walks through the table, some 20 ms when it is full.
 */
int history_store_add(struct history_store *store,
                      const struct history_row *row);

/* Under the number that it once had, unless there is one of that number. */
int history_store_restore(struct history_store *store, int64_t seq,
                          const struct history_row *row);

/* ---- reading ---- */

/* `row` is good for the length of the call; false ends the reading. */
typedef bool history_row_fn(void *ctx, const struct history_row *row);

/* Newest first. A row with a wrong checksum is left out, and then
   -MTASTS_ESYNTAX is returned after the others. */
int history_store_read(struct history_store *store, const char *domain,
                       history_row_fn *fn, void *ctx);

DEFINE_CLEANUP(struct history_store *, history_store_free, history_store)
#define _cleanup_history_store_ _cleanup_(cleanup_history_store)

#endif
