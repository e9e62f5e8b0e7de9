/*
 * The rules about the `_smtp._tls` TXT record and where it sends reports
 * (RFC 8460 section 3).
 */
#include "base/ascii.h"
#include "check/certificates.h"
#include "check/judge.h"
#include "check/suggest.h"
#include "check/text.h"

static void say_missing_offline(struct judge *judge)
{
    const struct parsed *parsed = &judge->tlsrpt_parsed;

    if (parsed->texts)
        judge_say(
            judge, RULE_TLSRPT_MISSING, SEVERITY_WARNING, (struct about){0},
            "%s",
            judge_none_of(judge, parsed->count, "a TLS reporting record"));
}

void rule_tlsrpt_missing(struct judge *judge)
{
    if (judge->tlsrpt_meant)
        return;
    if (!judge->facts) {
        say_missing_offline(judge);
        return;
    }
    const struct fact_lookup *lookup = &judge->facts->tlsrpt_txt.lookup;
    const char *domain = judge->facts->domain;
    struct about about = {.subject = lookup->name};
    if (lookup->status == LOOKUP_NOT_ASKED || judge->facts->mx.null_mx ||
        judge->facts->mx.lookup.status == LOOKUP_NXDOMAIN)
        return; /* no mail, no reports */
    if (lookup_unknown(lookup->status)) {
        judge_say(judge, RULE_TLSRPT_MISSING, SEVERITY_UNKNOWN, about,
                  "Whether there is a record at _smtp._tls.%s could not be "
                  "told: %s",
                  domain, lookup_status_text(lookup->status));
        return;
    }
    about.fix = suggest_tlsrpt_record(judge);
    judge_say(judge, RULE_TLSRPT_MISSING, SEVERITY_WARNING, about,
              "There is no TLS reporting record at _smtp._tls.%s", domain);
}

void rule_tlsrpt_multiple(struct judge *judge)
{
    if (judge->tlsrpt.verdict == MTASTS_VERDICT_MULTIPLE)
        judge_say(judge, RULE_TLSRPT_MULTIPLE, SEVERITY_ERROR,
                  (struct about){.fix = suggest_tlsrpt_record(judge)},
                  "There is more than one record that begins with "
                  "v=TLSRPTv1;, so that senders take none of them");
}

static void say_faults(struct judge *judge, enum rule_id rule,
                       const struct fault_row *rows, size_t count)
{
    judge_faults(judge, rule, &judge->tlsrpt_parsed, rows, count,
                 suggest_tlsrpt_record);
}

void rule_tlsrpt_version(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_RECORD_VERSION, SEVERITY_ERROR},
        {MTASTS_FAULT_LEADING_SPACE, SEVERITY_ERROR},
        {MTASTS_FAULT_SPACE_BEFORE_SEMICOLON, SEVERITY_WARNING},
    };
    say_faults(judge, RULE_TLSRPT_VERSION, rows, ELEMENTS(rows));
}

void rule_tlsrpt_rua(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_RUA_MISSING, SEVERITY_ERROR},
        {MTASTS_FAULT_RUA_EMPTY, SEVERITY_ERROR},
        {MTASTS_FAULT_RUA_URI, SEVERITY_ERROR},
        {MTASTS_FAULT_RUA_UNENCODED, SEVERITY_ERROR},
        {MTASTS_FAULT_RUA_SPACE, SEVERITY_ERROR},
        {MTASTS_FAULT_RUA_SCHEME, SEVERITY_ERROR},
        {MTASTS_FAULT_RUA_MAILTO, SEVERITY_ERROR},
        {MTASTS_FAULT_RUA_HTTPS, SEVERITY_ERROR},
        /* what keeps senders from reading it at all */
        {MTASTS_FAULT_FIELD_EMPTY, SEVERITY_ERROR},
        {MTASTS_FAULT_FIELD_SYNTAX, SEVERITY_ERROR},
        {MTASTS_FAULT_FIELD_NAME, SEVERITY_ERROR},
        {MTASTS_FAULT_FIELD_VALUE, SEVERITY_ERROR},
        {MTASTS_FAULT_TRAILING_SPACE, SEVERITY_ERROR},
    };
    say_faults(judge, RULE_TLSRPT_RUA, rows, ELEMENTS(rows));
}

void rule_tlsrpt_rua_many(struct judge *judge)
{
    size_t count = judge->tlsrpt.rua_count;

    /* Of a record that is malformed none counts. */
    if (count > 1)
        judge_say(judge, RULE_TLSRPT_RUA_MANY, SEVERITY_INFO, (struct about){0},
                  "There are %zu addresses for reports: a sender may use "
                  "any one of them",
                  count);
}

void rule_tlsrpt_rua_duplicate(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_RUA_DUPLICATE, SEVERITY_WARNING},
    };
    say_faults(judge, RULE_TLSRPT_RUA_DUPLICATE, rows, ELEMENTS(rows));
}

/* ---- where reports go ---- */

static const char *uri_text(struct judge *judge, const struct fact_rua *rua)
{
    return text_quote(judge->arena, rua->uri.data, rua->uri.len);
}

static void judge_mailto(struct judge *judge, const struct fact_rua *rua)
{
    const struct about about = {.subject = uri_text(judge, rua)};
    const char *domain = text_name(judge->arena, rua->domain);

    if (lookup_unknown(rua->mx.status) && !rua->accepts_mail)
        judge_say(judge, RULE_TLSRPT_RUA_DOMAIN, SEVERITY_UNKNOWN, about,
                  "Whether %s takes mail for reports could not be told: %s",
                  domain, lookup_status_text(rua->mx.status));
    else if (rua->mx.status != LOOKUP_NOT_ASKED && !rua->accepts_mail)
        judge_say(judge, RULE_TLSRPT_RUA_DOMAIN, SEVERITY_ERROR, about,
                  "Reports are to go to %s, but %s takes no mail",
                  about.subject, domain);
    else if (rua->domain && strcmp(rua->domain, judge->facts->domain) == 0)
        judge_say(judge, RULE_TLSRPT_RUA_DOMAIN, SEVERITY_WARNING, about,
                  "Reports about %s go to a mailbox of %s itself", domain,
                  domain);
}

void rule_tlsrpt_rua_domain(struct judge *judge)
{
    for (size_t i = 0; i < judge->facts->rua_count; i++)
        if (!judge->facts->ruas[i].https)
            judge_mailto(judge, &judge->facts->ruas[i]);
}

static void judge_https(struct judge *judge, const struct fact_rua *rua)
{
    const struct fact_fetch *endpoint = &rua->endpoint;
    enum severity severity = SEVERITY_ERROR;
    const char *why = fetch_status_text(endpoint->status);

    if (endpoint->status == FETCH_OK || endpoint->status == FETCH_NOT_DONE)
        return;
    if (endpoint->status == FETCH_FAILED)
        severity = SEVERITY_UNKNOWN;
    if (endpoint->status == FETCH_CERTIFICATE)
        why = certificate_fault(judge->arena, &endpoint->tls, rua->domain);
    judge_say(judge, RULE_TLSRPT_RUA_HTTPS, severity,
              (struct about){.subject = uri_text(judge, rua)},
              "Reports cannot be sent to %s: %s", uri_text(judge, rua), why);
}

void rule_tlsrpt_rua_https(struct judge *judge)
{
    for (size_t i = 0; i < judge->facts->rua_count; i++)
        if (judge->facts->ruas[i].https)
            judge_https(judge, &judge->facts->ruas[i]);
}
