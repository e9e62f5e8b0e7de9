/*
 * The rules about the `_mta-sts` TXT record (RFC 8461 section 3.1).
 *
 * What the record itself says is judged by libmtasts; here its faults get
 * their rules, and DNS its due.
 */
#include "base/ascii.h"
#include "check/judge.h"
#include "check/suggest.h"
#include "check/text.h"

#define TTL_SHORT 60u   /* seconds; senders ask about once per delivery */
#define TTL_LONG 86400u /* a new id would be seen after a day at best */

static const struct fact_lookup *sts_lookup(const struct judge *judge)
{
    return &judge->facts->sts_txt.lookup;
}

static bool is_denied(const struct fact_lookup *lookup)
{
    return lookup->status == LOOKUP_NODATA || lookup->status == LOOKUP_NXDOMAIN;
}

/* The record that counts; NULL if none does. */
static const struct fact_txt_rr *counted_rr(const struct judge *judge)
{
    if (judge->sts.verdict != MTASTS_VERDICT_VALID &&
        judge->sts.verdict != MTASTS_VERDICT_INVALID)
        return NULL;
    return &judge->facts->sts_txt.rrs[judge->sts.rr];
}

static void say_missing_offline(struct judge *judge)
{
    const struct parsed *parsed = &judge->sts_parsed;

    if (parsed->texts)
        judge_say(judge, RULE_STS_RECORD_MISSING, SEVERITY_ERROR,
                  (struct about){0}, "%s",
                  judge_none_of(judge, parsed->count, "an MTA-STS record"));
}

void rule_sts_record_missing(struct judge *judge)
{
    if (judge->sts_meant)
        return;
    if (!judge->facts) {
        say_missing_offline(judge);
        return;
    }
    const struct fact_lookup *lookup = sts_lookup(judge);
    if (!is_denied(lookup) && lookup->status != LOOKUP_OK)
        return;
    struct about about = {.subject = lookup->name};
    const char *name = judge->facts->domain;
    if (judge->served) {
        about.fix = suggest_sts_record(judge);
        judge_say(judge, RULE_STS_RECORD_MISSING, SEVERITY_ERROR, about,
                  "There is no MTA-STS record at _mta-sts.%s, though "
                  "mta-sts.%s serves a policy",
                  name, name);
        return;
    }
    judge_say(judge, RULE_STS_RECORD_MISSING, SEVERITY_INFO, about,
              "There is no MTA-STS record at _mta-sts.%s", name);
}

void rule_sts_record_unknown(struct judge *judge)
{
    const struct fact_lookup *lookup = sts_lookup(judge);

    if (!lookup_unknown(lookup->status) || lookup->status == LOOKUP_BOGUS)
        return;
    judge_say(judge, RULE_STS_RECORD_UNKNOWN, SEVERITY_UNKNOWN,
              (struct about){.subject = lookup->name},
              "Whether there is an MTA-STS record at _mta-sts.%s could not "
              "be told: %s%s",
              judge->facts->domain, lookup_status_text(lookup->status),
              judge_why(judge, lookup));
}

void rule_sts_record_multiple(struct judge *judge)
{
    const struct parsed *parsed = &judge->sts_parsed;
    bool more = judge->facts && judge->facts->sts_txt.omitted > 0;
    size_t count = 1;

    if (judge->sts.verdict != MTASTS_VERDICT_MULTIPLE)
        return;
    for (size_t i = 0; i < MIN_OF(parsed->faults.count, parsed->faults.max);
         i++)
        count += parsed->faults.items[i].code == MTASTS_FAULT_MULTIPLE;
    judge_say(judge, RULE_STS_RECORD_MULTIPLE, SEVERITY_ERROR,
              (struct about){.fix = suggest_sts_record(judge)},
              "There are %s%zu records that begin with v=STSv1;, so that "
              "senders take none of them",
              more ? "at least " : "", count);
}

/* Faults, with a record to paste if they are more than a remark. */
static void say_faults(struct judge *judge, enum rule_id rule,
                       const struct fault_row *rows, size_t count)
{
    judge_faults(judge, rule, &judge->sts_parsed, rows, count,
                 suggest_sts_record);
}

void rule_sts_record_unrelated_txt(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_UNRELATED_TXT, SEVERITY_INFO},
    };
    /* Where nothing is a record, that is what is said. */
    if (judge->sts_meant)
        say_faults(judge, RULE_STS_RECORD_UNRELATED_TXT, rows, ELEMENTS(rows));
}

void rule_sts_record_version(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_RECORD_VERSION, SEVERITY_ERROR},
        {MTASTS_FAULT_LEADING_SPACE, SEVERITY_ERROR},
    };
    say_faults(judge, RULE_STS_RECORD_VERSION, rows, ELEMENTS(rows));
}

void rule_sts_record_id(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_ID_MISSING, SEVERITY_ERROR},
        {MTASTS_FAULT_ID_EMPTY, SEVERITY_ERROR},
        {MTASTS_FAULT_ID_LONG, SEVERITY_ERROR},
        {MTASTS_FAULT_ID_CHARACTER, SEVERITY_ERROR},
    };
    say_faults(judge, RULE_STS_RECORD_ID, rows, ELEMENTS(rows));
}

void rule_sts_record_syntax(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_FIELD_EMPTY, SEVERITY_ERROR},
        {MTASTS_FAULT_FIELD_SYNTAX, SEVERITY_ERROR},
        {MTASTS_FAULT_FIELD_NAME, SEVERITY_ERROR},
        {MTASTS_FAULT_FIELD_VALUE, SEVERITY_ERROR},
        {MTASTS_FAULT_TRAILING_SPACE, SEVERITY_ERROR},
    };
    say_faults(judge, RULE_STS_RECORD_SYNTAX, rows, ELEMENTS(rows));
}

void rule_sts_record_extension(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_FIELD_UNKNOWN, SEVERITY_INFO},
    };
    if (judge->sts.verdict == MTASTS_VERDICT_VALID)
        say_faults(judge, RULE_STS_RECORD_EXTENSION, rows, ELEMENTS(rows));
}

void rule_sts_record_duplicate_field(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_FIELD_DUPLICATE, SEVERITY_WARNING},
    };
    if (judge->sts.verdict == MTASTS_VERDICT_VALID)
        say_faults(judge, RULE_STS_RECORD_DUPLICATE_FIELD, rows,
                   ELEMENTS(rows));
}

void rule_sts_record_space(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_SPACE_BEFORE_SEMICOLON, SEVERITY_WARNING},
    };
    say_faults(judge, RULE_STS_RECORD_SPACE, rows, ELEMENTS(rows));
}

void rule_sts_record_split_strings(struct judge *judge)
{
    const struct fact_txt_rr *rr = counted_rr(judge);

    if (!rr || rr->strings < 2)
        return;
    judge_say(judge, RULE_STS_RECORD_SPLIT_STRINGS, SEVERITY_INFO,
              (struct about){.subject = sts_lookup(judge)->name},
              "The record comes in %zu strings, which are joined without a "
              "space to %s",
              rr->strings,
              text_quote(judge->arena, rr->text.data, rr->text.len));
}

void rule_sts_record_ttl(struct judge *judge)
{
    const struct fact_lookup *lookup = sts_lookup(judge);
    const struct about about = {.subject = lookup->name};

    if (!counted_rr(judge))
        return;
    if (lookup->ttl < TTL_SHORT)
        judge_say(judge, RULE_STS_RECORD_TTL, SEVERITY_INFO, about,
                  "The record's time to live is only %s (if no resolver on "
                  "the way has counted it down)",
                  text_duration(judge->arena, lookup->ttl));
    else if (lookup->ttl > TTL_LONG)
        judge_say(judge, RULE_STS_RECORD_TTL, SEVERITY_INFO, about,
                  "The record's time to live is %s: a new id is seen only "
                  "when it is over",
                  text_duration(judge->arena, lookup->ttl));
}

void rule_sts_record_cname(struct judge *judge)
{
    const struct fact_lookup *lookup = sts_lookup(judge);
    const struct about about = {.subject = lookup->name};
    const char *target = text_name(judge->arena, lookup->canonical);

    if (lookup->cnames == 0 || !lookup->canonical)
        return;
    if (is_denied(lookup))
        judge_say(judge, RULE_STS_RECORD_CNAME, SEVERITY_WARNING, about,
                  "_mta-sts.%s is an alias of %s, which has no TXT record",
                  judge->facts->domain, target);
    else if (lookup->status == LOOKUP_OK)
        judge_say(judge, RULE_STS_RECORD_CNAME, SEVERITY_INFO, about,
                  "_mta-sts.%s is an alias: the record is that of %s",
                  judge->facts->domain, target);
}

void rule_sts_record_dnssec(struct judge *judge)
{
    const struct fact_lookup *lookup = sts_lookup(judge);
    const struct about about = {.subject = lookup->name};

    if (lookup->status == LOOKUP_BOGUS)
        judge_say(judge, RULE_STS_RECORD_DNSSEC, SEVERITY_ERROR, about,
                  "The answer for _mta-sts.%s does not validate with "
                  "DNSSEC%s: senders that validate see no record",
                  judge->facts->domain, judge_why(judge, lookup));
    else if (counted_rr(judge) && lookup->dnssec == DNSSEC_INSECURE)
        judge_say(judge, RULE_STS_RECORD_DNSSEC, SEVERITY_INFO, about,
                  "The record is not signed with DNSSEC");
}

/* Only what says that it is one: a wildcard may answer for any name. */
static void say_legacy(struct judge *judge, const struct fact_txt *txt,
                       const char *label, const char *version, const char *now)
{
    size_t len = strlen(version);

    if (txt->lookup.status != LOOKUP_OK)
        return;
    for (size_t i = 0; i < txt->count; i++) {
        const struct mtasts_bytes *text = &txt->rrs[i].text;
        if (text->len < len || !ascii_equal_nocase(text->data, version, len))
            continue;
        judge_say(judge, RULE_STS_RECORD_LEGACY_NAME, SEVERITY_WARNING,
                  (struct about){.subject = txt->lookup.name},
                  "There is a record at %s.%s, a name that drafts had: "
                  "senders look at %s.%s only",
                  label, judge->facts->domain, now, judge->facts->domain);
        return;
    }
}

void rule_sts_record_legacy_name(struct judge *judge)
{
    say_legacy(judge, &judge->facts->legacy_sts_txt, "_smtp_sts", "v=sts",
               "_mta-sts");
    say_legacy(judge, &judge->facts->legacy_tlsrpt_txt, "_smtp-tlsrpt",
               "v=tlsrpt", "_smtp._tls");
}
