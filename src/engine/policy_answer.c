/*
 * policy_answer: what is known of a domain, as an answer.
 */
#include "base/container.h"
#include "engine/policy_state.h"

static bool enforced(const struct policy_entry *entry, int64_t now_ms)
{
    return entry_in_force(entry, now_ms) &&
           entry_mode(entry) == MTASTS_MODE_ENFORCE;
}

/* MX hosts matter for DANE, and for the names behind an enforced policy. */
static bool mx_matters(const struct policy_engine *engine,
                       const struct policy_entry *entry, unsigned wants,
                       int64_t now_ms)
{
    if (engine->settings.dane == DANE_ALL)
        return true;
    return enforced(entry, now_ms) &&
           ((wants & ASK_HOSTS) || engine->settings.dane == DANE_ENFORCED);
}

bool answer_lacks_mx(const struct policy_engine *engine,
                     const struct policy_entry *entry, unsigned wants,
                     int64_t now_ms)
{
    return !entry->mx && mx_matters(engine, entry, wants, now_ms);
}

bool answer_wants_mx(const struct policy_engine *engine,
                     const struct policy_entry *entry, unsigned wants,
                     int64_t now_ms)
{
    if (entry->mx && now_ms <= entry->mx->expires_ms)
        return false;
    return mx_matters(engine, entry, wants, now_ms) ||
           (engine->settings.always_hosts && enforced(entry, now_ms));
}

/* ---- failures that a setting may turn into "wait" ---- */

static const char *reason_to_defer(const struct policy_engine *engine,
                                   const struct policy_entry *entry,
                                   const struct policy_answer *answer)
{
    const struct policy_settings *settings = &engine->settings;
    const struct mx_set *mx = answer->mx;

    if (!answer->held && entry->txt == TXT_FAILED &&
        settings->txt_failure == ON_FAILURE_DEFER)
        return "the record _mta-sts could not be looked up";
    if (!mx || !answer->held || answer->kind != ANSWER_POLICY)
        return NULL;
    if (mx->status == MX_FAILED && settings->mx_failure == ON_FAILURE_DEFER)
        return "the MX hosts could not be looked up";
    if (mx->dane == MX_DANE_FAILED &&
        settings->tlsa_failure == ON_FAILURE_DEFER)
        return "the TLSA records could not be looked up";
    if (settings->mx_uncovered == ON_FAILURE_DEFER && mx->status == MX_OK &&
        mx_set_covered(mx, answer->held->policy, NULL) < mx->count)
        return "an MX host is not in the domain's policy";
    return NULL;
}

static bool dane_applies(const struct policy_engine *engine,
                         const struct policy_answer *answer)
{
    if (!answer->mx || engine->settings.dane == DANE_OFF)
        return false;
    /* Under secure addresses a TLSA record that could not be had may well be
       there: an attacker would see to it (RFC 7672 section 2.1.2). */
    return answer->mx->dane == MX_DANE_USABLE ||
           answer->mx->dane == MX_DANE_FAILED;
}

static uint32_t ttl_of(const struct policy_entry *entry,
                       const struct policy_answer *answer, int64_t now_ms)
{
    int64_t until = answer->held ? MIN_OF(entry->expires_ms, entry->txt_due_ms)
                                 : entry->known_ms;

    if (answer->mx)
        until = MIN_OF(until, answer->mx->expires_ms);
    return until > now_ms ? (uint32_t)((until - now_ms) / 1000) : 0;
}

void answer_judge(const struct policy_engine *engine,
                  const struct policy_entry *entry, unsigned wants,
                  enum answer_source source, int64_t now_ms,
                  struct policy_answer *ret_answer)
{
    struct policy_answer answer = {.source = source, .why = ""};
    const char *reason;

    if (entry_in_force(entry, now_ms)) {
        answer.held = entry->held;
        answer.mode = entry_mode(entry);
        if (answer.mode != MTASTS_MODE_NONE)
            answer.kind = ANSWER_POLICY;
    }
    if (entry->mx && mx_matters(engine, entry, wants, now_ms))
        answer.mx = entry->mx;
    if (entry->failure) {
        answer.failure = entry->failure->result;
        answer.why = entry->failure->why;
    }
    answer.dane = dane_applies(engine, &answer);
    answer.ttl_s = ttl_of(entry, &answer, now_ms);
    reason = reason_to_defer(engine, entry, &answer);
    if (reason) {
        answer.kind = ANSWER_DEFER;
        answer.why = reason;
    }
    *ret_answer = answer;
}

/*
 * What an answer sets off may take other askers out of the line: so they move
 * to a line of their own, and who has to wait on moves back.
 */
void answer_waiters(struct policy_engine *engine, struct policy_entry *entry,
                    enum answer_source source, bool all, int64_t now_ms)
{
    bool discovering = entry_discovering(entry);
    struct queue line = {.first = NULL};

    if (!entry->work || (discovering && !all))
        return;
    while (entry->work->waiters.first)
        queue_join(&line, entry->work->waiters.first);
    while (line.first) {
        struct policy_waiter *waiter =
            container_of(line.first, struct policy_waiter, node);
        struct policy_answer answer;

        if (!all && answer_lacks_mx(engine, entry, waiter->wants, now_ms)) {
            queue_join(&entry->work->waiters, &waiter->node);
            continue;
        }
        answer_judge(engine, entry, waiter->wants, source, now_ms, &answer);
        policy_waiter_cancel(waiter);
        waiter->fn(waiter->ctx, &answer);
    }
}
