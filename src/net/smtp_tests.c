/*
 * smtp_tests: the tests of the SMTP probe, and what their outcomes say. See
 * smtp_tests.h.
 *
 * A test's answer is only given where the server has given it; whatever else
 * came in between makes it TEST_UNKNOWN.
 */
#include "net/smtp_tests.h"

#include "net/digest.h"

#include <string.h>

bool smtp_tls_failed(const struct smtp_outcome *outcome)
{
    return outcome->offered && (outcome->status == SMTP_TLS_VERSION ||
                                outcome->status == SMTP_TLS_FAILED);
}

/* Whether the server accepts what was offered. A connection that is lost in
   the handshake is no answer. */
static enum test_result accepted(const struct smtp_outcome *outcome)
{
    if (outcome->status == SMTP_OK)
        return TEST_YES;
    return smtp_tls_failed(outcome) && !outcome->dropped ? TEST_NO
                                                         : TEST_UNKNOWN;
}

static enum test_result judge_tls13(const struct smtp_seen *seen,
                                    struct fact_smtp *fact _unused_)
{
    return accepted(seen->outcome);
}

static enum test_result judge_old_tls(const struct smtp_seen *seen,
                                      struct fact_smtp *fact)
{
    enum test_result result = accepted(seen->outcome);
    if (result == TEST_YES)
        fact->old_tls_version =
            arena_string(seen->arena, SSL_get_version(seen->ssl));
    return result;
}

static enum test_result judge_weak_cipher(const struct smtp_seen *seen,
                                          struct fact_smtp *fact)
{
    enum test_result result = accepted(seen->outcome);
    if (result == TEST_YES)
        fact->weak_cipher_name =
            arena_string(seen->arena, SSL_get_cipher_name(seen->ssl));
    return result;
}

static const char *leaf_fingerprint(struct arena *arena, const SSL *ssl)
{
    char hex[DIGEST_SHA256_HEX];
    unsigned char *der = NULL;
    X509 *leaf = SSL_get0_peer_certificate(ssl);
    int len = leaf ? i2d_X509(leaf, &der) : 0;
    bool known = len > 0 && digest_sha256_hex(der, (size_t)len, hex) == 0;
    OPENSSL_free(der);
    return known ? arena_string(arena, hex) : NULL;
}

static enum test_result judge_no_sni(const struct smtp_seen *seen,
                                     struct fact_smtp *fact)
{
    enum test_result result = accepted(seen->outcome);
    if (result == TEST_NO && seen->outcome->alert)
        return TEST_YES; /* no certificate at all without SNI */
    if (result != TEST_YES || fact->tls.chain_count == 0)
        return TEST_UNKNOWN;
    fact->no_sni_sha256 = leaf_fingerprint(seen->arena, seen->ssl);
    if (!fact->no_sni_sha256 || !fact->tls.chain[0].sha256)
        return TEST_UNKNOWN;
    return strcmp(fact->no_sni_sha256, fact->tls.chain[0].sha256) == 0
               ? TEST_NO
               : TEST_YES;
}

/*
 * NOOP was sent in clear, then QUIT inside TLS: a server that kept the NOOP
 * has two replies to give there, any other has the 221 alone. One that
 * refuses the pipelined STARTTLS, or drops the session over it, is safe.
 */
static enum test_result judge_injection(const struct smtp_seen *seen,
                                        struct fact_smtp *fact _unused_)
{
    const struct smtp_outcome *outcome = seen->outcome;
    const int *replies = outcome->replies;
    switch (outcome->status) {
    case SMTP_OK:
        if (replies[0] == 221)
            return TEST_NO;
        return replies[1] ? TEST_YES : TEST_UNKNOWN;
    case SMTP_STARTTLS_REFUSED: return TEST_NO;
    case SMTP_CLOSED:
        return outcome->step == SMTP_STEP_STARTTLS ? TEST_NO : TEST_UNKNOWN;
    default: return smtp_tls_failed(outcome) ? TEST_NO : TEST_UNKNOWN;
    }
}

const struct smtp_test SMTP_TESTS[SMTP_TEST_COUNT] = {
    {{TLS1_3_VERSION, 0, SMTP_USUAL_CIPHERS, true},
     judge_tls13,
     SMTP_TEST_TLS13,
     false},
    {{TLS1_2_VERSION, 0, SMTP_USUAL_CIPHERS, false},
     judge_no_sni,
     SMTP_TEST_NO_SNI,
     false},
    {{TLS1_VERSION, TLS1_1_VERSION, "ALL:@SECLEVEL=0", true},
     judge_old_tls,
     SMTP_TEST_OLD_TLS,
     false},
    {{TLS1_2_VERSION, TLS1_2_VERSION, "kRSA:aNULL:eNULL:@SECLEVEL=0", true},
     judge_weak_cipher,
     SMTP_TEST_WEAK_CIPHER,
     false},
    {{TLS1_2_VERSION, 0, SMTP_USUAL_CIPHERS, true},
     judge_injection,
     SMTP_TEST_INJECTION,
     true},
};

enum test_result *smtp_test_result(struct fact_smtp *fact, enum smtp_tests flag)
{
    switch (flag) {
    case SMTP_TEST_INJECTION: return &fact->injection;
    case SMTP_TEST_OLD_TLS: return &fact->old_tls;
    case SMTP_TEST_WEAK_CIPHER: return &fact->weak_cipher;
    case SMTP_TEST_NO_SNI: return &fact->sni_varies;
    case SMTP_TEST_TLS13:
    case SMTP_TEST_ALL: break;
    }
    return &fact->tls13;
}

bool smtp_had_enough(const struct smtp_outcome *outcome)
{
    return outcome->status == SMTP_TIMEOUT ||
           (outcome->status != SMTP_OK && outcome->step < SMTP_STEP_EHLO) ||
           outcome->status == SMTP_GREETING_REFUSED;
}
