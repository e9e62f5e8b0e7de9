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
    [LOG_EVENT_REPORT_FAILED] = {"report-failed",
                                 "whoever asks for a reload will not be told "
                                 "what came of it",
                                 LEVEL_WARNING, 0},
    [LOG_EVENT_CONFIG_FAULT] = {"config-fault", "a fault in the configuration",
                                LEVEL_ERROR, 1000},
    [LOG_EVENT_RESTART_NEEDED] =
        {"restart-needed", "this option changes with the next start only",
         LEVEL_WARNING, 0},
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

    [LOG_EVENT_POLICY_FOUND] = {"policy-found", "a domain has a policy",
                                LEVEL_INFO, 0},
    [LOG_EVENT_POLICY_CHANGED] = {"policy-changed", "a policy has changed",
                                  LEVEL_INFO, 0},
    [LOG_EVENT_POLICY_WEAKENED] = {"policy-weakened",
                                   "a policy is not enforced any more",
                                   LEVEL_WARNING, 0},
    [LOG_EVENT_POLICY_EXPIRED] = {"policy-expired",
                                  "a policy could not be fetched again in time",
                                  LEVEL_WARNING, 0},
    [LOG_EVENT_REFRESH_FAILING] = {"refresh-failing",
                                   "a policy in force cannot be fetched again",
                                   LEVEL_WARNING, 0},
    [LOG_EVENT_REFRESH_RECOVERED] = {"refresh-recovered",
                                     "a policy could be fetched again",
                                     LEVEL_NOTICE, 0},
    [LOG_EVENT_DISCOVERY_FAILED] = {"discovery-failed",
                                    "a domain announces a policy that cannot "
                                    "be had",
                                    LEVEL_WARNING, 0},
    [LOG_EVENT_MX_UNCOVERED] = {"mx-uncovered",
                                "MX hosts are not in the domain's policy and "
                                "get no mail",
                                LEVEL_WARNING, 0},
    [LOG_EVENT_MX_COVERED] = {"mx-covered",
                              "all MX hosts are in the domain's policy again",
                              LEVEL_NOTICE, 0},
    [LOG_EVENT_POLICY_EVICTED] = {"policy-evicted",
                                  "a policy in force was dropped for want of "
                                  "room: raise cache-entries or cache-bytes",
                                  LEVEL_WARNING, 0},
    [LOG_EVENT_POLICY_UNUSED] = {"policy-unused",
                                 "a policy ended that nobody asked for",
                                 LEVEL_DEBUG, 0},
    [LOG_EVENT_POLICY_FLUSHED] = {"policy-flushed",
                                  "a policy was dropped by order", LEVEL_NOTICE,
                                  0},

    [LOG_EVENT_STORE_FAILING] = {"store-failing",
                                 "the database cannot be written; policies are "
                                 "kept in memory",
                                 LEVEL_WARNING, 0},
    [LOG_EVENT_STORE_RECOVERED] = {"store-recovered",
                                   "the database can be written again",
                                   LEVEL_NOTICE, 0},
    [LOG_EVENT_STORE_REBUILT] = {"store-rebuilt", "the database was damaged",
                                 LEVEL_WARNING, 0},
    [LOG_EVENT_STORE_REPLACED] = {"store-replaced",
                                  "the database had gone and was made anew",
                                  LEVEL_WARNING, 0},
    [LOG_EVENT_STORE_LOST] = {"store-lost",
                              "more has changed than can wait to be written",
                              LEVEL_WARNING, 0},
    [LOG_EVENT_STORE_UNWRITTEN] = {"store-unwritten",
                                   "not all changes got into the database",
                                   LEVEL_WARNING, 0},
    [LOG_EVENT_POLICIES_LOADED] = {"policies-loaded",
                                   "the policies of the last run are there",
                                   LEVEL_INFO, 0},
    [LOG_EVENT_LISTEN_FAILED] = {"listen-failed", "cannot listen", LEVEL_ERROR,
                                 0},
    [LOG_EVENT_OVERRIDE_EXPIRES] = {"override-expires",
                                    "a rule of the site has expired, or will "
                                    "soon",
                                    LEVEL_WARNING, 0},
    [LOG_EVENT_DNSSEC] = {"dnssec", "the state of DNSSEC has changed",
                          LEVEL_WARNING, 0},

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
