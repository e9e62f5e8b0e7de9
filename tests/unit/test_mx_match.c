/*
 * MX patterns against hosts: the vectors, and what they leave out.
 */
#include "base/cleanup.h"
#include "unit.h"
#include "vectors.h"
#include <mtasts/error.h>
#include <mtasts/mx_match.h>

DEFINE_CLEANUP(struct mtasts_sts_policy *, mtasts_sts_policy_free, policy)
#define _cleanup_policy_ _cleanup_(cleanup_policy)

/* Where the standard can be read in more than one way: the reading taken. */
static const struct {
    const char *pattern;
    const char *host;
    bool match;
    const char *reading;
} ambiguous[] = {
    {"mail.example.com.", "mail.example.com", false,
     "a pattern with a final dot is no pattern"},
    {"my_mail.example.com", "my_mail.example.com", false,
     "a pattern with an underscore is no pattern"},
    {"*.example.com", "mail.example.com.", true,
     "the final dot of a host does not count"},
    {"*.example.com", "mail\\.evil.example.com", false,
     "hosts are text of letters, digits, hyphens, dots and underscores"},
    {"*.example.com", "_mail.example.com", true,
     "an underscore in the label that the wildcard stands for"},
    {"*.example.com", "my_mail.example.com", true, "as above"},
};

/* 1 or 0: the reading taken; -1: none is. */
static int reading_taken(const char *pattern, const char *host)
{
    for (size_t i = 0; i < ELEMENTS(ambiguous); i++)
        if (strcmp(ambiguous[i].pattern, pattern) == 0 &&
            strcmp(ambiguous[i].host, host) == 0)
            return ambiguous[i].match;
    return -1;
}

static bool case_passes(const json_t *test)
{
    size_t pattern_len;
    size_t host_len;
    _cleanup_free_ char *pattern =
        vectors_octets(json_object_get(test, "pattern"), &pattern_len);
    _cleanup_free_ char *host =
        vectors_octets(json_object_get(test, "host"), &host_len);
    int expected = json_is_true(json_object_get(test, "match"));

    if (json_is_true(json_object_get(test, "ambiguous")))
        expected = reading_taken(vectors_text(test, "pattern"),
                                 vectors_text(test, "host"));
    int match = mtasts_mx_match(pattern, pattern_len, host, host_len);
    if (match != expected)
        fprintf(stderr, "%s against %s: %d, not %d\n",
                vectors_text(test, "pattern"), vectors_text(test, "host"),
                match, expected);
    return match == expected;
}

static void test_vectors(void **state)
{
    (void)state;
    json_t *cases = vectors_load("mxmatch.json", 83);
    size_t failures = 0;
    size_t index;
    json_t *test;

    json_array_foreach(cases, index, test) failures += !case_passes(test);
    json_decref(cases);
    assert_int_equal(failures, 0);
}

#define L63 "a23456789-b23456789-c23456789-d23456789-e23456789-f23456789-g23"
#define L61 "a23456789-b23456789-c23456789-d23456789-e23456789-f23456789-g"
#define TAIL_191 L63 "." L63 "." L63
#define DOMAIN_253 TAIL_191 "." L61

static void test_pairs(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *host;
        bool match;
    } pairs[] = {
        {"a.example", "a.example.", true},
        {"a.example", "a.example..", false},
        {"a.example", ".", false},
        {"a.example", "", false},
        {"", "", false},
        {"", ".", false},
        {"*.", ".", false},
        {"*.", "a.", false},
        {"*.example", "*.example", false},
        {"*.example", "a.example..", false},
        {"*.example", ".example", false},
        {"*.example", "-a.example", false},
        {"*.example", "a-.example", false},
        {"*.example", "a-b.example", true},
        {"*.example", "a.b_c.example", false},
        {"*.b_c.example", "a.b_c.example", false},
        {"*.-b.example", "a.-b.example", false},
        {"*.example.", "a.example", false},
        {"*.example", L63 ".example", true},
        {"*.example", L63 "h.example", false},
        {DOMAIN_253, DOMAIN_253, true},
        {DOMAIN_253, DOMAIN_253 ".", true},
        {DOMAIN_253 "h", DOMAIN_253 "h", false},
        {"*." TAIL_191, L61 "." TAIL_191, true},
        {"*." TAIL_191, L61 "h." TAIL_191, false},
        {"*." DOMAIN_253, "a." DOMAIN_253, false},
        {"192.0.2.1", "192.0.2.1", true}, /* to the letter a Domain */
    };

    for (size_t i = 0; i < ELEMENTS(pairs); i++)
        if (mtasts_mx_match(pairs[i].pattern, strlen(pairs[i].pattern),
                            pairs[i].host,
                            strlen(pairs[i].host)) != pairs[i].match)
            fail_msg("%s against %s", pairs[i].pattern, pairs[i].host);
}

/* Case is folded for letters alone: "@" and "[" are not "`" and "{". */
static void test_every_octet_against_every_octet(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char pattern[] = "x?y.example";
            char host[] = "x?y.example";
            bool letter = (a >= 'a' && a <= 'z') || (a >= 'A' && a <= 'Z');
            bool match =
                (letter && (a | 0x20) == (b | 0x20)) ||
                (a == b && ((a >= '0' && a <= '9') || a == '-' || a == '.'));

            pattern[1] = (char)a;
            host[1] = (char)b;
            assert_int_equal(mtasts_mx_match(pattern, 11, host, 11), match);
        }
    }
}

static void test_pattern_valid(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        bool valid;
    } patterns[] = {
        {"a", true},
        {"*.a", true},
        {"A.B-c.9", true},
        {"*", false},
        {"*.", false},
        {"*.*.a", false},
        {"a.*.b", false},
        {"a.", false},
        {".a", false},
        {"", false},
        {"*a.b", false},
        {"a_b", false},
        {DOMAIN_253, true},
        {"*." DOMAIN_253, true},
        {DOMAIN_253 "h", false},
        {"*." DOMAIN_253 "h", false},
        {L63 ".a", true},
        {L63 "h.a", false},
    };

    for (size_t i = 0; i < ELEMENTS(patterns); i++)
        if (mtasts_mx_pattern_valid(patterns[i].pattern,
                                    strlen(patterns[i].pattern)) !=
            patterns[i].valid)
            fail_msg("%s", patterns[i].pattern);
}

static struct mtasts_sts_policy *parse(const char *body)
{
    struct mtasts_sts_policy *policy = NULL;

    assert_int_equal(mtasts_sts_policy_parse(body, strlen(body),
                                             MTASTS_TOLERANT, NULL, &policy),
                     0);
    return policy;
}

static void test_whole_policy(void **state)
{
    (void)state;
    _cleanup_policy_ struct mtasts_sts_policy *policy =
        parse("version: STSv1\nmode: enforce\nmax_age: 1\n"
              "mx: mx1.example\nmx: *.example\nmx: spare.example.net\n");
    static const struct mtasts_bytes hosts[] = {
        {"MX1.example.", 12}, {"mx2.example", 11}, {"a.b.example", 11}};
    bool covered[3] = {false, false, true};
    bool used[3] = {false, false, true};
    size_t index = 42;

    assert_int_equal(mtasts_sts_policy_match(policy, hosts, 3, covered, used),
                     2);
    assert_true(covered[0] && covered[1] && !covered[2]);
    assert_true(used[0] && used[1] && !used[2]);
    assert_int_equal(mtasts_sts_policy_match(policy, hosts, 3, NULL, NULL), 2);
    /* one host may use several patterns */
    assert_int_equal(mtasts_sts_policy_match(policy, hosts, 1, NULL, used), 1);
    assert_true(used[0] && used[1] && !used[2]);
    assert_int_equal(mtasts_sts_policy_match(policy, NULL, 0, NULL, used), 0);
    assert_false(used[0] || used[1] || used[2]);

    assert_int_equal(
        mtasts_sts_policy_find_mx(policy, "mx1.example", 11, &index), 0);
    assert_int_equal(index, 0);
    assert_int_equal(
        mtasts_sts_policy_find_mx(policy, "mx2.example", 11, &index), 0);
    assert_int_equal(index, 1);
    assert_int_equal(mtasts_sts_policy_find_mx(policy, "example", 7, &index),
                     -MTASTS_ENOTFOUND);
    assert_int_equal(index, 1);
}

/* A name with an underscore keeps a policy in force but matches nothing. */
static void test_underscored_pattern_matches_nothing(void **state)
{
    (void)state;
    _cleanup_policy_ struct mtasts_sts_policy *policy =
        parse("version: STSv1\nmode: enforce\nmax_age: 1\nmx: a_b.example\n");

    assert_int_equal(mtasts_sts_policy_mx_count(policy), 1);
    assert_int_equal(mtasts_sts_policy_find_mx(policy, "a_b.example", 11, NULL),
                     -MTASTS_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_every_octet_against_every_octet),
        cmocka_unit_test(test_pattern_valid),
        cmocka_unit_test(test_whole_policy),
        cmocka_unit_test(test_underscored_pattern_matches_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
