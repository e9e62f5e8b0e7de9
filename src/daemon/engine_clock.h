/*
 * engine_clock: the time that the policy engine lives by.
 *
 * It begins as the clock of the wall, or at a time that is known to have been
 * if the wall is behind it (a machine that has lost its clock), and from then
 * on moves evenly, also while the machine sleeps: setting the clock of the
 * wall neither ends what is held nor prolongs it.
 */
#ifndef MTASTS_DAEMON_ENGINE_CLOCK_H
#define MTASTS_DAEMON_ENGINE_CLOCK_H

#include <stdint.h>

struct engine_clock {
    int64_t offset_ms; /* from CLOCK_BOOTTIME to milliseconds since 1970 UTC */
};

/* `newest_ms`: a time since 1970 UTC that has been for certain; or 0. */
void engine_clock_init(struct engine_clock *clock, int64_t newest_ms);

/* Milliseconds. */
int64_t engine_clock_now(const struct engine_clock *clock);

/* How far the wall is ahead of it: not 0 once somebody has set the wall. */
int64_t engine_clock_wall_ahead(const struct engine_clock *clock);

#endif
