/*
 * metrics: counters, gauges and histograms. See metrics.h.
 */
#include "daemon/metrics.h"

#include "base/ascii.h"
#include <inttypes.h>
#include <math.h>
#include <mtasts/error.h>
#include <string.h>

struct series {
    uint64_t count; /* a counter's value; a histogram's observations */
    double value;   /* a gauge's value; a histogram's sum */
    uint64_t *buckets;
};

struct metrics {
    const struct metric *table;
    size_t count;
    struct series **series; /* of each metric, an array */
    unsigned *series_counts;
};

/* ---- the table ---- */

/* [a-zA-Z_:][a-zA-Z0-9_:]*, for labels without the colon. */
static bool is_name(const char *name, bool colon)
{
    if (!*name || ascii_is_digit(*name))
        return false;
    for (; *name; name++)
        if (!ascii_is_alnum(*name) && *name != '_' && !(colon && *name == ':'))
            return false;
    return true;
}

static unsigned value_count(const struct metric_label *label)
{
    unsigned count = 0;

    if (!label->name)
        return 1;
    while (label->values && label->values[count])
        count++;
    return count;
}

static bool is_total(const char *name)
{
    size_t len = strlen(name);

    return len > 6 && strcmp(name + len - 6, "_total") == 0;
}

static bool is_right(const struct metric *metric)
{
    if (!is_name(metric->name, true) ||
        is_total(metric->name) != (metric->kind == METRIC_COUNTER) ||
        (metric->bound_count > 0) != (metric->kind == METRIC_HISTOGRAM))
        return false;
    for (size_t i = 0; i < METRICS_LABELS_MAX; i++) {
        const struct metric_label *label = &metric->labels[i];

        if (label->name &&
            (!is_name(label->name, false) || value_count(label) == 0))
            return false;
    }
    for (size_t i = 1; i < metric->bound_count; i++)
        if (metric->bounds[i] <= metric->bounds[i - 1])
            return false;
    return true;
}

static int make_series(struct metrics *metrics, size_t index)
{
    const struct metric *metric = &metrics->table[index];
    unsigned count =
        value_count(&metric->labels[0]) * value_count(&metric->labels[1]);
    struct series *all = calloc(count, sizeof(*all));

    metrics->series[index] = all;
    if (!all)
        return -MTASTS_ENOMEM;
    metrics->series_counts[index] = count;
    for (unsigned i = 0; i < count && metric->bound_count > 0; i++) {
        all[i].buckets = calloc(metric->bound_count, sizeof(uint64_t));
        if (!all[i].buckets)
            return -MTASTS_ENOMEM;
    }
    return 0;
}

int metrics_new(const struct metric *table, size_t count,
                struct metrics **ret_metrics)
{
    _cleanup_metrics_ struct metrics *metrics = calloc(1, sizeof(*metrics));
    size_t total = 0;

    if (!metrics)
        return -MTASTS_ENOMEM;
    metrics->table = table;
    metrics->count = count;
    metrics->series = calloc(count, sizeof(struct series *));
    metrics->series_counts = calloc(count, sizeof(unsigned));
    if (!metrics->series || !metrics->series_counts)
        return -MTASTS_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        int error;

        if (!is_right(&table[i]))
            return -MTASTS_EINVAL;
        error = make_series(metrics, i);
        if (error)
            return error;
        total += metrics->series_counts[i] * (table[i].bound_count + 1);
        if (total > METRICS_SERIES_MAX)
            return -MTASTS_ELIMIT;
    }
    *ret_metrics = TAKE_PTR(metrics);
    return 0;
}

void metrics_free(struct metrics *metrics)
{
    if (!metrics)
        return;
    for (size_t i = 0; metrics->series && i < metrics->count; i++) {
        for (unsigned j = 0;
             metrics->series_counts && j < metrics->series_counts[i]; j++)
            free(metrics->series[i][j].buckets);
        free(metrics->series[i]);
    }
    free(metrics->series);
    free(metrics->series_counts);
    free(metrics);
}

/* ---- counting ---- */

unsigned metrics_series(const struct metrics *metrics, unsigned metric,
                        unsigned first, unsigned second)
{
    return metric < metrics->count
               ? first * value_count(&metrics->table[metric].labels[1]) + second
               : 0;
}

/* NULL: there is none. */
static struct series *find(const struct metrics *metrics, unsigned metric,
                           unsigned series)
{
    if (metric >= metrics->count || series >= metrics->series_counts[metric])
        return NULL;
    return &metrics->series[metric][series];
}

void metrics_add(struct metrics *metrics, unsigned metric, unsigned series,
                 uint64_t number)
{
    struct series *found = find(metrics, metric, series);

    if (found)
        found->count += number;
}

void metrics_set(struct metrics *metrics, unsigned metric, unsigned series,
                 double value)
{
    struct series *found = find(metrics, metric, series);

    if (found)
        found->value = value;
}

void metrics_observe(struct metrics *metrics, unsigned metric, unsigned series,
                     double value)
{
    struct series *found = find(metrics, metric, series);
    const struct metric *row;

    if (!found || !found->buckets)
        return;
    row = &metrics->table[metric];
    found->count++;
    found->value += value;
    /* Each counts for itself; they are summed up when they are written. */
    for (size_t i = 0; i < row->bound_count; i++) {
        if (value <= row->bounds[i]) {
            found->buckets[i]++;
            return;
        }
    }
}

double metrics_value(const struct metrics *metrics, unsigned metric,
                     unsigned series)
{
    const struct series *found = find(metrics, metric, series);

    if (!found)
        return 0;
    return metrics->table[metric].kind == METRIC_GAUGE ? found->value
                                                       : (double)found->count;
}

/* ---- writing ---- */

static const char *const kind_names[] = {
    [METRIC_COUNTER] = "counter",
    [METRIC_GAUGE] = "gauge",
    [METRIC_HISTOGRAM] = "histogram",
};

static void put_escaped(struct buf *buf, const char *text, bool quotes)
{
    for (; *text; text++) {
        if (*text == '\n') {
            buf_puts(buf, "\\n");
            continue;
        }
        if (*text == '\\' || (quotes && *text == '"'))
            buf_putc(buf, '\\');
        buf_putc(buf, *text);
    }
}

static void put_number(struct buf *buf, double value)
{
    if (isinf(value))
        buf_puts(buf, value > 0 ? "+Inf" : "-Inf");
    else if (isnan(value))
        buf_puts(buf, "NaN");
    else
        buf_printf(buf, "%.15g", value);
}

/* "{a="x",b="y",le="1"}"; nothing without labels. `bound` NULL: no le. */
static void put_labels(struct buf *buf, const struct metric *metric,
                       unsigned series, const double *bound)
{
    /* A label without values was refused when it was registered. */
    unsigned seconds = MAX_OF(value_count(&metric->labels[1]), 1u);
    const unsigned indexes[METRICS_LABELS_MAX] = {series / seconds,
                                                  series % seconds};
    const char *joint = "{";

    for (size_t i = 0; i < METRICS_LABELS_MAX; i++) {
        const struct metric_label *label = &metric->labels[i];

        if (!label->name)
            continue;
        buf_printf(buf, "%s%s=\"", joint, label->name);
        put_escaped(buf, label->values[indexes[i]], true);
        buf_putc(buf, '"');
        joint = ",";
    }
    if (bound) {
        buf_printf(buf, "%sle=\"", joint);
        put_number(buf, *bound);
        buf_putc(buf, '"');
        joint = ",";
    }
    if (*joint == ',')
        buf_putc(buf, '}');
}

static void put_histogram(struct buf *buf, const struct metric *metric,
                          unsigned index, const struct series *series)
{
    const double infinity = INFINITY;
    uint64_t sum = 0;

    for (size_t i = 0; i <= metric->bound_count; i++) {
        bool last = i == metric->bound_count;

        sum = last ? series->count : sum + series->buckets[i];
        buf_printf(buf, "%s_bucket", metric->name);
        put_labels(buf, metric, index, last ? &infinity : &metric->bounds[i]);
        buf_printf(buf, " %" PRIu64 "\n", sum);
    }
    buf_printf(buf, "%s_sum", metric->name);
    put_labels(buf, metric, index, NULL);
    buf_putc(buf, ' ');
    put_number(buf, series->value);
    buf_printf(buf, "\n%s_count", metric->name);
    put_labels(buf, metric, index, NULL);
    buf_printf(buf, " %" PRIu64 "\n", series->count);
}

static void put_series(struct buf *buf, const struct metric *metric,
                       unsigned index, const struct series *series)
{
    if (metric->kind == METRIC_HISTOGRAM) {
        put_histogram(buf, metric, index, series);
        return;
    }
    buf_puts(buf, metric->name);
    put_labels(buf, metric, index, NULL);
    if (metric->kind == METRIC_COUNTER) {
        buf_printf(buf, " %" PRIu64 "\n", series->count);
        return;
    }
    buf_putc(buf, ' ');
    put_number(buf, series->value);
    buf_putc(buf, '\n');
}

int metrics_write(const struct metrics *metrics, struct buf *buf)
{
    for (size_t i = 0; i < metrics->count; i++) {
        const struct metric *metric = &metrics->table[i];

        buf_printf(buf, "# HELP %s ", metric->name);
        put_escaped(buf, metric->help, false);
        buf_printf(buf, "\n# TYPE %s %s\n", metric->name,
                   kind_names[metric->kind]);
        for (unsigned j = 0; j < metrics->series_counts[i]; j++)
            put_series(buf, metric, j, &metrics->series[i][j]);
    }
    return buf->error;
}
