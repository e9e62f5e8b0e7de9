/* dane: TLSA records against chains made here, and real handshakes. */
#include "unit.h"

#include "base/cleanup.h"
#include "net/dane.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#define DAY 86400L
#define TLSA_MAX 4u /* records in one row */

/* A CA and three leaves of it, made once. */
static struct {
    struct arena *arena;
    EVP_PKEY *ca_key;
    EVP_PKEY *key;   /* of all leaves */
    EVP_PKEY *other; /* of nobody here */
    X509 *ca;
    X509 *leaf;    /* mx.example */
    X509 *expired; /* elsewhere.example, a day ago */
    X509 *stranger;
} pki;

static X509 *make(const char *name, EVP_PKEY *key, X509 *issuer,
                  EVP_PKEY *issuer_key, long end)
{
    char text[300];
    X509 *made = X509_new();
    X509_NAME *subject = X509_NAME_new();
    X509V3_CTX ctx;
    assert_non_null(made);
    assert_int_equal(X509_set_version(made, X509_VERSION_3), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(made), end > 0 ? end : 1);
    X509_gmtime_adj(X509_getm_notBefore(made), -30 * DAY);
    X509_gmtime_adj(X509_getm_notAfter(made), end);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_subject_name(made, subject);
    X509_set_issuer_name(made,
                         issuer ? X509_get_subject_name(issuer) : subject);
    X509_set_pubkey(made, key);
    X509V3_set_ctx(&ctx, issuer ? issuer : made, made, NULL, NULL, 0);
    snprintf(text, sizeof(text), "DNS:%s", name);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(
        NULL, &ctx, issuer ? NID_subject_alt_name : NID_basic_constraints,
        issuer ? text : "critical,CA:TRUE");
    assert_non_null(extension);
    X509_add_ext(made, extension, -1);
    X509_EXTENSION_free(extension);
    X509_NAME_free(subject);
    assert_true(X509_sign(made, issuer_key, EVP_sha256()) > 0);
    return made;
}

static int set_up(void **state)
{
    (void)state;
    if (arena_new(1 << 20, &pki.arena) < 0)
        return -1;
    pki.ca_key = EVP_EC_gen("P-256");
    pki.key = EVP_EC_gen("P-256");
    pki.other = EVP_EC_gen("P-256");
    pki.ca = make("CA", pki.ca_key, NULL, pki.ca_key, 30 * DAY);
    pki.leaf = make("mx.example", pki.key, pki.ca, pki.ca_key, 30 * DAY);
    pki.expired = make("elsewhere.example", pki.key, pki.ca, pki.ca_key, -DAY);
    pki.stranger = make("mx.example", pki.other, NULL, pki.other, 30 * DAY);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    X509_free(pki.ca);
    X509_free(pki.leaf);
    X509_free(pki.expired);
    X509_free(pki.stranger);
    EVP_PKEY_free(pki.ca_key);
    EVP_PKEY_free(pki.key);
    EVP_PKEY_free(pki.other);
    arena_free(pki.arena);
    return 0;
}

enum whom { CA, LEAF, EXPIRED, STRANGER };

static X509 *certificate(enum whom whom)
{
    X509 *all[] = {pki.ca, pki.leaf, pki.expired, pki.stranger};
    return all[whom];
}

/* What a row says of one record; `whom` is whose certificate it is of. */
struct record {
    int usage;
    int selector;
    int matching;
    enum whom whom;
    int cut; /* octets too few; below 0: one too many */
};

static struct fact_tlsa_rr make_record(const struct record *record)
{
    unsigned char rdata[4096] = {(unsigned char)record->usage,
                                 (unsigned char)record->selector,
                                 (unsigned char)record->matching};
    unsigned char *der = NULL;
    unsigned char *data = rdata + 3;
    struct fact_tlsa_rr rr;
    X509 *of = certificate(record->whom);
    int len = record->selector == TLSA_PUBLIC_KEY
                  ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(of), &der)
                  : i2d_X509(of, &der);
    unsigned digest_len = 0;
    assert_in_range(len, 1, sizeof(rdata) - 4);
    if (record->matching == TLSA_SHA256 || record->matching == TLSA_SHA512)
        EVP_Digest(der, (size_t)len, data, &digest_len,
                   record->matching == TLSA_SHA256 ? EVP_sha256()
                                                   : EVP_sha512(),
                   NULL);
    else
        memcpy(data, der, (size_t)len);
    size_t total = digest_len ? digest_len : (size_t)len;
    total = 3 + (size_t)((long)total - record->cut);
    OPENSSL_free(der);
    assert_int_equal(dane_rr_parse(pki.arena, rdata, total, &rr), 0);
    assert_int_equal(rr.usage, record->usage);
    assert_int_equal(rr.len, total - 3);
    return rr;
}

static void test_usable(void **state)
{
    static const struct {
        struct record record;
        bool usable;
    } rows[] = {
        {{3, 1, 1, LEAF, 0}, true},   {{3, 1, 2, LEAF, 0}, true},
        {{3, 0, 1, LEAF, 0}, true},   {{3, 0, 0, LEAF, 0}, true},
        {{3, 1, 0, LEAF, 0}, true},   {{2, 0, 1, CA, 0}, true},
        {{2, 1, 1, CA, 0}, true},     {{2, 0, 0, CA, 0}, true},
        {{0, 0, 1, CA, 0}, false},    {{1, 1, 1, LEAF, 0}, false},
        {{4, 1, 1, LEAF, 0}, false},  {{255, 1, 1, LEAF, 0}, false},
        {{3, 2, 1, LEAF, 0}, false},  {{3, 255, 1, LEAF, 0}, false},
        {{3, 1, 3, LEAF, 0}, false},  {{3, 1, 255, LEAF, 0}, false},
        {{3, 1, 1, LEAF, 1}, false},  {{3, 1, 1, LEAF, -1}, false},
        {{3, 1, 1, LEAF, 32}, false}, {{3, 1, 2, LEAF, 32}, false},
        {{3, 0, 0, LEAF, 1}, false},  {{3, 0, 0, LEAF, -1}, false},
        {{3, 1, 0, LEAF, 1}, false},  {{3, 1, 0, LEAF, -1}, false},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct fact_tlsa_rr rr = make_record(&rows[i].record);
        if (rr.usable != rows[i].usable)
            fail_msg("row %zu", i);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

static void test_short(void **state)
{
    static const uint8_t rdata[3] = {3, 1, 1};
    struct fact_tlsa_rr rr;
    (void)state;
    assert_int_equal(dane_rr_parse(pki.arena, rdata, 0, &rr), -MTASTS_ESYNTAX);
    assert_int_equal(dane_rr_parse(pki.arena, rdata, 2, &rr), -MTASTS_ESYNTAX);
    assert_int_equal(dane_rr_parse(pki.arena, rdata, 3, &rr), 0);
    assert_false(rr.usable);
}

/* One handshake: what the server sends, what is in DNS, what comes out. */
struct row {
    const char *what;
    enum whom leaf;
    bool send_ca;
    struct record records[TLSA_MAX];
    size_t count;
    const char *name; /* another reference name, or NULL */
    size_t usable;
    bool passed;
    bool matched[TLSA_MAX];
};

static const struct row ROWS[] = {
    {"3 1 1", LEAF, false, {{3, 1, 1, LEAF, 0}}, 1, NULL, 1, true, {true}},
    {"3 1 1 looks at no name and no date",
     EXPIRED,
     false,
     {{3, 1, 1, LEAF, 0}},
     1,
     NULL,
     1,
     true,
     {true}},
    {"3 0 1 of another leaf",
     EXPIRED,
     true,
     {{3, 0, 1, LEAF, 0}},
     1,
     NULL,
     1,
     false,
     {false}},
    {"one stale, one good",
     LEAF,
     true,
     {{3, 1, 1, STRANGER, 0}, {3, 1, 1, LEAF, 0}},
     2,
     NULL,
     2,
     true,
     {false, true}},
    {"all stale",
     LEAF,
     true,
     {{3, 1, 1, STRANGER, 0}, {3, 0, 2, EXPIRED, 0}},
     2,
     NULL,
     2,
     false,
     {false, false}},
    {"3 1 1 of the CA is not the leaf's",
     LEAF,
     true,
     {{3, 1, 1, CA, 0}},
     1,
     NULL,
     1,
     false,
     {false}},
    {"2 0 1", LEAF, true, {{2, 0, 1, CA, 0}}, 1, NULL, 1, true, {true}},
    {"2 1 2", LEAF, true, {{2, 1, 2, CA, 0}}, 1, NULL, 1, true, {true}},
    {"2 0 1 without the CA in the chain",
     LEAF,
     false,
     {{2, 0, 1, CA, 0}},
     1,
     NULL,
     1,
     false,
     {false}},
    {"2 0 0: the CA is in DNS, but not in the chain",
     LEAF,
     false,
     {{2, 0, 0, CA, 0}},
     1,
     NULL,
     1,
     true,
     {true}},
    {"2 0 1 looks at name and date",
     EXPIRED,
     true,
     {{2, 0, 1, CA, 0}},
     1,
     NULL,
     1,
     false,
     {true}},
    {"2 0 1 of a CA that has nothing to do with it",
     LEAF,
     true,
     {{2, 0, 1, STRANGER, 0}},
     1,
     NULL,
     1,
     false,
     {false}},
    {"usage 1 beside 3: only 3 counts",
     LEAF,
     true,
     {{1, 1, 1, LEAF, 0}, {3, 1, 1, STRANGER, 0}},
     2,
     NULL,
     1,
     false,
     {false, false}},
    {"nothing usable",
     LEAF,
     true,
     {{1, 1, 1, LEAF, 0}},
     1,
     NULL,
     0,
     false,
     {false}},
};

static void load(SSL_CTX *ctx, const struct row *row)
{
    SSL_CTX_set_security_level(ctx, 0);
    assert_int_equal(SSL_CTX_use_certificate(ctx, certificate(row->leaf)), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, pki.key), 1);
    if (row->send_ca)
        assert_int_equal(SSL_CTX_add1_chain_cert(ctx, pki.ca), 1);
}

/* Lets both sides talk until the client is done. */
static void shake_hands(SSL *client, SSL *server)
{
    BIO *a = NULL;
    BIO *b = NULL;
    assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
    SSL_set_bio(client, a, a);
    SSL_set_bio(server, b, b);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (int i = 0; i < 20 && !SSL_is_init_finished(client); i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    assert_true(SSL_is_init_finished(client));
}

static void judge_row(const struct row *row)
{
    SSL_CTX *client_ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX *server_ctx = SSL_CTX_new(TLS_server_method());
    struct fact_tlsa_rr rrs[TLSA_MAX];
    struct fact_tlsa tlsa = {.rrs = rrs, .count = row->count};
    bool matched[TLSA_MAX] = {0};
    size_t usable = 99;
    for (size_t i = 0; i < row->count; i++)
        rrs[i] = make_record(&row->records[i]);
    load(server_ctx, row);
    assert_int_equal(SSL_CTX_dane_enable(client_ctx), 1);
    SSL *client = SSL_new(client_ctx);
    SSL *server = SSL_new(server_ctx);
    assert_int_equal(dane_enable(client, "mx.example", &row->name,
                                 row->name ? 1 : 0, &tlsa, &usable),
                     0);
    shake_hands(client, server);
    dane_match(client, &tlsa, matched);
    if (usable != row->usable || dane_passed(client) != row->passed)
        fail_msg("%s: usable %zu, passed %d (%s)", row->what, usable,
                 dane_passed(client),
                 X509_verify_cert_error_string(SSL_get_verify_result(client)));
    for (size_t i = 0; i < row->count; i++)
        if (matched[i] != row->matched[i])
            fail_msg("%s: record %zu matched %d", row->what, i, matched[i]);
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(client_ctx);
    SSL_CTX_free(server_ctx);
    ERR_clear_error();
}

static void test_handshakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(ROWS); i++)
        judge_row(&ROWS[i]);
}

/* RFC 7672 3.2.2: DANE-TA takes the next-hop domain as a name too. */
static void test_names(void **state)
{
    X509 *kept = pki.leaf;
    struct row row = {.what = "the certificate is for the domain",
                      .leaf = LEAF,
                      .send_ca = true,
                      .records = {{2, 0, 1, CA, 0}},
                      .count = 1,
                      .usable = 1,
                      .matched = {true}};
    (void)state;
    pki.leaf = make("domain.example", pki.key, pki.ca, pki.ca_key, DAY);
    judge_row(&row);
    row.name = "domain.example";
    row.passed = true;
    judge_row(&row);
    X509_free(pki.leaf);
    pki.leaf = kept;
}

static void test_no_handshake(void **state)
{
    static const struct record record = {3, 1, 1, LEAF, 0};
    struct fact_tlsa_rr rr = make_record(&record);
    struct fact_tlsa tlsa = {.rrs = &rr, .count = 1};
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    bool matched = true;
    (void)state;
    dane_match(ssl, &tlsa, &matched);
    assert_false(matched);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static void test_state(void **state)
{
    static const struct {
        enum lookup_status status;
        enum dnssec_status dnssec;
        bool secure_address;
        int usage; /* of the one record */
        enum mtasts_dane_state expected;
    } rows[] = {
        {LOOKUP_OK, DNSSEC_SECURE, true, 3, MTASTS_DANE_PASS},
        {LOOKUP_OK, DNSSEC_SECURE, false, 3, MTASTS_DANE_PASS},
        {LOOKUP_OK, DNSSEC_SECURE, true, 1, MTASTS_DANE_UNUSABLE},
        {LOOKUP_OK, DNSSEC_INSECURE, true, 3, MTASTS_DANE_NONE},
        {LOOKUP_OK, DNSSEC_UNCHECKED, false, 3, MTASTS_DANE_NONE},
        {LOOKUP_NODATA, DNSSEC_SECURE, true, 3, MTASTS_DANE_NONE},
        {LOOKUP_NXDOMAIN, DNSSEC_SECURE, true, 3, MTASTS_DANE_NONE},
        {LOOKUP_NOT_ASKED, DNSSEC_UNCHECKED, true, 3, MTASTS_DANE_NONE},
        {LOOKUP_SERVFAIL, DNSSEC_UNCHECKED, true, 3, MTASTS_DANE_LOOKUP_FAILED},
        {LOOKUP_BOGUS, DNSSEC_BOGUS, true, 3, MTASTS_DANE_LOOKUP_FAILED},
        {LOOKUP_TIMEOUT, DNSSEC_UNCHECKED, true, 3, MTASTS_DANE_LOOKUP_FAILED},
        {LOOKUP_SERVFAIL, DNSSEC_UNCHECKED, false, 3, MTASTS_DANE_NONE},
    };
    (void)state;
    assert_int_equal(dane_state(NULL, true), MTASTS_DANE_NONE);
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const struct record record = {rows[i].usage, 1, 1, LEAF, 0};
        struct fact_tlsa_rr rr = make_record(&record);
        struct fact_tlsa tlsa = {.rrs = &rr, .count = 1};
        tlsa.lookup.status = rows[i].status;
        tlsa.lookup.dnssec = rows[i].dnssec;
        if (dane_state(&tlsa, rows[i].secure_address) != rows[i].expected)
            fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usable),       cmocka_unit_test(test_short),
        cmocka_unit_test(test_handshakes),   cmocka_unit_test(test_names),
        cmocka_unit_test(test_no_handshake), cmocka_unit_test(test_state),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
