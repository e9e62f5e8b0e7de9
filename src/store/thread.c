/*
 * thread: starts a helper thread. See thread.h.
 */
#include "store/thread.h"

#include <mtasts/error.h>
#include <signal.h>
#include <time.h>

int thread_start(const char *name, void *(*run)(void *ctx), void *ctx,
                 pthread_t *ret_thread)
{
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    int code;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    code = pthread_create(&thread, NULL, run, ctx);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (code)
        return -MTASTS_ESYSTEM;
    pthread_setname_np(thread, name);
    *ret_thread = thread;
    return 0;
}

void thread_condition_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}
