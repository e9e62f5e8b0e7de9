/*
 * policy_view: what is held, for people and for metrics.
 */
#include "base/container.h"
#include "engine/policy_state.h"
#include <mtasts/error.h>

static void view(const struct policy_entry *entry, struct policy_view *ret_view)
{
    *ret_view = (struct policy_view){
        .domain = entry->domain,
        .held = entry->held,
        .mx = entry->mx,
        .txt = (enum txt_status)entry->txt,
        .busy = entry->work != NULL,
        .used_ms = entry->used_ms,
        .txt_due_ms = entry->txt_due_ms,
        .next_ms =
            entry->scheduled ? (int64_t)entry->timer.due : entry->known_ms,
        .failure =
            entry->failure ? entry->failure->result : MTASTS_RESULT_SUCCESS,
        .why = entry->failure ? entry->failure->why : "",
        .failing_since_ms = entry->failure ? entry->failure->since_ms : 0,
    };
}

int policy_engine_view(const struct policy_engine *engine, const char *domain,
                       struct policy_view *ret_view)
{
    const struct policy_entry *entry =
        policy_cache_find(&engine->cache, domain);

    if (!entry)
        return -MTASTS_ENOTFOUND;
    view(entry, ret_view);
    return 0;
}

bool policy_engine_next(const struct policy_engine *engine, uint64_t *cursor,
                        struct policy_view *ret_view)
{
    const struct policy_entry *entry =
        policy_cache_next(&engine->cache, cursor);

    if (!entry)
        return false;
    view(entry, ret_view);
    return true;
}

/* Only when something fails is it worth the walk. */
static int64_t oldest_failing(const struct policy_engine *engine)
{
    const struct policy_entry *entry;
    uint64_t cursor = 0;
    int64_t oldest = 0;

    if (!engine->cache.failing)
        return 0;
    while ((entry = policy_cache_next(&engine->cache, &cursor)))
        if (entry->held && entry->failure &&
            (!oldest || entry->held->fetched_ms < oldest))
            oldest = entry->held->fetched_ms;
    return oldest;
}

void policy_engine_stats(const struct policy_engine *engine,
                         struct policy_stats *ret_stats)
{
    const struct policy_cache *cache = &engine->cache;
    struct policy_stats stats = {.entries = policy_cache_count(cache),
                                 .negative = cache->lines[LINE_NEGATIVE].count,
                                 .bytes = cache->bytes,
                                 .discoveries = engine->works,
                                 .failing = cache->failing,
                                 .evicted = engine->evicted,
                                 .oldest_ms = oldest_failing(engine)};

    for (size_t i = 0; i < ELEMENTS(stats.policies); i++)
        stats.policies[i] = cache->modes[i];
    *ret_stats = stats;
}
