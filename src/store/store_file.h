/*
 * store_file: the file of a store, open for its one writer.
 *
 * Threads: one at a time.
 */
#ifndef MTASTS_STORE_STORE_FILE_H
#define MTASTS_STORE_STORE_FILE_H

#include "base/cleanup.h"
#include "store/store_fault.h"
#include "store/store_queue.h"

/* Rows of one transaction: a tenth of a second on a slow disk. */
#define STORE_BATCH_MAX 5000u
#define STORE_BUSY_MS 250u            /* a commit waits so long for a lock */
#define STORE_WRITER_CACHE_KIB 16384u /* pages in memory */

struct store_file;

int store_file_open(const char *path, struct store_file **ret_file,
                    struct store_fault *fault);

/* `damaged`, or no longer ours: everything stays as it is, for salvage and for
   people. NULL is fine. */
void store_file_close(struct store_file *file, bool damaged);

/* Whether somebody has moved or deleted it: what is written is lost then. */
bool store_file_gone(const struct store_file *file);

/*
 * Writes what waits, in transactions; what is committed is dropped from
 * `batch`, so that after an error the rest is there. *written grows by what
 * was committed.
 */
int store_file_write(struct store_file *file, struct store_queue *batch,
                     uint64_t *written, struct store_fault *fault);

static inline _unused_ void cleanup_store_file(struct store_file **file)
{
    store_file_close(*file, false);
}
#define _cleanup_store_file_ _cleanup_(cleanup_store_file)

#endif
