/*
 * engine_clock: CLOCK_BOOTTIME and an offset.
 */
#include "daemon/engine_clock.h"

#include "base/cleanup.h"
#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void engine_clock_init(struct engine_clock *clock, int64_t newest_ms)
{
    clock->offset_ms =
        MAX_OF(read_ms(CLOCK_REALTIME), newest_ms) - read_ms(CLOCK_BOOTTIME);
}

int64_t engine_clock_now(const struct engine_clock *clock)
{
    return read_ms(CLOCK_BOOTTIME) + clock->offset_ms;
}

int64_t engine_clock_wall_ahead(const struct engine_clock *clock)
{
    return read_ms(CLOCK_REALTIME) - engine_clock_now(clock);
}
