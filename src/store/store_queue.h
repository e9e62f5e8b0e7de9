/*
 * store_queue: what waits to be written: of every domain its newest state,
 * and rows of history, oldest first; with a stated maximum.
 *
 * Threads: one at a time; it has no lock of its own.
 */
#ifndef MTASTS_STORE_STORE_QUEUE_H
#define MTASTS_STORE_STORE_QUEUE_H

#include "base/queue.h"
#include "store/history_row.h"
#include "store/policy_row.h"

/* Some minutes of a disk that does not answer, on the busiest of sites. The
   writer has as much again while it tries to write. */
#define STORE_CHANGES_MAX 100000u
#define STORE_OCTETS_MAX (64u << 20) /* of their rows */
#define STORE_HISTORY_MAX 10000u     /* rows; at most 15 MB */

struct store_change {
    struct queue_node node; /* first */
    struct policy_row *row; /* NULL: delete */
    char domain[];
};

struct store_history {
    struct queue_node node; /* first */
    struct history_row *row;
};

struct store_queue {
    struct queue changes;
    struct queue history;
    void *by_domain; /* of tsearch(3): changes */
    size_t octets;   /* of the rows of `changes` */
    size_t lost;     /* changes and rows that there was no room for, so far */
};

/* Zeroed is empty. `lost` stays. */
void store_queue_clear(struct store_queue *queue);

/*
 * In place of what waits for that domain; it keeps its place in the line.
 * Copies. -MTASTS_EINVAL (not a valid row), -MTASTS_ELIMIT or -MTASTS_ENOMEM
 * (no room: counts as lost; what waited for the domain still does).
 */
int store_queue_put(struct store_queue *queue, const struct policy_row *row);
int store_queue_delete(struct store_queue *queue, const char *domain);

/* Copies; in place of the oldest if there is no room, which counts as lost.
   -MTASTS_ENOMEM. */
int store_queue_history(struct store_queue *queue,
                        const struct history_row *row);

/* Changes and rows of history. */
size_t store_queue_count(const struct store_queue *queue);

/*
 * Moves all of `newer` behind what is in `older`; for the same domain the
 * newer one counts, in the older one's place. What is above the maximum is
 * lost.
 */
void store_queue_absorb(struct store_queue *older, struct store_queue *newer);

/* The first one is written. */
void store_queue_drop_change(struct store_queue *queue);
void store_queue_drop_history(struct store_queue *queue);

#endif
