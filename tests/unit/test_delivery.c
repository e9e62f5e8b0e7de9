/*
 * The delivery decision: the vectors as walks over MX hosts, and the whole
 * table of policy, DANE and TLS outcome.
 */
#include "base/cleanup.h"
#include "unit.h"
#include "vectors.h"
#include <mtasts/delivery.h>
#include <mtasts/error.h>
#include <mtasts/mx_match.h>

#define RESULTS_MAX 16
#define BOTH MTASTS_DELIVERY_STS_AND_DANE

DEFINE_CLEANUP(struct mtasts_sts_policy *, mtasts_sts_policy_free, policy)
#define _cleanup_policy_ _cleanup_(cleanup_policy)

/* Where the standard can be read in more than one way: the reading taken. */
static const struct ambiguous {
    const char *name;
    const char *action; /* with flags 0 */
    const char *strict; /* with MTASTS_DELIVERY_STS_AND_DANE */
    const char *reading;
} ambiguous[] = {
    {"none-mode-plain", "deliver", "deliver",
     "mode none acts as no policy and is reported as no-policy-found"},
    {"enforce-mx-not-listed", "defer", "defer",
     "an unlisted MX is a validation-failure with a reason code"},
    {"dane-passes-sts-cert-fails", "deliver", "defer",
     "DANE replaces the checks of the policy unless both are asked for; "
     "the policy's failure is reported either way"},
    {"implicit-mx", "deliver", "deliver",
     "the domain itself is the MX host and must match"},
};

struct walk {
    const char *delivered_to; /* NULL: deferred */
    const char *results[RESULTS_MAX];
    size_t result_count;
};

static void add_result(struct walk *walk, enum mtasts_result result)
{
    assert_true(walk->result_count < RESULTS_MAX);
    if (result != MTASTS_RESULT_SUCCESS)
        walk->results[walk->result_count++] = mtasts_result_name(result);
}

static void add_decision(struct walk *walk,
                         const struct mtasts_decision *decision)
{
    if (!decision->count_session)
        return;
    add_result(walk, decision->result);
    if (decision->also_sts)
        add_result(walk, decision->sts_result);
}

static enum mtasts_tls_outcome outcome_of(const json_t *mx)
{
    static const struct {
        const char *word;
        enum mtasts_tls_outcome outcome;
    } words[] = {
        {"ok", MTASTS_TLS_CERT_OK},
        {"expired", MTASTS_TLS_CERT_EXPIRED},
        {"not-yet-valid", MTASTS_TLS_CERT_EXPIRED},
        {"name-mismatch", MTASTS_TLS_CERT_HOST_MISMATCH},
        {"self-signed", MTASTS_TLS_CERT_NOT_TRUSTED},
        {"untrusted", MTASTS_TLS_CERT_NOT_TRUSTED},
        {"handshake-failure", MTASTS_TLS_HANDSHAKE_FAILED},
    };

    if (json_is_false(json_object_get(mx, "connect")))
        return MTASTS_TLS_NO_CONNECTION;
    if (json_is_false(json_object_get(mx, "starttls")))
        return MTASTS_TLS_NO_STARTTLS;
    for (size_t i = 0; i < ELEMENTS(words); i++)
        if (strcmp(vectors_text(mx, "cert"), words[i].word) == 0)
            return words[i].outcome;
    fail_msg("unknown cert %s", vectors_text(mx, "cert"));
    return MTASTS_TLS_NO_CONNECTION;
}

static enum mtasts_dane_state dane_of(const json_t *mx)
{
    static const char *const words[] = {
        [MTASTS_DANE_NONE] = "none",
        [MTASTS_DANE_PASS] = "pass",
        [MTASTS_DANE_FAIL] = "fail",
        [MTASTS_DANE_UNUSABLE] = "unusable",
        [MTASTS_DANE_LOOKUP_FAILED] = "servfail",
    };

    if (!json_object_get(mx, "dane"))
        return MTASTS_DANE_NONE;
    for (size_t i = 0; i < ELEMENTS(words); i++)
        if (strcmp(vectors_text(mx, "dane"), words[i]) == 0)
            return (enum mtasts_dane_state)i;
    fail_msg("unknown dane %s", vectors_text(mx, "dane"));
    return MTASTS_DANE_NONE;
}

/* As an MTA would: host after host until one takes the message. */
static void walk_hosts(const struct mtasts_sts_policy *policy,
                       const json_t *hosts, unsigned flags, struct walk *walk)
{
    size_t index;
    json_t *mx;

    json_array_foreach(hosts, index, mx)
    {
        const char *host = vectors_text(mx, "name");
        struct mtasts_decision decision;

        assert_int_equal(mtasts_delivery_before(policy, host, strlen(host),
                                                dane_of(mx), flags, &decision),
                         0);
        if (decision.action == MTASTS_ACTION_DELIVER)
            assert_int_equal(mtasts_delivery_after(policy, host, strlen(host),
                                                   outcome_of(mx), dane_of(mx),
                                                   flags, &decision),
                             0);
        add_decision(walk, &decision);
        if (decision.action != MTASTS_ACTION_DELIVER)
            continue;
        walk->delivered_to = host;
        return;
    }
}

static struct mtasts_sts_policy *make_policy(const json_t *from)
{
    char body[2048];
    struct mtasts_sts_policy *policy = NULL;
    size_t index;
    json_t *mx;

    if (!json_is_object(from))
        return NULL;
    int len = snprintf(body, sizeof(body),
                       "version: STSv1\nmax_age: 604800\nmode: %s\n",
                       vectors_text(from, "mode"));
    json_array_foreach(json_object_get(from, "mx"), index, mx) len +=
        snprintf(body + len, sizeof(body) - (size_t)len, "mx: %s\n",
                 json_string_value(mx));
    assert_int_equal(
        mtasts_sts_policy_parse(body, (size_t)len, 0, NULL, &policy), 0);
    return policy;
}

static bool walk_fits(const json_t *test, unsigned flags,
                      const struct walk *walk)
{
    const char *name = vectors_text(test, "name");
    const json_t *expect = json_object_get(test, "expect");
    const json_t *results = json_object_get(expect, "tlsrpt");
    const char *action = vectors_text(expect, "action");
    bool is_ambiguous = json_is_true(json_object_get(test, "ambiguous"));
    bool is_chosen = false;

    for (size_t i = 0; is_ambiguous && i < ELEMENTS(ambiguous); i++) {
        if (strcmp(ambiguous[i].name, name) != 0)
            continue;
        action = flags ? ambiguous[i].strict : ambiguous[i].action;
        is_chosen = true;
    }
    if (is_ambiguous && !is_chosen)
        return false;
    if (strcmp(action, walk->delivered_to ? "deliver" : "defer") != 0)
        return false;
    if (!is_ambiguous && walk->delivered_to &&
        strcmp(vectors_text(expect, "delivered_to"), walk->delivered_to) != 0)
        return false;
    if (json_array_size(results) != walk->result_count)
        return false;
    for (size_t i = 0; i < walk->result_count; i++)
        if (strcmp(json_string_value(json_array_get(results, i)),
                   walk->results[i]) != 0)
            return false;
    return true;
}

/* What `live_policy_after_failure` says, for tried hosts in vain. */
static bool exhausted_fits(const json_t *test,
                           const struct mtasts_sts_policy *policy)
{
    const char *live = vectors_text(test, "live_policy_after_failure");

    return strcmp(live, "same") == 0 &&
           mtasts_delivery_exhausted(policy, policy, false) ==
               MTASTS_ACTION_DEFER;
}

static bool case_passes(const json_t *test, unsigned flags)
{
    struct walk walk = {0};
    _cleanup_policy_ struct mtasts_sts_policy *policy =
        make_policy(json_object_get(test, "policy"));

    walk_hosts(policy, json_object_get(test, "mx_in_order"), flags, &walk);
    bool passes = walk_fits(test, flags, &walk);
    if (!walk.delivered_to)
        passes = passes && exhausted_fits(test, policy);
    if (!passes)
        fprintf(stderr, "%s, flags %u: %s, %zu results\n",
                vectors_text(test, "name"), flags,
                walk.delivered_to ? walk.delivered_to : "deferred",
                walk.result_count);
    return passes;
}

static void test_vectors(void **state)
{
    (void)state;
    json_t *cases = vectors_load("extra-delivery.json", 15);
    size_t failures = 0;
    size_t index;
    json_t *test;

    json_array_foreach(cases, index, test)
    {
        failures += !case_passes(test, 0);
        failures += !case_passes(test, BOTH);
    }
    json_decref(cases);
    assert_int_equal(failures, 0);
}

/* Policies that the tables below refer to; the listed host is mx.example. */
enum which { NO, NONE, TEST, FORCE };

static struct mtasts_sts_policy *policy_of(enum which which)
{
    static const char *const modes[] = {
        [NONE] = "none", [TEST] = "testing", [FORCE] = "enforce"};
    struct mtasts_sts_policy *policy = NULL;
    char body[128];

    if (which == NO)
        return NULL;
    int len = snprintf(body, sizeof(body),
                       "version: STSv1\nmode: %s\nmx: mx.example\nmax_age: 1\n",
                       modes[which]);
    assert_int_equal(
        mtasts_sts_policy_parse(body, (size_t)len, 0, NULL, &policy), 0);
    return policy;
}

#define GO MTASTS_ACTION_DELIVER
#define NEXT MTASTS_ACTION_TRY_NEXT
#define R(name) MTASTS_RESULT_##name
#define T(name) MTASTS_POLICY_TYPE_##name
#define D(name) MTASTS_DANE_##name
#define O(name) MTASTS_TLS_##name

/* clang-format off */
static const struct after {
    enum which policy;
    int listed; /* or not; int, so that the columns stay in this order */
    enum mtasts_tls_outcome outcome;
    enum mtasts_dane_state dane;
    unsigned flags;
    enum mtasts_action action;
    enum mtasts_policy_type reported;
    enum mtasts_result result;
    int also_sts;
    enum mtasts_result sts_result;
} afters[] = {
    /* no policy, and mode none, which is the same: opportunistic TLS */
    {NO, true, O(NO_STARTTLS), D(NONE), 0, GO, T(NONE),
        R(STARTTLS_NOT_SUPPORTED), false, 0},
    {NO, true, O(HANDSHAKE_FAILED), D(NONE), 0, GO, T(NONE),
        R(VALIDATION_FAILURE), false, 0},
    {NO, true, O(CERT_OK), D(NONE), 0, GO, T(NONE), R(SUCCESS), false, 0},
    {NO, true, O(CERT_EXPIRED), D(NONE), 0, GO, T(NONE), R(SUCCESS), false, 0},
    {NONE, false, O(CERT_HOST_MISMATCH), D(NONE), 0, GO, T(NONE), R(SUCCESS),
        false, 0},
    {NONE, true, O(NO_STARTTLS), D(NONE), 0, GO, T(NONE),
        R(STARTTLS_NOT_SUPPORTED), false, 0},
    /* testing delivers whatever it finds */
    {TEST, true, O(CERT_OK), D(NONE), 0, GO, T(STS), R(SUCCESS), false, 0},
    {TEST, true, O(NO_STARTTLS), D(NONE), 0, GO, T(STS),
        R(STARTTLS_NOT_SUPPORTED), false, 0},
    {TEST, true, O(HANDSHAKE_FAILED), D(NONE), 0, GO, T(STS),
        R(VALIDATION_FAILURE), false, 0},
    {TEST, true, O(CERT_NOT_TRUSTED), D(NONE), 0, GO, T(STS),
        R(CERTIFICATE_NOT_TRUSTED), false, 0},
    {TEST, false, O(CERT_OK), D(NONE), 0, GO, T(STS), R(VALIDATION_FAILURE),
        false, 0},
    /* enforce */
    {FORCE, true, O(CERT_OK), D(NONE), 0, GO, T(STS), R(SUCCESS), false, 0},
    {FORCE, true, O(NO_STARTTLS), D(NONE), 0, NEXT, T(STS),
        R(STARTTLS_NOT_SUPPORTED), false, 0},
    {FORCE, true, O(HANDSHAKE_FAILED), D(NONE), 0, NEXT, T(STS),
        R(VALIDATION_FAILURE), false, 0},
    {FORCE, true, O(CERT_HOST_MISMATCH), D(NONE), 0, NEXT, T(STS),
        R(CERTIFICATE_HOST_MISMATCH), false, 0},
    {FORCE, true, O(CERT_EXPIRED), D(NONE), 0, NEXT, T(STS),
        R(CERTIFICATE_EXPIRED), false, 0},
    {FORCE, true, O(CERT_NOT_TRUSTED), D(NONE), 0, NEXT, T(STS),
        R(CERTIFICATE_NOT_TRUSTED), false, 0},
    {FORCE, false, O(CERT_OK), D(NONE), 0, NEXT, T(STS), R(VALIDATION_FAILURE),
        false, 0},
    /* DANE alone */
    {NO, true, O(CERT_NOT_TRUSTED), D(PASS), 0, GO, T(TLSA), R(SUCCESS), false,
        0},
    {NO, true, O(CERT_OK), D(FAIL), 0, NEXT, T(TLSA), R(TLSA_INVALID), false,
        0},
    {NO, true, O(NO_STARTTLS), D(FAIL), 0, NEXT, T(TLSA),
        R(STARTTLS_NOT_SUPPORTED), false, 0},
    {NO, true, O(NO_STARTTLS), D(PASS), 0, NEXT, T(TLSA),
        R(STARTTLS_NOT_SUPPORTED), false, 0},
    {NO, true, O(HANDSHAKE_FAILED), D(PASS), 0, NEXT, T(TLSA),
        R(VALIDATION_FAILURE), false, 0},
    {NO, true, O(NO_STARTTLS), D(UNUSABLE), 0, NEXT, T(TLSA),
        R(STARTTLS_NOT_SUPPORTED), false, 0},
    {NO, true, O(CERT_NOT_TRUSTED), D(UNUSABLE), 0, GO, T(TLSA),
        R(TLSA_INVALID), false, 0},
    {NO, true, O(CERT_OK), D(LOOKUP_FAILED), 0, NEXT, T(TLSA),
        R(DNSSEC_INVALID), false, 0},
    {NONE, true, O(CERT_OK), D(FAIL), 0, NEXT, T(TLSA), R(TLSA_INVALID), false,
        0},
    /* DANE and testing: testing softens nothing of DANE */
    {TEST, true, O(CERT_OK), D(FAIL), 0, NEXT, T(TLSA), R(TLSA_INVALID), true,
        R(SUCCESS)},
    {TEST, false, O(CERT_OK), D(PASS), BOTH, GO, T(TLSA), R(SUCCESS), true,
        R(VALIDATION_FAILURE)},
    /* DANE and enforce */
    {FORCE, true, O(CERT_OK), D(PASS), 0, GO, T(TLSA), R(SUCCESS), true,
        R(SUCCESS)},
    {FORCE, true, O(CERT_OK), D(PASS), BOTH, GO, T(TLSA), R(SUCCESS), true,
        R(SUCCESS)},
    {FORCE, true, O(CERT_EXPIRED), D(PASS), 0, GO, T(TLSA), R(SUCCESS), true,
        R(CERTIFICATE_EXPIRED)},
    {FORCE, true, O(CERT_EXPIRED), D(PASS), BOTH, NEXT, T(TLSA), R(SUCCESS),
        true, R(CERTIFICATE_EXPIRED)},
    {FORCE, false, O(CERT_OK), D(PASS), 0, GO, T(TLSA), R(SUCCESS), true,
        R(VALIDATION_FAILURE)},
    {FORCE, false, O(CERT_OK), D(PASS), BOTH, NEXT, T(TLSA), R(SUCCESS), true,
        R(VALIDATION_FAILURE)},
    {FORCE, true, O(CERT_OK), D(FAIL), 0, NEXT, T(TLSA), R(TLSA_INVALID), true,
        R(SUCCESS)},
    {FORCE, true, O(NO_STARTTLS), D(PASS), 0, NEXT, T(TLSA),
        R(STARTTLS_NOT_SUPPORTED), true, R(STARTTLS_NOT_SUPPORTED)},
    /* unusable TLSA records replace nothing */
    {FORCE, true, O(CERT_OK), D(UNUSABLE), 0, GO, T(TLSA), R(TLSA_INVALID),
        true, R(SUCCESS)},
    {FORCE, true, O(CERT_EXPIRED), D(UNUSABLE), 0, NEXT, T(TLSA),
        R(TLSA_INVALID), true, R(CERTIFICATE_EXPIRED)},
    {FORCE, true, O(CERT_OK), D(LOOKUP_FAILED), 0, NEXT, T(TLSA),
        R(DNSSEC_INVALID), true, R(SUCCESS)},
};
/* clang-format on */

static void test_after(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(afters); i++) {
        const struct after *row = &afters[i];
        _cleanup_policy_ struct mtasts_sts_policy *policy =
            policy_of(row->policy);
        const char *host = row->listed ? "MX.example." : "other.example";
        struct mtasts_decision decision;

        assert_int_equal(mtasts_delivery_after(policy, host, strlen(host),
                                               row->outcome, row->dane,
                                               row->flags, &decision),
                         0);
        if (decision.action != row->action ||
            decision.reported != row->reported ||
            decision.result != row->result ||
            decision.also_sts != row->also_sts ||
            decision.sts_result != row->sts_result || !decision.count_session)
            fail_msg("row %zu: action %d, %s %s, sts %s", i,
                     (int)decision.action,
                     mtasts_policy_type_name(decision.reported),
                     mtasts_result_name(decision.result),
                     mtasts_result_name(decision.sts_result));
    }
}

/* RFC 8460 section 4.3.1: a validation-failure comes with a reason. */
static void test_every_validation_failure_has_a_reason(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4 * 2 * 7 * 5; i++) {
        _cleanup_policy_ struct mtasts_sts_policy *policy =
            policy_of((enum which)(i % 4));
        const char *host = i / 4 % 2 ? "mx.example" : "other.example";
        enum mtasts_tls_outcome outcome = (enum mtasts_tls_outcome)(i / 8 % 7);
        enum mtasts_dane_state dane = (enum mtasts_dane_state)(i / 56 % 5);
        struct mtasts_decision decision;

        mtasts_delivery_after(policy, host, strlen(host), outcome, dane, 0,
                              &decision);
        assert_true(decision.action != MTASTS_ACTION_DEFER);
        if (outcome == MTASTS_TLS_NO_CONNECTION) {
            assert_int_equal(decision.action, NEXT);
            assert_false(decision.count_session);
            assert_int_equal(decision.result, MTASTS_RESULT_SUCCESS);
        }
        if (decision.result == MTASTS_RESULT_VALIDATION_FAILURE)
            assert_non_null(decision.reason);
        if (decision.sts_result == MTASTS_RESULT_VALIDATION_FAILURE)
            assert_non_null(decision.sts_reason);
        if (decision.result == MTASTS_RESULT_SUCCESS)
            assert_null(decision.reason);
    }
}

static void test_before(void **state)
{
    (void)state;
    static const struct {
        enum which policy;
        bool listed;
        enum mtasts_dane_state dane;
        unsigned flags;
        enum mtasts_action action;
        enum mtasts_policy_type reported;
        enum mtasts_result result;
    } rows[] = {
        {NO, false, D(NONE), 0, GO, T(NONE), R(SUCCESS)},
        {NONE, false, D(NONE), 0, GO, T(NONE), R(SUCCESS)},
        {TEST, false, D(NONE), 0, GO, T(STS), R(SUCCESS)},
        {FORCE, true, D(NONE), 0, GO, T(STS), R(SUCCESS)},
        {FORCE, false, D(NONE), 0, NEXT, T(STS), R(VALIDATION_FAILURE)},
        {FORCE, false, D(PASS), 0, GO, T(TLSA), R(SUCCESS)},
        {FORCE, false, D(PASS), BOTH, NEXT, T(STS), R(VALIDATION_FAILURE)},
        {FORCE, false, D(UNUSABLE), 0, NEXT, T(STS), R(VALIDATION_FAILURE)},
        {FORCE, true, D(LOOKUP_FAILED), 0, NEXT, T(TLSA), R(DNSSEC_INVALID)},
        {NO, true, D(LOOKUP_FAILED), 0, NEXT, T(TLSA), R(DNSSEC_INVALID)},
        {NO, true, D(PASS), 0, GO, T(TLSA), R(SUCCESS)},
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_policy_ struct mtasts_sts_policy *policy =
            policy_of(rows[i].policy);
        const char *host = rows[i].listed ? "mx.example" : "other.example";
        struct mtasts_decision decision;

        assert_int_equal(mtasts_delivery_before(policy, host, strlen(host),
                                                rows[i].dane, rows[i].flags,
                                                &decision),
                         0);
        if (decision.action != rows[i].action ||
            decision.reported != rows[i].reported ||
            decision.result != rows[i].result ||
            decision.count_session != (rows[i].action != GO))
            fail_msg("row %zu", i);
    }
}

/* RFC 8461 section 5: a newer policy is tried before anything is given up. */
static void test_exhausted(void **state)
{
    (void)state;
    _cleanup_policy_ struct mtasts_sts_policy *tried = policy_of(FORCE);
    _cleanup_policy_ struct mtasts_sts_policy *none = policy_of(NONE);

    assert_int_equal(mtasts_delivery_exhausted(tried, none, true), NEXT);
    assert_int_equal(mtasts_delivery_exhausted(tried, tried, true), NEXT);
    assert_int_equal(mtasts_delivery_exhausted(tried, tried, false),
                     MTASTS_ACTION_DEFER);
    assert_int_equal(mtasts_delivery_exhausted(tried, NULL, true),
                     MTASTS_ACTION_DEFER);
    assert_int_equal(mtasts_delivery_exhausted(NULL, tried, true),
                     MTASTS_ACTION_DEFER);
    assert_int_equal(mtasts_delivery_exhausted(none, tried, true),
                     MTASTS_ACTION_DEFER);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(mtasts_result_name(MTASTS_RESULT_STS_WEBPKI_INVALID),
                        "sts-webpki-invalid");
    assert_string_equal(mtasts_result_name(MTASTS_RESULT_SUCCESS), "success");
    assert_null(mtasts_result_name((enum mtasts_result)42));
    assert_string_equal(mtasts_policy_type_name(MTASTS_POLICY_TYPE_NONE),
                        "no-policy-found");
    assert_null(mtasts_policy_type_name((enum mtasts_policy_type)42));
    for (int i = 0; i <= MTASTS_RESULT_STS_WEBPKI_INVALID; i++)
        assert_non_null(mtasts_result_name((enum mtasts_result)i));
}

static void test_bad_arguments(void **state)
{
    (void)state;
    struct mtasts_decision decision = {.reason = "untouched"};

    assert_int_equal(
        mtasts_delivery_before(NULL, NULL, 1, D(NONE), 0, &decision),
        -MTASTS_EINVAL);
    assert_int_equal(mtasts_delivery_before(NULL, "a", 1,
                                            (enum mtasts_dane_state)42, 0,
                                            &decision),
                     -MTASTS_EINVAL);
    assert_int_equal(
        mtasts_delivery_before(NULL, "a", 1, D(NONE), 2, &decision),
        -MTASTS_EINVAL);
    assert_int_equal(mtasts_delivery_before(NULL, "a", 1, D(NONE), 0, NULL),
                     -MTASTS_EINVAL);
    assert_int_equal(mtasts_delivery_after(NULL, "a", 1,
                                           (enum mtasts_tls_outcome)42, D(NONE),
                                           0, &decision),
                     -MTASTS_EINVAL);
    assert_string_equal(decision.reason, "untouched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_after),
        cmocka_unit_test(test_every_validation_failure_has_a_reason),
        cmocka_unit_test(test_before),
        cmocka_unit_test(test_exhausted),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bad_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
