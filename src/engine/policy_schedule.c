/*
 * policy_schedule: what an entry has to do next by itself, and when (RFC 8461
 * sections 3.3 and 10.2).
 */
#include "engine/policy_state.h"
#include <string.h>

#define LIMIT_GRACE_MS 5000 /* past discovery_ms, for the world to end */
#define REFRESH_FLOOR_S 60u /* no refresh sooner after a fetch */
#define SLOW_KEPT_MS (86400 * 1000) /* a slow failure is remembered */

int64_t schedule_jitter_ms(const struct policy_engine *engine,
                           const struct policy_entry *entry, int64_t salt,
                           int64_t range)
{
    uint64_t hash =
        domain_hash(engine->cache.seed, entry->domain, strlen(entry->domain));

    hash = (hash ^ (uint64_t)salt) * UINT64_C(0x9e3779b97f4a7c15);
    return range > 0 ? (int64_t)((hash >> 16) % (uint64_t)range) : 0;
}

/* Daily or so, in any case well before the end (section 10.2), spread over
   the last fifth of the interval. */
static int64_t refresh_at(const struct policy_engine *engine,
                          const struct policy_entry *entry)
{
    const struct held_policy *held = entry->held;
    int64_t life = mtasts_sts_policy_max_age(held->policy);
    int64_t interval =
        MIN_OF((int64_t)engine->settings.refresh_s, life - life / 4);
    int64_t ms = interval * 1000;

    ms -= schedule_jitter_ms(engine, entry, held->fetched_ms, ms / 5);
    return held->fetched_ms + MAX_OF(ms, (int64_t)REFRESH_FLOOR_S * 1000);
}

bool schedule_is_unused(const struct policy_entry *entry, int64_t now_ms)
{
    int64_t life = mtasts_sts_policy_max_age(entry->held->policy);

    return now_ms - entry->used_ms > life * 1000;
}

static int64_t next_for_policy(const struct policy_engine *engine,
                               const struct policy_entry *entry, int64_t now_ms)
{
    int64_t end = held_policy_expires_ms(entry->held) + 1;
    int64_t next = refresh_at(engine, entry);

    if (schedule_is_unused(entry, now_ms))
        return end;
    if (entry->failure)
        next = MAX_OF(next, entry->failure->retry_ms);
    return MIN_OF(next, end);
}

int64_t schedule_limit_ms(const struct policy_engine *engine, int64_t now_ms)
{
    return now_ms + (int64_t)engine->settings.discovery_ms + LIMIT_GRACE_MS;
}

void schedule_entry(struct policy_engine *engine, struct policy_entry *entry,
                    int64_t now_ms)
{
    int64_t due = entry->known_ms;

    if (entry->work)
        due = entry->work->limit_ms;
    else if (entry->held)
        due = next_for_policy(engine, entry, now_ms);
    else if (entry->failure && entry->failure->slow)
        due = entry->failure->at_ms + SLOW_KEPT_MS;
    policy_cache_schedule(&engine->cache, entry, due);
}
