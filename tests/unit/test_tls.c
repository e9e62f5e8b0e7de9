/*
 * Chains that are good and bad in one way each, judged at chosen times; what
 * a certificate says of itself; errors as sentences.
 */
#include "base/cleanup.h"
#include "net/digest.h"
#include "net/tls.h"
#include "unit.h"

#include <mtasts/delivery.h>
#include <mtasts/error.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#define HOST "mx.example.com"
#define NOW INT64_C(1750000000)
#define DAY 86400
#define ARENA_MAX (1u << 20)
#define SENT_MAX 4

enum signer {
    ITSELF,
    ROOT,
    INTERMEDIATE,
    OTHER_ROOT,
    OTHER_INTERMEDIATE,
    SIGNERS,
};

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
};

struct world {
    struct authority authorities[SIGNERS];
    X509_STORE *store;
    struct arena *arena;
};

struct leaf {
    enum signer signer;
    const char *names; /* as in openssl.cnf(5); NULL: no SAN */
    int from;          /* days from NOW */
    int to;
    int rsa_bits; /* 0: P-256 */
    bool sha1;
};

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static void set_name(X509_NAME *name, const char *text)
{
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                                (const unsigned char *)text, -1,
                                                -1, 0),
                     1);
}

/* Not signed yet; the issuer's name is that of `issuer`, or its own. */
static X509 *unsigned_certificate(const char *name, EVP_PKEY *key,
                                  const X509 *issuer, int from, int to)
{
    static long serial;
    X509 *certificate = X509_new();

    assert_non_null(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    ASN1_TIME_set(X509_getm_notBefore(certificate), NOW + from * DAY);
    ASN1_TIME_set(X509_getm_notAfter(certificate), NOW + to * DAY);
    set_name(X509_get_subject_name(certificate), name);
    X509_set_issuer_name(certificate,
                         X509_get_subject_name(issuer ? issuer : certificate));
    X509_set_pubkey(certificate, key);
    return certificate;
}

static void make_authority(struct authority *authority, const char *name,
                           const struct authority *issuer)
{
    authority->key = EVP_EC_gen("P-256");
    assert_non_null(authority->key);
    authority->certificate = unsigned_certificate(
        name, authority->key, issuer ? issuer->certificate : NULL, -100, 1000);
    add_extension(authority->certificate, NID_basic_constraints,
                  "critical,CA:TRUE");
    assert_true(X509_sign(authority->certificate,
                          issuer ? issuer->key : authority->key,
                          EVP_sha256()) > 0);
}

static int make_world(void **state)
{
    static struct world world;
    struct authority *by = world.authorities;

    OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, NULL);
    make_authority(&by[ROOT], "Root", NULL);
    make_authority(&by[INTERMEDIATE], "Intermediate", &by[ROOT]);
    make_authority(&by[OTHER_ROOT], "Other Root", NULL);
    make_authority(&by[OTHER_INTERMEDIATE], "Other Intermediate",
                   &by[OTHER_ROOT]);
    world.store = X509_STORE_new();
    assert_int_equal(X509_STORE_add_cert(world.store, by[ROOT].certificate), 1);
    assert_int_equal(arena_new(ARENA_MAX, &world.arena), 0);
    *state = &world;
    return 0;
}

static int free_world(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < SIGNERS; i++) {
        X509_free(world->authorities[i].certificate);
        EVP_PKEY_free(world->authorities[i].key);
    }
    X509_STORE_free(world->store);
    arena_free(world->arena);
    return 0;
}

static X509 *make_leaf(const struct world *world, const struct leaf *leaf)
{
    const struct authority *issuer = &world->authorities[leaf->signer];
    EVP_PKEY *key = leaf->rsa_bits ? EVP_RSA_gen((unsigned)leaf->rsa_bits)
                                   : EVP_EC_gen("P-256");
    X509 *certificate = unsigned_certificate("leaf", key, issuer->certificate,
                                             leaf->from, leaf->to);

    if (leaf->names)
        add_extension(certificate, NID_subject_alt_name, leaf->names);
    assert_true(X509_sign(certificate, issuer->key ? issuer->key : key,
                          leaf->sha1 ? EVP_sha1() : EVP_sha256()) > 0);
    EVP_PKEY_free(key);
    return certificate;
}

struct row {
    const char *what;
    struct leaf leaf;
    enum signer sent[SENT_MAX]; /* after the leaf; ITSELF ends the list */
    enum verify_status status;
    int code;
    const char *detail; /* a part of it; NULL: none at all */
};

static const struct row ROWS[] = {
    {"good",
     {INTERMEDIATE, "DNS:" HOST, -1, 30, 0, false},
     {INTERMEDIATE},
     VERIFY_OK,
     X509_V_OK,
     NULL},
    {"root sent too",
     {INTERMEDIATE, "DNS:" HOST, -1, 30, 0, false},
     {INTERMEDIATE, ROOT},
     VERIFY_OK,
     X509_V_OK,
     NULL},
    {"in another order",
     {INTERMEDIATE, "DNS:" HOST, -1, 30, 0, false},
     {ROOT, INTERMEDIATE},
     VERIFY_OK,
     X509_V_OK,
     NULL},
    {"below the root",
     {ROOT, "DNS:" HOST, -1, 30, 0, false},
     {ITSELF},
     VERIFY_OK,
     X509_V_OK,
     NULL},
    {"wildcard",
     {ROOT, "DNS:*.example.com", -1, 30, 0, false},
     {ITSELF},
     VERIFY_OK,
     X509_V_OK,
     NULL},
    {"one of several",
     {ROOT, "DNS:a.example,DNS:MX.EXAMPLE.COM", -1, 30, 0, false},
     {ITSELF},
     VERIFY_OK,
     X509_V_OK,
     NULL},
    {"RSA 2048",
     {ROOT, "DNS:" HOST, -1, 30, 2048, false},
     {ITSELF},
     VERIFY_OK,
     X509_V_OK,
     NULL},
    {"expired",
     {ROOT, "DNS:" HOST, -30, -1, 0, false},
     {ITSELF},
     VERIFY_EXPIRED,
     X509_V_ERR_CERT_HAS_EXPIRED,
     "expired"},
    {"not yet valid",
     {ROOT, "DNS:" HOST, 1, 30, 0, false},
     {ITSELF},
     VERIFY_NOT_YET_VALID,
     X509_V_ERR_CERT_NOT_YET_VALID,
     "not yet valid"},
    {"self-signed",
     {ITSELF, "DNS:" HOST, -1, 30, 0, false},
     {ITSELF},
     VERIFY_SELF_SIGNED,
     X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
     "self-signed"},
    {"unknown root, sent",
     {OTHER_ROOT, "DNS:" HOST, -1, 30, 0, false},
     {OTHER_ROOT},
     VERIFY_UNTRUSTED_ROOT,
     X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
     "self-signed"},
    {"unknown root, not sent",
     {OTHER_INTERMEDIATE, "DNS:" HOST, -1, 30, 0, false},
     {OTHER_INTERMEDIATE},
     VERIFY_UNTRUSTED_ROOT,
     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     "local issuer"},
    {"intermediate missing",
     {INTERMEDIATE, "DNS:" HOST, -1, 30, 0, false},
     {ITSELF},
     VERIFY_INCOMPLETE_CHAIN,
     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     "local issuer"},
    {"another intermediate",
     {INTERMEDIATE, "DNS:" HOST, -1, 30, 0, false},
     {OTHER_INTERMEDIATE},
     VERIFY_INCOMPLETE_CHAIN,
     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     "local issuer"},
    {"other name",
     {ROOT, "DNS:example.com", -1, 30, 0, false},
     {ITSELF},
     VERIFY_HOST_MISMATCH,
     X509_V_ERR_HOSTNAME_MISMATCH,
     "mismatch"},
    {"no name but the CN",
     {ROOT, NULL, -1, 30, 0, false},
     {ITSELF},
     VERIFY_HOST_MISMATCH,
     X509_V_ERR_HOSTNAME_MISMATCH,
     "mismatch"},
    {"name of another kind",
     {ROOT, "URI:https://" HOST ",email:a@" HOST ",IP:192.0.2.1", -1, 30, 0,
      false},
     {ITSELF},
     VERIFY_HOST_MISMATCH,
     X509_V_ERR_HOSTNAME_MISMATCH,
     "mismatch"},
    {"two labels for a *",
     {ROOT, "DNS:*.com", -1, 30, 0, false},
     {ITSELF},
     VERIFY_HOST_MISMATCH,
     X509_V_ERR_HOSTNAME_MISMATCH,
     "mismatch"},
    {"partial wildcard",
     {ROOT, "DNS:m*.example.com", -1, 30, 0, false},
     {ITSELF},
     VERIFY_HOST_MISMATCH,
     X509_V_ERR_HOSTNAME_MISMATCH,
     "mismatch"},
    {"weak key",
     {ROOT, "DNS:" HOST, -1, 30, 1024, false},
     {ITSELF},
     VERIFY_WEAK,
     X509_V_ERR_EE_KEY_TOO_SMALL,
     "too weak"},
    {"weak signature",
     {ROOT, "DNS:" HOST, -1, 30, 0, true},
     {ITSELF},
     VERIFY_WEAK,
     X509_V_ERR_CA_MD_TOO_WEAK,
     "too weak"},
    {"a leaf as issuer",
     {INTERMEDIATE, "DNS:" HOST, -1, 30, 0, false},
     {OTHER_ROOT},
     VERIFY_INCOMPLETE_CHAIN,
     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     "local issuer"},
    /* the worst counts, the others are named */
    {"expired, other name, weak",
     {ROOT, "DNS:a.example", -30, -1, 1024, false},
     {ITSELF},
     VERIFY_EXPIRED,
     X509_V_ERR_CERT_HAS_EXPIRED,
     "mismatch"},
    {"self-signed, other name",
     {ITSELF, "DNS:a.example", -1, 30, 0, false},
     {ITSELF},
     VERIFY_SELF_SIGNED,
     X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
     "mismatch"},
    {"other name, weak",
     {ROOT, "DNS:a.example", -1, 30, 1024, false},
     {ITSELF},
     VERIFY_HOST_MISMATCH,
     X509_V_ERR_HOSTNAME_MISMATCH,
     "too weak"},
};

static STACK_OF(X509) *
    chain_of(const struct world *world, const struct row *row)
{
    STACK_OF(X509) *chain = sk_X509_new_null();

    assert_true(sk_X509_push(chain, make_leaf(world, &row->leaf)) > 0);
    for (size_t i = 0; i < SENT_MAX && row->sent[i] != ITSELF; i++) {
        X509 *sent = world->authorities[row->sent[i]].certificate;
        X509_up_ref(sent);
        assert_true(sk_X509_push(chain, sent) > 0);
    }
    return chain;
}

static void test_judge(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < ELEMENTS(ROWS); i++) {
        const struct row *row = &ROWS[i];
        STACK_OF(X509) *chain = chain_of(world, row);
        struct fact_tls tls = {0};
        assert_int_equal(
            tls_judge_chain(world->arena, world->store, chain, HOST, NOW, &tls),
            0);
        if (tls.verify != row->status || tls.verify_code != row->code)
            fail_msg("%s: status %d, code %ld", row->what, tls.verify,
                     tls.verify_code);
        if (row->detail ? !tls.detail || !strstr(tls.detail, row->detail)
                        : tls.detail != NULL)
            fail_msg("%s: \"%s\"", row->what, tls.detail);
        assert_int_equal(tls.chain_count, sk_X509_num(chain));
        sk_X509_pop_free(chain, X509_free);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

struct time_row {
    int64_t now;
    enum verify_status status;
};

/* To the second. */
static const struct time_row TIMES[] = {
    {NOW - DAY - 1, VERIFY_NOT_YET_VALID},
    {NOW - DAY, VERIFY_OK},
    {NOW, VERIFY_OK},
    {NOW + 30 * DAY - 1, VERIFY_OK},
    {NOW + 30 * DAY + 1, VERIFY_EXPIRED},
    {0, VERIFY_EXPIRED}, /* the clock's */
};

static void test_time(void **state)
{
    struct world *world = *state;
    STACK_OF(X509) *chain = chain_of(world, &ROWS[0]);

    for (size_t i = 0; i < ELEMENTS(TIMES); i++) {
        struct fact_tls tls = {0};
        assert_int_equal(tls_judge_chain(world->arena, world->store, chain,
                                         HOST, TIMES[i].now, &tls),
                         0);
        assert_int_equal(tls.verify, TIMES[i].status);
    }
    sk_X509_pop_free(chain, X509_free);
}

static void test_no_chain(void **state)
{
    struct world *world = *state;
    STACK_OF(X509) *empty = sk_X509_new_null();
    struct fact_tls tls = {0};

    assert_int_equal(
        tls_judge_chain(world->arena, world->store, NULL, HOST, NOW, &tls), 0);
    assert_int_equal(tls.verify, VERIFY_NOT_DONE);
    assert_int_equal(
        tls_judge_chain(world->arena, world->store, empty, HOST, NOW, &tls), 0);
    assert_int_equal(tls.verify, VERIFY_NOT_DONE);
    sk_X509_free(empty);
}

static void test_facts(void **state)
{
    static const struct row row = {
        "facts",
        {ROOT, "DNS:B.Example,DNS:a.example,email:x@y.example", -1, 30, 2048,
         true},
        {ROOT},
        VERIFY_OK,
        0,
        NULL};
    struct world *world = *state;
    STACK_OF(X509) *chain = chain_of(world, &row);
    struct fact_tls tls = {0};
    const struct fact_certificate *leaf, *root;

    assert_int_equal(tls_chain_facts(world->arena, chain, &tls), 0);
    assert_int_equal(tls.chain_count, 2);
    leaf = &tls.chain[0];
    root = &tls.chain[1];
    assert_string_equal(leaf->subject, "CN=leaf");
    assert_string_equal(leaf->issuer, "CN=Root");
    assert_int_equal(leaf->name_count, 2);
    assert_string_equal(leaf->names[0], "b.example");
    assert_string_equal(leaf->names[1], "a.example");
    assert_int_equal(leaf->not_before, NOW - DAY);
    assert_int_equal(leaf->not_after, NOW + 30 * DAY);
    assert_string_equal(leaf->key_type, "RSA");
    assert_int_equal(leaf->key_bits, 2048);
    assert_string_equal(leaf->signature, "ecdsa-with-SHA1");
    assert_true(leaf->weak_signature);
    assert_false(leaf->self_issued);
    assert_int_equal(strlen(leaf->sha256), 64);
    assert_string_equal(root->key_type, "EC");
    assert_int_equal(root->key_bits, 256);
    assert_true(root->self_issued);
    assert_int_equal(root->name_count, 0);
    sk_X509_pop_free(chain, X509_free);
}

/* A signature that the certificate makes over itself is trusted or not for
   other reasons. */
static void test_weak_self_signature(void **state)
{
    static const struct row row = {
        "self", {ITSELF, "DNS:" HOST, -1, 30, 0, true}, {ITSELF}, VERIFY_OK, 0,
        NULL};
    struct world *world = *state;
    STACK_OF(X509) *chain = chain_of(world, &row);
    struct fact_tls tls = {0};

    assert_int_equal(tls_chain_facts(world->arena, chain, &tls), 0);
    assert_true(tls.chain[0].self_issued);
    assert_false(tls.chain[0].weak_signature);
    sk_X509_pop_free(chain, X509_free);
}

static void test_arena_too_small(void **state)
{
    struct world *world = *state;
    STACK_OF(X509) *chain = chain_of(world, &ROWS[0]);
    struct fact_tls tls = {0};
    struct arena *small = NULL;

    assert_int_equal(arena_new(64, &small), 0);
    assert_int_equal(tls_chain_facts(small, chain, &tls), -MTASTS_ENOMEM);
    assert_null(tls.chain);
    arena_free(small);
    sk_X509_pop_free(chain, X509_free);
}

static const struct outcome_row {
    enum verify_status status;
    enum mtasts_tls_outcome outcome;
} OUTCOMES[] = {
    {VERIFY_NOT_DONE, MTASTS_TLS_HANDSHAKE_FAILED},
    {VERIFY_OK, MTASTS_TLS_CERT_OK},
    {VERIFY_EXPIRED, MTASTS_TLS_CERT_EXPIRED},
    {VERIFY_NOT_YET_VALID, MTASTS_TLS_CERT_EXPIRED},
    {VERIFY_HOST_MISMATCH, MTASTS_TLS_CERT_HOST_MISMATCH},
    {VERIFY_SELF_SIGNED, MTASTS_TLS_CERT_NOT_TRUSTED},
    {VERIFY_UNTRUSTED_ROOT, MTASTS_TLS_CERT_NOT_TRUSTED},
    {VERIFY_INCOMPLETE_CHAIN, MTASTS_TLS_CERT_NOT_TRUSTED},
    {VERIFY_WEAK, MTASTS_TLS_CERT_NOT_TRUSTED},
    {VERIFY_REVOKED, MTASTS_TLS_CERT_NOT_TRUSTED},
    {VERIFY_OTHER, MTASTS_TLS_CERT_NOT_TRUSTED},
};

static void test_outcomes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(OUTCOMES); i++)
        assert_int_equal(tls_verify_outcome(OUTCOMES[i].status),
                         OUTCOMES[i].outcome);
}

static void test_other_codes(void **state)
{
    (void)state;
    assert_int_equal(tls_verify_status(X509_V_ERR_CERT_REVOKED, NULL),
                     VERIFY_REVOKED);
    assert_int_equal(tls_verify_status(X509_V_ERR_INVALID_PURPOSE, NULL),
                     VERIFY_OTHER);
    assert_int_equal(
        tls_verify_status(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, NULL),
        VERIFY_INCOMPLETE_CHAIN);
}

struct error_row {
    int reason;
    bool version;
    bool memory;
    bool alert;
    const char *text;
};

static const struct error_row ERRORS[] = {
    {SSL_R_UNSUPPORTED_PROTOCOL, true, false, false, "unsupported protocol"},
    {SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, true, false, true, "protocol version"},
    {SSL_R_NO_PROTOCOLS_AVAILABLE, true, false, false,
     "no protocols available"},
    {SSL_R_WRONG_VERSION_NUMBER, false, false, false, "wrong version number"},
    {SSL_R_NO_SHARED_CIPHER, false, false, false, "no shared cipher"},
    {SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, false, false, true,
     "handshake failure"},
    {SSL_R_TLSV1_UNRECOGNIZED_NAME, false, false, true, "unrecognized name"},
    {ERR_R_MALLOC_FAILURE, false, true, false, "malloc failure"},
};

static void test_errors(void **state)
{
    const struct world *world = *state;

    assert_null(tls_error_text(world->arena));
    assert_false(tls_error_is_version());
    assert_false(tls_error_is_memory());
    assert_false(tls_error_is_alert());
    for (size_t i = 0; i < ELEMENTS(ERRORS); i++) {
        ERR_raise(ERR_LIB_SSL, ERRORS[i].reason);
        ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH); /* not the oldest */
        assert_int_equal(tls_error_is_version(), ERRORS[i].version);
        assert_int_equal(tls_error_is_memory(), ERRORS[i].memory);
        assert_int_equal(tls_error_is_alert(), ERRORS[i].alert);
        const char *text = tls_error_text(world->arena);
        if (!strstr(text, ERRORS[i].text))
            fail_msg("\"%s\" for \"%s\"", text, ERRORS[i].text);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static void test_digest(void **state)
{
    char hex[DIGEST_SHA256_HEX];

    (void)state;
    assert_int_equal(digest_sha256_hex("", 0, hex), 0);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934c"
                             "a495991b7852b855");
    assert_int_equal(digest_sha256_hex("abc", 3, hex), 0);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9c"
                             "b410ff61f20015ad");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_no_chain),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_weak_self_signature),
        cmocka_unit_test(test_arena_too_small),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_other_codes),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_digest),
    };

    return cmocka_run_group_tests(tests, make_world, free_world);
}
