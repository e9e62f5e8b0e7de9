/*
 * The policy body: the vectors, what they leave out, and where faults are.
 */
#include "base/cleanup.h"
#include "unit.h"
#include "vectors.h"
#include <mtasts/error.h>
#include <mtasts/sts_policy.h>

DEFINE_CLEANUP(struct mtasts_sts_policy *, mtasts_sts_policy_free, policy)
#define _cleanup_policy_ _cleanup_(cleanup_policy)

/* Where the standard can be read in more than one way: the reading taken. */
static const struct ambiguous {
    const char *name;
    const char *reading;
    const char *mx;   /* of the tolerant reading; NULL: as in `expect` */
    uint32_t max_age; /* of the tolerant reading; 0: as in `expect` */
    bool strict;
    bool tolerant;
} ambiguous[] = {
    {"ext-utf8-c1", "C1 controls are UTF8-2, no CTL", NULL, 0, true, true},
    {"mode-dup-second-garbage",
     "all but the first are ignored, whatever they hold", NULL, 0, true, true},
    {"mode-dup-first-garbage", "the first one counts, and is no mode", NULL, 0,
     false, false},
    {"age-max-plus-1", "strict refuses, tolerant clamps", "mail.example.com",
     MTASTS_MAX_AGE_MAX, false, true},
    {"age-8-digits", "as above", "mail.example.com", MTASTS_MAX_AGE_MAX, false,
     true},
    {"age-10-digits", "as above", "mail.example.com", MTASTS_MAX_AGE_MAX, false,
     true},
    {"age-2^31", "as above", "mail.example.com", MTASTS_MAX_AGE_MAX, false,
     true},
    {"age-2^32-plus-604800", "as above", "mail.example.com", MTASTS_MAX_AGE_MAX,
     false, true},
    {"mx-one-good-one-bad",
     "strict refuses, tolerant drops the bad one beside a good one",
     "mail.example.com", 604800, false, true},
    {"size-65536", "the size is the fetcher's to limit", NULL, 0, true, true},
    {"size-65537", "as above", NULL, 0, true, true},
};

static const struct ambiguous *find_ambiguous(const char *name)
{
    for (size_t i = 0; i < ELEMENTS(ambiguous); i++)
        if (strcmp(ambiguous[i].name, name) == 0)
            return &ambiguous[i];
    fprintf(stderr, "%s: ambiguous, but no reading is chosen\n", name);
    return NULL;
}

static bool same_mx(const struct mtasts_sts_policy *policy, const json_t *mx)
{
    if (mtasts_sts_policy_mx_count(policy) != json_array_size(mx))
        return false;
    for (size_t i = 0; i < json_array_size(mx); i++)
        if (strcmp(mtasts_sts_policy_mx(policy, i),
                   json_string_value(json_array_get(mx, i))) != 0)
            return false;
    return true;
}

static bool same_policy(const struct mtasts_sts_policy *policy,
                        const json_t *expect)
{
    const char *mode = mtasts_mode_name(mtasts_sts_policy_mode(policy));
    json_int_t max_age = mtasts_sts_policy_max_age(policy);

    return strcmp(mode, vectors_text(expect, "mode")) == 0 &&
           max_age == json_integer_value(json_object_get(expect, "max_age")) &&
           same_mx(policy, json_object_get(expect, "mx"));
}

/* The tolerant reading of an ambiguous case that strict refuses. */
static bool same_tolerant(const struct mtasts_sts_policy *policy,
                          const struct ambiguous *taken)
{
    return mtasts_sts_policy_mode(policy) == MTASTS_MODE_ENFORCE &&
           mtasts_sts_policy_max_age(policy) == taken->max_age &&
           mtasts_sts_policy_mx_count(policy) == 1 &&
           strcmp(mtasts_sts_policy_mx(policy, 0), taken->mx) == 0;
}

static bool outcome_fits(const json_t *test, unsigned flags, int r,
                         const struct mtasts_sts_policy *policy)
{
    const json_t *expect = json_object_get(test, "expect");
    const json_t *lenient = json_object_get(test, "expect_lenient");

    if (r != 0 && r != -MTASTS_ESYNTAX)
        return false;
    if (json_is_true(json_object_get(test, "ambiguous"))) {
        const struct ambiguous *taken =
            find_ambiguous(vectors_text(test, "name"));
        bool valid = flags ? taken && taken->tolerant : taken && taken->strict;

        if (!taken || (r == 0) != valid)
            return false;
        if (valid && taken->mx)
            return same_tolerant(policy, taken);
    } else if (flags && lenient) {
        expect = lenient;
    }
    if (json_is_true(json_object_get(expect, "valid")))
        return r == 0 && same_policy(policy, expect);
    return r != 0 || json_is_true(json_object_get(test, "ambiguous"));
}

static bool case_passes(const json_t *test, unsigned flags)
{
    size_t len;
    _cleanup_free_ char *body =
        vectors_base64(json_object_get(test, "body_base64"), &len);
    _cleanup_policy_ struct mtasts_sts_policy *policy = NULL;
    int r = mtasts_sts_policy_parse(body, len, flags, NULL, &policy);
    bool passes = outcome_fits(test, flags, r, policy);

    if (!passes)
        fprintf(stderr, "%s, flags %u: %s\n", vectors_text(test, "name"), flags,
                mtasts_strerror(r));
    return passes;
}

static void test_vectors(void **state)
{
    (void)state;
    json_t *cases = vectors_load("policy.json", 164);
    size_t failures = 0;
    size_t index;
    json_t *test;

    json_array_foreach(cases, index, test)
    {
        failures += !case_passes(test, 0);
        failures += !case_passes(test, MTASTS_TOLERANT);
    }
    json_decref(cases);
    assert_int_equal(failures, 0);
}

#define V "version: STSv1\r\n"
#define E "mode: enforce\r\n"
#define N "mode: none\r\n"
#define A "max_age: 86400\r\n"
#define M "mx: a.example\r\n"
#define NAME_32 "a123456789_123456789-123456789.1"
#define L63 "a23456789-b23456789-c23456789-d23456789-e23456789-f23456789-g23"
#define L61 "a23456789-b23456789-c23456789-d23456789-e23456789-f23456789-g"
#define DOMAIN_253 L63 "." L63 "." L63 "." L61
#define FAULT(name) MTASTS_FAULT_##name
#define NOTE MTASTS_NOTE
#define QUIRK MTASTS_QUIRK
#define FATAL MTASTS_FATAL

/* One body, what each reading makes of it, and the first fault. */
struct body {
    const char *text;
    size_t len; /* 0: strlen */
    bool strict;
    bool tolerant;
    const char *mx;              /* joined by spaces */
    enum mtasts_fault_code code; /* of the first fault; 0: none */
    enum mtasts_weight weight;
    size_t line;
    size_t column;
    size_t fault_len;
};

/* clang-format off */
static const struct body bodies[] = {
    {V E M A, 0, true, true, "a.example", 0, 0, 0, 0, 0},
    {"version:STSv1\r\nmode:enforce\r\n" M "max_age:86400\r\n", 0, true, true,
        "a.example", 0, 0, 0, 0, 0},
    {"version:\t STSv1 \t\r\n" E M A, 0, true, true, "a.example", 0, 0, 0, 0,
        0},
    {V N A, 0, true, true, "", 0, 0, 0, 0, 0},
    /* line ends */
    {V E M "max_age: 86400", 0, true, true, "a.example",
        FAULT(NO_FINAL_NEWLINE), NOTE, 4, 15, 0},
    {V "mode: enforce\n" M A, 0, true, true, "a.example", FAULT(LINE_ENDS_LF),
        NOTE, 2, 14, 1},
    {V "mode: enforce\r" M A, 0, false, false, "", FAULT(CONTROL), FATAL, 2,
        14, 1},
    {V "mode: enforce\r\r\n" M A, 0, false, false, "", FAULT(CONTROL), FATAL,
        2, 14, 1},
    {V E M "max_age: 86400\r", 0, false, false, "", FAULT(CONTROL), FATAL, 4,
        15, 1},
    {V E M A "\r", 0, false, false, "", FAULT(CONTROL), FATAL, 5, 1, 1},
    {V E M A "\n\r\n", 0, false, true, "a.example", FAULT(BLANK_LINE), QUIRK,
        5, 1, 0},
    {V E M A " \t", 0, false, true, "a.example", FAULT(BLANK_LINE), QUIRK, 5,
        1, 2},
    {V E M A "x: \x0b\r\n", 0, false, false, "", FAULT(CONTROL), FATAL, 5, 4,
        1},
    {V E M A "a\x0c" "b: c\r\n", 0, false, false, "", FAULT(CONTROL), FATAL, 5,
        2, 1},
    {V E M A "no colon\x01\r\n", 0, false, false, "", FAULT(CONTROL), FATAL, 5,
        9, 1},
    {V E M A "no\tcolon\r\n", 0, false, false, "", FAULT(CONTROL), FATAL, 5, 3,
        1},
    {V E M A "a\tb: c\r\n", 0, false, false, "", FAULT(CONTROL), FATAL, 5, 2,
        1},
    {V E M A "x: a\0b\r\n", sizeof(V E M A) + 8, false, false, "",
        FAULT(CONTROL), FATAL, 5, 5, 1},
    /* the beginning and the emptiness */
    {"", 0, false, false, "", FAULT(POLICY_EMPTY), FATAL, 1, 1, 0},
    {" \r\n\r\n", 0, false, false, "", FAULT(BLANK_LINE), QUIRK, 1, 1, 1},
    {"\xef\xbb\xbf" V E M A, 0, false, true, "a.example", FAULT(BOM), QUIRK, 1,
        1, 3},
    {"\xef\xbb\xbf" M V E A, 0, false, true, "a.example", FAULT(BOM), QUIRK, 1,
        1, 3},
    {"\xef\xbb\xbf\xef\xbb\xbf" V E M A, 0, false, false, "", FAULT(BOM),
        QUIRK, 1, 1, 3},
    {"\xef\xbb", 0, false, false, "", FAULT(COLON_MISSING), QUIRK, 1, 1, 2},
    {V "\xef\xbb\xbf" E M A, 0, false, false, "", FAULT(KEY), QUIRK, 2, 1, 7},
    /* white space around the name */
    {V " \tmode: enforce\r\n" M A, 0, false, true, "a.example",
        FAULT(LINE_SPACE), QUIRK, 2, 1, 2},
    {V "mode \t: enforce\r\n" M A, 0, false, true, "a.example",
        FAULT(COLON_SPACE), QUIRK, 2, 5, 1},
    {V " : x\r\n" E M A, 0, false, true, "a.example", FAULT(KEY), QUIRK, 2, 2,
        0},
    {V ": x\r\n" E M A, 0, false, true, "a.example", FAULT(KEY), QUIRK, 2, 1,
        0},
    {V "# a comment\r\n" E M A, 0, false, true, "a.example",
        FAULT(COLON_MISSING), QUIRK, 2, 1, 11},
    {"HTTP/1.1 200 OK\r\n" V E M A, 0, false, false, "", FAULT(COLON_MISSING),
        FATAL, 1, 1, 15},
    {V "HTTP/1.1 200 OK\r\n" E M A, 0, false, true, "a.example",
        FAULT(COLON_MISSING), QUIRK, 2, 1, 15},
    /* unknown fields */
    {V E M A NAME_32 ": x\r\n", 0, true, true, "a.example", FAULT(KEY_UNKNOWN),
        NOTE, 5, 1, 32},
    {V E M A NAME_32 "x: x\r\n", 0, false, true, "a.example", FAULT(KEY),
        QUIRK, 5, 1, 33},
    {V E M A "\xc3\xa9: x\r\n", 0, false, true, "a.example", FAULT(KEY), QUIRK,
        5, 1, 2},
    {V E M A "a b: x\r\n", 0, false, true, "a.example", FAULT(KEY), QUIRK, 5,
        1, 3},
    {V E M A "x: \r\n", 0, false, true, "a.example", FAULT(VALUE_EMPTY), QUIRK,
        5, 4, 0},
    {V E M A "x: a\tb\tc\r\n", 0, false, true, "a.example", FAULT(VALUE),
        QUIRK, 5, 5, 1},
    {V E M A "x: a  b\xf0\x90\x80\x80\r\n", 0, true, true, "a.example",
        FAULT(KEY_UNKNOWN), NOTE, 5, 1, 1},
    {V E M A "x: \xc0\x80\xff\r\n", 0, false, true, "a.example", FAULT(UTF8),
        QUIRK, 5, 4, 1},
    {V E M A "max-age: 1\r\n", 0, true, true, "a.example",
        FAULT(KEY_NEAR_MISS), NOTE, 5, 1, 7},
    /* the first of each known field counts */
    {V E M A "mode:\r\n", 0, false, true, "a.example", FAULT(VALUE_EMPTY),
        QUIRK, 5, 6, 0},
    {V E M A "mode: a\tb\r\n", 0, false, true, "a.example", FAULT(VALUE),
        QUIRK, 5, 8, 1},
    {V E M A "max_age: x\r\n", 0, true, true, "a.example",
        FAULT(KEY_DUPLICATE), NOTE, 5, 1, 7},
    {V "mode: enforce\tnone\r\n" M A, 0, false, false, "", FAULT(CONTROL),
        FATAL, 2, 14, 1},
    {V "mode:\r\n" E M A, 0, false, false, "", FAULT(VALUE_EMPTY), FATAL, 2, 6,
        0},
    {"version\r\n" V E M A, 0, false, true, "a.example", FAULT(COLON_MISSING),
        QUIRK, 1, 1, 7},
    {E V M A, 0, true, true, "a.example", FAULT(VERSION_NOT_FIRST), NOTE, 2, 1,
        7},
    {"x: y\r\n" V E M A, 0, true, true, "a.example", FAULT(KEY_UNKNOWN), NOTE,
        1, 1, 1},
    {E M A, 0, false, false, "", FAULT(VERSION_MISSING), FATAL, 3, 15, 0},
    {V M A, 0, false, false, "", FAULT(MODE_MISSING), FATAL, 3, 15, 0},
    {V E M, 0, false, false, "", FAULT(MAX_AGE_MISSING), FATAL, 3, 14, 0},
    {V E A, 0, false, false, "", FAULT(MX_MISSING), FATAL, 3, 15, 0},
    {"version: STSv1 \xc2\xa0\r\n" E M A, 0, false, false, "",
        FAULT(VERSION_VALUE), FATAL, 1, 10, 8},
    {"version: stsv1\r\n" E M A, 0, false, false, "", FAULT(VERSION_VALUE),
        FATAL, 1, 10, 5},
    {V "mode: Enforce\r\n" M A, 0, false, false, "", FAULT(MODE_VALUE), FATAL,
        2, 7, 7},
    /* max_age */
    {V E M "max_age: 31557600\r\n", 0, true, true, "a.example", 0, 0, 0, 0, 0},
    {V E M "max_age: 0031557600\r\n", 0, true, true, "a.example", 0, 0, 0, 0,
        0},
    {V E M "max_age: 31557601\r\n", 0, false, true, "a.example",
        FAULT(MAX_AGE_RANGE), QUIRK, 4, 10, 8},
    {V E M "max_age: 00031557600\r\n", 0, false, true, "a.example",
        FAULT(MAX_AGE_DIGITS), QUIRK, 4, 10, 11},
    {V E M "max_age: 09999999999\r\n", 0, false, true, "a.example",
        FAULT(MAX_AGE_DIGITS), QUIRK, 4, 10, 11},
    {V E M "max_age: 10000000000\r\n", 0, false, false, "",
        FAULT(MAX_AGE_DIGITS), FATAL, 4, 10, 11},
    {V E M "max_age: +1\r\n", 0, false, false, "", FAULT(MAX_AGE_VALUE), FATAL,
        4, 10, 2},
    {V E M "max_age: -1\r\n", 0, false, false, "", FAULT(MAX_AGE_VALUE), FATAL,
        4, 10, 2},
    {V E M "max_age: 1e5\r\n", 0, false, false, "", FAULT(MAX_AGE_VALUE),
        FATAL, 4, 10, 3},
    {V E M "max_age: 1,000\r\n", 0, false, false, "", FAULT(MAX_AGE_VALUE),
        FATAL, 4, 10, 5},
    /* mx */
    {V E "mx: A.EXAMPLE\r\nmx: *.B.example\r\nmx: a.example\r\n" A, 0, true,
        true, "a.example *.b.example a.example", FAULT(MX_DUPLICATE), NOTE, 5,
        5, 9},
    {V E "mx: " DOMAIN_253 "\r\n" A, 0, true, true, DOMAIN_253, 0, 0, 0, 0, 0},
    {V E "mx: *." DOMAIN_253 "\r\n" A, 0, true, true, "*." DOMAIN_253, 0, 0, 0,
        0, 0},
    {V E "mx: " DOMAIN_253 "h\r\n" A, 0, false, false, "", FAULT(MX_VALUE),
        FATAL, 3, 5, 254},
    {V E "mx: " L63 "h.example\r\n" A, 0, false, false, "", FAULT(MX_VALUE),
        FATAL, 3, 5, 72},
    {V E "mx: a-.example\r\n" A, 0, false, false, "", FAULT(MX_VALUE), FATAL,
        3, 5, 10},
    {V E "mx: a..example\r\n" A, 0, false, false, "", FAULT(MX_VALUE), FATAL,
        3, 5, 10},
    {V E "mx: a.example..\r\n" A, 0, false, false, "", FAULT(MX_VALUE), FATAL,
        3, 5, 11},
    {V E "mx: *..a.example\r\n" A, 0, false, false, "", FAULT(MX_VALUE), FATAL,
        3, 5, 12},
    {V E "mx: [192.0.2.1]\r\n" A, 0, false, false, "", FAULT(MX_VALUE), FATAL,
        3, 5, 11},
    {V E "mx: 192.0.2.1\r\n" A, 0, true, true, "192.0.2.1", FAULT(MX_ADDRESS),
        NOTE, 3, 5, 9},
    {V E "mx: 1.2.3\r\n" A, 0, true, true, "1.2.3", 0, 0, 0, 0, 0},
    {V E "mx: a.example.\r\n" A, 0, false, true, "a.example",
        FAULT(MX_TRAILING_DOT), QUIRK, 3, 14, 1},
    {V E "mx: *.a.example.\r\n" A, 0, false, true, "*.a.example",
        FAULT(MX_TRAILING_DOT), QUIRK, 3, 16, 1},
    {V E "mx: 192.0.2.1.\r\n" A, 0, false, false, "", FAULT(MX_VALUE), FATAL,
        3, 5, 10},
    {V E "mx: a_b.example.\r\n" A, 0, false, true, "a_b.example",
        FAULT(MX_TRAILING_DOT), QUIRK, 3, 16, 1},
    {V E "mx: _a.example\r\nmx: b_.example\r\n" A, 0, false, true,
        "_a.example b_.example", FAULT(MX_UNDERSCORE), QUIRK, 3, 5, 10},
    {V E "mx: _a.example\r\n" M A, 0, false, true, "a.example",
        FAULT(MX_UNDERSCORE), QUIRK, 3, 5, 10},
    {V E "mx: _a.example\r\nmx: b.example.\r\n" A, 0, false, true, "b.example",
        FAULT(MX_UNDERSCORE), QUIRK, 3, 5, 10},
    {V E "mx:\r\n" M A, 0, false, true, "a.example", FAULT(MX_VALUE), QUIRK, 3,
        4, 0},
    {V E "mx:\r\n" A, 0, false, false, "", FAULT(MX_VALUE), FATAL, 3, 4, 0},
    {V E "mx: *\r\n" M A, 0, false, true, "a.example", FAULT(MX_VALUE), QUIRK,
        3, 5, 1},
    {V E "mx: \xc3\xa9.example\r\n" M A, 0, false, true, "a.example",
        FAULT(MX_VALUE), QUIRK, 3, 5, 10},
    {V E "mx: a\x01.example\r\n" M A, 0, false, false, "", FAULT(CONTROL),
        FATAL, 3, 6, 1},
    {V N "mx: *\r\n" A, 0, false, true, "", FAULT(MX_VALUE), QUIRK, 3, 5, 1},
    {V N "mx: *\r\n" M A, 0, false, true, "a.example", FAULT(MX_VALUE), QUIRK,
        3, 5, 1},
    {V E "mx a.example\r\n" M A, 0, false, true, "a.example",
        FAULT(COLON_MISSING), QUIRK, 3, 1, 12},
    {V E " mx : b.example\r\n" M A, 0, false, true, "b.example a.example",
        FAULT(LINE_SPACE), QUIRK, 3, 1, 1},
};
/* clang-format on */

static void join_mx(const struct mtasts_sts_policy *policy, char *buf,
                    size_t size)
{
    size_t len = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < mtasts_sts_policy_mx_count(policy); i++)
        len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? " " : "",
                                mtasts_sts_policy_mx(policy, i));
}

static void check_body(const struct body *body, unsigned flags, bool valid)
{
    size_t len = body->len ? body->len : strlen(body->text);
    _cleanup_free_ char *copy = malloc(len ? len : 1);
    struct mtasts_fault items[16] = {0};
    struct mtasts_faults faults = {.items = items, .max = ELEMENTS(items)};
    _cleanup_policy_ struct mtasts_sts_policy *policy = NULL;
    char mx[1024];

    memcpy(copy, body->text, len); /* no room behind it for an over-read */
    int r = mtasts_sts_policy_parse(copy, len, flags, &faults, &policy);
    if ((r == 0) != valid)
        fail_msg("%s, flags %u: %d", body->text, flags, r);
    if (r == 0) {
        join_mx(policy, mx, sizeof(mx));
        assert_string_equal(mx, body->mx);
    }
    if (body->code == 0) {
        assert_int_equal(faults.count, 0);
        return;
    }
    if (faults.count == 0 || items[0].code != body->code ||
        items[0].weight != body->weight || items[0].line != body->line ||
        items[0].column != body->column || items[0].len != body->fault_len)
        fail_msg("%s: fault %s, weight %d, at %zu:%zu+%zu", body->text,
                 faults.count ? mtasts_fault_name(items[0].code) : "none",
                 items[0].weight, items[0].line, items[0].column, items[0].len);
}

static void test_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(bodies); i++) {
        check_body(&bodies[i], 0, bodies[i].strict);
        check_body(&bodies[i], MTASTS_TOLERANT, bodies[i].tolerant);
    }
}

static int parse(const char *body, size_t len, unsigned flags)
{
    _cleanup_policy_ struct mtasts_sts_policy *policy = NULL;

    return mtasts_sts_policy_parse(body, len, flags, NULL, &policy);
}

/* Every octet in an unknown field's value, alone between two letters. */
static void test_every_octet_of_a_value(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        char body[] = V E M A "x: a?b\r\n";
        bool visible = octet >= 0x20 && octet < 0x7f;
        bool tolerable = visible || octet >= 0x80 || octet == '\t';
        size_t len = sizeof(body) - 1;

        if (octet == '\n')
            continue; /* makes two lines of it */
        body[len - 4] = (char)octet;
        assert_int_equal(parse(body, len, 0) == 0, visible);
        assert_int_equal(parse(body, len, MTASTS_TOLERANT) == 0, tolerable);
    }
}

/* Every octet as the second one of a name. */
static void test_every_octet_of_a_name(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        char body[] = V E M A "a?: b\r\n";
        size_t len = sizeof(body) - 1;
        bool name = (octet >= '0' && octet <= '9') ||
                    (octet >= 'A' && octet <= 'Z') ||
                    (octet >= 'a' && octet <= 'z') || octet == '_' ||
                    octet == '-' || octet == '.' || octet == ':';
        bool control = (octet < 0x20 && octet != '\t') || octet == 0x7f;

        body[len - 6] = (char)octet;
        assert_int_equal(parse(body, len, 0) == 0, name);
        assert_int_equal(parse(body, len, MTASTS_TOLERANT) == 0,
                         octet == '\n' || !control);
    }
}

static void check_utf8(unsigned long point, const unsigned char *octets,
                       size_t count, bool valid)
{
    char body[96] = V E M A "x: ";
    size_t len = strlen(body);

    memcpy(body + len, octets, count);
    if ((parse(body, len + count, 0) == 0) != valid)
        fail_msg("U+%lX", point);
}

/* Every code point in its proper form is UTF-8, surrogates are not. */
static void test_every_code_point(void **state)
{
    (void)state;
    for (unsigned long point = 0x80; point < 0x120000; point++) {
        unsigned char octets[4];
        size_t count = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
        static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
        bool valid = point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
        unsigned long rest = point;

        for (size_t i = count - 1; i > 0; i--, rest >>= 6)
            octets[i] = (unsigned char)(0x80 | (rest & 0x3f));
        octets[0] = (unsigned char)(lead[count] | rest);
        check_utf8(point, octets, count, valid);
        if (point % 1024 == 0)
            check_utf8(point, octets, count - 1, false);
        for (size_t i = 1; i < count && point % 1024 == 0; i++) {
            unsigned char octet = octets[i];

            octets[i] = 0xc0;
            check_utf8(point, octets, count, false);
            octets[i] = octet;
        }
    }
    check_utf8(0x7f, (const unsigned char *)"\xc1\xbf", 2, false);
    check_utf8(0x7ff, (const unsigned char *)"\xe0\x9f\xbf", 3, false);
    check_utf8(0xffff, (const unsigned char *)"\xf0\x8f\xbf\xbf", 4, false);
}

static void test_all_faults_of_a_messy_body(void **state)
{
    (void)state;
    static const char body[] = "\xef\xbb\xbf version : STSv1\n"
                               "\n"
                               "Mode: none\n"
                               "mode: enforce\n"
                               "mx: *\n"
                               "mx: A.example.\n"
                               "mx: a.example\n"
                               "max_age: 99999999\n"
                               "max_age: soon";
    static const struct {
        enum mtasts_fault_code code;
        enum mtasts_weight weight;
        size_t line;
        size_t column;
        size_t offset;
    } expected[] = {
        {FAULT(BOM), QUIRK, 1, 1, 0},
        {FAULT(LINE_SPACE), QUIRK, 1, 1, 3},
        {FAULT(COLON_SPACE), QUIRK, 1, 9, 11},
        {FAULT(LINE_ENDS_LF), NOTE, 1, 17, 19},
        {FAULT(BLANK_LINE), QUIRK, 2, 1, 20},
        {FAULT(KEY_NEAR_MISS), NOTE, 3, 1, 21},
        {FAULT(MX_VALUE), QUIRK, 5, 5, 50},
        {FAULT(MX_TRAILING_DOT), QUIRK, 6, 14, 65},
        {FAULT(MX_DUPLICATE), NOTE, 7, 5, 71},
        {FAULT(MAX_AGE_RANGE), QUIRK, 8, 10, 90},
        {FAULT(KEY_DUPLICATE), NOTE, 9, 1, 99},
        {FAULT(NO_FINAL_NEWLINE), NOTE, 9, 14, 112},
    };
    struct mtasts_fault items[16];
    struct mtasts_faults faults = {.items = items, .max = ELEMENTS(items)};
    _cleanup_policy_ struct mtasts_sts_policy *policy = NULL;

    assert_int_equal(mtasts_sts_policy_parse(body, sizeof(body) - 1,
                                             MTASTS_TOLERANT, &faults, &policy),
                     0);
    assert_int_equal(faults.count, ELEMENTS(expected));
    for (size_t i = 0; i < ELEMENTS(expected); i++) {
        assert_int_equal(items[i].code, expected[i].code);
        assert_int_equal(items[i].weight, expected[i].weight);
        assert_int_equal(items[i].line, expected[i].line);
        assert_int_equal(items[i].column, expected[i].column);
        assert_int_equal(items[i].offset, expected[i].offset);
    }
    assert_int_equal(mtasts_sts_policy_max_age(policy), MTASTS_MAX_AGE_MAX);
}

/* What a bad mx means is known at the end, for faults without room too. */
static void test_bad_mx_without_room(void **state)
{
    (void)state;
    static const char body[] = V E "mx: *\r\nmx: ?\r\nmx: !\r\n" A;
    struct mtasts_fault items[2];
    struct mtasts_faults faults = {.items = items, .max = ELEMENTS(items)};
    struct mtasts_sts_policy *policy = NULL;

    assert_int_equal(mtasts_sts_policy_parse(body, sizeof(body) - 1,
                                             MTASTS_TOLERANT, &faults, &policy),
                     -MTASTS_ESYNTAX);
    assert_null(policy);
    assert_int_equal(faults.count, 3);
    assert_int_equal(faults.quirks, 0);
    assert_int_equal(faults.fatal, 3);
    assert_int_equal(items[1].weight, FATAL);
}

/* A list that holds something already is added to, and judged by the rest. */
static void test_faults_append(void **state)
{
    (void)state;
    struct mtasts_fault items[4] = {{.code = FAULT(MX_VALUE), .weight = QUIRK}};
    struct mtasts_faults faults = {
        .items = items, .max = 4, .count = 1, .quirks = 1};
    _cleanup_policy_ struct mtasts_sts_policy *policy = NULL;

    assert_int_equal(
        mtasts_sts_policy_parse(V E M A, strlen(V E M A), 0, &faults, &policy),
        0);
    struct mtasts_sts_policy *none = NULL;
    assert_int_equal(mtasts_sts_policy_parse(V E "mx: *\r\n" A,
                                             strlen(V E "mx: *\r\n" A), 0,
                                             &faults, &none),
                     -MTASTS_ESYNTAX);
    assert_int_equal(faults.count, 2);
    assert_int_equal(faults.quirks, 1);
    assert_int_equal(faults.fatal, 1);
    assert_int_equal(items[0].weight, QUIRK);
    assert_int_equal(items[1].weight, FATAL);
}

/* More mx than are compared with each other, and a body of any size. */
static void test_large_bodies_are_linear(void **state)
{
    (void)state;
    static const size_t size = 4 << 20;
    static const char head[] = V E A;
    static const char line[] = "mx:a\r\n";
    _cleanup_free_ char *body = malloc(size);
    size_t len = sizeof(head) - 1;
    size_t count = 0;
    struct mtasts_faults faults = {0};
    _cleanup_policy_ struct mtasts_sts_policy *policy = NULL;

    memcpy(body, head, sizeof(head));
    for (; len + sizeof(line) <= size; len += sizeof(line) - 1, count++)
        memcpy(body + len, line, sizeof(line));
    assert_int_equal(mtasts_sts_policy_parse(body, len, 0, &faults, &policy),
                     0);
    assert_int_equal(mtasts_sts_policy_mx_count(policy), count);
    assert_string_equal(mtasts_sts_policy_mx(policy, count - 1), "a");
    assert_null(mtasts_sts_policy_mx(policy, count));
    assert_int_equal(faults.count, count - 1);
}

static void test_near_misses(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        bool near;
    } keys[] = {
        {"Version", true},  {"versoin", true},  {"vesion", true},
        {"versionn", true}, {"bersion", true},  {"conversion", false},
        {"Mode", true},     {"modes", true},    {"mod", true},
        {"node", true},     {"mdoe", true},     {"model-name", false},
        {"maxage", true},   {"max-age", true},  {"max.age", true},
        {"MAX_AGE", true},  {"max_agee", true}, {"age", false},
        {"MX", true},       {"nmx", true},      {"mxs", true},
        {"m-x", true},      {"m", false},       {"x", false},
        {"tx", false},      {"xm", false},      {"mxab", false},
        {"contact", false},
    };

    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        char body[96];
        struct mtasts_fault items[1] = {0};
        struct mtasts_faults faults = {.items = items, .max = 1};
        _cleanup_policy_ struct mtasts_sts_policy *policy = NULL;
        int len = snprintf(body, sizeof(body), V N A "%s: x\r\n", keys[i].key);

        mtasts_sts_policy_parse(body, (size_t)len, 0, &faults, &policy);
        if (faults.count != 1 ||
            items[0].code !=
                (keys[i].near ? FAULT(KEY_NEAR_MISS) : FAULT(KEY_UNKNOWN)))
            fail_msg("%s: %s", keys[i].key, mtasts_fault_name(items[0].code));
    }
}

static void test_bad_arguments(void **state)
{
    (void)state;
    struct mtasts_sts_policy *policy = NULL;
    struct mtasts_faults faults = {0};
    enum mtasts_mode mode = MTASTS_MODE_TESTING;

    assert_int_equal(mtasts_sts_policy_parse(NULL, 1, 0, NULL, &policy),
                     -MTASTS_EINVAL);
    assert_int_equal(mtasts_sts_policy_parse(V, 1, 2, NULL, &policy),
                     -MTASTS_EINVAL);
    assert_int_equal(mtasts_sts_policy_parse(V, 1, 0, NULL, NULL),
                     -MTASTS_EINVAL);
    assert_int_equal(mtasts_sts_policy_parse(NULL, 0, 0, &faults, &policy),
                     -MTASTS_ESYNTAX);
    assert_int_equal(faults.count, 1);
    assert_null(policy);
    mtasts_sts_policy_free(NULL);
    assert_int_equal(mtasts_mode_parse("none ", 5, &mode), -MTASTS_ENOTFOUND);
    assert_int_equal(mode, MTASTS_MODE_TESTING);
    assert_null(mtasts_mode_name((enum mtasts_mode)42));
}

static void test_write(void **state)
{
    (void)state;
    static const char *const mx[] = {"Mail.Example.com", "*.example.NET"};
    static const char expected[] = "version: STSv1\r\n"
                                   "mode: testing\r\n"
                                   "mx: mail.example.com\r\n"
                                   "mx: *.example.net\r\n"
                                   "max_age: 604800\r\n";
    char buf[256];
    size_t len = 0;

    assert_int_equal(mtasts_sts_policy_write(MTASTS_MODE_TESTING, 604800, mx, 2,
                                             buf, sizeof(buf), &len),
                     0);
    assert_string_equal(buf, expected);
    assert_int_equal(len, strlen(expected));
    assert_int_equal(mtasts_sts_policy_write(MTASTS_MODE_TESTING, 604800, mx, 2,
                                             buf, sizeof(expected), &len),
                     0);
    for (size_t size = 0; size < sizeof(expected); size++)
        assert_int_equal(mtasts_sts_policy_write(MTASTS_MODE_TESTING, 604800,
                                                 mx, 2, buf, size, &len),
                         -MTASTS_ETOOLONG);
    assert_int_equal(mtasts_sts_policy_write(MTASTS_MODE_NONE, 0, NULL, 0, buf,
                                             sizeof(buf), &len),
                     0);
    assert_string_equal(buf, "version: STSv1\r\nmode: none\r\nmax_age: 0\r\n");
}

static void test_write_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {"a.example", "b_.example"};
    char buf[256];
    size_t len = 42;

    assert_int_equal(mtasts_sts_policy_write(MTASTS_MODE_ENFORCE, 1, bad, 2,
                                             buf, sizeof(buf), &len),
                     -MTASTS_ENAME);
    assert_int_equal(len, 1);
    assert_int_equal(mtasts_sts_policy_write(MTASTS_MODE_ENFORCE, 1, NULL, 0,
                                             buf, sizeof(buf), &len),
                     -MTASTS_EINVAL);
    assert_int_equal(mtasts_sts_policy_write(MTASTS_MODE_ENFORCE,
                                             MTASTS_MAX_AGE_MAX + 1, bad, 1,
                                             buf, sizeof(buf), &len),
                     -MTASTS_EINVAL);
    assert_int_equal(mtasts_sts_policy_write((enum mtasts_mode)42, 1, bad, 1,
                                             buf, sizeof(buf), &len),
                     -MTASTS_EINVAL);
}

/* Never more than a fetcher reads. */
static void test_write_keeps_the_limit(void **state)
{
    (void)state;
    enum { ROOM = MTASTS_POLICY_BODY_MAX + 1024, PATTERNS = 5000 };
    static const char *mx[PATTERNS];
    _cleanup_free_ char *buf = malloc(ROOM);
    size_t len = 0;
    size_t fitting = 0;

    for (size_t i = 0; i < PATTERNS; i++)
        mx[i] = "mail.example";
    for (size_t count = 3500; count < PATTERNS; count++) {
        int r = mtasts_sts_policy_write(MTASTS_MODE_ENFORCE, 604800, mx, count,
                                        buf, ROOM, &len);
        if (r == -MTASTS_ETOOLONG)
            break;
        assert_int_equal(r, 0);
        fitting = len;
    }
    assert_in_range(fitting, MTASTS_POLICY_BODY_MAX - 18,
                    MTASTS_POLICY_BODY_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_every_octet_of_a_value),
        cmocka_unit_test(test_every_octet_of_a_name),
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_all_faults_of_a_messy_body),
        cmocka_unit_test(test_bad_mx_without_room),
        cmocka_unit_test(test_faults_append),
        cmocka_unit_test(test_large_bodies_are_linear),
        cmocka_unit_test(test_near_misses),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_write_refuses),
        cmocka_unit_test(test_write_keeps_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
