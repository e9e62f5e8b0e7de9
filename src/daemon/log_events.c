/*
 * log_events: the table of messages. See log_events.h.
 */
#include "daemon/log_events.h"

const struct log_event_row log_events[LOG_EVENTS] = {
    [LOG_EVENT_STARTING] = {"starting", "begins", LEVEL_INFO, 0},
    [LOG_EVENT_READY] = {"ready", "takes questions", LEVEL_NOTICE, 0},
    [LOG_EVENT_STOPPING] = {"stopping", "was told to end", LEVEL_INFO, 0},
    [LOG_EVENT_STOPPED] = {"stopped", "has ended", LEVEL_NOTICE, 0},
    [LOG_EVENT_START_FAILED] = {"start-failed", "cannot start", LEVEL_ERROR, 0},
    [LOG_EVENT_RELOADING] = {"reloading", "reads its configuration again",
                             LEVEL_INFO, 0},
    [LOG_EVENT_RELOADED] = {"reloaded", "the new configuration is in force",
                            LEVEL_NOTICE, 0},
    [LOG_EVENT_RELOAD_FAILED] = {"reload-failed",
                                 "the old configuration stays in force",
                                 LEVEL_ERROR, 0},
    [LOG_EVENT_CONFIG_FAULT] = {"config-fault", "a fault in the configuration",
                                LEVEL_ERROR, 1000},
    [LOG_EVENT_PRIVILEGES_DROPPED] = {"privileges-dropped",
                                      "is another user from now on", LEVEL_INFO,
                                      0},
    [LOG_EVENT_SANDBOXED] = {"sandboxed",
                             "what it does not need is forbidden from now on",
                             LEVEL_INFO, 0},
    [LOG_EVENT_SANDBOX_PARTIAL] = {"sandbox-partial",
                                   "the kernel lacks a part of the sandbox",
                                   LEVEL_NOTICE, 0},
    [LOG_EVENT_CLOCK_STEPPED] = {"clock-stepped",
                                 "the clock of the system was set; what is "
                                 "held lives as long as before",
                                 LEVEL_WARNING, 0},
    [LOG_EVENT_SUPPRESSED] = {"suppressed",
                              "messages of this event were left out",
                              LEVEL_WARNING, 1000},

    [LOG_EVENT_CHILD_STARTED] = {"child-started", "started a daemon",
                                 LEVEL_INFO, 0},
    [LOG_EVENT_CHILD_ENDED] = {"child-ended", "a daemon has ended",
                               LEVEL_NOTICE, 0},
    [LOG_EVENT_CHILD_RESTARTS] = {"child-restarts",
                                  "a daemon has failed and will be started "
                                  "again",
                                  LEVEL_WARNING, 0},
    [LOG_EVENT_CHILD_KILLED] = {"child-killed",
                                "a daemon did not end in time and was killed",
                                LEVEL_WARNING, 0},
};

const char *log_level_name(enum log_level level)
{
    static const char *const names[LEVELS] = {"error", "warning", "notice",
                                              "info", "debug"};

    return level < LEVELS ? names[level] : "";
}
