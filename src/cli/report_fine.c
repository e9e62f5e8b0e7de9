/*
 * report_fine: what is fine with a domain, a line or two a section, for
 * --verbose. See report.h.
 *
 * Says only what the facts show; faults are the findings' business.
 */
#include "cli/report.h"

#include "check/policy_seen.h"
#include "check/text.h"
#include <string.h>

#define LIST_MAX 4096u /* octets of a list of names in one line */

static void sts_record_fine(struct paper *paper, const struct facts *facts)
{
    const struct fact_txt *txt = &facts->sts_txt;
    struct mtasts_bytes rrs[FACTS_RR_MAX];
    struct mtasts_sts_record record;
    size_t count = fact_txt_texts(txt, rrs);
    if (txt->lookup.status != LOOKUP_OK ||
        mtasts_sts_record_parse(rrs, count, 0, NULL, &record) != 0 ||
        record.verdict != MTASTS_VERDICT_VALID)
        return;
    report_fine(paper, "One record, well formed, id %s.", record.id);
    if (txt->lookup.dnssec == DNSSEC_SECURE)
        report_fine(paper, "DNSSEC vouches for it.");
}

static void policy_host_fine(struct paper *paper, const struct facts *facts)
{
    const struct fact_fetch *fetch = &facts->policy_host.fetch;
    char left[TEXT_SPAN_MAX];
    if (fetch->status == FETCH_OK)
        report_fine(paper, "Fetched %s from %s in %u ms over %s.", fetch->url,
                    fetch->address ? fetch->address : "its address",
                    fetch->elapsed_ms,
                    fetch->tls.version ? fetch->tls.version : "TLS");
    if (fetch->tls.verify != VERIFY_OK || fetch->tls.chain_count == 0)
        return;
    const struct fact_certificate *leaf = &fetch->tls.chain[0];
    text_span(leaf->not_after - facts->time, left);
    report_fine(paper, "Its certificate is valid for another %s, issued by %s.",
                left, leaf->issuer);
}

static void policy_fine(struct paper *paper, const struct facts *facts)
{
    struct mtasts_sts_policy *policy = NULL;
    bool valid = false;
    if (policy_seen(facts, &policy, &valid) != 0 || !valid) {
        mtasts_sts_policy_free(policy);
        return;
    }
    _cleanup_buf_ struct buf list = BUF(LIST_MAX);
    char age[TEXT_SPAN_MAX];
    size_t count = mtasts_sts_policy_mx_count(policy);
    for (size_t i = 0; i < count && !list.error; i++)
        buf_printf(&list, "%s%s", i ? ", " : "",
                   mtasts_sts_policy_mx(policy, i));
    text_span(mtasts_sts_policy_max_age(policy), age);
    report_fine(paper, "Valid by the letter: mode %s, max_age %u (%s).",
                mtasts_mode_name(mtasts_sts_policy_mode(policy)),
                mtasts_sts_policy_max_age(policy), age);
    if (count > 0 && !list.error)
        report_fine(paper, "mx: %s.", buf_text(&list));
    mtasts_sts_policy_free(policy);
}

static void mx_fine(struct paper *paper, const struct facts *facts,
                    const struct verdict *verdict)
{
    if (facts->mx.lookup.status == LOOKUP_OK && !facts->mx.null_mx)
        report_fine(paper, "%zu MX host%s, %s.", facts->mx.count,
                    text_plural(facts->mx.count),
                    dnssec_status_text(facts->mx.lookup.dnssec));
    if (verdict->has_policy && verdict->mx_total > 0 &&
        verdict->mx_matching == verdict->mx_total)
        report_fine(paper, "The policy covers %s.",
                    verdict->mx_total == 1 ? "it" : "all of them");
}

static void smtp_session_fine(struct paper *paper, const struct facts *facts,
                              const struct fact_mx *mx,
                              const struct fact_smtp *session)
{
    char left[TEXT_SPAN_MAX];
    if (session->status != SMTP_OK || session->tls.verify != VERIFY_OK ||
        session->tls.chain_count == 0)
        return;
    text_span(session->tls.chain[0].not_after - facts->time, left);
    report_fine(paper, "%s (%s): %s, %s, certificate valid for another %s.",
                mx->name, session->address, session->tls.version,
                session->tls.cipher, left);
}

static void smtp_fine(struct paper *paper, const struct facts *facts)
{
    for (size_t i = 0; i < facts->mx.count; i++) {
        const struct fact_mx *mx = &facts->mx.hosts[i];
        for (size_t j = 0; j < mx->session_count; j++)
            smtp_session_fine(paper, facts, mx, &mx->sessions[j]);
    }
}

static void dane_fine(struct paper *paper, const struct facts *facts)
{
    for (size_t i = 0; i < facts->mx.count; i++) {
        const struct fact_mx *mx = &facts->mx.hosts[i];
        size_t passed = 0;
        for (size_t j = 0; j < mx->session_count; j++)
            passed += mx->sessions[j].dane.state == MTASTS_DANE_PASS;
        if (passed > 0 && passed == mx->session_count)
            report_fine(paper, "%s: the certificate matches its TLSA records.",
                        mx->name);
    }
}

static void tlsrpt_fine(struct paper *paper, const struct facts *facts)
{
    for (size_t i = 0; i < facts->rua_count; i++)
        report_fine(paper, "Reports go to %.*s.",
                    (int)MIN_OF(facts->ruas[i].uri.len, (size_t)LIST_MAX),
                    facts->ruas[i].uri.data);
}

void report_section_fine(struct paper *paper, const struct facts *facts,
                         const struct verdict *verdict, enum section section)
{
    switch (section) {
    case SECTION_STS_RECORD: sts_record_fine(paper, facts); break;
    case SECTION_POLICY_HOST: policy_host_fine(paper, facts); break;
    case SECTION_POLICY: policy_fine(paper, facts); break;
    case SECTION_MX: mx_fine(paper, facts, verdict); break;
    case SECTION_SMTP: smtp_fine(paper, facts); break;
    case SECTION_DANE: dane_fine(paper, facts); break;
    case SECTION_TLSRPT: tlsrpt_fine(paper, facts); break;
    case SECTION_COUNT: break;
    }
}
