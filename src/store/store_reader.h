/*
 * store_reader: reads a store from the event loop, beside its writer.
 *
 * Never waits for a lock: what cannot be read now is said to be so. What was
 * handed to the writer and is not committed yet is not seen. Damage that is
 * found is told to the writer, which rebuilds the file; then it is read anew.
 *
 * Threads: one, not necessarily that of the writer's callers.
 */
#ifndef MTASTS_STORE_STORE_READER_H
#define MTASTS_STORE_STORE_READER_H

#include "store/history_store.h"
#include "store/policy_row.h"
#include "store/store_writer.h"

#define STORE_LOAD_ROWS 1000u /* rows of one slice: a millisecond or so */

struct store_reader;

/* `writer` is the caller's and outlives the reader. The file is opened when
   it is first read. -MTASTS_ENOMEM. */
int store_reader_new(const char *path, struct store_writer *writer,
                     struct store_reader **ret_reader);
void store_reader_free(struct store_reader *reader); /* NULL is fine */

/* ---- all policies, slice by slice ---- */

enum store_load {
    STORE_LOAD_MORE, /* go on: at once, or when the loop turns */
    STORE_LOAD_WAIT, /* go on in a second: locked, damaged, being rebuilt, or
                        the writer has more than half of what it may hold */
    STORE_LOAD_DONE, /* there are no more rows; or no file, which is no more */
};

/* `row` is good for the length of the call, which may not use the reader. */
typedef void policy_row_fn(void *ctx, const struct policy_row *row);

/*
 * The next `max` rows at most, in no order. A file that had to be rebuilt is
 * read from the start again, so a row may come twice. To be gone on with
 * until DONE; a load that is left lying keeps the file's log from being cut.
 */
enum store_load store_reader_load(struct store_reader *reader, unsigned max,
                                  policy_row_fn *fn, void *ctx);

/* ---- single things ---- */

/*
 * *ret_row is the caller's, for free(). -MTASTS_ENOTFOUND: it is not there;
 * anything else: could not tell.
 */
int store_reader_get(struct store_reader *reader, const char *domain,
                     struct policy_row **ret_row);

/* The newest time that was ever written, ms; 0: none. A clock that begins
   before it would count the time since then twice. */
int store_reader_newest(struct store_reader *reader, int64_t *ret_ms);

/* Newest first, 100 at most. */
int store_reader_history(struct store_reader *reader, const char *domain,
                         history_row_fn *fn, void *ctx);

/* Why the last call failed, or waits. */
const struct store_fault *store_reader_fault(const struct store_reader *reader);

DEFINE_CLEANUP(struct store_reader *, store_reader_free, store_reader)
#define _cleanup_store_reader_ _cleanup_(cleanup_store_reader)

#endif
