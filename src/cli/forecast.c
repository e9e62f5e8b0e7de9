/*
 * forecast: what would become of mail to a domain. See forecast.h.
 */
#include "cli/forecast.h"

#include "base/buf.h"
#include "check/policy_seen.h"
#include "check/text.h"
#include <mtasts/error.h>
#include <mtasts/mtasts.h>
#include <string.h>

struct forecasting {
    const struct forecast_options *options;
    const struct facts *facts;
    const struct mtasts_sts_policy *policy; /* as if it were enforced */
    struct forecast *forecast;
};

const char *forecast_outcome_name(enum forecast_outcome outcome)
{
    static const char *const names[FORECAST_OUTCOMES] = {
        [FORECAST_REFUSED] = "refused", [FORECAST_PARTLY] = "partly",
        [FORECAST_PASSES] = "passes",   [FORECAST_TESTING] = "testing",
        [FORECAST_BROKEN] = "broken",   [FORECAST_NONE] = "none",
        [FORECAST_NO_MAIL] = "no-mail", [FORECAST_UNKNOWN] = "unknown",
    };
    return names[outcome];
}

const char *forecast_host_name(enum forecast_host_outcome outcome)
{
    static const char *const names[] = {
        [FORECAST_HOST_USABLE] = "usable",
        [FORECAST_HOST_REFUSED] = "refused",
        [FORECAST_HOST_UNTESTED] = "untested",
    };
    return names[outcome];
}

/* ---- the record ---- */

static const char *record_fault(enum mtasts_verdict verdict)
{
    return verdict == MTASTS_VERDICT_MULTIPLE
               ? "there is more than one record, so senders take none of them"
               : "its record is malformed, so senders see none";
}

int forecast_of_record(const struct facts *facts, bool *ret_done,
                       struct forecast *ret_forecast)
{
    const struct fact_txt *txt = &facts->sts_txt;
    struct mtasts_bytes texts[FACTS_RR_MAX];
    struct mtasts_sts_record record = {0};
    struct forecast forecast = {.outcome = FORECAST_NONE};
    size_t count = fact_txt_texts(txt, texts);
    int error = mtasts_sts_record_parse(texts, count, 0, NULL, &record);
    if (error)
        return error;
    if (lookup_unknown(txt->lookup.status)) {
        forecast.outcome = FORECAST_UNKNOWN;
        forecast.reason =
            text_printf(facts->arena, "its record could not be looked up: %s",
                        lookup_status_text(txt->lookup.status));
    } else if (record.verdict == MTASTS_VERDICT_INVALID ||
               record.verdict == MTASTS_VERDICT_MULTIPLE) {
        forecast.outcome = FORECAST_BROKEN;
        forecast.reason = record_fault(record.verdict);
    }
    *ret_done = record.verdict != MTASTS_VERDICT_VALID ||
                forecast.outcome != FORECAST_NONE;
    *ret_forecast = forecast;
    return 0;
}

/* ---- one session, one host ---- */

/* What it says of TLS; false: nothing. */
static bool outcome_of(const struct fact_smtp *session,
                       enum mtasts_tls_outcome *ret_outcome)
{
    *ret_outcome = MTASTS_TLS_NO_STARTTLS;
    switch (session->status) {
    case SMTP_NO_STARTTLS:
    case SMTP_STARTTLS_TEMPORARY:
    case SMTP_STARTTLS_REFUSED: return true;
    case SMTP_TLS_VERSION:
    case SMTP_TLS_FAILED:
        *ret_outcome = MTASTS_TLS_HANDSHAKE_FAILED;
        return true;
    case SMTP_OK: break;
    default: return false;
    }
    switch (session->tls.verify) {
    case VERIFY_NOT_DONE: return false;
    case VERIFY_OK: *ret_outcome = MTASTS_TLS_CERT_OK; break;
    case VERIFY_EXPIRED:
    case VERIFY_NOT_YET_VALID: *ret_outcome = MTASTS_TLS_CERT_EXPIRED; break;
    case VERIFY_HOST_MISMATCH:
        *ret_outcome = MTASTS_TLS_CERT_HOST_MISMATCH;
        break;
    default: *ret_outcome = MTASTS_TLS_CERT_NOT_TRUSTED; break;
    }
    return true;
}

/* What DNS says of DANE for the host. */
static enum mtasts_dane_state dane_of(const struct forecasting *work,
                                      const struct fact_mx *mx)
{
    const struct fact_lookup *lookup = &mx->tlsa.lookup;
    bool secure = mx->host.a.dnssec == DNSSEC_SECURE ||
                  mx->host.aaaa.dnssec == DNSSEC_SECURE;
    if (!work->options->dane || work->facts->mx.lookup.dnssec != DNSSEC_SECURE)
        return MTASTS_DANE_NONE;
    if (lookup_unknown(lookup->status))
        return secure ? MTASTS_DANE_LOOKUP_FAILED : MTASTS_DANE_NONE;
    if (lookup->status != LOOKUP_OK || lookup->dnssec != DNSSEC_SECURE)
        return MTASTS_DANE_NONE;
    for (size_t i = 0; i < mx->tlsa.count; i++)
        if (mx->tlsa.rrs[i].usable)
            return MTASTS_DANE_PASS;
    return MTASTS_DANE_UNUSABLE;
}

static const char *words_of(enum mtasts_result result)
{
    switch (result) {
    case MTASTS_RESULT_STARTTLS_NOT_SUPPORTED: return "does not do STARTTLS";
    case MTASTS_RESULT_CERTIFICATE_HOST_MISMATCH:
        return "its certificate is for other names";
    case MTASTS_RESULT_CERTIFICATE_EXPIRED:
        return "its certificate has expired, or is not yet valid";
    case MTASTS_RESULT_CERTIFICATE_NOT_TRUSTED:
        return "its certificate is of no authority that is trusted";
    case MTASTS_RESULT_TLSA_INVALID:
        return "its certificate matches none of its TLSA records";
    case MTASTS_RESULT_DNSSEC_INVALID:
        return "its TLSA records could not be looked up";
    case MTASTS_RESULT_DANE_REQUIRED:
        return "it has no TLSA records that can be used, while other MX hosts "
               "of the domain have";
    default: return "no TLS session could be had with it";
    }
}

static void refuse(struct forecast_host *host, enum mtasts_result result,
                   const char *reason)
{
    host->outcome = FORECAST_HOST_REFUSED;
    host->result = result;
    host->reason = reason;
}

/* What one session comes to; the first one that lets mail through settles
   the host, since senders try the other addresses too. */
static int try_session(const struct forecasting *work,
                       const struct fact_smtp *session,
                       struct forecast_host *host)
{
    const char *name = host->mx->name;
    struct mtasts_decision decision;
    enum mtasts_tls_outcome outcome;
    enum mtasts_dane_state dane =
        work->forecast->dane ? session->dane.state : MTASTS_DANE_NONE;
    if (host->outcome == FORECAST_HOST_USABLE || !outcome_of(session, &outcome))
        return 0;
    int error = mtasts_delivery_after(work->policy, name, strlen(name), outcome,
                                      dane, 0, &decision);
    if (error)
        return error;
    if (decision.action == MTASTS_ACTION_DELIVER) {
        host->outcome = FORECAST_HOST_USABLE;
        host->result = MTASTS_RESULT_SUCCESS;
        host->reason = NULL;
    } else {
        refuse(host, decision.result, words_of(decision.result));
    }
    return 0;
}

static int try_sessions(const struct forecasting *work,
                        struct forecast_host *host)
{
    host->outcome = FORECAST_HOST_UNTESTED;
    host->reason = "no address of it let TLS be tried";
    for (size_t i = 0; i < host->mx->session_count; i++) {
        int error = try_session(work, &host->mx->sessions[i], host);
        if (error)
            return error;
    }
    return 0;
}

static int try_host(const struct forecasting *work, struct forecast_host *host)
{
    const char *name = host->mx->name;
    struct mtasts_decision decision;
    enum mtasts_dane_state dane =
        work->forecast->dane ? dane_of(work, host->mx) : MTASTS_DANE_NONE;
    int error = mtasts_delivery_before(work->policy, name, strlen(name), dane,
                                       0, &decision);
    if (error)
        return error;
    if (decision.action != MTASTS_ACTION_DELIVER &&
        decision.reported == MTASTS_POLICY_TYPE_STS)
        refuse(host, decision.result, "the policy does not list it");
    else if (decision.action != MTASTS_ACTION_DELIVER)
        refuse(host, decision.result, words_of(decision.result));
    else if (work->forecast->dane && dane != MTASTS_DANE_PASS)
        refuse(host, MTASTS_RESULT_DANE_REQUIRED,
               words_of(MTASTS_RESULT_DANE_REQUIRED));
    else if (work->options->probed)
        return try_sessions(work, host);
    return 0;
}

/* ---- the domain ---- */

/* Any MX host with TLSA records makes the MTA ask for DANE of all of them. */
static bool has_dane(const struct forecasting *work)
{
    const struct fact_mx_set *mx = &work->facts->mx;
    for (size_t i = 0; i < mx->count; i++) {
        enum mtasts_dane_state dane = dane_of(work, &mx->hosts[i]);
        if (dane == MTASTS_DANE_PASS || dane == MTASTS_DANE_LOOKUP_FAILED)
            return true;
    }
    return false;
}

static int try_hosts(const struct forecasting *work)
{
    const struct fact_mx_set *mx = &work->facts->mx;
    struct forecast *forecast = work->forecast;
    struct forecast_host *hosts =
        arena_array_of(work->facts->arena, mx->count, struct forecast_host);
    if (!hosts)
        return -MTASTS_ENOMEM;
    for (size_t i = 0; i < mx->count; i++) {
        hosts[i].mx = &mx->hosts[i];
        int error = try_host(work, &hosts[i]);
        if (error)
            return error;
        forecast->refused += hosts[i].outcome == FORECAST_HOST_REFUSED;
        forecast->untested += hosts[i].outcome == FORECAST_HOST_UNTESTED;
    }
    forecast->hosts = hosts;
    forecast->host_count = mx->count;
    return 0;
}

static void settle(const struct forecasting *work)
{
    struct forecast *forecast = work->forecast;
    if (forecast->mode == MTASTS_MODE_TESTING)
        forecast->outcome = FORECAST_TESTING;
    else if (forecast->refused == forecast->host_count)
        forecast->outcome = FORECAST_REFUSED;
    else if (forecast->refused + forecast->untested == forecast->host_count)
        forecast->outcome = FORECAST_UNKNOWN;
    else if (forecast->refused > 0)
        forecast->outcome = FORECAST_PARTLY;
    else
        forecast->outcome = FORECAST_PASSES;
    if (forecast->outcome == FORECAST_UNKNOWN)
        forecast->reason = "no MX host that may be used let TLS be tried";
}

/* Whether there are MX hosts to judge; else the outcome is set. */
static bool has_hosts(const struct forecasting *work)
{
    const struct fact_mx_set *mx = &work->facts->mx;
    struct forecast *forecast = work->forecast;
    if (mx->null_mx || mx->lookup.status == LOOKUP_NXDOMAIN) {
        forecast->outcome = FORECAST_NO_MAIL;
        forecast->reason = mx->null_mx ? "it takes no mail (null MX)"
                                       : "there is no such domain";
        return false;
    }
    if (mx->count > 0)
        return true;
    forecast->outcome = FORECAST_UNKNOWN;
    forecast->reason = text_printf(work->facts->arena, "its MX records: %s",
                                   lookup_status_text(mx->lookup.status));
    return false;
}

/* The policy as if its mode were enforce, so that testing is judged alike. */
static int enforced(const struct mtasts_sts_policy *policy,
                    struct mtasts_sts_policy **ret_policy)
{
    static const char head[] = "version: STSv1\nmode: enforce\nmax_age: 1\n";
    _cleanup_buf_ struct buf buf = BUF(4 * MTASTS_POLICY_BODY_MAX);
    buf_puts(&buf, head);
    for (size_t i = 0; i < mtasts_sts_policy_mx_count(policy); i++)
        buf_printf(&buf, "mx: %s\n", mtasts_sts_policy_mx(policy, i));
    if (buf.error)
        return buf.error;
    return mtasts_sts_policy_parse(buf_text(&buf), buf.len, MTASTS_TOLERANT,
                                   NULL, ret_policy);
}

static const char *fetch_fault(const struct facts *facts)
{
    const struct fact_fetch *fetch = &facts->policy_host.fetch;
    if (fetch->status == FETCH_OK)
        return "what its policy host serves is no policy";
    if (fetch->status == FETCH_CERTIFICATE)
        return text_printf(facts->arena, "its policy host: %s",
                           verify_status_text(fetch->tls.verify));
    return text_printf(facts->arena, "its policy host: %s",
                       fetch_status_text(fetch->status));
}

static int judge(struct forecasting *work,
                 const struct mtasts_sts_policy *policy)
{
    struct mtasts_sts_policy *strict = NULL;
    struct forecast *forecast = work->forecast;
    forecast->has_mode = true;
    forecast->mode = mtasts_sts_policy_mode(policy);
    if (forecast->mode == MTASTS_MODE_NONE || !has_hosts(work))
        return 0;
    int error = enforced(policy, &strict);
    if (error)
        return error;
    work->policy = strict;
    forecast->dane = has_dane(work);
    error = try_hosts(work);
    mtasts_sts_policy_free(strict);
    if (!error)
        settle(work);
    return error;
}

int forecast_of_policy(const struct forecast_options *options,
                       const struct facts *facts, struct forecast *ret_forecast)
{
    struct forecast forecast = {.outcome = FORECAST_NONE};
    struct forecasting work = {
        .options = options, .facts = facts, .forecast = &forecast};
    struct mtasts_sts_policy *policy = NULL;
    bool valid;
    int error = policy_seen(facts, &policy, &valid);
    if (error)
        return error;
    if (policy) {
        error = judge(&work, policy);
    } else {
        forecast.outcome = FORECAST_BROKEN;
        forecast.reason = fetch_fault(facts);
    }
    mtasts_sts_policy_free(policy);
    if (!error)
        *ret_forecast = forecast;
    return error;
}
