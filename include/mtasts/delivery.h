/*
 * The delivery decision (RFC 8461 sections 4, 5 and 6, RFC 8460 section 4.3,
 * RFC 7672 section 2.2): policy + MX host + what TLS gave -> what to do and
 * what to report.
 *
 * The walk is the caller's: for each MX host in order of preference it asks
 * mtasts_delivery_before() before it connects and mtasts_delivery_after()
 * once TLS has been tried.
 */
#ifndef MTASTS_DELIVERY_H
#define MTASTS_DELIVERY_H

#include <mtasts/sts_policy.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Result types of TLS reports (RFC 8460 section 4.3). */
enum mtasts_result {
    MTASTS_RESULT_SUCCESS = 0, /* nothing to report but a session */
    MTASTS_RESULT_STARTTLS_NOT_SUPPORTED,
    MTASTS_RESULT_CERTIFICATE_HOST_MISMATCH,
    MTASTS_RESULT_CERTIFICATE_EXPIRED,
    MTASTS_RESULT_CERTIFICATE_NOT_TRUSTED,
    MTASTS_RESULT_VALIDATION_FAILURE,
    MTASTS_RESULT_TLSA_INVALID,
    MTASTS_RESULT_DNSSEC_INVALID,
    MTASTS_RESULT_DANE_REQUIRED,
    MTASTS_RESULT_STS_POLICY_FETCH_ERROR,
    MTASTS_RESULT_STS_POLICY_INVALID,
    MTASTS_RESULT_STS_WEBPKI_INVALID,
};

/* "starttls-not-supported", ...; "success" for 0; NULL for no such type. */
const char *mtasts_result_name(enum mtasts_result result);

/* How the session with one MX host went, as far as TLS is concerned. */
enum mtasts_tls_outcome {
    MTASTS_TLS_NO_CONNECTION, /* not an MTA-STS failure */
    MTASTS_TLS_NO_STARTTLS,   /* not offered, or refused */
    MTASTS_TLS_HANDSHAKE_FAILED,
    MTASTS_TLS_CERT_OK, /* chain, dates and name (SAN) all good */
    MTASTS_TLS_CERT_HOST_MISMATCH,
    MTASTS_TLS_CERT_EXPIRED,     /* or not yet valid */
    MTASTS_TLS_CERT_NOT_TRUSTED, /* untrusted, self-signed, weak, ... */
};

/* What DANE says of the MX host (RFC 7672). */
enum mtasts_dane_state {
    MTASTS_DANE_NONE,     /* no secure TLSA records: DANE does not apply */
    MTASTS_DANE_PASS,     /* a usable record matched */
    MTASTS_DANE_FAIL,     /* usable records, none matched */
    MTASTS_DANE_UNUSABLE, /* records, none usable: TLS, not authenticated */
    MTASTS_DANE_LOOKUP_FAILED, /* TLSA: SERVFAIL, timeout or bogus, under
                                  secure addresses */
};

enum mtasts_action {
    MTASTS_ACTION_DELIVER,
    MTASTS_ACTION_TRY_NEXT, /* leave this host; defer if it was the last */
    MTASTS_ACTION_DEFER,    /* a transient failure (4xx), never permanent */
};

enum mtasts_policy_type {
    MTASTS_POLICY_TYPE_NONE, /* "no-policy-found" */
    MTASTS_POLICY_TYPE_STS,  /* "sts" */
    MTASTS_POLICY_TYPE_TLSA, /* "tlsa" */
};

/* "no-policy-found", "sts", "tlsa". */
const char *mtasts_policy_type_name(enum mtasts_policy_type type);

enum mtasts_delivery_flags {
    /* Both DANE and an enforced policy must pass, by the letter of RFC 8461
       section 5. Without it a passing DANE, which needs a secure MX RRset,
       replaces the checks of the policy; their result is still reported. */
    MTASTS_DELIVERY_STS_AND_DANE = 1,
};

struct mtasts_decision {
    enum mtasts_action action;
    enum mtasts_result result;        /* to report, or SUCCESS */
    enum mtasts_policy_type reported; /* the policy type to report it under */
    const char *reason; /* failure-reason-code; static; NULL: none */
    bool count_session; /* whether a session is to be counted at all */

    /* Where DANE and a policy both apply, a session counts under both:
       `reported` is then "tlsa", and this is what "sts" is told. */
    bool also_sts;
    enum mtasts_result sts_result;
    const char *sts_reason;
};

/*
 * Before connecting to `host`, the name in the MX record (for an implicit
 * MX the domain itself): may it be used? MTASTS_ACTION_DELIVER means yes,
 * with nothing to count yet: mtasts_delivery_after() says all. Anything else
 * is final for this host and says what to report. `policy` NULL: no policy.
 * An MX that an enforced policy does not list is left out unconnected; in
 * testing it is used and the failure reported afterwards. `dane` is what is
 * known from DNS: MTASTS_DANE_PASS stands for "usable records are there".
 * Errors: -MTASTS_EINVAL.
 */
int mtasts_delivery_before(const struct mtasts_sts_policy *policy,
                           const char *host, size_t host_len,
                           enum mtasts_dane_state dane, unsigned flags,
                           struct mtasts_decision *ret_decision);

/*
 * After TLS was tried with `host`. DELIVER after NO_STARTTLS or
 * HANDSHAKE_FAILED means: in clear text, as without a policy.
 * Errors: -MTASTS_EINVAL.
 */
int mtasts_delivery_after(const struct mtasts_sts_policy *policy,
                          const char *host, size_t host_len,
                          enum mtasts_tls_outcome outcome,
                          enum mtasts_dane_state dane, unsigned flags,
                          struct mtasts_decision *ret_decision);

/*
 * When every host of the list was left (`tried` is the policy used): what
 * becomes of the message. `live` is the policy fetched anew because `tried`
 * is cached (RFC 8461 section 5: never fail for good before asking again);
 * NULL if there is none any more or it could not be had; `changed` says that
 * `live` is newer than `tried`. Returns MTASTS_ACTION_TRY_NEXT when the walk
 * starts again under `live`, else MTASTS_ACTION_DEFER.
 */
enum mtasts_action
mtasts_delivery_exhausted(const struct mtasts_sts_policy *tried,
                          const struct mtasts_sts_policy *live, bool changed);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
