/*
 * smtp_queue: SMTP probes waiting for their turn.
 *
 * Never two connections to one address and port at a time, whoever asks, and
 * never more than SMTP_QUEUE_ACTIVE probes in all. Askers (a domain each)
 * take turns, so that one with many addresses does not stand in the way of
 * the others; and an asker's time runs from its first turn on, so that a long
 * line costs nobody his answer. Who asks what another has just found out is
 * told that (smtp_memo.h).
 */
#ifndef MTASTS_NET_SMTP_QUEUE_H
#define MTASTS_NET_SMTP_QUEUE_H

#include "net/smtp.h"

#define SMTP_QUEUE_ACTIVE                                                      \
    64u /* probes at once: sockets and memory; fewer where the process may     \
           not have a descriptor for each */
#define SMTP_QUEUE_SHARE                                                       \
    4u /* of one asker, while half of all there may be are under way */

struct smtp_queue;
struct smtp_asker;
struct smtp_job;

int smtp_queue_new(struct loop *loop, struct smtp_queue **ret_queue);
void smtp_queue_free(struct smtp_queue *queue); /* after its askers */

/*
 * An asker's probes have `budget_ms` in all, from when the first of them gets
 * its turn; `begun` (or NULL) is called then.
 */
int smtp_asker_new(struct smtp_queue *queue, uint32_t budget_ms, loop_fn *begun,
                   void *ctx, struct smtp_asker **ret_asker);
/* Cancels what is left; NULL is fine. */
void smtp_asker_free(struct smtp_asker *asker);

/*
 * As smtp_probe_start(), once it is its turn. What `request` points to must
 * live until the callback; its deadline is the asker's. If its turn comes
 * when the asker has no time left, or it cannot be started, `fn` is given a
 * fact with SMTP_NOT_DONE. `fn` must not free askers or queues.
 */
int smtp_queue_add(struct smtp_asker *asker, const struct smtp_request *request,
                   smtp_fn *fn, void *ctx, struct smtp_job **ret_job);

/* NULL is fine. A job that ran has freed itself. */
void smtp_queue_cancel(struct smtp_job *job);

DEFINE_CLEANUP(struct smtp_queue *, smtp_queue_free, smtp_queue)

#endif
