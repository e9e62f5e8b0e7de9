/*
 * judge: what the rules look at, worked out once. See judge.h.
 */
#include "check/judge.h"

#include "check/text.h"
#include <string.h>

#define FAULTS_FIRST 64u /* room for those of a body that is meant well */

/* ---- parsing ---- */

typedef int parse_fn(struct judge *judge, struct mtasts_faults *faults);

/* Parses once, and again with more room if there were more faults. */
static int parse_all(struct judge *judge, struct parsed *parsed,
                     parse_fn *parse)
{
    struct mtasts_fault first[FAULTS_FIRST];
    struct mtasts_faults faults = {.items = first, .max = FAULTS_FIRST};
    int error = parse(judge, &faults);
    size_t room = MIN_OF(faults.count, (size_t)FAULTS_MAX);

    if (error || room == 0)
        return error;
    struct mtasts_fault *items =
        arena_array_of(judge->arena, room, struct mtasts_fault);
    if (!items)
        return -MTASTS_ENOMEM;
    if (faults.count <= FAULTS_FIRST) {
        memcpy(items, first, room * sizeof(*items));
        faults.items = items;
    } else {
        faults = (struct mtasts_faults){.items = items, .max = room};
        error = parse(judge, &faults);
    }
    faults.max = room;
    parsed->faults = faults;
    return error;
}

static int parse_sts(struct judge *judge, struct mtasts_faults *faults)
{
    return mtasts_sts_record_parse(judge->sts_parsed.texts,
                                   judge->sts_parsed.count, 0, faults,
                                   &judge->sts);
}

static int parse_tlsrpt(struct judge *judge, struct mtasts_faults *faults)
{
    return mtasts_tlsrpt_record_parse(judge->tlsrpt_parsed.texts,
                                      judge->tlsrpt_parsed.count, 0, faults,
                                      NULL, 0, &judge->tlsrpt);
}

/* A policy that nobody can read is no failure of ours. */
static int parse_policy(struct judge *judge, struct mtasts_faults *faults)
{
    mtasts_sts_policy_free(TAKE_PTR(judge->policy));
    int error =
        mtasts_sts_policy_parse(judge->body.data, judge->body.len,
                                MTASTS_TOLERANT, faults, &judge->policy);
    return error == -MTASTS_ENOMEM ? error : 0;
}

int judge_init_sts(struct judge *judge, const struct mtasts_bytes *rrs,
                   size_t count, struct findings *findings)
{
    judge->findings = findings;
    judge->arena = findings->arena;
    judge->sts_parsed = (struct parsed){.texts = rrs, .count = count};
    int error = parse_all(judge, &judge->sts_parsed, parse_sts);
    judge->sts_meant =
        judge->sts.verdict != MTASTS_VERDICT_NONE ||
        parsed_has(&judge->sts_parsed, MTASTS_FAULT_RECORD_VERSION);
    return error;
}

int judge_init_tlsrpt(struct judge *judge, const struct mtasts_bytes *rrs,
                      size_t count, struct findings *findings)
{
    const struct parsed *parsed = &judge->tlsrpt_parsed;

    judge->findings = findings;
    judge->arena = findings->arena;
    judge->tlsrpt_parsed = (struct parsed){.texts = rrs, .count = count};
    int error = parse_all(judge, &judge->tlsrpt_parsed, parse_tlsrpt);
    judge->tlsrpt_meant = judge->tlsrpt.verdict != MTASTS_VERDICT_NONE ||
                          parsed_has(parsed, MTASTS_FAULT_RECORD_VERSION) ||
                          parsed_has(parsed, MTASTS_FAULT_LEADING_SPACE);
    return error;
}

int judge_init_policy(struct judge *judge, const char *body, size_t len,
                      struct findings *findings)
{
    struct parsed *parsed = &judge->policy_parsed;

    judge->findings = findings;
    judge->arena = findings->arena;
    judge->body = (struct mtasts_bytes){body, len};
    *parsed = (struct parsed){.texts = &judge->body, .count = 1};
    return parse_all(judge, parsed, parse_policy);
}

/* ---- from facts ---- */

/* The answer's RRs as the parsers want them; NULL without an answer. */
static int rrs_of(struct judge *judge, const struct fact_txt *txt,
                  const struct mtasts_bytes **ret_rrs)
{
    if (txt->lookup.status != LOOKUP_OK || txt->count == 0) {
        *ret_rrs = NULL;
        return 0;
    }
    struct mtasts_bytes *rrs =
        arena_array_of(judge->arena, txt->count, struct mtasts_bytes);
    if (!rrs)
        return -MTASTS_ENOMEM;
    fact_txt_texts(txt, rrs);
    *ret_rrs = rrs;
    return 0;
}

static int read_records(struct judge *judge)
{
    const struct facts *facts = judge->facts;
    const struct mtasts_bytes *rrs = NULL;
    int error = rrs_of(judge, &facts->sts_txt, &rrs);

    if (!error && rrs)
        error =
            judge_init_sts(judge, rrs, facts->sts_txt.count, judge->findings);
    if (!error)
        error = rrs_of(judge, &facts->tlsrpt_txt, &rrs);
    if (!error && rrs)
        error = judge_init_tlsrpt(judge, rrs, facts->tlsrpt_txt.count,
                                  judge->findings);
    return error;
}

/*
 * Many web servers answer any name with any page. Where no record asks for
 * a policy, a body counts as one only if it says so itself.
 */
static int read_policy(struct judge *judge)
{
    const struct fact_fetch *fetch = &judge->facts->policy_host.fetch;

    if (fetch->status != FETCH_OK || fetch->body.len == 0)
        return 0;
    int error = judge_init_policy(judge, fetch->body.data, fetch->body.len,
                                  judge->findings);
    judge->served =
        judge->policy ||
        (!parsed_has(&judge->policy_parsed, MTASTS_FAULT_VERSION_MISSING) &&
         !parsed_has(&judge->policy_parsed, MTASTS_FAULT_POLICY_EMPTY));
    if (!judge->served && !judge->sts_meant)
        judge->policy_parsed = (struct parsed){0};
    judge->public_suffix_mx = judge->facts->policy_host.public_suffix_mx;
    judge->public_suffix_count = judge->facts->policy_host.public_suffix_count;
    return error;
}

static int match_hosts(struct judge *judge)
{
    const struct fact_mx_set *mx = &judge->facts->mx;
    size_t patterns = 0;

    if (!judge->policy || mx->null_mx || mx->count == 0)
        return 0;
    patterns = mtasts_sts_policy_mx_count(judge->policy);
    struct mtasts_bytes *names =
        arena_array_of(judge->arena, mx->count, struct mtasts_bytes);
    bool *covered = arena_array_of(judge->arena, mx->count, bool);
    bool *used = arena_array_of(judge->arena, patterns, bool);
    if (!names || !covered || !used)
        return -MTASTS_ENOMEM;
    for (size_t i = 0; i < mx->count; i++)
        names[i] =
            (struct mtasts_bytes){mx->hosts[i].name, strlen(mx->hosts[i].name)};
    judge->covered_count =
        mtasts_sts_policy_match(judge->policy, names, mx->count, covered, used);
    judge->covered = covered;
    judge->used = used;
    return 0;
}

int judge_init(struct judge *judge, const struct facts *facts,
               struct findings *findings)
{
    *judge = (struct judge){
        .facts = facts,
        .findings = findings,
        .arena = findings->arena,
    };
    int error = read_records(judge);
    if (!error)
        error = read_policy(judge);
    if (!error)
        error = match_hosts(judge);
    return error;
}

void judge_clear(struct judge *judge)
{
    mtasts_sts_policy_free(TAKE_PTR(judge->policy));
}

/* ---- questions ---- */

enum mtasts_mode judge_mode(const struct judge *judge)
{
    return judge->policy ? mtasts_sts_policy_mode(judge->policy)
                         : MTASTS_MODE_NONE;
}

bool judge_has_demands(const struct judge *judge)
{
    return judge_mode(judge) != MTASTS_MODE_NONE;
}

bool judge_wants_tls(const struct judge *judge)
{
    return judge_has_demands(judge) || (judge->sts_meant && !judge->policy);
}

bool judge_wants_policy(const struct judge *judge)
{
    return judge->sts_meant || judge->served;
}

const struct fact_mx_set *judge_mx(const struct judge *judge)
{
    return &judge->facts->mx;
}

const char *judge_mx_name(struct judge *judge, const struct fact_mx *mx)
{
    return text_name(judge->arena, mx->name);
}

bool host_is_absent(const struct fact_host *host)
{
    return (host->a.status == LOOKUP_NODATA ||
            host->a.status == LOOKUP_NXDOMAIN) &&
           (host->aaaa.status == LOOKUP_NODATA ||
            host->aaaa.status == LOOKUP_NXDOMAIN);
}

bool host_is_unknown(const struct fact_host *host,
                     const struct fact_lookup **ret_lookup)
{
    bool a = lookup_unknown(host->a.status);

    if (!a && !lookup_unknown(host->aaaa.status))
        return false;
    *ret_lookup = a ? &host->a : &host->aaaa;
    return true;
}

bool judge_fetch_unknown(const struct judge *judge)
{
    const struct fact_policy_host *host = &judge->facts->policy_host;
    const struct fact_lookup *lookup = NULL;

    return host->fetch.status == FETCH_FAILED ||
           (host->fetch.status == FETCH_NO_ADDRESS &&
            host_is_unknown(&host->host, &lookup));
}

bool judge_has_dane(const struct fact_mx *mx)
{
    if (mx->tlsa.lookup.status != LOOKUP_OK ||
        mx->tlsa.lookup.dnssec != DNSSEC_SECURE)
        return false;
    for (size_t i = 0; i < mx->tlsa.count; i++)
        if (mx->tlsa.rrs[i].usable)
            return true;
    return false;
}

bool judge_dane_untold(const struct judge *judge, const struct fact_mx *mx)
{
    const struct fact_lookup *tlsa = &mx->tlsa.lookup;

    if (!mx->name_valid || judge->facts->mx.lookup.dnssec == DNSSEC_INSECURE)
        return false;
    if (tlsa->status == LOOKUP_BOGUS)
        return false;
    if (lookup_unknown(tlsa->status))
        return true;
    return !judge->facts->validating &&
           (tlsa->status == LOOKUP_NOT_ASKED ||
            (tlsa->status == LOOKUP_OK && tlsa->dnssec == DNSSEC_UNCHECKED));
}

bool judge_enforces(const struct judge *judge)
{
    return judge->sts.verdict == MTASTS_VERDICT_VALID &&
           judge_mode(judge) == MTASTS_MODE_ENFORCE;
}

/* ---- saying ---- */

/* Where nothing could be told nothing is known to be wrong. */
static const char *advice_for(enum severity severity, const struct about *about)
{
    if (about->advice || severity != SEVERITY_UNKNOWN)
        return about->advice;
    return "Ask again later, or from another resolver or network; mend the "
           "name servers or the host asked if it stays.";
}

void judge_say(struct judge *judge, enum rule_id rule, enum severity severity,
               struct about about, const char *format, ...)
{
    char message[JUDGE_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    findings_add(judge->findings, &(struct finding){
                                      .rule = &rules_all(NULL)[rule],
                                      .severity = severity,
                                      .subject = about.subject,
                                      .message = message,
                                      .fix = about.fix,
                                      .advice = advice_for(severity, &about),
                                      .line = about.place.line,
                                      .column = about.place.column,
                                  });
}

const char *judge_why(struct judge *judge, const struct fact_lookup *lookup)
{
    return lookup->why ? text_printf(judge->arena, " (%s)",
                                     text_name(judge->arena, lookup->why))
                       : "";
}

const char *judge_none_of(struct judge *judge, size_t count, const char *what)
{
    if (count == 0)
        return "There is no TXT record at all";
    if (count == 1)
        return text_printf(judge->arena, "The TXT record is not %s", what);
    return text_printf(judge->arena, "None of the %zu TXT records is %s", count,
                       what);
}

const char *judge_more(struct judge *judge, size_t more)
{
    return more > 0 ? text_printf(judge->arena, " (and %zu more like it)", more)
                    : "";
}

void judge_patterns(struct judge *judge, fits_fn *fits, say_mx_fn *say)
{
    size_t count = mtasts_sts_policy_mx_count(judge->policy);
    const char *next = NULL;
    size_t seen = 0;

    for (size_t i = 0; i < count; i++) {
        if (!fits(judge, i))
            continue;
        const char *pattern = mtasts_sts_policy_mx(judge->policy, i);
        if (++seen <= REPEAT_MAX)
            say(judge, pattern, 0);
        else if (!next)
            next = pattern;
    }
    if (next)
        say(judge, next, seen - REPEAT_MAX - 1);
}
