/*
 * thread: starts a helper thread.
 *
 * All signals are blocked in it: they are for the thread that waits for them.
 */
#ifndef MTASTS_STORE_THREAD_H
#define MTASTS_STORE_THREAD_H

#include <pthread.h>

/* `name`: at most 15 octets, for ps(1). -MTASTS_ESYSTEM. */
int thread_start(const char *name, void *(*run)(void *ctx), void *ctx,
                 pthread_t *ret_thread);

/* A condition that is waited for on the clock of CLOCK_MONOTONIC. */
void thread_condition_init(pthread_cond_t *condition);

#endif
