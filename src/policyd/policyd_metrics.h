/*
 * policyd_metrics: what policyd counts.
 */
#ifndef MTASTS_POLICYD_POLICYD_METRICS_H
#define MTASTS_POLICYD_POLICYD_METRICS_H

#include "daemon/metrics.h"
#include "engine/policy_engine.h"
#include "policyd/lookups.h"

struct policyd;

/* How an MTA asks; a value of a label each. */
enum front_kind {
    FRONT_POSTFIX, /* the maps, in the order of enum reply_map */
    FRONT_POSTFIX_TLSRPT,
    FRONT_STS,
    FRONT_CLIENT,
    FRONT_EXIM,
    FRONT_HTTP,
    FRONT_KINDS,
};

int policyd_metrics_new(struct metrics **ret_metrics);

void policyd_metrics_question(struct metrics *metrics, enum front_kind front);
/* A key that names no domain with a policy, or a map that there is not. */
void policyd_metrics_refused(struct metrics *metrics);
void policyd_metrics_answer(struct metrics *metrics,
                            const struct policy_answer *answer);
void policyd_metrics_event(struct metrics *metrics,
                           const struct policy_event *event);
void policyd_metrics_lookup(struct metrics *metrics, enum lookup_kind kind,
                            uint32_t elapsed_ms);
void policyd_metrics_fetch(struct metrics *metrics, enum mtasts_result result);

/* All of it as text, with what is known at this moment. */
int policyd_metrics_write(struct policyd *policyd, struct buf *buf);

#endif
