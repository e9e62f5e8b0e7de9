/*
 * The rules about the MX hosts over SMTP (RFC 8461 section 4.2, RFC 3207),
 * for every host and address.
 *
 * A function looks at one session and says what it found; what several
 * addresses of a host have in common becomes one finding. What is wrong is
 * an error where the owner wants TLS (a policy in testing or enforce, or
 * DANE), else a warning: mail is then delivered all the same.
 */
#include "base/ascii.h"
#include "check/certificates.h"
#include "check/judge.h"
#include "check/suggest.h"
#include "check/text.h"

/* What was found in one session; SEVERITY_OK: nothing. */
struct note {
    enum severity severity;
    const char *text; /* to follow "mx.example.com (192.0.2.1): " */
};

typedef struct note note_fn(struct judge *judge, const struct fact_mx *mx,
                            const struct fact_smtp *session);

static const struct note nothing = {SEVERITY_OK, NULL};

/* An error where TLS is wanted, by a policy or DANE, else a warning. */
static enum severity grave(const struct judge *judge, const struct fact_mx *mx)
{
    return judge_wants_tls(judge) || judge_has_dane(mx) ? SEVERITY_ERROR
                                                        : SEVERITY_WARNING;
}

/* ---- going over the sessions ---- */

static void say_note(struct judge *judge, enum rule_id rule,
                     const struct fact_mx *mx, const struct note *note,
                     const char *const *addresses, size_t count)
{
    judge_say(judge, rule, note->severity, (struct about){.subject = mx->name},
              "%s (%s): %s", text_name(judge->arena, mx->name),
              text_list(judge->arena, addresses, count), note->text);
}

static bool same_note(const struct note *a, const struct note *b)
{
    return a->severity == b->severity && strcmp(a->text, b->text) == 0;
}

static void judge_host(struct judge *judge, enum rule_id rule,
                       const struct fact_mx *mx, note_fn *look)
{
    struct note notes[FACTS_ADDRESS_MAX];
    size_t count = MIN_OF(mx->session_count, ELEMENTS(notes));

    for (size_t i = 0; i < count; i++)
        notes[i] = look(judge, mx, &mx->sessions[i]);
    for (size_t i = 0; i < count; i++) {
        const char *addresses[FACTS_ADDRESS_MAX];
        struct note note = notes[i];
        size_t alike = 0;
        if (note.severity == SEVERITY_OK)
            continue;
        for (size_t j = i; j < count; j++) {
            if (notes[j].severity == SEVERITY_OK ||
                !same_note(&notes[j], &note))
                continue;
            addresses[alike++] = mx->sessions[j].address;
            notes[j].severity = SEVERITY_OK;
        }
        say_note(judge, rule, mx, &note, addresses, alike);
    }
}

static bool is_probed(const struct judge *judge)
{
    return judge->facts->smtp_probed && !judge->facts->mx.null_mx;
}

static void judge_sessions(struct judge *judge, enum rule_id rule,
                           note_fn *look)
{
    const struct fact_mx_set *mx = &judge->facts->mx;

    for (size_t i = 0; is_probed(judge) && i < mx->count; i++)
        judge_host(judge, rule, &mx->hosts[i], look);
}

/* ": 454 4.7.0 TLS not available"; what is no reply of SMTP has no code. */
static const char *reply(struct judge *judge, const struct fact_smtp *session)
{
    const char *text = session->reply_text;

    if (text && session->reply_code > 0)
        return text_printf(judge->arena, ": %d %s", session->reply_code,
                           text_name(judge->arena, text));
    /* Of a refused connection it says no more than the status does. */
    if (!text && session->status != SMTP_CONNECT_REFUSED)
        text = session->detail;
    return text ? text_printf(judge->arena, ": %s",
                              text_name(judge->arena, text))
                : "";
}

/* ---- STARTTLS ---- */

static struct note look_starttls(struct judge *judge, const struct fact_mx *mx,
                                 const struct fact_smtp *session)
{
    enum severity severity = grave(judge, mx);

    switch (session->status) {
    case SMTP_STARTTLS_TEMPORARY: severity = SEVERITY_WARNING; break;
    case SMTP_NO_STARTTLS:
    case SMTP_STARTTLS_REFUSED:
    case SMTP_TLS_FAILED: break;
    default: return nothing;
    }
    return (struct note){
        severity,
        text_printf(
            judge->arena, "%s%s", smtp_status_text(session->status),
            session->status == SMTP_NO_STARTTLS ? "" : reply(judge, session)),
    };
}

void rule_smtp_no_starttls(struct judge *judge)
{
    judge_sessions(judge, RULE_SMTP_NO_STARTTLS, look_starttls);
}

/* ---- not tested ---- */

#define NO_TIME "not tested: there was no time left"

/* For want of time, or of something on this machine: that is not theirs. */
static struct note not_tested(struct judge *judge,
                              const struct fact_smtp *session)
{
    return (struct note){
        SEVERITY_UNKNOWN,
        session->detail ? text_printf(judge->arena, "not tested: %s",
                                      text_name(judge->arena, session->detail))
                        : NO_TIME,
    };
}

static bool never_connected(const struct fact_smtp *session)
{
    return session->status == SMTP_CONNECT_REFUSED ||
           session->status == SMTP_CONNECT_TIMEOUT ||
           session->status == SMTP_CONNECT_FAILED;
}

static struct note look_unreachable(struct judge *judge,
                                    const struct fact_mx *mx,
                                    const struct fact_smtp *session)
{
    (void)mx;
    switch (session->status) {
    case SMTP_OK:
    case SMTP_NO_STARTTLS:
    case SMTP_STARTTLS_TEMPORARY:
    case SMTP_STARTTLS_REFUSED:
    case SMTP_TLS_VERSION:
    case SMTP_TLS_FAILED: return nothing;
    case SMTP_NOT_DONE: return not_tested(judge, session);
    default: break;
    }
    return (struct note){
        SEVERITY_WARNING,
        text_printf(judge->arena, "not tested: %s%s",
                    smtp_status_text(session->status), reply(judge, session)),
    };
}

/* Every one of several hosts: it is rather us, or a firewall before us. */
static bool none_connected(const struct fact_mx_set *mx)
{
    size_t sessions = 0;

    for (size_t i = 0; i < mx->count; i++)
        for (size_t j = 0; j < mx->hosts[i].session_count; j++) {
            if (!never_connected(&mx->hosts[i].sessions[j]))
                return false;
            sessions++;
        }
    return sessions > 0 && mx->count > 1;
}

/* Addresses there are, but none was asked: private ones, or no time. */
static void say_untested(struct judge *judge, const struct fact_mx *mx)
{
    if (mx->session_count > 0 || mx->host.count == 0)
        return;
    bool allowed = false;
    for (size_t i = 0; i < mx->host.count; i++)
        allowed |= mx->host.addresses[i].allowed;
    judge_say(judge, RULE_SMTP_UNREACHABLE,
              allowed ? SEVERITY_UNKNOWN : SEVERITY_WARNING,
              (struct about){.subject = mx->name}, "%s: %s",
              text_name(judge->arena, mx->name),
              allowed ? NO_TIME : "not tested: its addresses are private");
}

/* Addresses beyond what is asked of one domain. */
static void say_omitted(struct judge *judge, const struct fact_mx *mx)
{
    if (mx->sessions_omitted > 0)
        judge_say(judge, RULE_SMTP_UNREACHABLE, SEVERITY_INFO,
                  (struct about){.subject = mx->name},
                  "%s: %zu of its addresses were not tested: of all MX hosts "
                  "together no more than %u are",
                  text_name(judge->arena, mx->name), mx->sessions_omitted,
                  FACTS_SMTP_MAX);
}

void rule_smtp_unreachable(struct judge *judge)
{
    const struct fact_mx_set *mx = &judge->facts->mx;

    for (size_t i = 0; is_probed(judge) && i < mx->count; i++) {
        say_untested(judge, &mx->hosts[i]);
        say_omitted(judge, &mx->hosts[i]);
    }
    if (!is_probed(judge) || !none_connected(mx)) {
        judge_sessions(judge, RULE_SMTP_UNREACHABLE, look_unreachable);
        return;
    }
    judge_say(judge, RULE_SMTP_UNREACHABLE, SEVERITY_WARNING,
              (struct about){.subject = judge->facts->domain},
              "None of the %zu MX hosts could be reached on port 25: a "
              "firewall near this machine may block it, and nothing of "
              "their TLS was tested",
              mx->count);
}

/* ---- certificates ---- */

/*
 * Whether PKIX decides about the certificate: where usable TLSA records and
 * no policy are, DANE does, and its certificates are often self-signed.
 */
static bool pkix_matters(const struct judge *judge, const struct fact_mx *mx)
{
    return judge_wants_tls(judge) || !judge_has_dane(mx);
}

static struct note look_certificate(struct judge *judge,
                                    const struct fact_mx *mx,
                                    const struct fact_smtp *session)
{
    switch (session->tls.verify) {
    case VERIFY_EXPIRED:
    case VERIFY_NOT_YET_VALID:
    case VERIFY_SELF_SIGNED:
    case VERIFY_UNTRUSTED_ROOT:
    case VERIFY_HOST_MISMATCH:
    case VERIFY_REVOKED:
    case VERIFY_OTHER: break;
    default: return nothing;
    }
    if (session->status != SMTP_OK || !pkix_matters(judge, mx))
        return nothing;
    return (struct note){
        grave(judge, mx),
        certificate_fault(judge->arena, &session->tls, mx->name),
    };
}

void rule_smtp_certificate(struct judge *judge)
{
    judge_sessions(judge, RULE_SMTP_CERTIFICATE, look_certificate);
}

static struct note look_expiring(struct judge *judge, const struct fact_mx *mx,
                                 const struct fact_smtp *session)
{
    const struct fact_certificate *leaf = certificate_leaf(&session->tls);

    if (session->status != SMTP_OK || session->tls.verify != VERIFY_OK ||
        !leaf || !pkix_matters(judge, mx))
        return nothing;
    enum severity severity = certificate_expiring(leaf, judge->facts->time);
    if (severity == SEVERITY_OK)
        return nothing;
    return (struct note){
        MIN_OF(severity, grave(judge, mx)),
        certificate_expiring_text(judge->arena, leaf, judge->facts->time),
    };
}

void rule_smtp_certificate_expiring(struct judge *judge)
{
    judge_sessions(judge, RULE_SMTP_CERTIFICATE_EXPIRING, look_expiring);
}

static struct note look_chain(struct judge *judge, const struct fact_mx *mx,
                              const struct fact_smtp *session)
{
    if (session->status != SMTP_OK || !pkix_matters(judge, mx))
        return nothing;
    if (session->tls.verify == VERIFY_INCOMPLETE_CHAIN)
        return (struct note){
            grave(judge, mx),
            certificate_fault(judge->arena, &session->tls, mx->name),
        };
    if (session->tls.verify == VERIFY_OK &&
        certificate_misordered(&session->tls))
        return (struct note){
            SEVERITY_WARNING,
            "the certificates of the chain are sent in the wrong order",
        };
    return nothing;
}

void rule_smtp_chain_incomplete(struct judge *judge)
{
    judge_sessions(judge, RULE_SMTP_CHAIN_INCOMPLETE, look_chain);
}

/* Only where nothing graver is said of the same certificate. */
static struct note look_weak(struct judge *judge, const struct fact_mx *mx,
                             const struct fact_smtp *session)
{
    enum verify_status verify = session->tls.verify;
    const char *why = NULL;

    if (session->status == SMTP_OK &&
        (verify == VERIFY_OK || verify == VERIFY_WEAK))
        why = certificate_weakness(judge->arena, &session->tls);
    if (!why)
        return nothing;
    return (struct note){grave(judge, mx), why};
}

void rule_smtp_certificate_weak(struct judge *judge)
{
    judge_sessions(judge, RULE_SMTP_CERTIFICATE_WEAK, look_weak);
}

/* ---- versions and ciphers ---- */

static struct note look_version(struct judge *judge, const struct fact_mx *mx,
                                const struct fact_smtp *session)
{
    if (session->status == SMTP_TLS_VERSION)
        return (struct note){grave(judge, mx),
                             smtp_status_text(SMTP_TLS_VERSION)};
    if (session->old_tls != TEST_YES)
        return nothing;
    return (struct note){
        SEVERITY_WARNING,
        text_printf(judge->arena, "%s is still accepted",
                    session->old_tls_version
                        ? text_name(judge->arena, session->old_tls_version)
                        : "TLS 1.0 or 1.1"),
    };
}

static struct note look_tls13(struct judge *judge, const struct fact_mx *mx,
                              const struct fact_smtp *session)
{
    const char *version = session->tls.version;
    bool without = session->tls13 == TEST_NO;

    (void)judge;
    (void)mx;
    /* We offer 1.3: a session with 1.2 tells as much. */
    if (session->tls13 == TEST_NOT_DONE && version)
        without = ascii_is(version, strlen(version), "TLSv1.2");
    if (session->status != SMTP_OK || !without)
        return nothing;
    return (struct note){SEVERITY_INFO, "TLS 1.3 is not offered"};
}

void rule_smtp_tls_version(struct judge *judge)
{
    judge_sessions(judge, RULE_SMTP_TLS_VERSION, look_version);
    judge_sessions(judge, RULE_SMTP_TLS_VERSION, look_tls13);
}

static struct note look_cipher(struct judge *judge, const struct fact_mx *mx,
                               const struct fact_smtp *session)
{
    (void)mx;
    if (session->weak_cipher != TEST_YES)
        return nothing;
    return (struct note){
        SEVERITY_WARNING,
        text_printf(judge->arena, "a weak cipher is accepted: %s",
                    text_name(judge->arena, session->weak_cipher_name)),
    };
}

void rule_smtp_cipher_weak(struct judge *judge)
{
    judge_sessions(judge, RULE_SMTP_CIPHER_WEAK, look_cipher);
}

static struct note look_injection(struct judge *judge, const struct fact_mx *mx,
                                  const struct fact_smtp *session)
{
    (void)judge;
    (void)mx;
    if (session->injection != TEST_YES)
        return nothing;
    return (struct note){
        SEVERITY_ERROR,
        "what is sent in clear text together with STARTTLS is answered "
        "inside TLS",
    };
}

void rule_smtp_starttls_injection(struct judge *judge)
{
    judge_sessions(judge, RULE_SMTP_STARTTLS_INJECTION, look_injection);
}

/* ---- the same certificate for everybody? ---- */

static struct note look_sni(struct judge *judge, const struct fact_mx *mx,
                            const struct fact_smtp *session)
{
    (void)judge;
    (void)mx;
    if (session->sni_varies != TEST_YES)
        return nothing;
    return (struct note){
        SEVERITY_WARNING,
        session->no_sni_sha256
            ? "another certificate is presented to senders without SNI"
            : "the handshake is refused to senders without SNI",
    };
}

static const char *leaf_digest(const struct fact_smtp *session)
{
    const struct fact_certificate *leaf = certificate_leaf(&session->tls);
    return session->status == SMTP_OK && leaf ? leaf->sha256 : NULL;
}

static void judge_leaves(struct judge *judge, const struct fact_mx *mx)
{
    const struct fact_smtp *first = NULL;

    for (size_t i = 0; i < mx->session_count; i++) {
        const struct fact_smtp *session = &mx->sessions[i];
        if (!leaf_digest(session))
            continue;
        if (!first)
            first = session;
        if (strcmp(leaf_digest(first), leaf_digest(session)) == 0)
            continue;
        judge_say(judge, RULE_SMTP_CERTIFICATE_VARIES, SEVERITY_WARNING,
                  (struct about){.subject = mx->name},
                  "%s presents different certificates at %s and %s",
                  text_name(judge->arena, mx->name),
                  text_name(judge->arena, first->address),
                  text_name(judge->arena, session->address));
        return;
    }
}

void rule_smtp_certificate_varies(struct judge *judge)
{
    const struct fact_mx_set *mx = &judge->facts->mx;

    for (size_t i = 0; is_probed(judge) && i < mx->count; i++)
        judge_leaves(judge, &mx->hosts[i]);
    judge_sessions(judge, RULE_SMTP_CERTIFICATE_VARIES, look_sni);
}
