/*
 * policy_cache: uthash with a keyed hash, lines of queue nodes, and a heap.
 */
#include "engine/policy_cache.h"

#include "base/container.h"

#include <stdlib.h>
#include <string.h>

#define ENTRY_OVERHEAD 56u /* malloc(), a place in the heap and the buckets */
#define BUSY_SKIPPED 64u   /* entries passed over when looking for a victim */

/* What uthash's macros come to is counted as these functions' own. */
/* NOLINTBEGIN(readability-function-size): macros of uthash */

static unsigned hash_of(const struct policy_cache *cache, const char *domain,
                        size_t len)
{
    return (unsigned)domain_hash(cache->seed, domain, len);
}

struct policy_entry *policy_cache_find(const struct policy_cache *cache,
                                       const char *domain)
{
    size_t len = strlen(domain);
    unsigned hash = hash_of(cache, domain, len);
    struct policy_entry *entry;

    HASH_FIND_BYHASHVALUE(hh, cache->map, domain, (unsigned)len, hash, entry);
    return entry;
}

static bool map_add(struct policy_cache *cache, struct policy_entry *entry,
                    size_t len)
{
    unsigned hash = hash_of(cache, entry->domain, len);

    HASH_ADD_KEYPTR_BYHASHVALUE(hh, cache->map, entry->domain, (unsigned)len,
                                hash, entry);
    return entry->hh.tbl != NULL;
}

static void map_remove(struct policy_cache *cache, struct policy_entry *entry)
{
    HASH_DEL(cache->map, entry);
}

/* NOLINTEND(readability-function-size) */

struct policy_entry *policy_cache_add(struct policy_cache *cache,
                                      const char *domain, int64_t now_ms)
{
    size_t len = strlen(domain);
    struct policy_entry *entry = calloc(1, sizeof(*entry) + len + 1);

    if (!entry)
        return NULL;
    memcpy(entry->domain, domain, len + 1);
    entry->used_ms = now_ms;
    entry->txt = TXT_FAILED;
    if (!map_add(cache, entry, len)) {
        free(entry);
        return NULL;
    }
    policy_cache_close(cache, entry);
    return entry;
}

static void unschedule(struct policy_cache *cache, struct policy_entry *entry)
{
    if (entry->scheduled)
        timer_heap_remove(&cache->timers, &entry->timer);
    entry->scheduled = false;
}

void policy_cache_remove(struct policy_cache *cache, struct policy_entry *entry)
{
    policy_cache_open(cache, entry);
    queue_leave(&entry->lru);
    unschedule(cache, entry);
    map_remove(cache, entry);
    held_policy_free(entry->held);
    free(entry->mx);
    free(entry->failure);
    free(entry->work);
    free(entry);
}

void policy_cache_clear(struct policy_cache *cache)
{
    for (size_t i = 0; i < CACHE_LINES; i++)
        while (cache->lines[i].first)
            policy_cache_remove(cache, container_of(cache->lines[i].first,
                                                    struct policy_entry, lru));
    timer_heap_clear(&cache->timers);
}

/* ---- accounts ---- */

static enum cache_line line_of(const struct policy_entry *entry)
{
    if (!entry->held)
        return LINE_NEGATIVE;
    return held_policy_mode(entry->held) == MTASTS_MODE_ENFORCE ? LINE_ENFORCE
                                                                : LINE_POLICY;
}

static size_t size_of(const struct policy_entry *entry)
{
    size_t size = sizeof(*entry) + entry->hh.keylen + 1 + ENTRY_OVERHEAD;

    if (entry->held)
        size += held_policy_size(entry->held);
    if (entry->mx)
        size += entry->mx->size;
    if (entry->failure)
        size += sizeof(*entry->failure) + strlen(entry->failure->why) + 1;
    return size;
}

static size_t failing(const struct policy_entry *entry)
{
    return entry->held && entry->failure ? 1 : 0;
}

void policy_cache_open(struct policy_cache *cache, struct policy_entry *entry)
{
    cache->bytes -= entry->size;
    cache->failing -= failing(entry);
    if (entry->held)
        cache->modes[held_policy_mode(entry->held)]--;
}

void policy_cache_close(struct policy_cache *cache, struct policy_entry *entry)
{
    struct queue *line = &cache->lines[line_of(entry)];

    entry->size = (uint32_t)size_of(entry);
    cache->bytes += entry->size;
    cache->failing += failing(entry);
    if (entry->held)
        cache->modes[held_policy_mode(entry->held)]++;
    if (entry->lru.queue != line)
        queue_join(line, &entry->lru);
}

void policy_cache_touch(struct policy_entry *entry, int64_t now_ms)
{
    entry->used_ms = now_ms;
    if (entry->lru.next)
        queue_join(entry->lru.queue, &entry->lru);
}

/* ---- time and room ---- */

void policy_cache_schedule(struct policy_cache *cache,
                           struct policy_entry *entry, int64_t due_ms)
{
    unschedule(cache, entry);
    if (due_ms == INT64_MAX)
        return;
    entry->timer.due = (uint64_t)due_ms;
    entry->scheduled = timer_heap_push(&cache->timers, &entry->timer) == 0;
}

struct policy_entry *policy_cache_due(struct policy_cache *cache,
                                      int64_t now_ms)
{
    struct timer_node *node = timer_heap_first(&cache->timers);
    struct policy_entry *entry;

    if (!node || (int64_t)node->due > now_ms)
        return NULL;
    entry = container_of(node, struct policy_entry, timer);
    unschedule(cache, entry);
    return entry;
}

struct policy_entry *policy_cache_victim(const struct policy_cache *cache)
{
    unsigned skipped = 0;

    for (size_t i = 0; i < CACHE_LINES; i++)
        for (struct queue_node *node = cache->lines[i].first;
             node && skipped < BUSY_SKIPPED; node = node->next) {
            struct policy_entry *entry =
                container_of(node, struct policy_entry, lru);
            if (!entry->work)
                return entry;
            skipped++;
        }
    return NULL;
}
