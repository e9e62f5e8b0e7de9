/*
 * The delivery decision (RFC 8461 sections 2, 4 and 5, RFC 7672 section
 * 2.2) and what is reported of it (RFC 8460 section 4.3). See
 * mtasts/delivery.h.
 *
 * DANE comes first and its failure is final (RFC 8461 section 2). A policy
 * in testing changes nothing but the report; mode none is no policy at all,
 * in the report too. Failures are always transient.
 */
#include <mtasts/delivery.h>

#include "base/cleanup.h"
#include <mtasts/error.h>
#include <mtasts/mx_match.h>

/* failure-reason-codes: RFC 8460 section 4.3.1 wants one with these. */
#define REASON_MX_MISMATCH "mtasts-policy-mx-mismatch"
#define REASON_HANDSHAKE "tls-handshake-failure"
#define REASON_TLSA_UNUSABLE "tlsa-unusable"
#define REASON_TLSA_LOOKUP "tlsa-lookup-failure"

/* What one policy makes of one session. */
struct finding {
    enum mtasts_result result;
    const char *reason;
};

const char *mtasts_result_name(enum mtasts_result result)
{
    static const char *const names[] = {
        [MTASTS_RESULT_SUCCESS] = "success",
        [MTASTS_RESULT_STARTTLS_NOT_SUPPORTED] = "starttls-not-supported",
        [MTASTS_RESULT_CERTIFICATE_HOST_MISMATCH] = "certificate-host-mismatch",
        [MTASTS_RESULT_CERTIFICATE_EXPIRED] = "certificate-expired",
        [MTASTS_RESULT_CERTIFICATE_NOT_TRUSTED] = "certificate-not-trusted",
        [MTASTS_RESULT_VALIDATION_FAILURE] = "validation-failure",
        [MTASTS_RESULT_TLSA_INVALID] = "tlsa-invalid",
        [MTASTS_RESULT_DNSSEC_INVALID] = "dnssec-invalid",
        [MTASTS_RESULT_DANE_REQUIRED] = "dane-required",
        [MTASTS_RESULT_STS_POLICY_FETCH_ERROR] = "sts-policy-fetch-error",
        [MTASTS_RESULT_STS_POLICY_INVALID] = "sts-policy-invalid",
        [MTASTS_RESULT_STS_WEBPKI_INVALID] = "sts-webpki-invalid",
    };

    return (size_t)result < ELEMENTS(names) ? names[result] : NULL;
}

const char *mtasts_policy_type_name(enum mtasts_policy_type type)
{
    static const char *const names[] = {
        [MTASTS_POLICY_TYPE_NONE] = "no-policy-found",
        [MTASTS_POLICY_TYPE_STS] = "sts",
        [MTASTS_POLICY_TYPE_TLSA] = "tlsa",
    };

    return (size_t)type < ELEMENTS(names) ? names[type] : NULL;
}

/* Mode none acts as no policy (RFC 8461 section 5). */
static bool is_active(const struct mtasts_sts_policy *policy)
{
    return policy && mtasts_sts_policy_mode(policy) != MTASTS_MODE_NONE;
}

static bool is_enforced(const struct mtasts_sts_policy *policy)
{
    return policy && mtasts_sts_policy_mode(policy) == MTASTS_MODE_ENFORCE;
}

static bool is_listed(const struct mtasts_sts_policy *policy, const char *host,
                      size_t host_len)
{
    return mtasts_sts_policy_find_mx(policy, host, host_len, NULL) == 0;
}

/* What went wrong before there was a certificate to look at. */
static struct finding judge_channel(enum mtasts_tls_outcome outcome)
{
    if (outcome == MTASTS_TLS_NO_STARTTLS)
        return (struct finding){MTASTS_RESULT_STARTTLS_NOT_SUPPORTED, NULL};
    if (outcome == MTASTS_TLS_HANDSHAKE_FAILED)
        return (struct finding){MTASTS_RESULT_VALIDATION_FAILURE,
                                REASON_HANDSHAKE};
    return (struct finding){MTASTS_RESULT_SUCCESS, NULL};
}

static struct finding judge_sts(const struct mtasts_sts_policy *policy,
                                const char *host, size_t host_len,
                                enum mtasts_tls_outcome outcome)
{
    if (!is_listed(policy, host, host_len))
        return (struct finding){MTASTS_RESULT_VALIDATION_FAILURE,
                                REASON_MX_MISMATCH};
    switch (outcome) {
    case MTASTS_TLS_CERT_HOST_MISMATCH:
        return (struct finding){MTASTS_RESULT_CERTIFICATE_HOST_MISMATCH, NULL};
    case MTASTS_TLS_CERT_EXPIRED:
        return (struct finding){MTASTS_RESULT_CERTIFICATE_EXPIRED, NULL};
    case MTASTS_TLS_CERT_NOT_TRUSTED:
        return (struct finding){MTASTS_RESULT_CERTIFICATE_NOT_TRUSTED, NULL};
    default: return judge_channel(outcome);
    }
}

static struct finding judge_dane(enum mtasts_dane_state dane,
                                 enum mtasts_tls_outcome outcome)
{
    if (dane == MTASTS_DANE_LOOKUP_FAILED)
        return (struct finding){MTASTS_RESULT_DNSSEC_INVALID,
                                REASON_TLSA_LOOKUP};
    if (dane == MTASTS_DANE_FAIL && outcome != MTASTS_TLS_NO_STARTTLS)
        return (struct finding){MTASTS_RESULT_TLSA_INVALID, NULL};

    struct finding found = judge_channel(outcome);
    if (dane == MTASTS_DANE_UNUSABLE && found.result == MTASTS_RESULT_SUCCESS)
        return (struct finding){MTASTS_RESULT_TLSA_INVALID,
                                REASON_TLSA_UNUSABLE};
    return found;
}

/* Whether DANE lets the session pass: unusable records still want TLS. */
static bool dane_allows(enum mtasts_dane_state dane,
                        enum mtasts_tls_outcome outcome)
{
    bool has_tls = judge_channel(outcome).result == MTASTS_RESULT_SUCCESS;

    return has_tls &&
           (dane == MTASTS_DANE_PASS || dane == MTASTS_DANE_UNUSABLE);
}

/* Whether DANE stands in for the checks of the policy. */
static bool dane_replaces(enum mtasts_dane_state dane, unsigned flags)
{
    return (dane == MTASTS_DANE_PASS || dane == MTASTS_DANE_FAIL) &&
           !(flags & MTASTS_DELIVERY_STS_AND_DANE);
}

static void report(struct mtasts_decision *decision,
                   enum mtasts_policy_type type, struct finding found)
{
    decision->reported = type;
    decision->result = found.result;
    decision->reason = found.reason;
}

static bool valid_arguments(const char *host, size_t host_len,
                            enum mtasts_dane_state dane, unsigned flags,
                            const struct mtasts_decision *decision)
{
    return (host || host_len == 0) &&
           (unsigned)dane <= MTASTS_DANE_LOOKUP_FAILED &&
           !(flags & ~(unsigned)MTASTS_DELIVERY_STS_AND_DANE) && decision;
}

int mtasts_delivery_before(const struct mtasts_sts_policy *policy,
                           const char *host, size_t host_len,
                           enum mtasts_dane_state dane, unsigned flags,
                           struct mtasts_decision *ret_decision)
{
    struct mtasts_decision decision = {.action = MTASTS_ACTION_DELIVER};

    if (!valid_arguments(host, host_len, dane, flags, ret_decision))
        return -MTASTS_EINVAL;

    if (dane != MTASTS_DANE_NONE)
        decision.reported = MTASTS_POLICY_TYPE_TLSA;
    else if (is_active(policy))
        decision.reported = MTASTS_POLICY_TYPE_STS;

    if (dane == MTASTS_DANE_LOOKUP_FAILED) {
        decision.action = MTASTS_ACTION_TRY_NEXT;
        decision.count_session = true;
        report(&decision, MTASTS_POLICY_TYPE_TLSA,
               judge_dane(dane, MTASTS_TLS_NO_CONNECTION));
    } else if (is_enforced(policy) && !dane_replaces(dane, flags) &&
               !is_listed(policy, host, host_len)) {
        decision.action = MTASTS_ACTION_TRY_NEXT;
        decision.count_session = true;
        report(&decision, MTASTS_POLICY_TYPE_STS,
               judge_sts(policy, host, host_len, MTASTS_TLS_NO_CONNECTION));
    }
    *ret_decision = decision;
    return 0;
}

/* The session as DANE and the policy see it; sets all but the action. */
static void report_session(struct mtasts_decision *decision, bool has_policy,
                           struct finding sts, enum mtasts_dane_state dane,
                           enum mtasts_tls_outcome outcome)
{
    if (dane == MTASTS_DANE_NONE) {
        if (has_policy)
            report(decision, MTASTS_POLICY_TYPE_STS, sts);
        else
            report(decision, MTASTS_POLICY_TYPE_NONE, judge_channel(outcome));
        return;
    }
    report(decision, MTASTS_POLICY_TYPE_TLSA, judge_dane(dane, outcome));
    decision->also_sts = has_policy;
    decision->sts_result = sts.result;
    decision->sts_reason = sts.reason;
}

int mtasts_delivery_after(const struct mtasts_sts_policy *policy,
                          const char *host, size_t host_len,
                          enum mtasts_tls_outcome outcome,
                          enum mtasts_dane_state dane, unsigned flags,
                          struct mtasts_decision *ret_decision)
{
    struct mtasts_decision decision = {.action = MTASTS_ACTION_DELIVER};
    struct finding sts = {MTASTS_RESULT_SUCCESS, NULL};

    if (!valid_arguments(host, host_len, dane, flags, ret_decision) ||
        (unsigned)outcome > MTASTS_TLS_CERT_NOT_TRUSTED)
        return -MTASTS_EINVAL;

    if (outcome == MTASTS_TLS_NO_CONNECTION) {
        /* No failure of TLS: not reported (RFC 8460 section 4.3.4). */
        *ret_decision =
            (struct mtasts_decision){.action = MTASTS_ACTION_TRY_NEXT};
        return 0;
    }
    if (is_active(policy))
        sts = judge_sts(policy, host, host_len, outcome);

    bool sts_refuses =
        is_enforced(policy) && sts.result != MTASTS_RESULT_SUCCESS;
    if (dane != MTASTS_DANE_NONE && !dane_allows(dane, outcome))
        decision.action = MTASTS_ACTION_TRY_NEXT;
    else if (sts_refuses && !dane_replaces(dane, flags))
        decision.action = MTASTS_ACTION_TRY_NEXT;
    decision.count_session = true;
    report_session(&decision, is_active(policy), sts, dane, outcome);
    *ret_decision = decision;
    return 0;
}

enum mtasts_action
mtasts_delivery_exhausted(const struct mtasts_sts_policy *tried,
                          const struct mtasts_sts_policy *live, bool changed)
{
    /* Only an enforced policy keeps mail back, so only such a one is worth
       another walk; without a newer one the cached one stays in force. */
    if (is_enforced(tried) && live && changed)
        return MTASTS_ACTION_TRY_NEXT;
    return MTASTS_ACTION_DEFER;
}
