/*
 * policy_event: what happened to a domain's policy that somebody may want to
 * know: logged, counted and kept in the domain's history.
 */
#ifndef MTASTS_ENGINE_POLICY_EVENT_H
#define MTASTS_ENGINE_POLICY_EVENT_H

#include <mtasts/delivery.h>
#include <mtasts/sts_policy.h>
#include <stdbool.h>
#include <stdint.h>

enum policy_event_kind {
    EVENT_POLICY_FOUND,      /* the first one of the domain */
    EVENT_POLICY_CHANGED,    /* another id, mode, max_age or mx */
    EVENT_POLICY_WEAKENED,   /* enforce before, testing or none now */
    EVENT_POLICY_EXPIRED,    /* could not be refreshed in time */
    EVENT_REFRESH_FAILING,   /* for as long as the settings say */
    EVENT_REFRESH_RECOVERED, /* after EVENT_REFRESH_FAILING */
    EVENT_DISCOVERY_FAILED,  /* a record, but no policy to be had */
    EVENT_MX_UNCOVERED,      /* MX hosts that an enforce policy lacks */
    EVENT_MX_COVERED,        /* after EVENT_MX_UNCOVERED */
    EVENT_POLICY_EVICTED,    /* unexpired, for want of room */
    EVENT_POLICY_UNUSED,     /* let go, nobody asked for its max_age */
    EVENT_POLICY_FLUSHED,    /* by the administrator */
    EVENT_KINDS,
};

/* Good for the length of the call. */
struct policy_event {
    enum policy_event_kind kind;
    const char *domain;
    int64_t at_ms; /* engine's clock */
    bool had;      /* `old_mode` and `old_id` hold */
    bool has;      /* `mode`, `id` and `max_age` hold */
    enum mtasts_mode old_mode;
    enum mtasts_mode mode;
    const char *old_id;
    const char *id;
    uint32_t max_age;          /* seconds */
    enum mtasts_result result; /* of a failure; or SUCCESS */
    const char *why;           /* a sentence, or the names of MX hosts; "" */
};

/* "policy-found", ...: stable, for logs, metrics and the store. */
const char *policy_event_name(enum policy_event_kind kind);

/* Whether somebody should look at it: a warning. */
bool policy_event_warns(enum policy_event_kind kind);

#endif
