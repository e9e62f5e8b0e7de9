/*
 * The rules about DANE (RFC 7672) at the MX hosts: whether TLSA records are
 * there, are signed, and match what the hosts present.
 */
#include "check/judge.h"
#include "check/suggest.h"
#include "check/text.h"

/* "1 of 2 TLSA records" */
static const char *records_of(struct judge *judge, const struct fact_mx *mx,
                              size_t count)
{
    return text_part(judge->arena, count, mx->tlsa.count, "TLSA record");
}

static bool has_tlsa(const struct fact_mx *mx)
{
    return mx->tlsa.lookup.status == LOOKUP_OK && mx->tlsa.count > 0;
}

static bool lacks_tlsa(const struct fact_mx *mx)
{
    return mx->tlsa.lookup.status == LOOKUP_NODATA ||
           mx->tlsa.lookup.status == LOOKUP_NXDOMAIN;
}

/* Calls `look` for every host that takes mail. */
typedef void look_fn(struct judge *judge, const struct fact_mx *mx);

static void judge_hosts(struct judge *judge, look_fn *look)
{
    const struct fact_mx_set *mx = judge_mx(judge);

    for (size_t i = 0; !mx->null_mx && i < mx->count; i++)
        look(judge, &mx->hosts[i]);
}

/* ---- absent ---- */

void rule_dane_absent(struct judge *judge)
{
    const struct fact_mx_set *mx = judge_mx(judge);
    const char *without[FACTS_MX_MAX];
    size_t count = 0;

    if (mx->null_mx)
        return;
    for (size_t i = 0; i < mx->count && count < ELEMENTS(without); i++)
        if (lacks_tlsa(&mx->hosts[i]))
            without[count++] = mx->hosts[i].name;
    if (count == 0)
        return;
    judge_say(judge, RULE_DANE_ABSENT, SEVERITY_INFO,
              (struct about){.subject = without[0]},
              "There are no TLSA records for %s",
              text_list(judge->arena, without, count));
}

/* ---- matching ---- */

#define TLSA_SHOWN_MAX 32 /* octets: a SHA-256 digest */

/* "3 1 1 2ab4..." */
static const char *tlsa_text(struct judge *judge, const struct fact_tlsa_rr *rr)
{
    char hex[2 * TLSA_SHOWN_MAX + 1] = "";
    size_t shown = MIN_OF(rr->len, (size_t)TLSA_SHOWN_MAX);

    for (size_t i = 0; i < shown; i++)
        snprintf(hex + 2 * i, 3, "%02x", rr->data[i]);
    return text_printf(judge->arena, "%u %u %u %s%s", rr->usage, rr->selector,
                       rr->matching, hex, shown < rr->len ? " and more" : "");
}

static bool matched_anywhere(const struct fact_mx *mx, size_t rr)
{
    for (size_t i = 0; i < mx->session_count; i++)
        if (mx->sessions[i].dane.matched && mx->sessions[i].dane.matched[rr])
            return true;
    return false;
}

static const struct fact_smtp *session_in(const struct fact_mx *mx,
                                          enum mtasts_dane_state state)
{
    for (size_t i = 0; i < mx->session_count; i++)
        if (mx->sessions[i].dane.state == state)
            return &mx->sessions[i];
    return NULL;
}

/* A host that fails for want of TLS has shown no certificate at all. */
static const struct fact_smtp *mismatched(const struct fact_mx *mx)
{
    for (size_t i = 0; i < mx->session_count; i++)
        if (mx->sessions[i].dane.state == MTASTS_DANE_FAIL &&
            mx->sessions[i].dane.matched)
            return &mx->sessions[i];
    return NULL;
}

static void look_mismatch(struct judge *judge, const struct fact_mx *mx)
{
    const struct fact_smtp *failed = mismatched(mx);

    if (!failed)
        return;
    judge_say(judge, RULE_DANE_MISMATCH, SEVERITY_ERROR,
              (struct about){
                  .subject = mx->name,
                  .fix.text = suggest_tlsa(judge, mx, &failed->tls),
              },
              "%s (%s): no TLSA record matches the certificate, so that "
              "senders with DANE do not deliver",
              judge_mx_name(judge, mx),
              text_name(judge->arena, failed->address));
}

static void look_stale(struct judge *judge, const struct fact_mx *mx)
{
    const char *stale[FACTS_RR_MAX];
    size_t count = 0;

    if (session_in(mx, MTASTS_DANE_FAIL) || !session_in(mx, MTASTS_DANE_PASS))
        return;
    for (size_t i = 0; i < mx->tlsa.count && count < ELEMENTS(stale); i++)
        if (mx->tlsa.rrs[i].usable && !matched_anywhere(mx, i))
            stale[count++] = tlsa_text(judge, &mx->tlsa.rrs[i]);
    if (count == 0)
        return;
    judge_say(judge, RULE_DANE_MISMATCH, SEVERITY_WARNING,
              (struct about){.subject = mx->name},
              "%s: %s match%s no certificate: %s", judge_mx_name(judge, mx),
              records_of(judge, mx, count), count == 1 ? "es" : "",
              text_list(judge->arena, stale, count));
}

void rule_dane_mismatch(struct judge *judge)
{
    judge_hosts(judge, look_mismatch);
    judge_hosts(judge, look_stale);
}

/* ---- DNSSEC ---- */

static void say_bogus(struct judge *judge, const struct fact_lookup *lookup,
                      const char *what, const char *name)
{
    judge_say(judge, RULE_DANE_BOGUS, SEVERITY_ERROR,
              (struct about){.subject = name},
              "The %s of %s do not validate with DNSSEC%s", what,
              text_name(judge->arena, name), judge_why(judge, lookup));
}

static void look_bogus(struct judge *judge, const struct fact_mx *mx)
{
    const struct fact_lookup *tlsa = &mx->tlsa.lookup;

    if (mx->host.a.status == LOOKUP_BOGUS)
        say_bogus(judge, &mx->host.a, "addresses", mx->name);
    else if (mx->host.aaaa.status == LOOKUP_BOGUS)
        say_bogus(judge, &mx->host.aaaa, "addresses", mx->name);
    else if (tlsa->status == LOOKUP_BOGUS)
        say_bogus(judge, tlsa, "TLSA records", mx->name);
    else if (lookup_unknown(tlsa->status))
        judge_say(judge, RULE_DANE_BOGUS, SEVERITY_UNKNOWN,
                  (struct about){.subject = mx->name},
                  "The TLSA records of %s could not be looked up: %s",
                  judge_mx_name(judge, mx), lookup_status_text(tlsa->status));
}

void rule_dane_bogus(struct judge *judge)
{
    const struct fact_lookup *lookup = &judge_mx(judge)->lookup;

    if (lookup->status == LOOKUP_BOGUS)
        say_bogus(judge, lookup, "MX records", judge->facts->domain);
    judge_hosts(judge, look_bogus);
}

/*
 * Without a validating resolver TLSA is not asked for. That is the
 * client's lack, of which each domain with a working policy would be told:
 * there it is no more than a remark.
 */
static void say_not_asked(struct judge *judge)
{
    const struct fact_mx_set *mx = judge_mx(judge);
    size_t count = 0;

    for (size_t i = 0; !mx->null_mx && i < mx->count; i++)
        count += mx->hosts[i].tlsa.lookup.status == LOOKUP_NOT_ASKED &&
                 judge_dane_untold(judge, &mx->hosts[i]);
    if (count == 0)
        return;
    judge_say(judge, RULE_DANE_UNSIGNED,
              judge_enforces(judge) ? SEVERITY_INFO : SEVERITY_UNKNOWN,
              (struct about){
                  .subject = judge->facts->domain,
                  .advice = "Ask through a resolver that validates DNSSEC.",
              },
              "Whether the MX hosts of %s have DANE could not be told: the "
              "resolver does not validate DNSSEC",
              judge->facts->domain);
}

static void look_unsigned(struct judge *judge, const struct fact_mx *mx)
{
    if (!has_tlsa(mx))
        return;
    if (mx->tlsa.lookup.dnssec == DNSSEC_INSECURE)
        judge_say(judge, RULE_DANE_UNSIGNED, SEVERITY_WARNING,
                  (struct about){.subject = mx->name},
                  "%s has TLSA records in a zone that is not signed: "
                  "senders ignore them",
                  judge_mx_name(judge, mx));
    else if (mx->tlsa.lookup.dnssec == DNSSEC_UNCHECKED)
        judge_say(judge, RULE_DANE_UNSIGNED, SEVERITY_UNKNOWN,
                  (struct about){
                      .subject = mx->name,
                      .advice = "Ask through a resolver that validates "
                                "DNSSEC.",
                  },
                  "%s has TLSA records, but whether they are signed could "
                  "not be told",
                  judge_mx_name(judge, mx));
}

void rule_dane_unsigned(struct judge *judge)
{
    say_not_asked(judge);
    judge_hosts(judge, look_unsigned);
}

/* ---- what the records are ---- */

/* The record of a certificate seen at the host; NULL if none was. */
static const char *record_seen(struct judge *judge, const struct fact_mx *mx)
{
    for (size_t i = 0; i < mx->session_count; i++) {
        const char *record = suggest_tlsa(judge, mx, &mx->sessions[i].tls);
        if (record)
            return record;
    }
    return NULL;
}

static void look_usage(struct judge *judge, const struct fact_mx *mx)
{
    const char *unusable[FACTS_RR_MAX];
    size_t count = 0;

    if (!has_tlsa(mx))
        return;
    for (size_t i = 0; i < mx->tlsa.count && count < ELEMENTS(unusable); i++)
        if (!mx->tlsa.rrs[i].usable)
            unusable[count++] = tlsa_text(judge, &mx->tlsa.rrs[i]);
    if (count > 0)
        judge_say(judge, RULE_DANE_USAGE, SEVERITY_WARNING,
                  (struct about){
                      .subject = mx->name,
                      .fix.text = record_seen(judge, mx),
                  },
                  "%s: %s cannot be used for SMTP: %s",
                  judge_mx_name(judge, mx), records_of(judge, mx, count),
                  text_list(judge->arena, unusable, count));
}

void rule_dane_usage(struct judge *judge)
{
    judge_hosts(judge, look_usage);
}

static void look_rollover(struct judge *judge, const struct fact_mx *mx)
{
    if (judge_has_dane(mx) && mx->tlsa.count == 1)
        judge_say(judge, RULE_DANE_NO_ROLLOVER, SEVERITY_INFO,
                  (struct about){.subject = mx->name},
                  "%s has a single TLSA record: a new key needs a second "
                  "one first",
                  judge_mx_name(judge, mx));
}

void rule_dane_no_rollover(struct judge *judge)
{
    judge_hosts(judge, look_rollover);
}

void rule_dane_and_sts(struct judge *judge)
{
    const struct fact_mx_set *mx = judge_mx(judge);
    size_t count = 0;

    for (size_t i = 0; !mx->null_mx && i < mx->count; i++)
        count += judge_has_dane(&mx->hosts[i]);
    if (count == 0 || !judge_has_demands(judge))
        return;
    judge_say(judge, RULE_DANE_AND_STS, SEVERITY_INFO,
              (struct about){.subject = judge->facts->domain},
              "There is DANE for %s beside MTA-STS: senders that know both "
              "go by DANE",
              text_part(judge->arena, count, mx->count, "MX host"));
}
