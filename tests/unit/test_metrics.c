/* metrics: what is counted, and how it is written. */
#include "daemon/metrics.h"

#include "unit.h"
#include <math.h>
#include <mtasts/error.h>
#include <time.h>

static const char *const outcomes[] = {"policy", "none", NULL};
static const char *const maps[] = {"a\"b", "c\\d", "e\nf", NULL};
static const double seconds[] = {0.1, 1, 10};

enum { LOOKUPS, ENTRIES, LATENCY, BOTH, METRICS };

static const struct metric table[METRICS] = {
    [LOOKUPS] = {.name = "t_lookups_total",
                 .help = "Questions",
                 .labels = {{"outcome", outcomes}}},
    [ENTRIES] = {.name = "t_entries",
                 .help = "Line\nand \\ back",
                 .kind = METRIC_GAUGE},
    [LATENCY] = {.name = "t_seconds",
                 .help = "Times",
                 .kind = METRIC_HISTOGRAM,
                 .bounds = seconds,
                 .bound_count = 3},
    [BOTH] = {.name = "t_both_total",
              .help = "Two",
              .labels = {{"outcome", outcomes}, {"map", maps}}},
};

static struct metrics *made(void)
{
    struct metrics *metrics = NULL;

    assert_int_equal(metrics_new(table, METRICS, &metrics), 0);
    return metrics;
}

static void test_text(void **state)
{
    _cleanup_metrics_ struct metrics *metrics = made();
    _cleanup_buf_ struct buf buf = BUF(METRICS_TEXT_MAX);

    (void)state;
    metrics_add(metrics, LOOKUPS, 1, 3);
    metrics_set(metrics, ENTRIES, 0, 1.5);
    metrics_observe(metrics, LATENCY, 0, 0.05);
    metrics_observe(metrics, LATENCY, 0, 0.1);
    metrics_observe(metrics, LATENCY, 0, 2);
    metrics_observe(metrics, LATENCY, 0, 20);
    metrics_add(metrics, BOTH, metrics_series(metrics, BOTH, 1, 2), 7);
    assert_int_equal(metrics_write(metrics, &buf), 0);
    assert_string_equal(buf_text(&buf),
                        "# HELP t_lookups_total Questions\n"
                        "# TYPE t_lookups_total counter\n"
                        "t_lookups_total{outcome=\"policy\"} 0\n"
                        "t_lookups_total{outcome=\"none\"} 3\n"
                        "# HELP t_entries Line\\nand \\\\ back\n"
                        "# TYPE t_entries gauge\n"
                        "t_entries 1.5\n"
                        "# HELP t_seconds Times\n"
                        "# TYPE t_seconds histogram\n"
                        "t_seconds_bucket{le=\"0.1\"} 2\n"
                        "t_seconds_bucket{le=\"1\"} 2\n"
                        "t_seconds_bucket{le=\"10\"} 3\n"
                        "t_seconds_bucket{le=\"+Inf\"} 4\n"
                        "t_seconds_sum 22.15\n"
                        "t_seconds_count 4\n"
                        "# HELP t_both_total Two\n"
                        "# TYPE t_both_total counter\n"
                        "t_both_total{outcome=\"policy\",map=\"a\\\"b\"} 0\n"
                        "t_both_total{outcome=\"policy\",map=\"c\\\\d\"} 0\n"
                        "t_both_total{outcome=\"policy\",map=\"e\\nf\"} 0\n"
                        "t_both_total{outcome=\"none\",map=\"a\\\"b\"} 0\n"
                        "t_both_total{outcome=\"none\",map=\"c\\\\d\"} 0\n"
                        "t_both_total{outcome=\"none\",map=\"e\\nf\"} 7\n");
}

static void test_values(void **state)
{
    _cleanup_metrics_ struct metrics *metrics = made();

    (void)state;
    metrics_add(metrics, LOOKUPS, 0, 1);
    metrics_add(metrics, LOOKUPS, 0, 1);
    metrics_set(metrics, ENTRIES, 0, -4);
    metrics_observe(metrics, LATENCY, 0, 1);
    assert_float_equal(metrics_value(metrics, LOOKUPS, 0), 2.0, 0);
    assert_float_equal(metrics_value(metrics, LOOKUPS, 1), 0.0, 0);
    assert_float_equal(metrics_value(metrics, ENTRIES, 0), -4.0, 0);
    assert_float_equal(metrics_value(metrics, LATENCY, 0), 1.0, 0);
}

/* What no table has makes no series, and no harm. */
static void test_bounds(void **state)
{
    _cleanup_metrics_ struct metrics *metrics = made();

    (void)state;
    metrics_add(metrics, METRICS, 0, 1);
    metrics_add(metrics, LOOKUPS, 2, 1);
    metrics_set(metrics, ENTRIES, 1, 1);
    metrics_observe(metrics, LATENCY, 1, 1);
    metrics_observe(metrics, LOOKUPS, 0, 1);
    assert_float_equal(metrics_value(metrics, LOOKUPS, 2), 0.0, 0);
    assert_float_equal(metrics_value(metrics, LOOKUPS, 0), 0.0, 0);
    assert_float_equal(metrics_value(metrics, METRICS, 0), 0.0, 0);
}

static void test_large_and_odd_numbers(void **state)
{
    _cleanup_metrics_ struct metrics *metrics = made();
    _cleanup_buf_ struct buf buf = BUF(METRICS_TEXT_MAX);

    (void)state;
    metrics_add(metrics, LOOKUPS, 0, UINT64_MAX);
    metrics_set(metrics, ENTRIES, 0, INFINITY);
    metrics_write(metrics, &buf);
    assert_non_null(strstr(buf.data, "} 18446744073709551615\n"));
    assert_non_null(strstr(buf.data, "\nt_entries +Inf\n"));
    buf_clear(&buf);
    metrics_set(metrics, ENTRIES, 0, NAN);
    metrics_write(metrics, &buf);
    assert_non_null(strstr(buf.data, "\nt_entries NaN\n"));
    buf_clear(&buf);
    metrics_set(metrics, ENTRIES, 0, 1795305600);
    metrics_write(metrics, &buf);
    assert_non_null(strstr(buf.data, "\nt_entries 1795305600\n"));
}

static void test_wrong_tables(void **state)
{
    static const char *const none[] = {NULL};
    static const double falling[] = {1, 1};
    static const struct metric wrong[] = {
        {.name = "9_total", .help = "x"},
        {.name = "a-b_total", .help = "x"},
        {.name = "", .help = "x"},
        {.name = "a", .help = "x"}, /* a counter without _total */
        {.name = "_total", .help = "x"},
        {.name = "a_total", .help = "x", .kind = METRIC_GAUGE},
        {.name = "a", .help = "x", .kind = METRIC_HISTOGRAM},
        {.name = "a_total", .help = "x", .labels = {{"b", none}}},
        {.name = "a_total", .help = "x", .labels = {{"b", NULL}}},
        {.name = "a_total", .help = "x", .labels = {{"b:c", outcomes}}},
        {.name = "a",
         .help = "x",
         .kind = METRIC_HISTOGRAM,
         .bounds = falling,
         .bound_count = 2},
        {.name = "a_total", .help = "x", .bounds = seconds, .bound_count = 3},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(wrong); i++) {
        struct metrics *metrics = NULL;

        assert_int_equal(metrics_new(&wrong[i], 1, &metrics), -MTASTS_EINVAL);
        assert_null(metrics);
    }
}

static void test_too_many(void **state)
{
    static const char *many[METRICS_SERIES_MAX / 8 + 1];
    static const char *const nine[] = {"1", "2", "3", "4", "5",
                                       "6", "7", "8", "9", NULL};
    const struct metric wide = {
        .name = "a_total", .help = "x", .labels = {{"b", many}, {"c", nine}}};
    struct metrics *metrics = NULL;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(many) - 1; i++)
        many[i] = "x";
    assert_int_equal(metrics_new(&wide, 1, &metrics), -MTASTS_ELIMIT);
}

static double value_of(const char *text, const char *name)
{
    char line[128];
    const char *at;
    double value = -1;

    snprintf(line, sizeof(line), "\n%s ", name);
    at = strstr(text, line);
    if (at)
        value = 0;
    for (at = at ? at + strlen(line) : "\n"; *at != '\n' && *at != '.'; at++)
        value = value * 10 + (*at - '0');
    return value;
}

static void test_process(void **state)
{
    _cleanup_buf_ struct buf buf = BUF(METRICS_TEXT_MAX);
    double open_before;

    (void)state;
    buf_putc(&buf, '\n');
    assert_int_equal(metrics_write_process(&buf), 0);
    assert_true(value_of(buf.data, "process_cpu_seconds_total") >= 0);
    assert_true(value_of(buf.data, "process_resident_memory_bytes") > 1e6);
    assert_true(value_of(buf.data, "process_max_fds") >= 1);
    /* Within the time that a test may take. */
    assert_true(fabs(value_of(buf.data, "process_start_time_seconds") -
                     (double)time(NULL)) < 600);
    open_before = value_of(buf.data, "process_open_fds");
    assert_true(open_before >= 3);
    buf_clear(&buf);
    buf_putc(&buf, '\n');
    int fd = dup(1);
    assert_int_equal(metrics_write_process(&buf), 0);
    assert_float_equal(value_of(buf.data, "process_open_fds"), open_before + 1,
                       0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_large_and_odd_numbers),
        cmocka_unit_test(test_wrong_tables),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
