/*
 * smtp_queue: SMTP probes waiting for their turn.
 *
 * Never two connections to one address and port at a time, whoever asks, and
 * never more than SMTP_QUEUE_ACTIVE probes in all. Those for the same address
 * run in the order they came; who asks what another has just found out is
 * told that (smtp_memo.h).
 */
#ifndef MTASTS_NET_SMTP_QUEUE_H
#define MTASTS_NET_SMTP_QUEUE_H

#include "net/smtp.h"

#define SMTP_QUEUE_ACTIVE 64u /* probes at once: sockets and memory */

struct smtp_queue;
struct smtp_job;

int smtp_queue_new(struct loop *loop, struct smtp_queue **ret_queue);
void smtp_queue_free(struct smtp_queue *queue); /* cancels what is left */

/*
 * As smtp_probe_start(), once it is its turn. What `request` points to must
 * live until the callback. The probe has until `end_ms` (of loop_now_ms());
 * if its turn comes later than that, or it cannot be started, `fn` is given
 * a fact with SMTP_NOT_DONE.
 */
int smtp_queue_add(struct smtp_queue *queue, const struct smtp_request *request,
                   uint64_t end_ms, smtp_fn *fn, void *ctx,
                   struct smtp_job **ret_job);

/* NULL is fine. A job that ran has freed itself. */
void smtp_queue_cancel(struct smtp_job *job);

DEFINE_CLEANUP(struct smtp_queue *, smtp_queue_free, smtp_queue)

#endif
