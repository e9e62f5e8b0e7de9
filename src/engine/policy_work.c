/*
 * policy_work: discovery and refresh (RFC 8461 sections 3.1, 3.3, 5.1, 10.2).
 *
 * One work an entry, however many wait for it. It looks at the TXT record,
 * then fetches if the record calls for it or a refresh is due, and beside
 * that looks up MX hosts. It ends when nothing of it is under way. Whatever
 * fails, a policy in force stays.
 */
#include "base/container.h"
#include "engine/policy_state.h"
#include <mtasts/error.h>
#include <stdlib.h>
#include <string.h>

#define RELUCTANT_MS 30000 /* a refresh that finds no free place */
#define FAULTS_READ 64u    /* of a body that is no policy */

void work_asked(struct policy_engine *engine, struct policy_work *work)
{
    if (work->asked)
        return;
    work->asked = true;
    engine->refreshes--;
}

static struct policy_work *work_of(struct policy_engine *engine,
                                   struct policy_entry *entry, bool asked,
                                   int64_t now_ms)
{
    struct policy_work *work = entry->work;

    if (!work) {
        if (engine->works >= engine->settings.discoveries_max)
            return NULL;
        work = calloc(1, sizeof(*work));
        if (!work)
            return NULL;
        work->started_ms = now_ms;
        work->limit_ms = schedule_limit_ms(engine, now_ms);
        work->asked = asked;
        entry->work = work;
        engine->works++;
        engine->refreshes += !asked;
        schedule_entry(engine, entry, now_ms);
    } else if (asked) {
        work_asked(engine, work);
    }
    return work;
}

bool work_discover(struct policy_engine *engine, struct policy_entry *entry,
                   enum work_cause cause, int64_t now_ms)
{
    struct policy_work *work =
        work_of(engine, entry, cause != WORK_REFRESH, now_ms);

    if (!work)
        return false;
    work->refresh |= cause != WORK_ASKED;
    work->forced |= cause == WORK_ORDERED;
    if (!work->txt && !work->fetch) {
        work->txt = true;
        engine->world.ask_txt(engine->world_ctx, entry->domain);
    }
    return true;
}

bool work_mx(struct policy_engine *engine, struct policy_entry *entry,
             int64_t now_ms)
{
    struct policy_work *work = work_of(engine, entry, true, now_ms);

    if (!work)
        return false;
    if (!work->mx) {
        work->mx = true;
        engine->world.ask_mx(engine->world_ctx, entry->domain,
                             engine->settings.dane != DANE_OFF);
    }
    return true;
}

static void work_free(struct policy_engine *engine, struct policy_entry *entry)
{
    engine->works--;
    engine->refreshes -= !entry->work->asked;
    free(entry->work);
    entry->work = NULL;
}

/* Those who wait may need MX hosts, now that there is a policy. */
static void look_up_mx(struct policy_engine *engine, struct policy_entry *entry,
                       int64_t now_ms)
{
    unsigned wants = 0;

    if (entry_discovering(entry) || entry->work->mx)
        return;
    for (struct queue_node *node = entry->work->waiters.first; node;
         node = node->next)
        wants |= container_of(node, struct policy_waiter, node)->wants;
    if ((entry->work->waiters.first || engine->settings.always_hosts) &&
        answer_wants_mx(engine, entry, wants, now_ms))
        work_mx(engine, entry, now_ms);
}

/* After each outcome: answers whom it can, and ends what is over. */
static void settle(struct policy_engine *engine, struct policy_entry *entry,
                   int64_t now_ms)
{
    struct policy_work *work = entry->work;

    look_up_mx(engine, entry, now_ms);
    answer_waiters(engine, entry, SOURCE_DISCOVERY, false, now_ms);
    if (work->txt || work->fetch || work->mx)
        return;
    answer_waiters(engine, entry, SOURCE_LIMIT, true, now_ms);
    work_free(engine, entry);
    schedule_entry(engine, entry, now_ms);
    work_evict(engine, now_ms);
}

/* ---- the TXT record ---- */

static int64_t bounded_ms(uint32_t ttl_s, uint32_t min_s, uint32_t max_s)
{
    return (int64_t)MAX_OF(min_s, MIN_OF(ttl_s, max_s)) * 1000;
}

static const char *txt_why(const struct txt_outcome *outcome)
{
    if (outcome->why)
        return outcome->why;
    switch (outcome->status) {
    case TXT_VALID: return "";
    case TXT_NONE: return "there is no record _mta-sts any more";
    case TXT_INVALID: return "the record _mta-sts is malformed";
    case TXT_MULTIPLE: return "there is more than one record _mta-sts";
    case TXT_FAILED: break;
    }
    return "the record _mta-sts could not be looked up";
}

static void fetch(struct policy_engine *engine, struct policy_entry *entry,
                  const char *id)
{
    struct policy_work *work = entry->work;

    snprintf(work->id, sizeof(work->id), "%s", id);
    work->fetch = true;
    engine->world.fetch(engine->world_ctx, entry->domain);
}

/* A well-formed record: is a fetch called for? */
static void on_valid(struct policy_engine *engine, struct policy_entry *entry,
                     const char *id, int64_t now_ms)
{
    bool in_force = entry_in_force(entry, now_ms);
    bool same = in_force && strcmp(id, entry->held->id) == 0;

    if (same && entry->failure && strcmp(entry->failure->id, id) != 0)
        failure_forgive(engine, entry, now_ms);
    if (same && !entry->work->refresh)
        return;
    int64_t fetch_ms = failure_fetch_ms(engine, entry, id);
    if (!entry->work->forced && now_ms < fetch_ms)
        entry->known_ms = fetch_ms;
    else
        fetch(engine, entry, id);
}

/* An expired policy is of no use any more. */
static void drop_expired(struct policy_engine *engine,
                         struct policy_entry *entry, int64_t now_ms)
{
    struct held_policy *old = entry->held;

    if (!old || !held_policy_expired(old, now_ms))
        return;
    entry->held = NULL;
    engine->world.forget(engine->world_ctx, entry->domain);
    engine_tell(engine, entry, EVENT_POLICY_EXPIRED, old, NULL,
                entry->failure ? entry->failure->why : "", now_ms);
    held_policy_free(old);
}

/* No record to go by. */
static void on_no_record(struct policy_engine *engine,
                         struct policy_entry *entry,
                         const struct txt_outcome *outcome, int64_t now_ms)
{
    const struct policy_settings *settings = &engine->settings;

    if (entry_in_force(entry, now_ms)) {
        /* A refresh goes on whatever DNS says (section 3.3). A policy that
           demands nothing is not missed (section 6). */
        if (entry->work->refresh)
            fetch(engine, entry, entry->held->id);
        else if (held_policy_mode(entry->held) != MTASTS_MODE_NONE)
            failure_blame(engine, entry, MTASTS_RESULT_STS_POLICY_FETCH_ERROR,
                          "", txt_why(outcome), now_ms);
        return;
    }
    drop_expired(engine, entry, now_ms);
    if (outcome->status == TXT_FAILED) {
        failure_blame(engine, entry, MTASTS_RESULT_SUCCESS, "",
                      txt_why(outcome), now_ms);
        entry->known_ms = now_ms + (int64_t)settings->failed_s * 1000;
    } else {
        failure_forgive(engine, entry, now_ms);
        entry->known_ms =
            now_ms + bounded_ms(outcome->ttl, settings->none_min_s,
                                settings->none_max_s);
    }
}

void policy_engine_txt(struct policy_engine *engine, const char *domain,
                       const struct txt_outcome *outcome, int64_t now_ms)
{
    const struct policy_settings *settings = &engine->settings;
    struct policy_entry *entry = policy_cache_find(&engine->cache, domain);
    uint32_t ttl =
        outcome->status == TXT_FAILED ? settings->failed_s : outcome->ttl;

    if (!entry || !entry->work || !entry->work->txt)
        return;
    policy_cache_open(&engine->cache, entry);
    entry->work->txt = false;
    entry->txt = (uint8_t)outcome->status;
    entry->txt_due_ms =
        now_ms + bounded_ms(ttl, settings->txt_min_s, settings->txt_max_s);
    if (outcome->status == TXT_VALID)
        on_valid(engine, entry, outcome->id, now_ms);
    else
        on_no_record(engine, entry, outcome, now_ms);
    policy_cache_close(&engine->cache, entry);
    settle(engine, entry, now_ms);
}

/* ---- the policy ---- */

static enum policy_event_kind change_of(const struct held_policy *old,
                                        const struct held_policy *held)
{
    if (!old)
        return EVENT_POLICY_FOUND;
    if (held_policy_mode(old) == MTASTS_MODE_ENFORCE &&
        held_policy_mode(held) != MTASTS_MODE_ENFORCE)
        return EVENT_POLICY_WEAKENED;
    return EVENT_POLICY_CHANGED;
}

void work_replaced(struct policy_engine *engine,
                   const struct policy_entry *entry,
                   const struct held_policy *old, const char *why,
                   int64_t now_ms)
{
    const struct held_policy *held = entry->held;

    if (!old || !held_policy_same(old, held) || strcmp(old->id, held->id) != 0)
        engine_tell(engine, entry, change_of(old, held), old, held, why,
                    now_ms);
    engine->world.store(engine->world_ctx, entry->domain, held, entry->used_ms);
}

static void accept(struct policy_engine *engine, struct policy_entry *entry,
                   struct held_policy *held, int64_t now_ms)
{
    _cleanup_held_policy_ struct held_policy *old = entry->held;

    entry->held = held;
    failure_forgive(engine, entry, now_ms);
    work_replaced(engine, entry, old, "", now_ms);
}

static void refuse(struct policy_engine *engine, struct policy_entry *entry,
                   enum mtasts_result result, const char *why, int64_t now_ms)
{
    failure_blame(engine, entry, result, entry->work->id, why, now_ms);
    drop_expired(engine, entry, now_ms);
    if (!entry->held)
        entry->known_ms = now_ms + (int64_t)engine->settings.retry_s * 1000;
}

/* We could not ask. That counts as little against the domain as a record
   that could not be looked up, and is over as soon. */
static void not_asked(struct policy_engine *engine, struct policy_entry *entry,
                      const char *why, int64_t now_ms)
{
    failure_blame(engine, entry, MTASTS_RESULT_SUCCESS, "", why, now_ms);
    drop_expired(engine, entry, now_ms);
    if (!entry->held)
        entry->known_ms = now_ms + (int64_t)engine->settings.failed_s * 1000;
}

/* What is wrong with a body, and where. */
static void fault_text(const struct mtasts_faults *faults, char why[WHY_MAX])
{
    const struct mtasts_fault *worst = NULL;

    for (size_t i = 0; !worst && i < faults->count && i < faults->max; i++)
        if (faults->items[i].weight == MTASTS_FATAL)
            worst = &faults->items[i];
    for (size_t i = 0; !worst && i < faults->count && i < faults->max; i++)
        if (faults->items[i].weight == MTASTS_QUIRK)
            worst = &faults->items[i];
    if (worst)
        snprintf(why, WHY_MAX, "not a policy: line %zu: %s", worst->line,
                 mtasts_fault_text(worst->code));
    else
        snprintf(why, WHY_MAX, "not a policy");
}

static void on_body(struct policy_engine *engine, struct policy_entry *entry,
                    const struct fetch_outcome *outcome, int64_t now_ms)
{
    struct mtasts_fault items[FAULTS_READ];
    struct mtasts_faults faults = {.items = items, .max = FAULTS_READ};
    struct held_policy *held;
    char why[WHY_MAX];
    int error = held_policy_new(
        outcome->body, outcome->len, entry->work->id, now_ms,
        engine->settings.strict ? 0 : MTASTS_TOLERANT, &faults, &held);

    if (!error) {
        accept(engine, entry, held, now_ms);
    } else if (error == -MTASTS_ENOMEM) {
        not_asked(engine, entry, mtasts_strerror(error), now_ms);
    } else {
        fault_text(&faults, why);
        refuse(engine, entry, MTASTS_RESULT_STS_POLICY_INVALID, why, now_ms);
    }
}

void policy_engine_fetched(struct policy_engine *engine, const char *domain,
                           const struct fetch_outcome *outcome, int64_t now_ms)
{
    struct policy_entry *entry = policy_cache_find(&engine->cache, domain);
    const char *why =
        outcome->why ? outcome->why : "the policy could not be fetched";

    if (!entry || !entry->work || !entry->work->fetch)
        return;
    policy_cache_open(&engine->cache, entry);
    entry->work->fetch = false;
    if (outcome->unasked)
        not_asked(engine, entry, why, now_ms);
    else if (outcome->result == MTASTS_RESULT_SUCCESS)
        on_body(engine, entry, outcome, now_ms);
    else
        refuse(engine, entry, outcome->result, why, now_ms);
    policy_cache_close(&engine->cache, entry);
    settle(engine, entry, now_ms);
}

/* ---- MX hosts ---- */

static void names_uncovered(const struct policy_entry *entry,
                            const bool covered[MX_SET_MAX], char names[WHY_MAX])
{
    size_t len = 0;

    names[0] = '\0';
    for (size_t i = 0; i < entry->mx->count && len < WHY_MAX; i++)
        if (!covered[i])
            len += (size_t)snprintf(names + len, WHY_MAX - len, "%s%s",
                                    len ? " " : "", entry->mx->hosts[i].data);
}

static void compare_mx(struct policy_engine *engine, struct policy_entry *entry,
                       int64_t now_ms)
{
    bool covered[MX_SET_MAX];
    char names[WHY_MAX];
    bool uncovered;

    if (!entry_in_force(entry, now_ms) || entry->mx->status != MX_OK ||
        held_policy_mode(entry->held) != MTASTS_MODE_ENFORCE)
        return;
    uncovered = mx_set_covered(entry->mx, entry->held->policy, covered) <
                entry->mx->count;
    if (uncovered == entry->uncovered)
        return;
    entry->uncovered = uncovered;
    names_uncovered(entry, covered, names);
    engine_tell(engine, entry,
                uncovered ? EVENT_MX_UNCOVERED : EVENT_MX_COVERED, entry->held,
                entry->held, names, now_ms);
}

/* A failure does not take the place of an answer that is not too old, nor
   make TLSA records go away. */
static bool old_stands(const struct mx_set *old,
                       const struct mx_outcome *outcome, int64_t now_ms)
{
    bool failed =
        outcome->status == MX_FAILED ||
        (outcome->dane == MX_DANE_FAILED && old && old->dane == MX_DANE_USABLE);

    return old && failed && old->status != MX_FAILED && now_ms < old->stale_ms;
}

/* Without memory what there was stays. */
static void take_mx(struct policy_engine *engine, struct policy_entry *entry,
                    const struct mx_outcome *outcome, int64_t now_ms)
{
    struct mx_set *set = mx_set_new(outcome, now_ms);

    if (!set)
        return;
    free(entry->mx);
    entry->mx = set;
    compare_mx(engine, entry, now_ms);
}

void policy_engine_mx(struct policy_engine *engine, const char *domain,
                      const struct mx_outcome *outcome, int64_t now_ms)
{
    struct policy_entry *entry = policy_cache_find(&engine->cache, domain);

    if (!entry || !entry->work || !entry->work->mx)
        return;
    policy_cache_open(&engine->cache, entry);
    entry->work->mx = false;
    if (old_stands(entry->mx, outcome, now_ms))
        mx_set_stand_in(entry->mx, now_ms);
    else
        take_mx(engine, entry, outcome, now_ms);
    policy_cache_close(&engine->cache, entry);
    settle(engine, entry, now_ms);
}

/* ---- what falls due ---- */

/* The world has not ended in time what it was asked to do. */
static void break_off(struct policy_engine *engine, struct policy_entry *entry,
                      int64_t now_ms)
{
    static const char why[] = "it was not found out in time";

    if (entry->work->txt)
        policy_engine_txt(
            engine, entry->domain,
            &(struct txt_outcome){.status = TXT_FAILED, .id = "", .why = why},
            now_ms);
    else if (entry->work->fetch)
        policy_engine_fetched(
            engine, entry->domain,
            &(struct fetch_outcome){
                .result = MTASTS_RESULT_STS_POLICY_FETCH_ERROR, .why = why},
            now_ms);
    else
        policy_engine_mx(engine, entry->domain,
                         &(struct mx_outcome){.status = MX_FAILED, .why = why},
                         now_ms);
}

static void let_go(struct policy_engine *engine, struct policy_entry *entry,
                   enum policy_event_kind kind, const char *why, int64_t now_ms)
{
    if (entry->held) {
        engine->world.forget(engine->world_ctx, entry->domain);
        engine_tell(engine, entry, kind, entry->held, NULL, why, now_ms);
    }
    policy_cache_remove(&engine->cache, entry);
}

void work_due(struct policy_engine *engine, struct policy_entry *entry,
              int64_t now_ms)
{
    if (entry->work) {
        /* Whatever is left of it has its time again. */
        entry->work->limit_ms = schedule_limit_ms(engine, now_ms);
        schedule_entry(engine, entry, now_ms);
        break_off(engine, entry, now_ms);
        return;
    }
    if (!entry->held || held_policy_expired(entry->held, now_ms)) {
        let_go(engine, entry,
               entry->held && schedule_is_unused(entry, now_ms)
                   ? EVENT_POLICY_UNUSED
                   : EVENT_POLICY_EXPIRED,
               entry->failure ? entry->failure->why : "", now_ms);
        return;
    }
    if (schedule_is_unused(entry, now_ms)) {
        schedule_entry(engine, entry, now_ms);
        return;
    }
    if (engine->refreshes >= engine->settings.refreshes_max ||
        !work_discover(engine, entry, WORK_REFRESH, now_ms))
        policy_cache_schedule(
            &engine->cache, entry,
            now_ms + RELUCTANT_MS +
                schedule_jitter_ms(engine, entry, now_ms, RELUCTANT_MS));
}

void work_flush(struct policy_engine *engine, struct policy_entry *entry,
                int64_t now_ms)
{
    if (entry->work) {
        answer_waiters(engine, entry, SOURCE_LIMIT, true, now_ms);
        work_free(engine, entry);
    }
    let_go(engine, entry, EVENT_POLICY_FLUSHED, "", now_ms);
}

void work_evict(struct policy_engine *engine, int64_t now_ms)
{
    struct policy_cache *cache = &engine->cache;

    while (policy_cache_count(cache) > engine->settings.entries_max ||
           cache->bytes > engine->settings.bytes_max) {
        struct policy_entry *victim = policy_cache_victim(cache);
        if (!victim)
            return;
        engine->evicted++;
        let_go(engine, victim,
               entry_in_force(victim, now_ms) ? EVENT_POLICY_EVICTED
                                              : EVENT_POLICY_EXPIRED,
               "there is no room for more", now_ms);
    }
}
