/*
 * notify: what the service manager is told. See notify.h.
 */
#include "daemon/notify.h"

#include "base/cleanup.h"
#include <inttypes.h>
#include <mtasts/error.h>
#include <systemd/sd-daemon.h>
#include <time.h>

struct notify {
    struct loop *loop;
    struct loop_timer *timer;
    uint64_t interval_ms;
    bool watched;
    notify_tick_fn *tick;
    void *ctx;
};

static void on_timer(void *ctx);

static void arm(struct notify *notify)
{
    /* Without memory for a timer the watchdog does what it is there for. */
    if (loop_timer(notify->loop, notify->interval_ms, on_timer, notify,
                   &notify->timer) < 0)
        notify->timer = NULL;
}

static void on_timer(void *ctx)
{
    struct notify *notify = ctx;

    notify->timer = NULL;
    if (notify->tick)
        notify->tick(notify->ctx);
    if (notify->watched)
        sd_notify(0, "WATCHDOG=1");
    arm(notify);
}

int notify_new(struct loop *loop, notify_tick_fn *tick, void *ctx,
               struct notify **ret_notify)
{
    _cleanup_notify_ struct notify *notify = calloc(1, sizeof(*notify));
    uint64_t watchdog_us = 0;

    if (!notify)
        return -MTASTS_ENOMEM;
    notify->loop = loop;
    notify->tick = tick;
    notify->ctx = ctx;
    notify->interval_ms = NOTIFY_TICK_MS;
    if (sd_watchdog_enabled(0, &watchdog_us) > 0) {
        notify->watched = true;
        notify->interval_ms = MIN_OF(notify->interval_ms,
                                     MAX_OF(watchdog_us / 2000, UINT64_C(1)));
    }
    arm(notify);
    if (!notify->timer)
        return -MTASTS_ENOMEM;
    *ret_notify = TAKE_PTR(notify);
    return 0;
}

void notify_free(struct notify *notify)
{
    if (!notify)
        return;
    loop_timer_cancel(notify->timer);
    free(notify);
}

void notify_ready(struct notify *notify)
{
    (void)notify;
    sd_notify(0, "READY=1");
}

/* Later systemd wants to know when, to tell two reloads apart. */
void notify_reloading(struct notify *notify)
{
    struct timespec now;

    (void)notify;
    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
               (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

void notify_stopping(struct notify *notify)
{
    (void)notify;
    sd_notify(0, "STOPPING=1");
}

void notify_status(struct notify *notify, const char *status)
{
    (void)notify;
    sd_notifyf(0, "STATUS=%s", status);
}
