/*
 * issuers: what is known of them never changes a verdict. Chains of all kinds
 * are judged with a store that has seen a good one and with a fresh store;
 * both must say the same.
 *
 *   Root -> Upper -> Issuer -> leaf
 */
#include "base/cleanup.h"
#include "net/issuers.h"
#include "net/tls.h"
#include "unit.h"

#include <openssl/x509v3.h>

#define HOST "mta-sts.example.com"
#define NOW INT64_C(1750000000)
#define DAY 86400
#define ARENA_MAX (1u << 22)
#define SENT_MAX 5

enum name {
    END,
    ROOT,
    UPPER,
    ISSUER,
    TWIN, /* same name as ISSUER, another key */
    OTHER,
    SUB, /* below ISSUER */
    NAMES,
};

struct authority {
    X509 *certificate;
    EVP_PKEY *key;
};

struct world {
    struct authority by[NAMES];
    X509_STORE *store;
    struct arena *arena;
};

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *unsigned_certificate(const char *name, EVP_PKEY *key,
                                  const X509 *issuer, int from, int to)
{
    static long serial;
    X509 *certificate = X509_new();
    X509_NAME *subject;

    assert_non_null(certificate);
    subject = X509_get_subject_name(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    ASN1_TIME_set(X509_getm_notBefore(certificate), NOW + from * DAY);
    ASN1_TIME_set(X509_getm_notAfter(certificate), NOW + to * DAY);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate,
                         issuer ? X509_get_subject_name(issuer) : subject);
    X509_set_pubkey(certificate, key);
    return certificate;
}

/* `constraints`: of names, or NULL. */
static struct authority authority_with(const char *name,
                                       const struct authority *issuer, int to,
                                       const char *basic,
                                       const char *constraints)
{
    struct authority authority = {.key = EVP_EC_gen("P-256")};

    authority.certificate = unsigned_certificate(
        name, authority.key, issuer ? issuer->certificate : NULL, -100, to);
    add_extension(authority.certificate, NID_basic_constraints, basic);
    if (constraints)
        add_extension(authority.certificate, NID_name_constraints, constraints);
    assert_true(X509_sign(authority.certificate,
                          issuer ? issuer->key : authority.key,
                          EVP_sha256()) > 0);
    return authority;
}

static struct authority authority_new(const char *name,
                                      const struct authority *issuer, int to,
                                      const char *constraints)
{
    return authority_with(name, issuer, to, "critical,CA:TRUE", constraints);
}

static void authority_clear(struct authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
}

static X509_STORE *store_of(X509 *anchor)
{
    X509_STORE *store = X509_STORE_new();

    assert_int_equal(X509_STORE_add_cert(store, anchor), 1);
    return store;
}

static int make_world(void **state)
{
    static struct world world;
    struct authority *by = world.by;

    by[ROOT] = authority_new("Root", NULL, 1000, NULL);
    by[UPPER] = authority_new("Upper", &by[ROOT], 20, NULL);
    by[ISSUER] = authority_new("Issuer", &by[UPPER], 500, NULL);
    by[TWIN] = authority_new("Issuer", &by[UPPER], 500, NULL);
    by[OTHER] = authority_new("Other", NULL, 1000, NULL);
    world.store = store_of(by[ROOT].certificate);
    assert_int_equal(arena_new(ARENA_MAX, &world.arena), 0);
    *state = &world;
    return 0;
}

static int free_world(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < NAMES; i++)
        authority_clear(&world->by[i]);
    X509_STORE_free(world->store);
    arena_free(world->arena);
    return 0;
}

struct leaf {
    const char *what;
    enum name issuer; /* named as such */
    enum name signer;
    const char *host;
    int from;
    int to;
    bool sha1;
};

static const struct leaf LEAVES[] = {
    {"good", ISSUER, ISSUER, HOST, -1, 30, false},
    {"expired", ISSUER, ISSUER, HOST, -30, -1, false},
    {"not yet valid", ISSUER, ISSUER, HOST, 1, 30, false},
    {"other name", ISSUER, ISSUER, "example.com", -1, 30, false},
    {"weak", ISSUER, ISSUER, HOST, -1, 30, true},
    {"forged", ISSUER, OTHER, HOST, -1, 30, false},
    {"of the twin", TWIN, TWIN, HOST, -1, 30, false},
    {"one above", UPPER, UPPER, HOST, -1, 30, false},
    {"of the root", ROOT, ROOT, HOST, -1, 30, false},
    {"of another", OTHER, OTHER, HOST, -1, 30, false},
};

static const enum name SENT[][SENT_MAX + 1] = {
    {ISSUER, UPPER},
    {ISSUER, UPPER, ROOT},
    {UPPER, ISSUER},
    {ISSUER},
    {UPPER},
    {TWIN, UPPER},
    {ISSUER, TWIN, UPPER},
    {TWIN, ISSUER, UPPER},
    {ISSUER, UPPER, OTHER},
    {ISSUER, UPPER, ROOT, OTHER},
    {ISSUER, UPPER, ROOT, OTHER, TWIN},
    {ISSUER, ROOT},
    {OTHER, UPPER},
    {END},
};

static X509 *leaf_new(const struct world *world, const struct leaf *leaf)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = unsigned_certificate(
        "leaf", key, world->by[leaf->issuer].certificate, leaf->from, leaf->to);
    char names[256];

    snprintf(names, sizeof(names), "DNS:%s", leaf->host);
    add_extension(certificate, NID_subject_alt_name, names);
    assert_true(X509_sign(certificate, world->by[leaf->signer].key,
                          leaf->sha1 ? EVP_sha1() : EVP_sha256()) > 0);
    EVP_PKEY_free(key);
    return certificate;
}

static void push(STACK_OF(X509) * chain, X509 *certificate)
{
    X509_up_ref(certificate);
    assert_true(sk_X509_push(chain, certificate) > 0);
}

static STACK_OF(X509) * chain_new(const struct world *world,
                                  const struct leaf *leaf,
                                  const enum name *sent)
{
    STACK_OF(X509) *chain = sk_X509_new_null();

    assert_true(sk_X509_push(chain, leaf_new(world, leaf)) > 0);
    for (; *sent != END; sent++)
        push(chain, world->by[*sent].certificate);
    return chain;
}

static void chain_free(STACK_OF(X509) * chain)
{
    sk_X509_pop_free(chain, X509_free);
}

static struct fact_tls judge(const struct world *world, X509_STORE *store,
                             STACK_OF(X509) * chain, int64_t now)
{
    struct fact_tls tls = {0};

    assert_int_equal(
        tls_judge_chain(world->arena, store, chain, HOST, now, &tls), 0);
    return tls;
}

static bool is_known(X509_STORE *store, STACK_OF(X509) * chain, int64_t now)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    bool known;

    assert_int_equal(
        X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain), 1);
    known = issuers_rely_on(store, chain, now, ctx);
    X509_STORE_CTX_free(ctx);
    return known;
}

/* Judges with `warm`, which has seen others, and with a store of its own. */
static void compare(const struct world *world, X509_STORE *warm, X509 *anchor,
                    STACK_OF(X509) * chain, int64_t now, const char *what)
{
    X509_STORE *cold = store_of(anchor);
    struct fact_tls expected = judge(world, cold, chain, now);
    struct fact_tls tls = judge(world, warm, chain, now);

    if (tls.verify != expected.verify ||
        tls.verify_code != expected.verify_code ||
        strcmp(tls.detail ? tls.detail : "",
               expected.detail ? expected.detail : "") != 0)
        fail_msg("%s: %ld (%s), should be %ld (%s)", what, tls.verify_code,
                 tls.detail, expected.verify_code, expected.detail);
    X509_STORE_free(cold);
}

static void test_known(void **state)
{
    const struct world *world = *state;
    X509_STORE *store = store_of(world->by[ROOT].certificate);
    STACK_OF(X509) *chain = chain_new(world, &LEAVES[0], SENT[0]);
    STACK_OF(X509) *second = chain_new(world, &LEAVES[0], SENT[0]);

    assert_false(is_known(store, chain, NOW));
    assert_int_equal(judge(world, store, chain, NOW).verify, VERIFY_OK);
    assert_true(is_known(store, second, NOW));
    assert_int_equal(judge(world, store, second, NOW).verify, VERIFY_OK);
    for (size_t i = 1; i < ELEMENTS(SENT); i++) {
        STACK_OF(X509) *other = chain_new(world, &LEAVES[0], SENT[i]);
        if (is_known(store, other, NOW))
            fail_msg("what was sent in %zu is not what was sent in 0", i);
        chain_free(other);
    }
    chain_free(chain);
    chain_free(second);
    X509_STORE_free(store);
}

static void test_not_learnt_from_bad(void **state)
{
    const struct world *world = *state;

    for (size_t i = 1; i < ELEMENTS(LEAVES); i++) {
        X509_STORE *store = store_of(world->by[ROOT].certificate);
        STACK_OF(X509) *chain = chain_new(world, &LEAVES[i], SENT[0]);
        judge(world, store, chain, NOW);
        if (is_known(store, chain, NOW))
            fail_msg("%s: learnt", LEAVES[i].what);
        chain_free(chain);
        X509_STORE_free(store);
    }
}

static void test_same_verdicts(void **state)
{
    const struct world *world = *state;
    X509 *anchor = world->by[ROOT].certificate;

    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < ELEMENTS(LEAVES) * ELEMENTS(SENT); i++) {
            const struct leaf *leaf = &LEAVES[i % ELEMENTS(LEAVES)];
            STACK_OF(X509) *chain =
                chain_new(world, leaf, SENT[i / ELEMENTS(LEAVES)]);
            compare(world, world->store, anchor, chain, NOW, leaf->what);
            chain_free(chain);
        }
    }
}

/* Upper ends first, and cannot be seen by who ends at Issuer. */
static void test_time(void **state)
{
    static const int64_t times[] = {
        NOW,
        NOW - 101 * DAY,
        NOW - 100 * DAY - 1,
        NOW - 100 * DAY,
        NOW + 20 * DAY - 1,
        NOW + 20 * DAY,
        NOW + 20 * DAY + 1,
        NOW + 500 * DAY + 1,
        NOW,
        0, /* the clock's */
    };
    static const struct leaf leaf = {"long", ISSUER, ISSUER, HOST,
                                     -200,   5000,   false};
    const struct world *world = *state;
    X509 *anchor = world->by[ROOT].certificate;
    X509_STORE *store = store_of(anchor);
    STACK_OF(X509) *chain = chain_new(world, &leaf, SENT[0]);

    for (size_t i = 0; i < ELEMENTS(times); i++)
        compare(world, store, anchor, chain, times[i], "time");
    assert_true(is_known(store, chain, NOW));
    assert_false(is_known(store, chain, NOW + 20 * DAY + 1));
    chain_free(chain);
    X509_STORE_free(store);
}

/* Of an authority above the leaf's issuer: they bind the leaf, too. */
static void test_name_constraints(void **state)
{
    static const struct leaf bad = {"outside", ISSUER, ISSUER, HOST,
                                    -1,        30,     false};
    const struct world *world = *state;
    struct world other = {.arena = world->arena};
    X509_STORE *store;

    other.by[ROOT] = authority_new("Root", NULL, 1000, NULL);
    other.by[UPPER] = authority_new("Upper", &other.by[ROOT], 20,
                                    "critical,excluded;DNS:bad.example.com");
    other.by[ISSUER] = authority_new("Issuer", &other.by[UPPER], 20, NULL);
    store = store_of(other.by[ROOT].certificate);

    STACK_OF(X509) *inside = chain_new(&other, &bad, SENT[0]);
    assert_int_equal(judge(&other, store, inside, NOW).verify, VERIFY_OK);
    assert_false(is_known(store, inside, NOW));
    struct leaf leaf = bad;
    leaf.host = "bad.example.com,DNS:" HOST;
    STACK_OF(X509) *outside = chain_new(&other, &leaf, SENT[0]);
    assert_int_equal(judge(&other, store, outside, NOW).verify_code,
                     X509_V_ERR_EXCLUDED_VIOLATION);
    chain_free(inside);
    chain_free(outside);
    X509_STORE_free(store);
    for (size_t i = 0; i < NAMES; i++)
        authority_clear(&other.by[i]);
}

/* Upper allows for one authority below it, and Sub is the second: a longer way
   to a known issuer is another way. */
static void test_path_length(void **state)
{
    static const enum name sent[] = {ISSUER, UPPER, SUB, END};
    static const struct leaf below = {"below", SUB, SUB, HOST, -1, 30, false};
    const struct world *world = *state;
    struct world other = {.arena = world->arena};
    X509_STORE *store;

    other.by[ROOT] = authority_new("Root", NULL, 1000, NULL);
    other.by[UPPER] = authority_with("Upper", &other.by[ROOT], 20,
                                     "critical,CA:TRUE,pathlen:1", NULL);
    other.by[ISSUER] = authority_new("Issuer", &other.by[UPPER], 20, NULL);
    other.by[SUB] = authority_new("Sub", &other.by[ISSUER], 20, NULL);
    store = store_of(other.by[ROOT].certificate);

    STACK_OF(X509) *good = chain_new(&other, &LEAVES[0], sent);
    assert_int_equal(judge(&other, store, good, NOW).verify, VERIFY_OK);
    assert_true(is_known(store, good, NOW));
    STACK_OF(X509) *longer = chain_new(&other, &below, sent);
    assert_int_equal(judge(&other, store, longer, NOW).verify_code,
                     X509_V_ERR_PATH_LENGTH_EXCEEDED);
    chain_free(good);
    chain_free(longer);
    X509_STORE_free(store);
    for (size_t i = 0; i < NAMES; i++)
        authority_clear(&other.by[i]);
}

/* Nothing to save where the root signs the leaf itself. */
static void test_short(void **state)
{
    static const enum name sent[] = {ROOT, END};
    const struct world *world = *state;
    X509_STORE *store = store_of(world->by[ROOT].certificate);
    STACK_OF(X509) *chain = chain_new(world, &LEAVES[8], sent);

    assert_int_equal(judge(world, store, chain, NOW).verify, VERIFY_OK);
    assert_false(is_known(store, chain, NOW));
    chain_free(chain);
    X509_STORE_free(store);
}

/* A new one takes the place of the oldest. */
static void test_forgets(void **state)
{
    static const enum name sent[] = {ISSUER, UPPER, OTHER, END};
    const struct world *world = *state;
    struct world other = *world;
    X509_STORE *store = store_of(world->by[ROOT].certificate);
    STACK_OF(X509) *first = chain_new(world, &LEAVES[0], SENT[0]);

    judge(world, store, first, NOW);
    for (size_t i = 0; i < ISSUERS_MAX; i++) {
        assert_true(is_known(store, first, NOW));
        other.by[OTHER] = authority_new("Other", NULL, 1000, NULL);
        STACK_OF(X509) *chain = chain_new(&other, &LEAVES[0], sent);
        assert_int_equal(judge(&other, store, chain, NOW).verify, VERIFY_OK);
        assert_true(is_known(store, chain, NOW));
        chain_free(chain);
        authority_clear(&other.by[OTHER]);
    }
    assert_false(is_known(store, first, NOW));
    assert_int_equal(judge(world, store, first, NOW).verify, VERIFY_OK);
    assert_true(is_known(store, first, NOW));
    chain_free(first);
    X509_STORE_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_not_learnt_from_bad),
        cmocka_unit_test(test_same_verdicts),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_name_constraints),
        cmocka_unit_test(test_path_length),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_forgets),
    };
    return cmocka_run_group_tests(tests, make_world, free_world);
}
