/*
 * The engine's clock: begins as the wall's, never behind what is known.
 */
#include "daemon/engine_clock.h"

#include "unit.h"
#include <time.h>

#define DAY_MS (INT64_C(86400) * 1000)

static int64_t wall_ms(void)
{
    return (int64_t)time(NULL) * 1000;
}

static void test_begins_as_the_wall(void **state)
{
    struct engine_clock clock;

    (void)state;
    engine_clock_init(&clock, 0);
    assert_in_range(engine_clock_now(&clock) - wall_ms() + 2000, 0, 5000);
    assert_in_range(engine_clock_wall_ahead(&clock) + 1000, 0, 2000);
}

/* A machine that thinks it is 1970 does not bring back what has expired. */
static void test_not_behind_the_store(void **state)
{
    int64_t newest = wall_ms() + 30 * DAY_MS;
    struct engine_clock clock;

    (void)state;
    engine_clock_init(&clock, newest);
    assert_in_range(engine_clock_now(&clock) - newest, 0, 5000);
    assert_true(engine_clock_wall_ahead(&clock) < -29 * DAY_MS);
    engine_clock_init(&clock, newest - 60 * DAY_MS);
    assert_in_range(engine_clock_now(&clock) - wall_ms() + 2000, 0, 5000);
}

static void test_moves(void **state)
{
    const struct timespec pause = {.tv_nsec = 20000000};
    struct engine_clock clock;
    int64_t before;

    (void)state;
    engine_clock_init(&clock, 0);
    before = engine_clock_now(&clock);
    nanosleep(&pause, NULL);
    assert_in_range(engine_clock_now(&clock) - before, 15, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_begins_as_the_wall),
        cmocka_unit_test(test_not_behind_the_store),
        cmocka_unit_test(test_moves),
    };

    return cmocka_run_group_tests_name("engine_clock", tests, NULL, NULL);
}
