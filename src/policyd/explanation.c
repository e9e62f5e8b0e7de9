/*
 * explanation: a gatherer of its own, for its trace; then the decision in
 * sentences, each with the section that it rests on.
 */
#include "policyd/explanation.h"

#include "engine/demand.h"
#include "policyd/policy_json.h"
#include "policyd/policyd.h"
#include <mtasts/error.h>
#include <string.h>

#define TEXT_MAX 512u /* octets of a sentence */

struct explanation {
    struct policyd *policyd;
    struct outside *outside; /* which stays until we have ended */
    struct gatherer *gatherer;
    struct gathering *gathering;
    struct json_builder steps;
    explanation_fn *fn;
    void *ctx;
    char domain[MTASTS_NAME_MAX + 1];
};

/* ---- what was asked ---- */

static void on_step(void *ctx, const char *step, const char *result,
                    uint32_t elapsed_ms)
{
    struct explanation *explanation = ctx;
    struct json_builder object = json_build_object();

    json_add_string(&object, "step", step);
    json_add_string(&object, "result", result);
    json_add_int(&object, "ms", elapsed_ms);
    json_add(&explanation->steps, NULL, json_built(&object));
}

/* ---- what follows from it ---- */

static void conclude(struct json_builder *list, const char *section,
                     const char *text)
{
    struct json_builder object = json_build_object();

    json_add_string(&object, "section", section);
    json_add_string(&object, "text", text);
    json_add(list, NULL, json_built(&object));
}

static void conclude_record(struct json_builder *list,
                            const struct facts *facts)
{
    struct mtasts_sts_record record;
    struct txt_outcome outcome;
    char text[TEXT_MAX];

    lookups_read_txt(facts, &record, &outcome);
    switch (outcome.status) {
    case TXT_VALID:
        snprintf(text, sizeof(text),
                 "the record announces a policy with the id %s", outcome.id);
        break;
    case TXT_NONE:
        snprintf(text, sizeof(text),
                 "there is no record, so no policy is looked for");
        break;
    case TXT_INVALID:
        snprintf(text, sizeof(text),
                 "the record is malformed, which counts as none");
        break;
    case TXT_MULTIPLE:
        snprintf(text, sizeof(text),
                 "there is more than one record, which counts as none");
        break;
    case TXT_FAILED:
        snprintf(text, sizeof(text), "the record could not be looked up: %s",
                 outcome.why);
        break;
    }
    conclude(list, "RFC 8461 section 3.1", text);
}

static void conclude_policy(struct json_builder *list,
                            const struct facts *facts)
{
    _cleanup_held_policy_ struct held_policy *held = NULL;
    char why[LOOKUPS_WHY_MAX];
    char text[TEXT_MAX + LOOKUPS_WHY_MAX];
    struct fetch_outcome outcome;

    lookups_read_fetch(facts, why, &outcome);
    if (outcome.result != MTASTS_RESULT_SUCCESS)
        snprintf(text, sizeof(text), "the policy cannot be fetched: %s",
                 outcome.why);
    else if (held_policy_new(outcome.body, outcome.len, "", 0, MTASTS_TOLERANT,
                             NULL, &held) < 0)
        snprintf(text, sizeof(text),
                 "what the policy host serves is no "
                 "policy");
    else
        snprintf(text, sizeof(text),
                 "the policy host serves a policy: %s, "
                 "for %u seconds",
                 mtasts_mode_name(held_policy_mode(held)),
                 (unsigned)mtasts_sts_policy_max_age(held->policy));
    conclude(list, "RFC 8461 section 3.3", text);
}

static void conclude_cache(struct json_builder *list,
                           const struct policy_answer *answer, int64_t now_ms)
{
    char text[TEXT_MAX];

    if (answer->source == SOURCE_OVERRIDE) {
        snprintf(text, sizeof(text), "a rule of the site goes first: %s",
                 answer->why);
        conclude(list, "mtasts-overrides(5)", text);
        return;
    }
    if (!answer->held) {
        conclude(list, "RFC 8461 section 5", "no policy in force is cached");
        return;
    }
    snprintf(text, sizeof(text),
             "a policy is cached, fetched %lld s ago and in force for another "
             "%lld s, whatever DNS and HTTPS say meanwhile",
             (long long)(now_ms - answer->held->fetched_ms) / 1000,
             (long long)(held_policy_expires_ms(answer->held) - now_ms) / 1000);
    conclude(list, "RFC 8461 sections 3.3 and 5.1", text);
}

static void conclude_none(struct json_builder *list,
                          const struct policy_answer *answer)
{
    if (demand_takes_no_mail(answer))
        conclude(list, "RFC 7505 section 3", "the domain takes no mail");
    else
        conclude(list, "RFC 8461 section 5",
                 "MTA-STS demands nothing: the MTA's own level of TLS");
}

static void conclude_demand(struct json_builder *list,
                            const struct policy_answer *answer)
{
    switch (demand_of(answer)) {
    case DEMAND_NONE: conclude_none(list, answer); break;
    case DEMAND_REPORT:
        conclude(list, "RFC 8461 section 5",
                 "a policy in testing: mail goes as without one, and failures "
                 "are reported");
        break;
    case DEMAND_SECURE:
        conclude(list, "RFC 8461 sections 4 and 5",
                 "TLS is demanded, with an MX host that the policy lists and a "
                 "trusted certificate for its name; else the mail waits");
        break;
    case DEMAND_DANE:
        conclude(list, "RFC 8461 section 2, RFC 7672 section 2.2",
                 "DANE applies and goes before MTA-STS");
        break;
    case DEMAND_DEFER:
        conclude(list, "RFC 8461 section 5", demand_reason(answer));
        break;
    }
}

static struct json *decision(const struct facts *facts,
                             const struct policy_answer *answer, int64_t now_ms)
{
    _cleanup_json_builder_ struct json_builder list = json_build_array();

    conclude_record(&list, facts);
    conclude_policy(&list, facts);
    conclude_cache(&list, answer, now_ms);
    conclude_demand(&list, answer);
    return json_built(&list);
}

/* ---- all of it ---- */

static struct json *document(struct explanation *explanation,
                             const struct facts *facts)
{
    struct policyd *policyd = explanation->policyd;
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    int64_t now_ms = policyd_now(policyd);
    struct policy_answer answer;
    struct policy_view view;

    policyd_ask(policyd, explanation->domain, ASK_HOSTS, NULL, &answer);
    json_add_string(&object, "domain", explanation->domain);
    json_add(&object, "steps", json_built(&explanation->steps));
    json_add(&object, "decision", decision(facts, &answer, now_ms));
    json_add(&object, "answer",
             policy_json_answer(&policyd->reply, explanation->domain, &answer,
                                now_ms));
    if (policy_engine_view(policyd->engine, explanation->domain, &view) == 0)
        json_add(&object, "cache", policy_json_view(&view, now_ms));
    else
        json_add_null(&object, "cache");
    json_add_string(&object, "resolver_note", facts->resolver_note);
    return json_built(&object);
}

static void explanation_free(struct explanation *explanation)
{
    gather_cancel(explanation->gathering);
    gatherer_free(explanation->gatherer);
    explanation->outside->users--;
    json_build_clear(&explanation->steps);
    free(explanation);
}

static void on_facts(void *ctx, struct facts *facts)
{
    struct explanation *explanation = ctx;
    struct json *json = document(explanation, facts);
    explanation_fn *fn = explanation->fn;
    void *fn_ctx = explanation->ctx;

    explanation->gathering = NULL;
    facts_free(facts);
    explanation_free(explanation);
    fn(fn_ctx, json);
}

int explanation_start(struct policyd *policyd, const char *domain,
                      explanation_fn *fn, void *ctx,
                      struct explanation **ret_explanation)
{
    struct outside *outside = policyd->outside;
    struct explanation *explanation = calloc(1, sizeof(*explanation));
    const struct gatherer_options options = {
        .resolver = outside->resolver,
        .fetcher = outside->fetcher,
        .store = outside->trust,
        .guard = &outside->guard,
        .deadline_ms = (uint32_t)policyd->config->policyd.ask_ms,
        .trace = on_step,
        .trace_ctx = explanation};
    int error;

    if (!explanation)
        return -MTASTS_ENOMEM;
    explanation->policyd = policyd;
    explanation->outside = outside;
    outside->users++;
    explanation->fn = fn;
    explanation->ctx = ctx;
    explanation->steps = json_build_array();
    snprintf(explanation->domain, sizeof(explanation->domain), "%s", domain);
    error = gatherer_new(policyd->loop, &options, &explanation->gatherer);
    if (!error)
        error = gather_start(explanation->gatherer, domain,
                             GATHER_RECORD | GATHER_POLICY | GATHER_MX |
                                 GATHER_DANE,
                             on_facts, explanation, &explanation->gathering);
    if (error) {
        explanation_free(explanation);
        return error;
    }
    *ret_explanation = explanation;
    return 0;
}

void explanation_cancel(struct explanation *explanation)
{
    if (explanation)
        explanation_free(explanation);
}
