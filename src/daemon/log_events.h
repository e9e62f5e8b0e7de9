/*
 * log_events: everything that a daemon can say in its log.
 *
 * One row is one message: a name that never changes once released, a weight
 * and a sentence. Values go with it as pairs. One row more is one more.
 */
#ifndef MTASTS_DAEMON_LOG_EVENTS_H
#define MTASTS_DAEMON_LOG_EVENTS_H

#include <stddef.h>

/* In the order of the words of the option log-level. */
enum log_level {
    LEVEL_ERROR,
    LEVEL_WARNING,
    LEVEL_NOTICE,
    LEVEL_INFO,
    LEVEL_DEBUG,
    LEVELS,
};

enum log_event {
    /* every daemon */
    LOG_EVENT_STARTING,
    LOG_EVENT_READY,
    LOG_EVENT_STOPPING,
    LOG_EVENT_STOPPED,
    LOG_EVENT_START_FAILED,
    LOG_EVENT_RELOADING,
    LOG_EVENT_RELOADED,
    LOG_EVENT_RELOAD_FAILED,
    LOG_EVENT_REPORT_FAILED,
    LOG_EVENT_CONFIG_FAULT,
    LOG_EVENT_RESTART_NEEDED,
    LOG_EVENT_PRIVILEGES_DROPPED,
    LOG_EVENT_SANDBOXED,
    LOG_EVENT_SANDBOX_PARTIAL,
    LOG_EVENT_CLOCK_STEPPED,
    LOG_EVENT_SUPPRESSED,
    /* policyd: of policy_event.h, in its order */
    LOG_EVENT_POLICY_FOUND,
    LOG_EVENT_POLICY_CHANGED,
    LOG_EVENT_POLICY_WEAKENED,
    LOG_EVENT_POLICY_EXPIRED,
    LOG_EVENT_REFRESH_FAILING,
    LOG_EVENT_REFRESH_RECOVERED,
    LOG_EVENT_DISCOVERY_FAILED,
    LOG_EVENT_MX_UNCOVERED,
    LOG_EVENT_MX_COVERED,
    LOG_EVENT_POLICY_EVICTED,
    LOG_EVENT_POLICY_UNUSED,
    LOG_EVENT_POLICY_FLUSHED,
    /* policyd: of store_news.h, in its order */
    LOG_EVENT_STORE_FAILING,
    LOG_EVENT_STORE_RECOVERED,
    LOG_EVENT_STORE_REBUILT,
    LOG_EVENT_STORE_REPLACED,
    LOG_EVENT_STORE_LOST,
    LOG_EVENT_STORE_UNWRITTEN,
    LOG_EVENT_POLICIES_LOADED,
    LOG_EVENT_LISTEN_FAILED,
    LOG_EVENT_DNSSEC,
    LOG_EVENT_OVERRIDE_EXPIRES,
    /* mtasts run */
    LOG_EVENT_CHILD_STARTED,
    LOG_EVENT_CHILD_ENDED,
    LOG_EVENT_CHILD_RESTARTS,
    LOG_EVENT_CHILD_KILLED,
    LOG_EVENTS,
};

struct log_event_row {
    const char *name; /* lower-case letters and dashes */
    const char *text; /* for people, without a final stop */
    enum log_level level;
    unsigned burst; /* so many within LOG_WINDOW_MS; 0: LOG_BURST */
};

extern const struct log_event_row log_events[LOG_EVENTS];

/* "error", ...: as the option log-level has them. */
const char *log_level_name(enum log_level level);

#endif
