/*
 * policy_event: the names of events.
 */
#include "engine/policy_event.h"

#include <stddef.h>

struct row {
    const char *name;
    bool warns;
};

static const struct row rows[EVENT_KINDS] = {
    [EVENT_POLICY_FOUND] = {"policy-found", false},
    [EVENT_POLICY_CHANGED] = {"policy-changed", false},
    [EVENT_POLICY_WEAKENED] = {"policy-weakened", true},
    [EVENT_POLICY_EXPIRED] = {"policy-expired", true},
    [EVENT_REFRESH_FAILING] = {"refresh-failing", true},
    [EVENT_REFRESH_RECOVERED] = {"refresh-recovered", false},
    [EVENT_DISCOVERY_FAILED] = {"discovery-failed", true},
    [EVENT_MX_UNCOVERED] = {"mx-uncovered", true},
    [EVENT_MX_COVERED] = {"mx-covered", false},
    [EVENT_POLICY_EVICTED] = {"policy-evicted", true},
    [EVENT_POLICY_UNUSED] = {"policy-unused", false},
    [EVENT_POLICY_FLUSHED] = {"policy-flushed", false},
};

const char *policy_event_name(enum policy_event_kind kind)
{
    return kind < EVENT_KINDS ? rows[kind].name : NULL;
}

bool policy_event_warns(enum policy_event_kind kind)
{
    return kind < EVENT_KINDS && rows[kind].warns;
}
