/*
 * tls: trust, verification by SAN only (RFC 8461 3.3 and 4.2, RFC 9525), and
 * what went wrong told apart.
 *
 * Verification goes on past errors and reports the worst, so that a
 * certificate that is expired and of another name is both. No revocation
 * check: RFC 8461 leaves it open, and neither CRL nor OCSP is fetched.
 */
#include "net/tls.h"

#include "net/certificate.h"
#include "net/issuers.h"
#include <errno.h>
#include <mtasts/error.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#define SYSTEM_BUNDLE "/etc/ssl/certs/ca-certificates.crt"
#define ERRORS_MAX 16u /* different errors named of one verification */

/* Every error of one verification. */
struct verdict {
    const STACK_OF(X509) * chain;
    int codes[ERRORS_MAX];
    size_t count;
    enum verify_status worst;
    int worst_code;
};

DEFINE_CLEANUP(X509_STORE *, X509_STORE_free, store)
DEFINE_CLEANUP(X509_STORE_CTX *, X509_STORE_CTX_free, store_ctx)

static int load_anchors(X509_STORE *store, const char *ca_file)
{
    const char *file = ca_file ? ca_file : SYSTEM_BUNDLE;
    int loaded;

    if (access(file, R_OK) == 0)
        loaded = X509_STORE_load_file(store, file);
    else if (ca_file)
        return -MTASTS_ENOTFOUND;
    else
        loaded = X509_STORE_set_default_paths(store);
    ERR_clear_error();
    return loaded ? 0 : -MTASTS_ESYNTAX;
}

int tls_store_new(const char *ca_file, X509_STORE **ret_store)
{
    _cleanup_(cleanup_store) X509_STORE *store = X509_STORE_new();
    int error;

    if (!store)
        return -MTASTS_ENOMEM;
    error = load_anchors(store, ca_file);
    if (error)
        return error;
    *ret_store = TAKE_PTR(store);
    return 0;
}

int tls_expect_host(X509_VERIFY_PARAM *param, const char *host)
{
    X509_VERIFY_PARAM_set_hostflags(param, TLS_HOST_FLAGS);
    X509_VERIFY_PARAM_set_auth_level(param, TLS_SECURITY_LEVEL);
    return X509_VERIFY_PARAM_set1_host(param, host, 0) ? 0 : -MTASTS_ENOMEM;
}

/* Who in `chain` issued `certificate`; NULL if not sent. */
static X509 *issuer_sent(const STACK_OF(X509) * chain, X509 *certificate)
{
    for (int i = 0; i < sk_X509_num(chain); i++) {
        X509 *candidate = sk_X509_value(chain, i);
        if (X509_cmp(candidate, certificate) != 0 &&
            X509_check_issued(candidate, certificate) == X509_V_OK)
            return candidate;
    }
    return NULL;
}

static enum verify_status issuer_unknown(const STACK_OF(X509) * chain)
{
    if (sk_X509_num(chain) > 0 && issuer_sent(chain, sk_X509_value(chain, 0)))
        return VERIFY_UNTRUSTED_ROOT;
    return VERIFY_INCOMPLETE_CHAIN;
}

enum verify_status tls_verify_status(long code, const STACK_OF(X509) * chain)
{
    switch (code) {
    case X509_V_OK: return VERIFY_OK;
    case X509_V_ERR_CERT_HAS_EXPIRED: return VERIFY_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID: return VERIFY_NOT_YET_VALID;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return VERIFY_SELF_SIGNED;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
    case X509_V_ERR_CERT_REJECTED: return VERIFY_UNTRUSTED_ROOT;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return issuer_unknown(chain);
    case X509_V_ERR_HOSTNAME_MISMATCH: return VERIFY_HOST_MISMATCH;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK: return VERIFY_WEAK;
    case X509_V_ERR_CERT_REVOKED: return VERIFY_REVOKED;
    default: return VERIFY_OTHER;
    }
}

static void verdict_add(struct verdict *verdict, int code)
{
    enum verify_status status = tls_verify_status(code, verdict->chain);

    if (verdict->count == 0 || status < verdict->worst) {
        verdict->worst = status;
        verdict->worst_code = code;
    }
    for (size_t i = 0; i < verdict->count; i++)
        if (verdict->codes[i] == code)
            return;
    if (verdict->count < ERRORS_MAX)
        verdict->codes[verdict->count++] = code;
}

static int on_verify(int ok, X509_STORE_CTX *ctx)
{
    if (!ok)
        verdict_add(X509_STORE_CTX_get_app_data(ctx),
                    X509_STORE_CTX_get_error(ctx));
    return 1;
}

/* "certificate has expired; hostname mismatch" */
static const char *verdict_text(struct arena *arena,
                                const struct verdict *verdict)
{
    const char *text = NULL;

    for (size_t i = 0; i < verdict->count; i++) {
        const char *sentence = X509_verify_cert_error_string(verdict->codes[i]);
        text = text ? arena_printf(arena, "%s; %s", text, sentence) : sentence;
    }
    return text ? arena_string(arena, text) : NULL;
}

int tls_verify(struct arena *arena, X509_STORE_CTX *ctx,
               struct fact_tls *ret_tls)
{
    struct verdict verdict = {.chain = X509_STORE_CTX_get0_untrusted(ctx)};

    X509_STORE_CTX_set_app_data(ctx, &verdict);
    X509_STORE_CTX_set_verify_cb(ctx, on_verify);
    /* Some failures do not ask the callback (no memory, a broken policy). */
    if (X509_verify_cert(ctx) <= 0 && verdict.count == 0)
        verdict_add(&verdict, X509_STORE_CTX_get_error(ctx) != X509_V_OK
                                  ? X509_STORE_CTX_get_error(ctx)
                                  : X509_V_ERR_UNSPECIFIED);
    X509_STORE_CTX_set_app_data(ctx, NULL);
    ERR_clear_error();
    if (verdict.count == 0)
        verdict.worst = VERIFY_OK;
    X509_STORE_CTX_set_error(ctx, verdict.worst_code);
    ret_tls->verify = verdict.worst;
    ret_tls->verify_code = verdict.worst_code;
    ret_tls->detail = verdict_text(arena, &verdict);
    return verdict.count && !ret_tls->detail ? -MTASTS_ENOMEM : 0;
}

int tls_chain_facts(struct arena *arena, const STACK_OF(X509) * chain,
                    struct fact_tls *ret_tls)
{
    int sent = chain ? sk_X509_num(chain) : 0;
    size_t count = MIN_OF((size_t)(sent > 0 ? sent : 0), FACTS_CHAIN_MAX);
    struct fact_certificate *facts;

    facts = arena_array_of(arena, count, struct fact_certificate);
    if (!facts)
        return -MTASTS_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        int error =
            certificate_facts(arena, sk_X509_value(chain, (int)i), &facts[i]);
        if (error)
            return error;
    }
    ret_tls->chain = facts;
    ret_tls->chain_count = count;
    return 0;
}

static int verification_new(X509_STORE *store, STACK_OF(X509) * chain,
                            const char *host, int64_t now,
                            X509_STORE_CTX **ret_ctx)
{
    _cleanup_(cleanup_store_ctx) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    int error;

    if (!ctx ||
        !X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain))
        return -MTASTS_ENOMEM;
    X509_STORE_CTX_set_default(ctx, "ssl_server");
    error = tls_expect_host(X509_STORE_CTX_get0_param(ctx), host);
    if (error)
        return error;
    if (now)
        X509_STORE_CTX_set_time(ctx, 0, (time_t)now);
    *ret_ctx = TAKE_PTR(ctx);
    return 0;
}

/* Whether the leaf is good, and its issuers are known to be. If not, what is
   wrong is for a verification of everything to find. */
static bool good_by_known_issuers(X509_STORE *store, STACK_OF(X509) * chain,
                                  const char *host, int64_t now)
{
    _cleanup_(cleanup_store_ctx) X509_STORE_CTX *ctx = NULL;
    bool good = verification_new(store, chain, host, now, &ctx) == 0 &&
                issuers_rely_on(store, chain, now, ctx) &&
                X509_verify_cert(ctx) == 1;

    ERR_clear_error();
    return good;
}

int tls_judge_chain(struct arena *arena, X509_STORE *store,
                    STACK_OF(X509) * chain, const char *host, int64_t now,
                    struct fact_tls *ret_tls)
{
    _cleanup_(cleanup_store_ctx) X509_STORE_CTX *ctx = NULL;
    int error;

    if (!chain || sk_X509_num(chain) < 1) {
        ret_tls->verify = VERIFY_NOT_DONE;
        return 0;
    }
    error = tls_chain_facts(arena, chain, ret_tls);
    if (error)
        return error;
    if (good_by_known_issuers(store, chain, host, now)) {
        ret_tls->verify = VERIFY_OK;
        ret_tls->verify_code = X509_V_OK;
        ret_tls->detail = NULL;
        return 0;
    }
    error = verification_new(store, chain, host, now, &ctx);
    if (!error)
        error = tls_verify(arena, ctx, ret_tls);
    if (!error && ret_tls->verify == VERIFY_OK)
        issuers_learn(store, chain, ctx);
    return error;
}

void tls_session_facts(struct arena *arena, const SSL *ssl,
                       struct fact_tls *ret_tls)
{
    ret_tls->version = arena_string(arena, SSL_get_version(ssl));
    ret_tls->cipher = arena_string(arena, SSL_get_cipher_name(ssl));
}

const char *tls_error_text(struct arena *arena)
{
    unsigned long code = ERR_get_error();
    const char *text = NULL;
    char number[32];

    if (code == 0)
        return NULL;
    if (ERR_SYSTEM_ERROR(code))
        text = strerror_r(ERR_GET_REASON(code), number, sizeof(number));
    else
        text = ERR_reason_error_string(code);
    if (!text) {
        snprintf(number, sizeof(number), "error %lx", code);
        text = number;
    }
    ERR_clear_error();
    return arena_string(arena, text);
}

static bool is_version_error(unsigned long code)
{
    if (ERR_GET_LIB(code) != ERR_LIB_SSL)
        return false;
    switch (ERR_GET_REASON(code)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_VERSION_TOO_HIGH:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return true;
    default: return false;
    }
}

bool tls_error_is_version(void)
{
    return is_version_error(ERR_peek_error()) ||
           is_version_error(ERR_peek_last_error());
}

bool tls_error_is_memory(void)
{
    return ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE ||
           ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
}

/* OpenSSL numbers alerts by what they are in the protocol, an octet. */
static bool is_alert(unsigned long code)
{
    int reason = ERR_GET_REASON(code);
    return ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET &&
           reason <= SSL_AD_REASON_OFFSET + UINT8_MAX;
}

bool tls_error_is_alert(void)
{
    return is_alert(ERR_peek_error()) || is_alert(ERR_peek_last_error());
}

enum mtasts_tls_outcome tls_verify_outcome(enum verify_status status)
{
    switch (status) {
    case VERIFY_NOT_DONE: return MTASTS_TLS_HANDSHAKE_FAILED;
    case VERIFY_OK: return MTASTS_TLS_CERT_OK;
    case VERIFY_EXPIRED:
    case VERIFY_NOT_YET_VALID: return MTASTS_TLS_CERT_EXPIRED;
    case VERIFY_HOST_MISMATCH: return MTASTS_TLS_CERT_HOST_MISMATCH;
    default: return MTASTS_TLS_CERT_NOT_TRUSTED;
    }
}
