/*
 * store_check: looks, in a thread of its own, whether a store's file is sound.
 *
 * Reads all of it once, which takes a second for a million policies: too long
 * to begin with, and too long for the writer's thread.
 */
#ifndef MTASTS_STORE_STORE_CHECK_H
#define MTASTS_STORE_STORE_CHECK_H

#include "store/store_fault.h"

struct store_check;

/* From the thread of the check, if the file is damaged; at most once. */
typedef void store_check_fn(void *ctx, const struct store_fault *fault);

/* -MTASTS_ENOMEM, -MTASTS_ESYSTEM */
int store_check_start(const char *path, store_check_fn *fn, void *ctx,
                      struct store_check **ret_check);

/* Breaks it off if it has not ended; `fn` is not called afterwards. Any one
   thread, but not with a lock that `fn` takes. NULL is fine. */
void store_check_stop(struct store_check *check);

#endif
