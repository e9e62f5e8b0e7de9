/*
 * policy_engine: questions and orders from outside, and what is told of it.
 *
 * An asker never waits where a policy in force is held, nor twice for the
 * same slow failure; otherwise it waits for the discovery, but not past
 * ask_ms from its beginning.
 */
#include "base/container.h"
#include "engine/policy_state.h"
#include <mtasts/error.h>
#include <stdlib.h>
#include <string.h>

#define LOAD_SPREAD_MS (3600 * 1000) /* refreshes missed while we were off */

int policy_engine_new(const struct policy_settings *settings,
                      const struct policy_world *world, void *world_ctx,
                      struct policy_engine **ret_engine)
{
    struct policy_engine *engine = calloc(1, sizeof(*engine));

    if (!engine)
        return -MTASTS_ENOMEM;
    engine->settings = *settings;
    engine->world = *world;
    engine->world_ctx = world_ctx;
    memcpy(engine->cache.seed, settings->seed, sizeof(engine->cache.seed));
    *ret_engine = engine;
    return 0;
}

static struct policy_waiter *first_waiter(const struct policy_engine *engine)
{
    struct timer_node *node = timer_heap_first(&engine->waits);

    return node ? container_of(node, struct policy_waiter, timer) : NULL;
}

void policy_engine_free(struct policy_engine *engine)
{
    struct policy_waiter *waiter;

    if (!engine)
        return;
    while ((waiter = first_waiter(engine)))
        policy_waiter_cancel(waiter);
    timer_heap_clear(&engine->waits);
    policy_cache_clear(&engine->cache);
    free(engine);
}

void engine_tell(struct policy_engine *engine, const struct policy_entry *entry,
                 enum policy_event_kind kind, const struct held_policy *old,
                 const struct held_policy *held, const char *why,
                 int64_t now_ms)
{
    struct policy_event event = {.kind = kind,
                                 .domain = entry->domain,
                                 .at_ms = now_ms,
                                 .had = old != NULL,
                                 .has = held != NULL,
                                 .old_id = old ? old->id : "",
                                 .id = held ? held->id : "",
                                 .why = why};

    if (old)
        event.old_mode = held_policy_mode(old);
    if (held) {
        event.mode = held_policy_mode(held);
        event.max_age = mtasts_sts_policy_max_age(held->policy);
    }
    if (entry->failure)
        event.result = entry->failure->result;
    engine->world.tell(engine->world_ctx, &event);
}

void policy_engine_set(struct policy_engine *engine,
                       const struct policy_settings *settings)
{
    engine->settings = *settings;
}

/* ---- questions ---- */

/* Whether anything has to be found out. */
static bool is_due(const struct policy_entry *entry, int64_t now_ms)
{
    const struct entry_failure *failure = entry->failure;

    if (entry_in_force(entry, now_ms))
        return now_ms > entry->txt_due_ms;
    /* There is a record, but the fetch failed: perhaps it has a new id. */
    if (failure && *failure->id && now_ms > entry->txt_due_ms)
        return true;
    return now_ms > entry->known_ms;
}

/* Whether an asker should wait for what is found out. */
static bool worth_waiting(const struct policy_entry *entry, int64_t now_ms)
{
    return !entry_in_force(entry, now_ms) && now_ms > entry->known_ms &&
           !(entry->failure && entry->failure->slow);
}

/* Joins those who wait; false if there is nothing to wait for any more. */
static bool join(struct policy_engine *engine, struct policy_entry *entry,
                 struct policy_waiter *waiter, unsigned wants, int64_t now_ms)
{
    int64_t due;

    if (!entry->work)
        return false;
    due = entry->work->started_ms + (int64_t)engine->settings.ask_ms;
    waiter->timer.due = (uint64_t)due;
    if (due <= now_ms || timer_heap_push(&engine->waits, &waiter->timer) < 0)
        return false;
    waiter->engine = engine;
    waiter->entry = entry;
    waiter->wants = wants;
    work_asked(engine, entry->work);
    queue_join(&entry->work->waiters, &waiter->node);
    return true;
}

static struct policy_entry *entry_for(struct policy_engine *engine,
                                      const char *domain, int64_t now_ms)
{
    struct policy_entry *entry = policy_cache_find(&engine->cache, domain);

    if (!entry)
        return policy_cache_add(&engine->cache, domain, now_ms);
    policy_cache_touch(entry, now_ms);
    return entry;
}

static bool discover(struct policy_engine *engine, struct policy_entry *entry,
                     enum work_cause cause, int64_t now_ms)
{
    if (work_discover(engine, entry, cause, now_ms))
        return true;
    /* With nothing known and nothing under way it goes at the next tick. */
    if (!entry->scheduled)
        schedule_entry(engine, entry, now_ms);
    return false;
}

static void answer_unknown(struct policy_answer *ret_answer)
{
    *ret_answer = (struct policy_answer){
        .source = SOURCE_LIMIT, .why = "nothing is known of the domain"};
}

static int answer_known(const struct policy_engine *engine, const char *domain,
                        unsigned wants, int64_t now_ms,
                        struct policy_answer *ret_answer)
{
    const struct policy_entry *entry =
        policy_cache_find(&engine->cache, domain);

    if (entry)
        answer_judge(engine, entry, wants, SOURCE_CACHE, now_ms, ret_answer);
    else
        answer_unknown(ret_answer);
    return 1;
}

int policy_engine_ask(struct policy_engine *engine, const char *domain,
                      unsigned wants, int64_t now_ms,
                      struct policy_waiter *waiter,
                      struct policy_answer *ret_answer)
{
    enum answer_source source = SOURCE_CACHE;
    struct policy_entry *entry;
    bool wait;

    if (!waiter)
        return answer_known(engine, domain, wants, now_ms, ret_answer);
    entry = entry_for(engine, domain, now_ms);
    if (!entry) {
        answer_unknown(ret_answer);
        return 1;
    }
    wait = worth_waiting(entry, now_ms);
    if (!entry_discovering(entry) && is_due(entry, now_ms) &&
        !discover(engine, entry, WORK_ASKED, now_ms)) {
        source = SOURCE_LIMIT;
        wait = false;
    }
    if (answer_wants_mx(engine, entry, wants, now_ms))
        work_mx(engine, entry, now_ms);
    if (wait || answer_lacks_mx(engine, entry, wants, now_ms)) {
        if (join(engine, entry, waiter, wants, now_ms))
            return 0;
        source = wait ? SOURCE_DEADLINE : source;
    }
    answer_judge(engine, entry, wants, source, now_ms, ret_answer);
    return 1;
}

void policy_waiter_cancel(struct policy_waiter *waiter)
{
    if (!waiter->entry)
        return;
    queue_leave(&waiter->node);
    timer_heap_remove(&waiter->engine->waits, &waiter->timer);
    waiter->entry = NULL;
}

/* ---- time ---- */

static void answer_late(struct policy_engine *engine,
                        struct policy_waiter *waiter, int64_t now_ms)
{
    struct policy_answer answer;

    answer_judge(engine, waiter->entry, waiter->wants, SOURCE_DEADLINE, now_ms,
                 &answer);
    policy_waiter_cancel(waiter);
    waiter->fn(waiter->ctx, &answer);
}

void policy_engine_tick(struct policy_engine *engine, int64_t now_ms)
{
    struct policy_waiter *waiter;
    struct policy_entry *entry;

    while ((waiter = first_waiter(engine)) &&
           (int64_t)waiter->timer.due <= now_ms)
        answer_late(engine, waiter, now_ms);
    while ((entry = policy_cache_due(&engine->cache, now_ms)))
        work_due(engine, entry, now_ms);
}

int64_t policy_engine_due(const struct policy_engine *engine)
{
    const struct timer_node *wait = timer_heap_first(&engine->waits);
    const struct timer_node *entry = timer_heap_first(&engine->cache.timers);
    int64_t due = INT64_MAX;

    if (wait)
        due = (int64_t)wait->due;
    if (entry)
        due = MIN_OF(due, (int64_t)entry->due);
    return due;
}

/* ---- the cache from outside ---- */

/* What fell due while we were off is spread, so that a start is no storm. */
static void schedule_loaded(struct policy_engine *engine,
                            struct policy_entry *entry, int64_t now_ms)
{
    int64_t left;

    schedule_entry(engine, entry, now_ms);
    if (!entry->scheduled || (int64_t)entry->timer.due > now_ms)
        return;
    left = held_policy_expires_ms(entry->held) - now_ms;
    left = MIN_OF(left / 2, (int64_t)LOAD_SPREAD_MS);
    policy_cache_schedule(
        &engine->cache, entry,
        now_ms + (int64_t)(domain_hash(engine->cache.seed, entry->domain,
                                       strlen(entry->domain)) %
                           (uint64_t)(left + 1)));
}

/* Gives the entry a policy that was kept: 1 with the entry, and the policy
   before, or NULL. Otherwise neither is set. */
static int take(struct policy_engine *engine, const struct policy_kept *kept,
                int64_t now_ms, struct policy_entry **ret_entry,
                struct held_policy **ret_old)
{
    _cleanup_held_policy_ struct held_policy *held = NULL;
    struct policy_entry *entry;
    int error = held_policy_new(kept->body, kept->len, kept->id,
                                MIN_OF(kept->fetched_ms, now_ms),
                                MTASTS_TOLERANT, NULL, &held);

    if (error)
        return error;
    entry = policy_cache_find(&engine->cache, kept->domain);
    /* Before anything else: a store drops what has expired, and would drop
       what it was given since with it. */
    if (entry && entry->held && entry->held->fetched_ms >= held->fetched_ms)
        return 0;
    if (held_policy_expired(held, now_ms))
        return -MTASTS_ETIMEDOUT;
    if (!entry)
        entry = policy_cache_add(&engine->cache, kept->domain,
                                 MIN_OF(kept->used_ms, now_ms));
    if (!entry)
        return -MTASTS_ENOMEM;
    policy_cache_open(&engine->cache, entry);
    *ret_old = entry->held;
    entry->held = TAKE_PTR(held);
    policy_cache_close(&engine->cache, entry);
    *ret_entry = entry;
    return 1;
}

int policy_engine_load(struct policy_engine *engine,
                       const struct policy_kept *kept, int64_t now_ms)
{
    _cleanup_held_policy_ struct held_policy *old = NULL;
    struct policy_entry *entry = NULL;
    int taken = take(engine, kept, now_ms, &entry, &old);

    if (entry) {
        schedule_loaded(engine, entry, now_ms);
        work_evict(engine, now_ms);
    }
    return taken;
}

int policy_engine_import(struct policy_engine *engine,
                         const struct policy_kept *kept, int64_t now_ms)
{
    _cleanup_held_policy_ struct held_policy *old = NULL;
    struct policy_entry *entry = NULL;
    int taken = take(engine, kept, now_ms, &entry, &old);

    if (entry) {
        work_replaced(engine, entry, old, "loaded by hand", now_ms);
        schedule_loaded(engine, entry, now_ms);
        work_evict(engine, now_ms);
    }
    return taken;
}

int policy_engine_refresh(struct policy_engine *engine, const char *domain,
                          int64_t now_ms)
{
    struct policy_entry *entry = entry_for(engine, domain, now_ms);

    if (!entry)
        return -MTASTS_ENOMEM;
    return discover(engine, entry, WORK_ORDERED, now_ms) ? 0 : -MTASTS_ELIMIT;
}

int policy_engine_flush(struct policy_engine *engine, const char *domain,
                        int64_t now_ms)
{
    struct policy_entry *entry = policy_cache_find(&engine->cache, domain);

    if (!entry)
        return -MTASTS_ENOTFOUND;
    work_flush(engine, entry, now_ms);
    return 0;
}
