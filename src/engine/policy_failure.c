/*
 * policy_failure: discoveries and refreshes that came to nothing: remembered,
 * told, and not tried again too soon (RFC 8461 sections 3.3 and 10.2).
 */
#include "engine/policy_state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void failure_forgive(struct policy_engine *engine, struct policy_entry *entry,
                     int64_t now_ms)
{
    bool told = entry->failure && entry->failure->told;

    free(entry->failure);
    entry->failure = NULL;
    if (told)
        engine_tell(engine, entry, EVENT_REFRESH_RECOVERED, entry->held,
                    entry->held, "", now_ms);
}

/* Administrators hear of it while there is time to act, unless the policy
   demands nothing (section 10.2). */
static void tell_failing(struct policy_engine *engine,
                         struct policy_entry *entry, int64_t now_ms)
{
    struct entry_failure *failure = entry->failure;
    int64_t patience = engine->settings.warn_s;

    if (!entry->held) {
        if (failure->count == 1 && failure->result != MTASTS_RESULT_SUCCESS)
            engine_tell(engine, entry, EVENT_DISCOVERY_FAILED, NULL, NULL,
                        failure->why, now_ms);
        return;
    }
    patience = MIN_OF(
        patience, (int64_t)mtasts_sts_policy_max_age(entry->held->policy) / 2);
    if (failure->told || held_policy_mode(entry->held) == MTASTS_MODE_NONE ||
        now_ms - failure->since_ms < patience * 1000)
        return;
    failure->told = true;
    engine_tell(engine, entry, EVENT_REFRESH_FAILING, entry->held, entry->held,
                failure->why, now_ms);
}

static int64_t backoff_ms(const struct policy_engine *engine, unsigned count)
{
    uint64_t s = engine->settings.retry_s;

    for (unsigned i = 1; i < count && s < engine->settings.retry_max_s; i++)
        s *= 2;
    s = MAX_OF(MIN_OF(s, engine->settings.retry_max_s),
               engine->settings.retry_s);
    return (int64_t)s * 1000;
}

/* Without memory for it the failure goes unremembered: nothing hangs on it
   but patience. */
void failure_blame(struct policy_engine *engine, struct policy_entry *entry,
                   enum mtasts_result result, const char *id, const char *why,
                   int64_t now_ms)
{
    struct entry_failure *old = entry->failure;
    size_t len = strnlen(why, WHY_MAX);
    struct entry_failure *failure = calloc(1, sizeof(*failure) + len + 1);

    if (!failure)
        return;
    memcpy(failure->why, why, len);
    snprintf(failure->id, sizeof(failure->id), "%s", id);
    failure->result = result;
    failure->at_ms = now_ms;
    failure->since_ms = old ? old->since_ms : now_ms;
    failure->count = old ? old->count + 1 : 1;
    failure->told = old && old->told;
    failure->slow = entry->work && now_ms - entry->work->started_ms >=
                                       (int64_t)engine->settings.slow_ms;
    failure->retry_ms = now_ms + backoff_ms(engine, failure->count);
    free(old);
    entry->failure = failure;
    tell_failing(engine, entry, now_ms);
}

/* At least five minutes between two tries for the same id (section 3.3). */
int64_t failure_fetch_ms(const struct policy_engine *engine,
                         const struct policy_entry *entry, const char *id)
{
    const struct entry_failure *failure = entry->failure;

    if (!failure || failure->result == MTASTS_RESULT_SUCCESS ||
        strcmp(failure->id, id) != 0)
        return INT64_MIN;
    return failure->at_ms + (int64_t)engine->settings.retry_s * 1000;
}
