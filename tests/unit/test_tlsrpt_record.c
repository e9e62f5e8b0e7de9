/*
 * The `_smtp._tls` TXT RRset: the vectors, and what they leave out.
 */
#include "base/cleanup.h"
#include "unit.h"
#include "vectors.h"
#include <mtasts/error.h>
#include <mtasts/tlsrpt_record.h>

#define URIS_MAX 8

/* Where the standard can be read in more than one way: the reading taken. */
static const struct {
    const char *name;
    enum mtasts_verdict strict;
    enum mtasts_verdict tolerant;
    const char *reading;
} ambiguous[] = {
    {"rua-http", MTASTS_VERDICT_VALID, MTASTS_VERDICT_VALID,
     "any scheme is a URI; nothing can be sent to it"},
    {"rua-mailto-empty", MTASTS_VERDICT_VALID, MTASTS_VERDICT_VALID,
     "a URI by RFC 3986; nothing can be sent to it"},
    {"rua-twice-second-bad", MTASTS_VERDICT_INVALID, MTASTS_VERDICT_VALID,
     "strict: every rua is a URI list; tolerant: the later one is ignored"},
};

static bool reading_taken(const char *name, unsigned flags,
                          enum mtasts_verdict verdict)
{
    for (size_t i = 0; i < ELEMENTS(ambiguous); i++)
        if (strcmp(ambiguous[i].name, name) == 0)
            return verdict ==
                   (flags ? ambiguous[i].tolerant : ambiguous[i].strict);
    fprintf(stderr, "%s: ambiguous, but no reading is chosen\n", name);
    return false;
}

static bool same_uris(const struct mtasts_bytes *rua, size_t count,
                      const json_t *expected)
{
    if (count != json_array_size(expected))
        return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *uri = json_array_get(expected, i);

        if (rua[i].len != json_string_length(uri) ||
            memcmp(rua[i].data, json_string_value(uri), rua[i].len) != 0)
            return false;
    }
    return true;
}

static bool case_passes(const json_t *test, unsigned flags)
{
    const char *name = vectors_text(test, "name");
    const json_t *expect = json_object_get(test, "expect");
    struct mtasts_bytes rua[URIS_MAX];
    struct mtasts_tlsrpt_record record;
    size_t count;

    if ((flags & MTASTS_TOLERANT) && json_object_get(test, "expect_lenient"))
        expect = json_object_get(test, "expect_lenient");
    struct mtasts_bytes *rrs =
        vectors_rrs(json_object_get(test, "txt_rrset"), &count);
    int r = mtasts_tlsrpt_record_parse(rrs, count, flags, NULL, rua, URIS_MAX,
                                       &record);
    const char *verdict = mtasts_verdict_name(record.verdict);

    bool passes =
        r == 0 &&
        same_uris(rua, record.rua_count, json_object_get(expect, "rua")) &&
        record.ignored_count ==
            json_array_size(json_object_get(expect, "rua_ignored"));
    if (json_is_true(json_object_get(test, "ambiguous")))
        passes = passes && reading_taken(name, flags, record.verdict);
    else
        passes = passes && vectors_verdict_fits(test, expect, verdict);
    vectors_free_rrs(rrs, count);
    if (!passes)
        fprintf(stderr, "%s, flags %u: %d, %s, %zu URIs\n", name, flags, r,
                verdict, record.rua_count);
    return passes;
}

static void test_vectors(void **state)
{
    (void)state;
    json_t *cases = vectors_load("tlsrpt-record.json", 64);
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

#define NAME_32 "a123456789_123456789-123456789.1"
#define VALID MTASTS_VERDICT_VALID
#define INVALID MTASTS_VERDICT_INVALID
#define NONE MTASTS_VERDICT_NONE
#define FAULT(name) MTASTS_FAULT_##name
#define NOTE MTASTS_NOTE
#define QUIRK MTASTS_QUIRK
#define FATAL MTASTS_FATAL
#define R "v=TLSRPTv1;"
#define X "mailto:x@a.example"

/* One RR, what each reading makes of it, and the first fault. */
struct single {
    const char *text;
    size_t len; /* 0: strlen */
    enum mtasts_verdict strict;
    enum mtasts_verdict tolerant;
    const char *rua; /* joined by spaces, where valid */
    size_t ignored;
    enum mtasts_fault_code code; /* of the first fault; 0: none */
    enum mtasts_weight weight;
    size_t offset;
    size_t fault_len;
};

/* clang-format off */
static const struct single singles[] = {
    {R "rua=" X, 0, VALID, VALID, X, 0, 0, 0, 0, 0},
    {R "rua=" X " , \thttps://a.example/", 0, VALID, VALID,
        X " https://a.example/", 0, FAULT(RUA_MANY), NOTE, 37, 18},
    {R "rua=" X ";rua=https://a.example", 0, VALID, VALID,
        X " https://a.example", 0, FAULT(RUA_MANY), NOTE, 38, 17},
    {R "rua=" X ";rua=" X, 0, VALID, VALID, X " " X, 0, FAULT(RUA_DUPLICATE),
        NOTE, 38, 18},
    /* what can be sent to */
    {R "rua=MAILTO:x@a.example", 0, VALID, VALID, "MAILTO:x@a.example", 0, 0,
        0, 0, 0},
    {R "rua=mailto:x@a.example?subject=tls", 0, VALID, VALID,
        "mailto:x@a.example?subject=tls", 0, 0, 0, 0, 0},
    {R "rua=mailto:x", 0, VALID, VALID, "", 1, FAULT(RUA_MAILTO), NOTE, 15, 8},
    {R "rua=mailto:@a.example", 0, VALID, VALID, "", 1, FAULT(RUA_MAILTO),
        NOTE, 15, 17},
    {R "rua=mailto:x@", 0, VALID, VALID, "", 1, FAULT(RUA_MAILTO), NOTE, 15,
        9},
    {R "rua=mailto:?to=x@a.example", 0, VALID, VALID, "", 1,
        FAULT(RUA_MAILTO), NOTE, 15, 22},
    {R "rua=mailto://x@a.example", 0, VALID, VALID, "", 1, FAULT(RUA_MAILTO),
        NOTE, 15, 20},
    {R "rua=mailto:x@y@a.example", 0, VALID, VALID, "", 1, FAULT(RUA_MAILTO),
        NOTE, 15, 20},
    {R "rua=mailto:x%0d%0ay@a.example," X, 0, VALID, VALID, X, 1,
        FAULT(RUA_MAILTO), NOTE, 15, 25},
    {R "rua=https:///x", 0, VALID, VALID, "", 1, FAULT(RUA_HTTPS), NOTE, 15,
        10},
    {R "rua=https://a.example:99999/", 0, VALID, VALID, "", 1,
        FAULT(RUA_HTTPS), NOTE, 15, 24},
    {R "rua=https:a.example", 0, VALID, VALID, "", 1, FAULT(RUA_HTTPS), NOTE,
        15, 15},
    {R "rua=https://x@:1/", 0, VALID, VALID, "", 1, FAULT(RUA_HTTPS), NOTE, 15,
        13},
    {R "rua=ftp://a.example/", 0, VALID, VALID, "", 1, FAULT(RUA_SCHEME), NOTE,
        15, 16},
    {R "rua=mailtox:x@a.example", 0, VALID, VALID, "", 1, FAULT(RUA_SCHEME),
        NOTE, 15, 19},
    /* the rua field */
    {R "rua=", 0, INVALID, INVALID, "", 0, FAULT(RUA_EMPTY), FATAL, 15, 0},
    {R "rua", 0, INVALID, INVALID, "", 0, FAULT(FIELD_SYNTAX), FATAL, 11, 3},
    {R "rua=,", 0, INVALID, INVALID, "", 0, FAULT(RUA_EMPTY), QUIRK, 15, 0},
    {R "rua=" X ",," X, 0, INVALID, VALID, X " " X, 0, FAULT(RUA_EMPTY), QUIRK,
        34, 0},
    {R "rua \t=" X, 0, INVALID, VALID, X, 0, FAULT(RUA_SPACE), QUIRK, 11, 5},
    {R "rua=\t" X, 0, INVALID, VALID, X, 0, FAULT(RUA_SPACE), QUIRK, 15, 1},
    {R "rua=" X " ", 0, INVALID, VALID, X, 0, FAULT(TRAILING_SPACE), QUIRK, 33,
        1},
    {R "rua=" X " " X, 0, INVALID, INVALID, "", 0, FAULT(RUA_URI), FATAL, 15,
        37},
    {R "rua=" X ",nonsense", 0, INVALID, INVALID, "", 0, FAULT(RUA_URI), FATAL,
        34, 8},
    {R "rua=nonsense;rua=" X, 0, INVALID, INVALID, "", 0, FAULT(RUA_URI),
        FATAL, 15, 8},
    {R "rua=" X ";rua=https://b.example,nonsense", 0, INVALID, VALID, X, 0,
        FAULT(RUA_MANY), NOTE, 38, 17},
    {R "rua=" X ";rua=foo:bar,nonsense", 0, INVALID, VALID, X, 0,
        FAULT(RUA_MANY), NOTE, 38, 7},
    {R "rua=" X ";rua=", 0, INVALID, VALID, X, 0, FAULT(RUA_EMPTY), QUIRK, 38,
        0},
    {R "rua=" X "\0", 34, INVALID, INVALID, "", 0, FAULT(RUA_URI), FATAL, 15,
        19},
    {R "RUA=" X, 0, INVALID, INVALID, "", 0, FAULT(FIELD_UNKNOWN), NOTE, 11,
        3},
    {R "foo=bar", 0, INVALID, INVALID, "", 0, FAULT(FIELD_UNKNOWN), NOTE, 11,
        3},
    {R, 0, INVALID, INVALID, "", 0, FAULT(RUA_MISSING), FATAL, 11, 0},
    /* `!` */
    {R "rua=mailto:a!b@a.example!2K", 0, INVALID, VALID,
        "mailto:a!b@a.example", 0, FAULT(RUA_UNENCODED), QUIRK, 23, 1},
    {R "rua=" X "!100", 0, INVALID, VALID, X, 0, FAULT(RUA_UNENCODED), QUIRK,
        33, 1},
    /* no size, so that it is of the domain, which it cannot be */
    {R "rua=" X "!10q", 0, INVALID, VALID, "", 1, FAULT(RUA_UNENCODED), QUIRK,
        33, 1},
    {R "rua=" X "!m", 0, INVALID, VALID, "", 1, FAULT(RUA_UNENCODED), QUIRK,
        33, 1},
    {R "rua=!10m", 0, INVALID, INVALID, "", 0, FAULT(RUA_UNENCODED), QUIRK, 15,
        1},
    {R "rua=" X ";rua=mailto:a!b@a.example", 0, INVALID, VALID,
        X " mailto:a!b@a.example", 0, FAULT(RUA_UNENCODED), QUIRK, 46, 1},
    /* the version */
    {"v=TLSRPTv1 ;rua=" X, 0, VALID, VALID, X, 0,
        FAULT(SPACE_BEFORE_SEMICOLON), NOTE, 10, 1},
    {" \tv=TLSRPTv1;rua=" X, 0, NONE, VALID, X, 0, FAULT(LEADING_SPACE), QUIRK,
        0, 2},
    {" v=TLSRPTv2;rua=" X, 0, NONE, NONE, "", 0, FAULT(RECORD_VERSION), FATAL,
        0, 34},
    {"v=tlsrptv1;rua=" X, 0, NONE, NONE, "", 0, FAULT(RECORD_VERSION), FATAL,
        0, 33},
    {"v=TLSRPTv1", 0, NONE, NONE, "", 0, FAULT(RECORD_VERSION), FATAL, 0, 10},
    {"v=STSv1;id=1", 0, NONE, NONE, "", 0, FAULT(UNRELATED_TXT), NOTE, 0, 12},
    /* other fields */
    {R "rua=" X ";" NAME_32 "=x", 0, VALID, VALID, X, 0, FAULT(FIELD_UNKNOWN),
        NOTE, 34, 32},
    {R "rua=" X ";" NAME_32 "x=x", 0, INVALID, VALID, X, 0, FAULT(FIELD_NAME),
        QUIRK, 34, 33},
    {R "rua=" X ";_x=x", 0, INVALID, INVALID, "", 0, FAULT(FIELD_NAME), FATAL,
        34, 2},
    {R "rua=" X ";x=", 0, INVALID, VALID, X, 0, FAULT(FIELD_VALUE), QUIRK, 36,
        0},
    {R "rua=" X ";x=a=b", 0, INVALID, INVALID, "", 0, FAULT(FIELD_VALUE),
        FATAL, 37, 1},
    {R "rua=" X ";v=TLSRPTv1", 0, VALID, VALID, X, 0, FAULT(FIELD_DUPLICATE),
        NOTE, 34, 1},
};
/* clang-format on */

static void join_rua(const struct mtasts_bytes *rua, size_t count, char *buf,
                     size_t size)
{
    size_t len = 0;

    buf[0] = '\0';
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(buf + len, size - len, "%s%.*s", i ? " " : "",
                                (int)rua[i].len, rua[i].data);
}

static void check_single(const struct single *single, unsigned flags,
                         enum mtasts_verdict expected)
{
    struct mtasts_bytes rr = {single->text,
                              single->len ? single->len : strlen(single->text)};
    struct mtasts_fault items[8] = {0};
    struct mtasts_faults faults = {.items = items, .max = ELEMENTS(items)};
    struct mtasts_bytes rua[URIS_MAX];
    struct mtasts_tlsrpt_record record;
    char uris[256];

    assert_int_equal(mtasts_tlsrpt_record_parse(&rr, 1, flags, &faults, rua,
                                                URIS_MAX, &record),
                     0);
    join_rua(rua, record.rua_count, uris, sizeof(uris));
    if (record.verdict != expected ||
        strcmp(uris, expected == VALID ? single->rua : "") != 0 ||
        record.ignored_count != (expected == VALID ? single->ignored : 0))
        fail_msg("%s, flags %u: %s, %s, %zu ignored", single->text, flags,
                 mtasts_verdict_name(record.verdict), uris,
                 record.ignored_count);
    if (single->code == 0) {
        assert_int_equal(faults.count, 0);
        return;
    }
    if (items[0].code != single->code || items[0].weight != single->weight ||
        items[0].offset != single->offset || items[0].len != single->fault_len)
        fail_msg("%s: fault %s at %zu+%zu", single->text,
                 mtasts_fault_name(items[0].code), items[0].offset,
                 items[0].len);
}

static void test_single_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(singles); i++) {
        check_single(&singles[i], 0, singles[i].strict);
        check_single(&singles[i], MTASTS_TOLERANT, singles[i].tolerant);
    }
}

/* Strict verdict of a record whose one rua is `uri`. */
static bool is_uri(const char *uri, size_t len)
{
    static const char head[] = {'v', '=', 'T', 'L', 'S', 'R', 'P', 'T',
                                'v', '1', ';', 'r', 'u', 'a', '='};
    size_t start = sizeof(head);
    _cleanup_free_ char *text = malloc(start + len); /* no octet behind it */
    struct mtasts_bytes rr = {text, start + len};
    struct mtasts_tlsrpt_record record;

    memcpy(text, head, start);
    memcpy(text + start, uri, len);
    mtasts_tlsrpt_record_parse(&rr, 1, 0, NULL, NULL, 0, &record);
    return record.verdict == VALID &&
           record.rua_count + record.ignored_count == 1;
}

/* RFC 3986, appendix A, rule by rule. */
static const struct {
    const char *uri;
    bool valid;
} uris[] = {
    /* examples of RFC 3986 section 1.1.2 */
    {"ftp://ftp.is.co.za/rfc/rfc1808.txt", true},
    {"http://www.ietf.org/rfc/rfc2396.txt", true},
    {"ldap://[2001:db8::7]/c=GB?objectClass?one", true},
    {"mailto:John.Doe@example.com", true},
    {"news:comp.infosystems.www.servers.unix", true},
    {"tel:+1-816-555-1212", true},
    {"telnet://192.0.2.16:80/", true},
    {"urn:oasis:names:specification:docbook:dtd:xml:4.1.2", true},
    /* scheme */
    {"a:", true},
    {"a+b-c.1:", true},
    {"A:", true},
    {"1a:", false},
    {"+a:", false},
    {":", false},
    {"a_b:", false},
    {"a%41:", false},
    {"//a.example/", false},
    {"/x", false},
    {"x", false},
    {"?x", false},
    /* authority */
    {"a://", true},
    {"a://h", true},
    {"a://h:", true},
    {"a://h:0123456789", true},
    {"a://h:1x", false},
    {"a://h:1:2", false},
    {"a://u:p@h:1", true},
    {"a://u@", true},
    {"a://@h", true},
    {"a://u@v@h", false},
    {"a://u%40@h", true},
    {"a://u%4@h", false},
    {"a://h%", false},
    {"a://h%41", true},
    {"a://h$&'()*+=~_", true},
    {"a://h[", false},
    {"a://[h]", false},
    {"a://h\\", false},
    /* IP literals */
    {"a://[::]", true},
    {"a://[::1]:443/x", true},
    {"a://u@[::1]", true},
    {"a://[2001:db8:0:0:0:0:0:1]", true},
    {"a://[1:2:3:4:5:6:7::]", true},
    {"a://[::192.0.2.1]", true},
    {"a://[::ffff:192.0.2.256]", false},
    {"a://[1:2:3:4:5:6:7:8:9]", false},
    {"a://[1::2::3]", false},
    {"a://[12345::]", false},
    {"a://[fe80::1%25eth0]", false},
    {"a://[]", false},
    {"a://[::1", false},
    {"a://[::1]x", false},
    {"a://::1", false},
    {"a://[v1.x]", true},
    {"a://[VfF.a:b]", true},
    {"a://[v.x]", false},
    {"a://[v1.]", false},
    {"a://[v1x]", false},
    {"a://[vg.x]", false},
    {"a://[v1.[]", false},
    /* path, query, fragment */
    {"a:/", true},
    {"a:b//c", true},
    {"a:/b//c/", true},
    {"a:////", true},
    {"a:b:c@d", true},
    {"a:%00%fF", true},
    {"a:%", false},
    {"a:%4", false},
    {"a:%4g", false},
    {"a:b[c]", false},
    {"a:?", true},
    {"a:?b?/:@", true},
    {"a:?[", false},
    {"a:#", true},
    {"a:#b?/:@", true},
    {"a:#b#c", false},
    {"a:?b#c?d", true},
    {"a:\"b\"", false},
    {"a:<b>", false},
    {"a:b^c", false},
    {"a:b`c", false},
    {"a:{b}", false},
    {"a:b|c", false},
    {"a:b c", false},
    {"a:\xc3\xa9", false},
};

static void test_uris(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(uris); i++)
        if (is_uri(uris[i].uri, strlen(uris[i].uri)) != uris[i].valid)
            fail_msg("%s", uris[i].uri);
}

/* pchar, in the path. `,` splits, `;` ends the field, `!` must be encoded. */
static void test_every_octet_of_a_path(void **state)
{
    (void)state;
    static const char pchar[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
        "$&'()*+=:@/?#";

    for (unsigned octet = 0; octet < 256; octet++) {
        char uri[] = "a:b?c";
        bool fits = octet && strchr(pchar, (int)octet);

        uri[3] = (char)octet;
        if (is_uri(uri, 5) != fits)
            fail_msg("octet %u", octet);
    }
}

static void test_more_uris_than_room(void **state)
{
    (void)state;
    static const char text[] = R "rua=" X ",foo:bar,https://a.example," X;
    struct mtasts_bytes rr = {text, sizeof(text) - 1};
    struct mtasts_bytes rua[2] = {{NULL, 0}, {NULL, 42}};
    struct mtasts_tlsrpt_record record;

    mtasts_tlsrpt_record_parse(&rr, 1, 0, NULL, rua, 1, &record);
    assert_int_equal(record.verdict, VALID);
    assert_int_equal(record.rua_count, 3);
    assert_int_equal(record.ignored_count, 1);
    assert_ptr_equal(rua[0].data, text + 15);
    assert_int_equal(rua[0].len, strlen(X));
    assert_int_equal(rua[1].len, 42);
}

static void test_all_faults_of_a_messy_record(void **state)
{
    (void)state;
    static const char text[] =
        R ";rua = " X ",," X ", foo:bar!; x=; rua=?;k=v;; ";
    static const struct {
        enum mtasts_fault_code code;
        enum mtasts_weight weight;
        size_t offset;
    } expected[] = {
        {FAULT(FIELD_EMPTY), QUIRK, 11},   {FAULT(RUA_SPACE), QUIRK, 12},
        {FAULT(RUA_SPACE), QUIRK, 17},     {FAULT(RUA_EMPTY), QUIRK, 37},
        {FAULT(RUA_DUPLICATE), NOTE, 38},  {FAULT(RUA_MANY), NOTE, 38},
        {FAULT(RUA_UNENCODED), QUIRK, 65}, {FAULT(RUA_SCHEME), NOTE, 58},
        {FAULT(FIELD_VALUE), QUIRK, 70},   {FAULT(RUA_URI), QUIRK, 76},
        {FAULT(FIELD_UNKNOWN), NOTE, 78},  {FAULT(FIELD_EMPTY), QUIRK, 82},
    };
    struct mtasts_bytes rr = {text, sizeof(text) - 1};
    struct mtasts_fault items[16];
    struct mtasts_faults faults = {.items = items, .max = ELEMENTS(items)};
    struct mtasts_tlsrpt_record record;

    mtasts_tlsrpt_record_parse(&rr, 1, MTASTS_TOLERANT, &faults, NULL, 0,
                               &record);
    assert_int_equal(record.verdict, VALID);
    assert_int_equal(record.rua_count, 2);
    assert_int_equal(record.ignored_count, 1);
    assert_int_equal(faults.count, ELEMENTS(expected));
    for (size_t i = 0; i < ELEMENTS(expected); i++) {
        assert_int_equal(items[i].code, expected[i].code);
        assert_int_equal(items[i].weight, expected[i].weight);
        assert_int_equal(items[i].offset, expected[i].offset);
    }
}

/* Repeats past the number compared are not reported, nothing else changes. */
static void test_very_many_uris(void **state)
{
    (void)state;
    enum { URIS = 1000 };
    size_t size = 32 + URIS * sizeof(X);
    _cleanup_free_ char *text = malloc(size);
    size_t len = (size_t)snprintf(text, size, R "rua=" X);
    struct mtasts_faults faults = {0};
    struct mtasts_tlsrpt_record record;

    for (size_t i = 1; i < URIS; i++)
        len += (size_t)snprintf(text + len, size - len, ",a:%zu", i);
    struct mtasts_bytes rr = {text, len};
    mtasts_tlsrpt_record_parse(&rr, 1, 0, &faults, NULL, 0, &record);
    assert_int_equal(record.rua_count, 1);
    assert_int_equal(record.ignored_count, URIS - 1);
    assert_int_equal(faults.count, URIS); /* a scheme each, and many */
}

static void test_bad_arguments(void **state)
{
    (void)state;
    struct mtasts_bytes rr = {R, strlen(R)};
    struct mtasts_tlsrpt_record record = {.rr = 42};

    assert_int_equal(
        mtasts_tlsrpt_record_parse(NULL, 1, 0, NULL, NULL, 0, &record),
        -MTASTS_EINVAL);
    assert_int_equal(
        mtasts_tlsrpt_record_parse(&rr, 1, 0, NULL, NULL, 1, &record),
        -MTASTS_EINVAL);
    assert_int_equal(
        mtasts_tlsrpt_record_parse(&rr, 1, 4, NULL, NULL, 0, &record),
        -MTASTS_EINVAL);
    assert_int_equal(mtasts_tlsrpt_record_parse(&rr, 1, 0, NULL, NULL, 0, NULL),
                     -MTASTS_EINVAL);
    assert_int_equal(record.rr, 42);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_single_records),
        cmocka_unit_test(test_uris),
        cmocka_unit_test(test_every_octet_of_a_path),
        cmocka_unit_test(test_more_uris_than_room),
        cmocka_unit_test(test_all_faults_of_a_messy_record),
        cmocka_unit_test(test_very_many_uris),
        cmocka_unit_test(test_bad_arguments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
