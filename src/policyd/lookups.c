/*
 * lookups: gatherings of parts of a domain, read as outcomes.
 *
 * The record is read by the letter (RFC 8461 section 3.1); the body of a
 * policy is left to the engine.
 */
#include "policyd/lookups.h"

#include "base/queue.h"
#include "net/dane.h"
#include <mtasts/error.h>
#include <string.h>

struct lookup {
    struct queue_node node; /* first */
    struct lookups *lookups;
    struct gathering *gathering;
    enum lookup_kind kind;
    unsigned parts; /* of the domain, as gather_start() has them */
    char domain[MTASTS_NAME_MAX + 1];
};

struct lookups {
    struct gatherer *gatherer;
    struct lookups_sink sink;
    void *ctx;
    struct queue active;
};

/* ---- the record ---- */

static enum txt_status status_of(enum mtasts_verdict verdict)
{
    switch (verdict) {
    case MTASTS_VERDICT_VALID: return TXT_VALID;
    case MTASTS_VERDICT_INVALID: return TXT_INVALID;
    case MTASTS_VERDICT_MULTIPLE: return TXT_MULTIPLE;
    case MTASTS_VERDICT_NONE: break;
    }
    return TXT_NONE;
}

static void read_record(const struct fact_txt *txt,
                        struct mtasts_sts_record *record,
                        struct txt_outcome *outcome)
{
    struct mtasts_bytes rrs[FACTS_RR_MAX];
    size_t count = MIN_OF(txt->count, (size_t)FACTS_RR_MAX);

    for (size_t i = 0; i < count; i++)
        rrs[i] = txt->rrs[i].text;
    if (mtasts_sts_record_parse(rrs, count, 0, NULL, record) < 0)
        return;
    outcome->status = status_of(record->verdict);
    outcome->id = record->id;
}

void lookups_read_txt(const struct facts *facts,
                      struct mtasts_sts_record *record,
                      struct txt_outcome *ret_outcome)
{
    const struct fact_txt *txt = &facts->sts_txt;
    struct txt_outcome outcome = {
        .status = TXT_NONE, .id = "", .ttl = txt->lookup.ttl};

    if (lookup_unknown(txt->lookup.status)) {
        outcome.status = TXT_FAILED;
        outcome.why = txt->lookup.why ? txt->lookup.why
                                      : lookup_status_text(txt->lookup.status);
    } else if (txt->lookup.status == LOOKUP_OK) {
        read_record(txt, record, &outcome);
    }
    *ret_outcome = outcome;
}

/* ---- the policy ---- */

static const char *detail_of(const struct fact_fetch *fetch)
{
    if (fetch->status == FETCH_CERTIFICATE)
        return fetch->tls.detail ? fetch->tls.detail
                                 : verify_status_text(fetch->tls.verify);
    if (fetch->status == FETCH_REDIRECT || fetch->status == FETCH_STATUS)
        return NULL;
    return fetch->detail;
}

/* That DNS could not tell is not that there is no address. */
static const struct fact_lookup *unknown_of(const struct fact_host *host)
{
    if (lookup_unknown(host->a.status))
        return &host->a;
    return lookup_unknown(host->aaaa.status) ? &host->aaaa : NULL;
}

static void fetch_why(const struct fact_policy_host *policy,
                      char why[LOOKUPS_WHY_MAX])
{
    const struct fact_fetch *fetch = &policy->fetch;
    const struct fact_lookup *unknown = unknown_of(&policy->host);
    const char *detail = detail_of(fetch);
    const char *text = fetch_status_text(fetch->status);

    if (fetch->status == FETCH_NO_ADDRESS && unknown)
        snprintf(why, LOOKUPS_WHY_MAX,
                 "the address of %s could not be looked up: %s%s%s",
                 unknown->name, lookup_status_text(unknown->status),
                 unknown->why ? ": " : "", unknown->why ? unknown->why : "");
    else if (detail)
        snprintf(why, LOOKUPS_WHY_MAX, "%s: %s", text, detail);
    else if (fetch->http_status)
        snprintf(why, LOOKUPS_WHY_MAX, "%s: %ld", text, fetch->http_status);
    else
        snprintf(why, LOOKUPS_WHY_MAX, "%s", text);
}

void lookups_read_fetch(const struct facts *facts, char why[LOOKUPS_WHY_MAX],
                        struct fetch_outcome *ret_outcome)
{
    const struct fact_fetch *fetch = &facts->policy_host.fetch;
    struct fetch_outcome outcome = {.result =
                                        fetch_status_result(fetch->status),
                                    .unasked = fetch->status == FETCH_FAILED};

    if (outcome.result == MTASTS_RESULT_SUCCESS) {
        outcome.body = fetch->body.data ? fetch->body.data : "";
        outcome.len = fetch->body.len;
    } else {
        fetch_why(&facts->policy_host, why);
        outcome.why = why;
    }
    *ret_outcome = outcome;
}

/* ---- MX hosts ---- */

static bool secure_address(const struct fact_host *host)
{
    return (host->a.status == LOOKUP_OK && host->a.dnssec == DNSSEC_SECURE) ||
           (host->aaaa.status == LOOKUP_OK &&
            host->aaaa.dnssec == DNSSEC_SECURE);
}

/* RFC 7672 section 2.1.1: with an MX RRset that is not secure there is no
   DANE, whatever the hosts have. */
static enum mx_dane dane_of(const struct fact_mx_set *set)
{
    enum mx_dane dane = MX_DANE_NONE;

    if (set->lookup.dnssec != DNSSEC_SECURE)
        return MX_DANE_NONE;
    for (size_t i = 0; i < set->count; i++) {
        const struct fact_mx *mx = &set->hosts[i];
        switch (dane_state(&mx->tlsa, secure_address(&mx->host))) {
        case MTASTS_DANE_PASS: return MX_DANE_USABLE;
        case MTASTS_DANE_LOOKUP_FAILED: dane = MX_DANE_FAILED; break;
        default: break;
        }
    }
    return dane;
}

static enum mx_status mx_status_of(const struct fact_mx_set *set)
{
    if (lookup_unknown(set->lookup.status))
        return MX_FAILED;
    if (set->null_mx)
        return MX_NULL;
    return set->count ? MX_OK : MX_NONE;
}

static uint32_t mx_ttl(const struct fact_mx_set *set)
{
    uint32_t ttl = set->lookup.ttl;

    for (size_t i = 0; i < set->count; i++)
        if (set->hosts[i].tlsa.lookup.name)
            ttl = MIN_OF(ttl, set->hosts[i].tlsa.lookup.ttl);
    return ttl;
}

static void give_mx(const struct lookup *lookup, const struct facts *facts)
{
    const struct fact_mx_set *set = &facts->mx;
    const char *hosts[FACTS_MX_MAX];
    struct mx_outcome outcome = {.status = mx_status_of(set),
                                 .dane = dane_of(set),
                                 .hosts = hosts,
                                 .ttl = mx_ttl(set),
                                 .why = set->lookup.why};

    for (size_t i = 0; i < set->count; i++)
        if (set->hosts[i].name_valid)
            hosts[outcome.count++] = set->hosts[i].name;
    lookup->lookups->sink.mx(lookup->lookups->ctx, lookup->domain, &outcome);
}

/* ---- what is under way ---- */

static void give_txt(const struct lookup *lookup, const struct facts *facts)
{
    struct mtasts_sts_record record;
    struct txt_outcome outcome;

    lookups_read_txt(facts, &record, &outcome);
    lookup->lookups->sink.txt(lookup->lookups->ctx, lookup->domain, &outcome);
}

static void give_fetch(const struct lookup *lookup, const struct facts *facts)
{
    char why[LOOKUPS_WHY_MAX];
    struct fetch_outcome outcome;

    lookups_read_fetch(facts, why, &outcome);
    lookup->lookups->sink.fetched(lookup->lookups->ctx, lookup->domain,
                                  &outcome);
}

static void on_facts(void *ctx, struct facts *facts)
{
    struct lookup *lookup = ctx;

    queue_leave(&lookup->node);
    lookup->lookups->sink.took(lookup->lookups->ctx, lookup->kind,
                               facts->elapsed_ms);
    switch (lookup->kind) {
    case LOOKUP_KIND_TXT: give_txt(lookup, facts); break;
    case LOOKUP_KIND_FETCH: give_fetch(lookup, facts); break;
    default: give_mx(lookup, facts); break;
    }
    facts_free(facts);
    free(lookup);
}

/* Without memory for it nothing is begun: the engine gives it up after its
   own time. */
static void start(struct lookups *lookups, const char *domain,
                  enum lookup_kind kind, unsigned parts)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup));

    if (!lookup)
        return;
    lookup->lookups = lookups;
    lookup->kind = kind;
    lookup->parts = parts;
    snprintf(lookup->domain, sizeof(lookup->domain), "%s", domain);
    if (gather_start(lookups->gatherer, domain, parts, on_facts, lookup,
                     &lookup->gathering) < 0) {
        free(lookup);
        return;
    }
    queue_join(&lookups->active, &lookup->node);
}

void lookups_txt(struct lookups *lookups, const char *domain)
{
    start(lookups, domain, LOOKUP_KIND_TXT, GATHER_RECORD);
}

void lookups_fetch(struct lookups *lookups, const char *domain)
{
    start(lookups, domain, LOOKUP_KIND_FETCH, GATHER_POLICY);
}

void lookups_mx(struct lookups *lookups, const char *domain, bool with_dane)
{
    start(lookups, domain, LOOKUP_KIND_MX,
          with_dane ? GATHER_MX | GATHER_DANE : GATHER_MX);
}

static void end(struct lookup *lookup)
{
    queue_leave(&lookup->node);
    gather_cancel(lookup->gathering);
    free(lookup);
}

void lookups_hand_over(struct lookups *from, struct lookups *to)
{
    while (from->active.first) {
        struct lookup *lookup = (struct lookup *)from->active.first;
        start(to, lookup->domain, lookup->kind, lookup->parts);
        end(lookup);
    }
}

int lookups_new(struct gatherer *gatherer, const struct lookups_sink *sink,
                void *ctx, struct lookups **ret_lookups)
{
    struct lookups *lookups = calloc(1, sizeof(*lookups));

    if (!lookups)
        return -MTASTS_ENOMEM;
    lookups->gatherer = gatherer;
    lookups->sink = *sink;
    lookups->ctx = ctx;
    *ret_lookups = lookups;
    return 0;
}

void lookups_free(struct lookups *lookups)
{
    if (!lookups)
        return;
    while (lookups->active.first)
        end((struct lookup *)lookups->active.first);
    free(lookups);
}
