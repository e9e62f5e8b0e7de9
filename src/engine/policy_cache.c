/*
 * policy_cache: a table with a keyed hash, lines of queue nodes, and a heap.
 */
#include "engine/policy_cache.h"

#include "base/container.h"

#include <stdlib.h>
#include <string.h>

#define ENTRY_OVERHEAD 56u /* malloc(), a place in the heap and the table */
#define TOUCH_MS 10000     /* how exact the order of use is */
#define BUSY_SKIPPED 64u   /* entries passed over when looking for a victim */

static uint64_t hash_of(const struct policy_cache *cache, const char *domain)
{
    return domain_hash(cache->seed, domain, strlen(domain));
}

static bool same(const void *item, const void *key)
{
    const struct policy_entry *entry = item;

    return strcmp(entry->domain, key) == 0;
}

struct policy_entry *policy_cache_find(const struct policy_cache *cache,
                                       const char *domain)
{
    return hash_table_find(&cache->table, hash_of(cache, domain), same, domain);
}

struct policy_entry *policy_cache_next(const struct policy_cache *cache,
                                       uint64_t *cursor)
{
    return hash_table_next(&cache->table, cursor);
}

size_t policy_cache_count(const struct policy_cache *cache)
{
    return cache->table.count;
}

struct policy_entry *policy_cache_add(struct policy_cache *cache,
                                      const char *domain, int64_t now_ms)
{
    size_t len = strlen(domain);
    struct policy_entry *entry = calloc(1, sizeof(*entry) + len + 1);

    if (!entry)
        return NULL;
    memcpy(entry->domain, domain, len + 1);
    entry->used_ms = now_ms;
    entry->expires_ms = INT64_MIN;
    entry->txt = TXT_FAILED;
    if (hash_table_add(&cache->table, hash_of(cache, domain), entry) < 0) {
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
    hash_table_remove(&cache->table, hash_of(cache, entry->domain), entry);
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
    hash_table_clear(&cache->table);
}

/* ---- accounts ---- */

static enum cache_line line_of(const struct policy_entry *entry)
{
    if (!entry->held)
        return LINE_NEGATIVE;
    return entry_mode(entry) == MTASTS_MODE_ENFORCE ? LINE_ENFORCE
                                                    : LINE_POLICY;
}

static size_t size_of(const struct policy_entry *entry)
{
    size_t size = sizeof(*entry) + strlen(entry->domain) + 1 + ENTRY_OVERHEAD;

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
        cache->modes[entry->mode]--;
}

void policy_cache_close(struct policy_cache *cache, struct policy_entry *entry)
{
    struct queue *line;

    entry->expires_ms =
        entry->held ? held_policy_expires_ms(entry->held) : INT64_MIN;
    entry->mode = (uint8_t)(entry->held ? held_policy_mode(entry->held) : 0);
    line = &cache->lines[line_of(entry)];
    entry->size = (uint32_t)size_of(entry);
    cache->bytes += entry->size;
    cache->failing += failing(entry);
    if (entry->held)
        cache->modes[entry->mode]++;
    if (entry->lru.queue != line)
        queue_join(line, &entry->lru);
}

void policy_cache_touch(struct policy_entry *entry, int64_t now_ms)
{
    /* Nobody needs the order to the second, and moving somebody in a long
       line is dear. */
    if (now_ms - entry->used_ms < TOUCH_MS)
        return;
    entry->used_ms = now_ms;
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
