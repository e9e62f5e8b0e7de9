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

#define LIMIT_GRACE_MS 5000 /* past discovery_ms, for the world to end */
#define REFRESH_FLOOR_S 60u /* no refresh sooner after a fetch */
#define RELUCTANT_MS 30000  /* a refresh that finds no free place */
#define SLOW_KEPT_MS (86400 * 1000) /* a slow failure is remembered */
#define FAULTS_READ 64u             /* of a body that is no policy */
#define WHY_MAX 256u

/* `old` and `held`: the policy before and after; NULL: there was, or is now,
   none. */
static void tell(struct policy_engine *engine, const struct policy_entry *entry,
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

/* ---- when ---- */

static int64_t bounded_ms(uint32_t ttl_s, uint32_t min_s, uint32_t max_s)
{
    return (int64_t)MAX_OF(min_s, MIN_OF(ttl_s, max_s)) * 1000;
}

/* 0 to `range` - 1, different for each domain and time, the same each run. */
static int64_t jitter_ms(const struct policy_engine *engine,
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

    ms -= jitter_ms(engine, entry, held->fetched_ms, ms / 5);
    return held->fetched_ms + MAX_OF(ms, (int64_t)REFRESH_FLOOR_S * 1000);
}

static bool unused(const struct policy_entry *entry, int64_t now_ms)
{
    int64_t life = mtasts_sts_policy_max_age(entry->held->policy);

    return now_ms - entry->used_ms > life * 1000;
}

static int64_t next_for_policy(const struct policy_engine *engine,
                               const struct policy_entry *entry, int64_t now_ms)
{
    int64_t end = held_policy_expires_ms(entry->held) + 1;
    int64_t next = refresh_at(engine, entry);

    if (unused(entry, now_ms))
        return end;
    if (entry->failure)
        next = MAX_OF(next, entry->failure->retry_ms);
    return MIN_OF(next, end);
}

static int64_t limit_at(const struct policy_engine *engine, int64_t now_ms)
{
    return now_ms + (int64_t)engine->settings.discovery_ms + LIMIT_GRACE_MS;
}

void work_schedule(struct policy_engine *engine, struct policy_entry *entry,
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

/* ---- failures ---- */

static void forgive(struct policy_engine *engine, struct policy_entry *entry,
                    int64_t now_ms)
{
    bool told = entry->failure && entry->failure->told;

    free(entry->failure);
    entry->failure = NULL;
    if (told)
        tell(engine, entry, EVENT_REFRESH_RECOVERED, entry->held, entry->held,
             "", now_ms);
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
            tell(engine, entry, EVENT_DISCOVERY_FAILED, NULL, NULL,
                 failure->why, now_ms);
        return;
    }
    patience = MIN_OF(
        patience, (int64_t)mtasts_sts_policy_max_age(entry->held->policy) / 2);
    if (failure->told || held_policy_mode(entry->held) == MTASTS_MODE_NONE ||
        now_ms - failure->since_ms < patience * 1000)
        return;
    failure->told = true;
    tell(engine, entry, EVENT_REFRESH_FAILING, entry->held, entry->held,
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
static void blame(struct policy_engine *engine, struct policy_entry *entry,
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

/* ---- beginning and end ---- */

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
        work->limit_ms = limit_at(engine, now_ms);
        work->asked = asked;
        entry->work = work;
        engine->works++;
        engine->refreshes += !asked;
        work_schedule(engine, entry, now_ms);
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
    work_schedule(engine, entry, now_ms);
    work_evict(engine, now_ms);
}

/* ---- the TXT record ---- */

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

/* At least five minutes between two tries for the same id (section 3.3). */
static bool failed_lately(const struct policy_engine *engine,
                          const struct policy_entry *entry, const char *id,
                          int64_t now_ms)
{
    const struct entry_failure *failure = entry->failure;

    return failure && failure->result != MTASTS_RESULT_SUCCESS &&
           strcmp(failure->id, id) == 0 &&
           now_ms < failure->at_ms + (int64_t)engine->settings.retry_s * 1000;
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
        forgive(engine, entry, now_ms);
    if (same && !entry->work->refresh)
        return;
    if (!entry->work->forced && failed_lately(engine, entry, id, now_ms)) {
        entry->known_ms =
            entry->failure->at_ms + (int64_t)engine->settings.retry_s * 1000;
        return;
    }
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
    tell(engine, entry, EVENT_POLICY_EXPIRED, old, NULL,
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
            blame(engine, entry, MTASTS_RESULT_STS_POLICY_FETCH_ERROR, "",
                  txt_why(outcome), now_ms);
        return;
    }
    drop_expired(engine, entry, now_ms);
    if (outcome->status == TXT_FAILED) {
        blame(engine, entry, MTASTS_RESULT_SUCCESS, "", txt_why(outcome),
              now_ms);
        entry->known_ms = now_ms + (int64_t)settings->failed_s * 1000;
    } else {
        forgive(engine, entry, now_ms);
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
        tell(engine, entry, change_of(old, held), old, held, why, now_ms);
    engine->world.store(engine->world_ctx, entry->domain, held, entry->used_ms);
}

static void accept(struct policy_engine *engine, struct policy_entry *entry,
                   struct held_policy *held, int64_t now_ms)
{
    _cleanup_held_policy_ struct held_policy *old = entry->held;

    entry->held = held;
    forgive(engine, entry, now_ms);
    work_replaced(engine, entry, old, "", now_ms);
}

static void refuse(struct policy_engine *engine, struct policy_entry *entry,
                   enum mtasts_result result, const char *why, int64_t now_ms)
{
    blame(engine, entry, result, entry->work->id, why, now_ms);
    drop_expired(engine, entry, now_ms);
    if (!entry->held)
        entry->known_ms = now_ms + (int64_t)engine->settings.retry_s * 1000;
}

/* We could not ask. That counts as little against the domain as a record
   that could not be looked up, and is over as soon. */
static void not_asked(struct policy_engine *engine, struct policy_entry *entry,
                      const char *why, int64_t now_ms)
{
    blame(engine, entry, MTASTS_RESULT_SUCCESS, "", why, now_ms);
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
    tell(engine, entry, uncovered ? EVENT_MX_UNCOVERED : EVENT_MX_COVERED,
         entry->held, entry->held, names, now_ms);
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
        tell(engine, entry, kind, entry->held, NULL, why, now_ms);
    }
    policy_cache_remove(&engine->cache, entry);
}

void work_due(struct policy_engine *engine, struct policy_entry *entry,
              int64_t now_ms)
{
    if (entry->work) {
        /* Whatever is left of it has its time again. */
        entry->work->limit_ms = limit_at(engine, now_ms);
        work_schedule(engine, entry, now_ms);
        break_off(engine, entry, now_ms);
        return;
    }
    if (!entry->held || held_policy_expired(entry->held, now_ms)) {
        let_go(engine, entry,
               entry->held && unused(entry, now_ms) ? EVENT_POLICY_UNUSED
                                                    : EVENT_POLICY_EXPIRED,
               entry->failure ? entry->failure->why : "", now_ms);
        return;
    }
    if (unused(entry, now_ms)) {
        work_schedule(engine, entry, now_ms);
        return;
    }
    if (engine->refreshes >= engine->settings.refreshes_max ||
        !work_discover(engine, entry, WORK_REFRESH, now_ms))
        policy_cache_schedule(
            &engine->cache, entry,
            now_ms + RELUCTANT_MS +
                jitter_ms(engine, entry, now_ms, RELUCTANT_MS));
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
