/*
 * notify: what the service manager is told (sd_notify(3)): ready, reloading,
 * stopping, a line of status; and the watchdog's food.
 *
 * Where there is none (NOTIFY_SOCKET is not set) all of it does nothing.
 */
#ifndef MTASTS_DAEMON_NOTIFY_H
#define MTASTS_DAEMON_NOTIFY_H

#include "net/loop.h"

struct notify;

/* Every NOTIFY_STATUS_MS, and before each of the watchdog's meals. */
typedef void notify_tick_fn(void *ctx);

#define NOTIFY_TICK_MS 10000u /* at most so long between two ticks */

/*
 * Feeds the watchdog from `loop`, twice in its interval, as long as it turns:
 * a loop that hangs gets the daemon restarted. `tick` may be NULL.
 */
int notify_new(struct loop *loop, notify_tick_fn *tick, void *ctx,
               struct notify **ret_notify);
void notify_free(struct notify *notify); /* NULL is fine */

void notify_ready(struct notify *notify);
void notify_reloading(struct notify *notify); /* until notify_ready() */
void notify_stopping(struct notify *notify);

/* One line, of printable characters. */
void notify_status(struct notify *notify, const char *status);

DEFINE_CLEANUP(struct notify *, notify_free, notify)
#define _cleanup_notify_ _cleanup_(cleanup_notify)

#endif
