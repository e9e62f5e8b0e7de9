/*
 * sink: stdout for many documents, without ever stopping the event loop.
 *
 * What cannot be written at once waits in memory; sink_full() says when
 * nobody should start work that adds to it.
 */
#ifndef MTASTS_CLI_SINK_H
#define MTASTS_CLI_SINK_H

#include "net/loop.h"
#include <stddef.h>

#define SINK_FULL (1u << 20) /* octets waiting: then no new work is begun */
#define SINK_MAX (1u << 30)  /* octets: what was begun may still add */

struct sink;

/* `drained` runs when a full sink has room again, and when everything is
   written; `failed` once, when writing failed (after a complaint). */
int sink_new(struct loop *loop, loop_fn *drained, loop_fn *failed, void *ctx,
             struct sink **ret_sink);
void sink_free(struct sink *sink); /* NULL is fine; what waits is lost */

/* Errors: -MTASTS_ENOMEM, -MTASTS_ETOOLONG, -MTASTS_EIO (failed before). */
int sink_put(struct sink *sink, const char *data, size_t len);

bool sink_full(const struct sink *sink);
bool sink_empty(const struct sink *sink);  /* also once it is broken */
bool sink_broken(const struct sink *sink); /* `failed` has run, or is due */

DEFINE_CLEANUP(struct sink *, sink_free, sink)
#define _cleanup_sink_ _cleanup_(cleanup_sink)

#endif
