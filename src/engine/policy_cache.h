/*
 * policy_cache: the entries: by name, by how dispensable they are, by what
 * falls due next. Decides nothing.
 */
#ifndef MTASTS_ENGINE_POLICY_CACHE_H
#define MTASTS_ENGINE_POLICY_CACHE_H

#include "base/hash_table.h"
#include "engine/domain_hash.h"
#include "engine/policy_entry.h"

/* What may be dropped for want of room, in this order; in each line whoever
   was not used for longest goes first. */
enum cache_line {
    LINE_NEGATIVE, /* no policy: found again at the cost of a look-up */
    LINE_POLICY,   /* one in testing or none */
    LINE_ENFORCE,
    CACHE_LINES,
};

struct policy_cache {
    uint8_t seed[DOMAIN_HASH_SEED];
    struct hash_table table;
    struct queue lines[CACHE_LINES];
    struct timer_heap timers;
    size_t modes[MTASTS_MODE_ENFORCE + 1]; /* policies held */
    size_t failing; /* policies held whose last fetch failed */
    size_t bytes;
};

/* NULL: not there. */
struct policy_entry *policy_cache_find(const struct policy_cache *cache,
                                       const char *domain);

/* As hash_table_next(). */
struct policy_entry *policy_cache_next(const struct policy_cache *cache,
                                       uint64_t *cursor);

size_t policy_cache_count(const struct policy_cache *cache);

/* A new, empty entry; NULL: no memory. */
struct policy_entry *policy_cache_add(struct policy_cache *cache,
                                      const char *domain, int64_t now_ms);

/* Frees the entry and all it holds. Nobody may wait for it. */
void policy_cache_remove(struct policy_cache *cache,
                         struct policy_entry *entry);

void policy_cache_clear(struct policy_cache *cache);

/* It was asked for: it goes to the end of its line. */
void policy_cache_touch(struct policy_entry *entry, int64_t now_ms);

/* Around each change of what an entry holds: takes it out of the accounts,
   and enters it as it is now. In between expires_ms and mode are of what was
   held before. */
void policy_cache_open(struct policy_cache *cache, struct policy_entry *entry);
void policy_cache_close(struct policy_cache *cache, struct policy_entry *entry);

/* INT64_MAX: never. Without memory for it an entry is not scheduled. */
void policy_cache_schedule(struct policy_cache *cache,
                           struct policy_entry *entry, int64_t due_ms);

/* The entry that is due at `now_ms`, taken off the schedule; NULL: none. */
struct policy_entry *policy_cache_due(struct policy_cache *cache,
                                      int64_t now_ms);

/* Whom to drop; NULL: nobody can be. Work under way protects. */
struct policy_entry *policy_cache_victim(const struct policy_cache *cache);

#endif
