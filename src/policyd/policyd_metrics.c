/*
 * policyd_metrics: one table; the values of labels are words of ours.
 */
#include "policyd/policyd_metrics.h"

#include "policyd/front_exim.h"
#include "policyd/front_socketmap.h"
#include "policyd/policyd.h"

enum {
    M_QUESTIONS,
    M_REFUSED,
    M_ANSWERS,
    M_EVENTS,
    M_LOOKUP_SECONDS,
    M_FETCHES,
    M_DOMAINS,
    M_CACHE_BYTES,
    M_EVICTED,
    M_DISCOVERIES,
    M_FAILING,
    M_OLDEST,
    M_CONNECTIONS,
    M_LOADING,
    M_STORE_FAILING,
    M_STORE_WAITING,
    M_STORE_WRITTEN,
    M_STORE_LOST,
    M_DNSSEC,
    M_COUNT,
};

static const char *const fronts[] = {
    "postfix", "postfix-tlsrpt", "sts", "client", "exim", "http", NULL};
static const char *const kinds[] = {"none", "policy", "defer", NULL};
static const char *const sources[] = {"cache",    "discovery", "deadline",
                                      "override", "limit",     NULL};
static const char *const states[] = {"none", "testing", "enforce", "negative",
                                     NULL};
static const char *const lookup_kinds[] = {"txt", "fetch", "mx", NULL};
static const char *const servers[] = {"socketmap", "exim", NULL};
static const char *const results[] = {"success", "sts-policy-fetch-error",
                                      "sts-policy-invalid",
                                      "sts-webpki-invalid", NULL};
static const char *const events[] = {"policy-found",
                                     "policy-changed",
                                     "policy-weakened",
                                     "policy-expired",
                                     "refresh-failing",
                                     "refresh-recovered",
                                     "discovery-failed",
                                     "mx-uncovered",
                                     "mx-covered",
                                     "policy-evicted",
                                     "policy-unused",
                                     "policy-flushed",
                                     NULL};

static const double seconds[] = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3,
                                 1,     3,     10,   30,   60};

static const struct metric table[M_COUNT] = {
    [M_QUESTIONS] = {.name = "mtasts_policyd_questions_total",
                     .help = "Questions of MTAs, by what they asked by",
                     .labels = {{"front", fronts}},
                     .kind = METRIC_COUNTER},
    [M_REFUSED] = {.name = "mtasts_policyd_refused_total",
                   .help = "Questions about what can have no policy, or by an "
                           "unknown map",
                   .kind = METRIC_COUNTER},
    [M_ANSWERS] = {.name = "mtasts_policyd_answers_total",
                   .help = "Answers, by what they say and where it came from",
                   .labels = {{"kind", kinds}, {"source", sources}},
                   .kind = METRIC_COUNTER},
    [M_EVENTS] = {.name = "mtasts_policyd_events_total",
                  .help = "What happened to policies",
                  .labels = {{"event", events}},
                  .kind = METRIC_COUNTER},
    [M_LOOKUP_SECONDS] = {.name = "mtasts_policyd_lookup_seconds",
                          .help = "How long DNS and policy hosts took",
                          .labels = {{"kind", lookup_kinds}},
                          .bounds = seconds,
                          .bound_count = ELEMENTS(seconds),
                          .kind = METRIC_HISTOGRAM},
    [M_FETCHES] = {.name = "mtasts_policyd_fetches_total",
                   .help = "Fetches of policies, by result type of RFC 8460",
                   .labels = {{"result", results}},
                   .kind = METRIC_COUNTER},
    [M_DOMAINS] = {.name = "mtasts_policyd_domains",
                   .help = "Domains that something is known of, by the mode of "
                           "their policy; negative: none",
                   .labels = {{"mode", states}},
                   .kind = METRIC_GAUGE},
    [M_CACHE_BYTES] = {.name = "mtasts_policyd_cache_bytes",
                       .help = "Memory for what is known of domains",
                       .kind = METRIC_GAUGE},
    [M_EVICTED] = {.name = "mtasts_policyd_evicted_total",
                   .help = "Domains forgotten for want of room",
                   .kind = METRIC_COUNTER},
    [M_DISCOVERIES] = {.name = "mtasts_policyd_discoveries",
                       .help = "Domains that are being looked up",
                       .kind = METRIC_GAUGE},
    [M_FAILING] = {.name = "mtasts_policyd_failing",
                   .help = "Policies in the cache whose refresh fails",
                   .kind = METRIC_GAUGE},
    [M_OLDEST] = {.name = "mtasts_policyd_oldest_failing_seconds",
                  .help = "Age of the oldest policy whose refresh fails; 0: "
                          "none",
                  .kind = METRIC_GAUGE},
    [M_CONNECTIONS] = {.name = "mtasts_policyd_connections",
                       .help = "Open connections of MTAs",
                       .labels = {{"server", servers}},
                       .kind = METRIC_GAUGE},
    [M_LOADING] = {.name = "mtasts_policyd_loading",
                   .help = "Whether the policies of the last run are still "
                           "being read",
                   .kind = METRIC_GAUGE},
    [M_STORE_FAILING] = {.name = "mtasts_policyd_store_failing",
                         .help = "Whether the database cannot be written",
                         .kind = METRIC_GAUGE},
    [M_STORE_WAITING] = {.name = "mtasts_policyd_store_waiting",
                         .help = "Changes not yet in the database",
                         .kind = METRIC_GAUGE},
    [M_STORE_WRITTEN] = {.name = "mtasts_policyd_store_written_total",
                         .help = "Changes written",
                         .kind = METRIC_COUNTER},
    [M_STORE_LOST] = {.name = "mtasts_policyd_store_lost_total",
                      .help = "Changes that found no room to wait in",
                      .kind = METRIC_COUNTER},
    [M_DNSSEC] = {.name = "mtasts_policyd_dnssec_validating",
                  .help = "Whether answers of DNS are validated",
                  .kind = METRIC_GAUGE},
};

_Static_assert(ELEMENTS(fronts) == FRONT_KINDS + 1, "a word for each");
_Static_assert(ELEMENTS(kinds) == ANSWER_KINDS + 1, "a word for each");
_Static_assert(ELEMENTS(sources) == ANSWER_SOURCES + 1, "a word for each");
_Static_assert(ELEMENTS(events) == EVENT_KINDS + 1, "a word for each");
_Static_assert(ELEMENTS(lookup_kinds) == LOOKUP_KINDS + 1, "a word for each");

int policyd_metrics_new(struct metrics **ret_metrics)
{
    return metrics_new(table, M_COUNT, ret_metrics);
}

void policyd_metrics_question(struct metrics *metrics, enum front_kind front)
{
    metrics_add(metrics, M_QUESTIONS, front, 1);
}

void policyd_metrics_refused(struct metrics *metrics)
{
    metrics_add(metrics, M_REFUSED, 0, 1);
}

void policyd_metrics_answer(struct metrics *metrics,
                            const struct policy_answer *answer)
{
    metrics_add(
        metrics, M_ANSWERS,
        metrics_series(metrics, M_ANSWERS, answer->kind, answer->source), 1);
}

void policyd_metrics_event(struct metrics *metrics,
                           const struct policy_event *event)
{
    metrics_add(metrics, M_EVENTS, event->kind, 1);
}

void policyd_metrics_lookup(struct metrics *metrics, enum lookup_kind kind,
                            uint32_t elapsed_ms)
{
    metrics_observe(metrics, M_LOOKUP_SECONDS, kind, elapsed_ms / 1000.0);
}

void policyd_metrics_fetch(struct metrics *metrics, enum mtasts_result result)
{
    unsigned series = 1;

    switch (result) {
    case MTASTS_RESULT_SUCCESS: series = 0; break;
    case MTASTS_RESULT_STS_POLICY_INVALID: series = 2; break;
    case MTASTS_RESULT_STS_WEBPKI_INVALID: series = 3; break;
    default: break;
    }
    metrics_add(metrics, M_FETCHES, series, 1);
}

/* ---- at this moment ---- */

/* Somebody else counts it. */
static void raise_to(struct metrics *metrics, unsigned metric, uint64_t total)
{
    uint64_t so_far = (uint64_t)metrics_value(metrics, metric, 0);

    if (total > so_far)
        metrics_add(metrics, metric, 0, total - so_far);
}

static void set_cache(struct policyd *policyd)
{
    struct metrics *metrics = policyd->metrics;
    struct policy_stats stats;
    double age = 0;

    policy_engine_stats(policyd->engine, &stats);
    if (stats.oldest_ms)
        age = (double)(policyd_now(policyd) - stats.oldest_ms) / 1000;
    for (unsigned i = 0; i < ELEMENTS(stats.policies); i++)
        metrics_set(metrics, M_DOMAINS, i, (double)stats.policies[i]);
    metrics_set(metrics, M_DOMAINS, ELEMENTS(stats.policies),
                (double)stats.negative);
    metrics_set(metrics, M_CACHE_BYTES, 0, (double)stats.bytes);
    raise_to(metrics, M_EVICTED, stats.evicted);
    metrics_set(metrics, M_DISCOVERIES, 0, (double)stats.discoveries);
    metrics_set(metrics, M_FAILING, 0, (double)stats.failing);
    metrics_set(metrics, M_OLDEST, 0, age);
}

static void set_store(struct policyd *policyd)
{
    struct metrics *metrics = policyd->metrics;
    struct storage_stats stats;

    storage_stats(policyd->storage, &stats);
    metrics_set(metrics, M_LOADING, 0, storage_loading(policyd->storage));
    metrics_set(metrics, M_STORE_FAILING, 0, stats.state.failing);
    metrics_set(metrics, M_STORE_WAITING, 0, (double)stats.state.waiting);
    raise_to(metrics, M_STORE_WRITTEN, stats.state.written);
    raise_to(metrics, M_STORE_LOST, stats.state.lost);
}

static void set_connections(struct policyd *policyd)
{
    struct socketmap_stats socketmap;
    struct line_stats exim;

    front_socketmap_stats(policyd->socketmap, &socketmap);
    front_exim_stats(policyd->exim, &exim);
    metrics_set(policyd->metrics, M_CONNECTIONS, 0,
                (double)socketmap.stream.peers);
    metrics_set(policyd->metrics, M_CONNECTIONS, 1, (double)exim.stream.peers);
}

int policyd_metrics_write(struct policyd *policyd, struct buf *buf)
{
    int error;

    set_cache(policyd);
    set_store(policyd);
    set_connections(policyd);
    metrics_set(policyd->metrics, M_DNSSEC, 0,
                resolver_validating(policyd->outside->resolver));
    error = metrics_write(policyd->metrics, buf);
    return error ? error : metrics_write_process(buf);
}
