/*
 * metrics: counters, gauges and histograms of a daemon, as Prometheus reads
 * them (text format 0.0.4).
 *
 * A daemon has one table of what it counts. The values of labels are in the
 * table too: what a stranger sends can never make another series, so that
 * the memory here and at whoever collects has a bound. Counting is an
 * addition in an array. One thread, that of the loop.
 */
#ifndef MTASTS_DAEMON_METRICS_H
#define MTASTS_DAEMON_METRICS_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

#define METRICS_LABELS_MAX 2u
#define METRICS_SERIES_MAX 4096u    /* of one table */
#define METRICS_TEXT_MAX (1u << 20) /* octets of all of them, written */

enum metric_kind {
    METRIC_COUNTER,   /* only goes up; its name ends with _total */
    METRIC_GAUGE,     /* is set */
    METRIC_HISTOGRAM, /* of seconds or octets: `bounds` */
};

struct metric_label {
    const char *name;          /* NULL: there is none */
    const char *const *values; /* NULL-terminated */
};

struct metric {
    const char *name;
    const char *help; /* a sentence without a final stop */
    struct metric_label labels[METRICS_LABELS_MAX];
    const double *bounds; /* upper bounds of buckets, rising, without +Inf */
    size_t bound_count;
    enum metric_kind kind;
};

struct metrics;

/*
 * `table` outlives it; a metric is its index there, a series of it the index
 * of its label's value (metrics_series() for two labels; 0 without).
 * -MTASTS_EINVAL: the table breaks Prometheus' rules for names, has a label
 * without values or bounds that do not rise. -MTASTS_ELIMIT, -MTASTS_ENOMEM.
 */
int metrics_new(const struct metric *table, size_t count,
                struct metrics **ret_metrics);
void metrics_free(struct metrics *metrics); /* NULL is fine */

/* The series of these values of the first and the second label. */
unsigned metrics_series(const struct metrics *metrics, unsigned metric,
                        unsigned first, unsigned second);

/* What is in no table does nothing. */
void metrics_add(struct metrics *metrics, unsigned metric, unsigned series,
                 uint64_t number);
void metrics_set(struct metrics *metrics, unsigned metric, unsigned series,
                 double value);
void metrics_observe(struct metrics *metrics, unsigned metric, unsigned series,
                     double value);

/* For tests and status: of a counter or gauge its value, of a histogram the
   number of observations. */
double metrics_value(const struct metrics *metrics, unsigned metric,
                     unsigned series);

/* Appends all of them. */
int metrics_write(const struct metrics *metrics, struct buf *buf);

/*
 * Appends what Prometheus knows every process by: CPU, memory, descriptors,
 * start. What cannot be told is left out.
 */
int metrics_write_process(struct buf *buf);

DEFINE_CLEANUP(struct metrics *, metrics_free, metrics)
#define _cleanup_metrics_ _cleanup_(cleanup_metrics)

#endif
