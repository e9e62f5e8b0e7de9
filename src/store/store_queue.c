/*
 * store_queue: what waits to be written. See store_queue.h.
 *
 * A tree finds the change of a domain: names are chosen by strangers, and a
 * balanced tree (glibc's tsearch) has no bad case.
 */
#include "store/store_queue.h"

#include "base/cleanup.h"
#include <mtasts/error.h>
#include <search.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct store_change *)a)->domain,
                  ((const struct store_change *)b)->domain);
}

static struct store_change *find(const struct store_queue *queue,
                                 const struct store_change *like)
{
    struct store_change *const *found =
        tfind(like, (void *const *)&queue->by_domain, compare);

    return found ? *found : NULL;
}

static struct store_change *first_change(const struct store_queue *queue)
{
    return (struct store_change *)queue->changes.first;
}

static struct store_history *first_history(const struct store_queue *queue)
{
    return (struct store_history *)queue->history.first;
}

static size_t octets_of(const struct store_change *change)
{
    return change->row ? policy_row_size(change->row) : 0;
}

/* ---- changes ---- */

static void change_free(struct store_change *change)
{
    free(change->row);
    free(change);
}

DEFINE_CLEANUP(struct store_change *, change_free, change)

static int change_new(const char *domain, const struct policy_row *row,
                      struct store_change **ret_change)
{
    size_t len = strnlen(domain, MTASTS_NAME_MAX + 1);
    _cleanup_(cleanup_change) struct store_change *change = NULL;

    if (len == 0 || len > MTASTS_NAME_MAX || (row && !policy_row_valid(row)))
        return -MTASTS_EINVAL;
    change = calloc(1, sizeof(*change) + len + 1);
    if (!change)
        return -MTASTS_ENOMEM;
    memcpy(change->domain, domain, len);
    if (row) {
        change->row = policy_row_copy(row);
        if (!change->row)
            return -MTASTS_ENOMEM;
    }
    *ret_change = TAKE_PTR(change);
    return 0;
}

/* Takes the newer one's row, in the older one's place. */
static void replace(struct store_queue *queue, struct store_change *older,
                    struct store_change *newer)
{
    queue->octets -= octets_of(older);
    queue->octets += octets_of(newer);
    free(older->row);
    older->row = TAKE_PTR(newer->row);
    change_free(newer);
}

/* Takes `change`, unless it fails. */
static int join(struct store_queue *queue, struct store_change *change)
{
    struct store_change *older = find(queue, change);
    size_t octets = octets_of(change);
    size_t others = queue->octets - (older ? octets_of(older) : 0);

    if (octets > STORE_OCTETS_MAX - others)
        return -MTASTS_ELIMIT;
    if (older) {
        replace(queue, older, change);
        return 0;
    }
    if (queue->changes.count >= STORE_CHANGES_MAX)
        return -MTASTS_ELIMIT;
    if (!tsearch(change, &queue->by_domain, compare))
        return -MTASTS_ENOMEM;
    queue->octets += octets;
    queue_join(&queue->changes, &change->node);
    return 0;
}

/* Out of the line and the tree; the caller's from now on. */
static void leave(struct store_queue *queue, struct store_change *change)
{
    tdelete(change, &queue->by_domain, compare);
    queue->octets -= octets_of(change);
    queue_leave(&change->node);
}

static int add(struct store_queue *queue, const char *domain,
               const struct policy_row *row)
{
    struct store_change *change = NULL;
    int error = change_new(domain, row, &change);

    if (!error)
        error = join(queue, change);
    if (!error)
        return 0;
    if (change)
        change_free(change);
    if (error != -MTASTS_EINVAL)
        queue->lost++;
    return error;
}

int store_queue_put(struct store_queue *queue, const struct policy_row *row)
{
    return add(queue, row->domain, row);
}

int store_queue_delete(struct store_queue *queue, const char *domain)
{
    return add(queue, domain, NULL);
}

void store_queue_drop_change(struct store_queue *queue)
{
    struct store_change *change = first_change(queue);

    leave(queue, change);
    change_free(change);
}

/* ---- history ---- */

void store_queue_drop_history(struct store_queue *queue)
{
    struct store_history *history = first_history(queue);

    queue_leave(&history->node);
    free(history->row);
    free(history);
}

static void bound_history(struct store_queue *queue)
{
    while (queue->history.count > STORE_HISTORY_MAX) {
        store_queue_drop_history(queue);
        queue->lost++;
    }
}

int store_queue_history(struct store_queue *queue,
                        const struct history_row *row)
{
    struct store_history *history = calloc(1, sizeof(*history));

    if (history)
        history->row = history_row_copy(row);
    if (!history || !history->row) {
        free(history);
        queue->lost++;
        return -MTASTS_ENOMEM;
    }
    queue_join(&queue->history, &history->node);
    bound_history(queue);
    return 0;
}

/* ---- all of it ---- */

size_t store_queue_count(const struct store_queue *queue)
{
    return queue->changes.count + queue->history.count;
}

void store_queue_absorb(struct store_queue *older, struct store_queue *newer)
{
    struct store_change *change;

    while ((change = first_change(newer))) {
        leave(newer, change);
        if (join(older, change) < 0) {
            change_free(change);
            older->lost++;
        }
    }
    while (newer->history.first)
        queue_join(&older->history, newer->history.first);
    bound_history(older);
    older->lost += newer->lost;
    newer->lost = 0;
}

void store_queue_clear(struct store_queue *queue)
{
    while (first_change(queue))
        store_queue_drop_change(queue);
    while (first_history(queue))
        store_queue_drop_history(queue);
}
