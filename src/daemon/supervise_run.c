/*
 * supervise_run: the life of a process that does nothing but supervise. See
 * supervise.h.
 */
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/start.h"
#include "daemon/supervise.h"
#include <mtasts/error.h>
#include <signal.h>

struct run {
    struct loop *loop;
    struct supervisor *supervisor;
    struct notify *notify;
    struct loop_watch *signals[3];
};

static void on_ended(void *ctx)
{
    struct run *run = ctx;

    loop_stop(run->loop);
}

static void on_end(void *ctx)
{
    struct run *run = ctx;

    log_say(LOG_EVENT_STOPPING);
    notify_stopping(run->notify);
    supervisor_stop(run->supervisor);
}

static void on_hangup(void *ctx)
{
    struct run *run = ctx;

    log_say(LOG_EVENT_RELOADING);
    notify_reloading(run->notify);
    supervisor_reload(run->supervisor);
    notify_ready(run->notify);
}

static void on_tick(void *ctx)
{
    (void)ctx;
    log_flush();
}

static int begin(struct run *run, const struct supervise_child *children,
                 size_t count, const struct supervise_times *times)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    int error = loop_new(&run->loop);

    if (!error)
        error = notify_new(run->loop, on_tick, run, &run->notify);
    for (size_t i = 0; i < ELEMENTS(numbers) && !error; i++)
        error = loop_signal(run->loop, numbers[i],
                            numbers[i] == SIGHUP ? on_hangup : on_end, run,
                            &run->signals[i]);
    if (!error)
        error = supervisor_new(run->loop, children, count, times, on_ended, run,
                               &run->supervisor);
    return error;
}

int supervise(const struct supervise_child *children, size_t count,
              const struct supervise_times *times)
{
    struct run run = {0};
    int error = begin(&run, children, count, times);

    if (error) {
        log_say(LOG_EVENT_START_FAILED, LOG_TEXT("step", "supervise"),
                LOG_TEXT("why", mtasts_strerror(error)));
    } else {
        notify_ready(run.notify);
        error = loop_run(run.loop);
        log_say(LOG_EVENT_STOPPED);
    }
    supervisor_free(run.supervisor);
    for (size_t i = 0; i < ELEMENTS(run.signals); i++)
        loop_watch_cancel(run.signals[i]);
    notify_free(run.notify);
    loop_free(run.loop);
    log_close();
    return error ? DAEMON_EXIT_FAILED : DAEMON_EXIT_FINE;
}
