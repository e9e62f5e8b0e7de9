/* utc: dates and times as text. */
#include "base/utc.h"

#include "unit.h"
#include <mtasts/error.h>

struct row {
    const char *text;
    int64_t seconds; /* -1: refused */
};

typedef int parse_fn(const char *text, size_t len, int64_t *ret_seconds);

static void check(parse_fn *parse, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t seconds = -1;
        int error = parse(rows[i].text, strlen(rows[i].text), &seconds);

        assert_int_equal(seconds, rows[i].seconds);
        assert_int_equal(error, rows[i].seconds < 0 ? -MTASTS_EINVAL : 0);
    }
}

static void test_day(void **state)
{
    static const struct row rows[] = {
        {"1970-01-01", 0},
        {"2000-02-29", 951782400},
        {"9999-12-31", 253402214400},
        {"2001-02-29", -1},
        {"2026-04-31", -1},
        {"2026-00-01", -1},
        {"2026-13-01", -1},
        {"2026-01-00", -1},
        {"1969-12-31", -1},
        {"2026-1-01", -1},
        {"2026-01-01 ", -1},
        {"2026/01/01", -1},
        {"+026-01-01", -1},
        {"", -1},
    };

    (void)state;
    check(utc_parse_day, rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_time(void **state)
{
    static const struct row rows[] = {
        {"1970-01-01T00:00:01Z", 1},
        {"2026-11-22T07:55:57Z", 1795334157},
        {"2026-11-22T23:59:59Z", 1795391999},
        {"2026-11-22T24:00:00Z", -1},
        {"2026-11-22T23:60:00Z", -1},
        {"2026-11-22T23:59:60Z", -1},
        {"2026-02-30T00:00:00Z", -1},
        {"2026-11-22 07:55:57Z", -1},
        {"2026-11-22T07:55:57", -1},
        {"2026-11-22T07:55:57.0Z", -1},
        {"2026-11-22T07:55:57+", -1},
        {"2026-11-22", -1},
        {"", -1},
    };

    (void)state;
    check(utc_parse_time, rows, sizeof(rows) / sizeof(rows[0]));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_day),
        cmocka_unit_test(test_time),
    };

    return cmocka_run_group_tests_name("utc", tests, NULL, NULL);
}
