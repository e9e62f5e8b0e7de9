/*
 * store_writer: writes behind: the event loop hands over what changed, a
 * thread of its own commits it.
 *
 * What is handed over waits in memory, of every domain the newest state, and
 * is committed STORE_INTERVAL_MS later, or at once when there is enough for a
 * whole transaction: a process that is killed loses the last second at most.
 *
 * While the file cannot be written (disk full, locked, read-only, ...) it goes
 * on waiting, up to a stated maximum; the thread tries again, with growing
 * pauses, and store_writer_state() says why. A damaged file is rebuilt
 * (rebuild.h); one that somebody moved away is made anew.
 *
 * Threads: store_writer_start() and store_writer_stop() from one, the others
 * from any. None of them does input or output, or waits for who does, but
 * start, which opens the file, and stop, which waits for the thread.
 */
#ifndef MTASTS_STORE_STORE_WRITER_H
#define MTASTS_STORE_STORE_WRITER_H

#include "store/history_row.h"
#include "store/policy_row.h"
#include "store/store_fault.h"
#include "store/store_news.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_INTERVAL_MS 500    /* from the first change to its commit */
#define STORE_RETRY_MS 500       /* after a failure; then twice that, ... */
#define STORE_RETRY_MAX_MS 10000 /* up to this */
#define STORE_SLOW_MS 5000       /* an attempt that takes longer has failed */
#define STORE_REBUILDS_MAX 3u    /* in one run: then the disk is to blame */

struct store_writer;

/*
 * Opens the file, or makes it, and starts the thread. NEWER and FOREIGN are
 * for people to mend: -MTASTS_EIO, with `fault` filled in, as for
 * -MTASTS_ENOMEM and -MTASTS_ESYSTEM. Anything else that is wrong with the
 * file does not keep it from starting: store_writer_state() tells.
 */
int store_writer_start(const char *path, struct store_writer **ret_writer,
                       struct store_fault *fault);

/* What did not get into the file in the end. */
struct store_loss {
    size_t count;           /* changes and rows */
    struct store_fault why; /* FINE: there are none */
};

/*
 * Writes what waits, for `timeout_ms` at most, and frees the writer. 0;
 * -MTASTS_ETIMEDOUT or -MTASTS_EIO: *ret_loss (may be NULL) tells of the rest.
 * If the system does not come back from a call half a second after that time,
 * the thread and its memory are left behind: the process is about to end.
 */
int store_writer_stop(struct store_writer *writer, unsigned timeout_ms,
                      struct store_loss *ret_loss);

/*
 * Keep this from now on; what is given is copied. -MTASTS_EINVAL: values out
 * of bounds; -MTASTS_ELIMIT: too much waits already; -MTASTS_ENOMEM.
 */
int store_writer_put(struct store_writer *writer, const struct policy_row *row);
int store_writer_delete(struct store_writer *writer, const char *domain);
int store_writer_history(struct store_writer *writer,
                         const struct history_row *row);

struct store_state {
    bool failing;             /* the last attempt to write failed */
    int64_t since_ms;         /* of 1970 UTC, by the wall's clock: failing */
    struct store_fault fault; /* why it is failing; FINE */
    size_t waiting;   /* changes and rows of history, not yet committed */
    uint64_t written; /* so far */
    uint64_t lost;    /* so far, for want of room in memory */
    /* Grows when the file was rebuilt or made anew, and so may lack what was
       in it. When this or `lost` has grown and it is not failing, hand over
       again all that is held. */
    unsigned generation;
};

void store_writer_state(struct store_writer *writer,
                        struct store_state *ret_state);

/* Changes and rows that wait; STORE_CHANGES_MAX is full. */
size_t store_writer_waiting(struct store_writer *writer);

/* Whether the file may be read: not while it is damaged or being rebuilt.
 *ret_generation is that of store_state. */
bool store_writer_readable(struct store_writer *writer,
                           unsigned *ret_generation);

/* The file of this generation is damaged, somebody found: it is rebuilt,
   unless another one has taken its place. */
void store_writer_suspect(struct store_writer *writer, unsigned generation,
                          const struct store_fault *fault);

/* What happened, oldest first, each once, for the log; false: nothing more.
   Ask every second or so. */
bool store_writer_news(struct store_writer *writer,
                       struct store_news *ret_news);

#endif
