/*
 * The `_mta-sts` TXT RRset: the vectors, and what they leave out.
 */
#include "base/cleanup.h"
#include "unit.h"
#include "vectors.h"
#include <mtasts/error.h>
#include <mtasts/sts_record.h>

/* Where the standard can be read in more than one way: the reading taken. */
static const struct {
    const char *name;
    enum mtasts_verdict verdict;
    const char *reading;
} ambiguous[] = {
    {"rr-wsp-before-semicolon-plus-spf", MTASTS_VERDICT_NONE,
     "several came back: both lack the exact prefix and are dropped"},
    {"version-wsp-before-semicolon", MTASTS_VERDICT_VALID,
     "a single RR is judged by the ABNF alone, which has room for a space"},
    {"version-tab-before-semicolon", MTASTS_VERDICT_VALID,
     "as above, with a tab"},
};

static bool reading_taken(const char *name, enum mtasts_verdict verdict)
{
    for (size_t i = 0; i < ELEMENTS(ambiguous); i++)
        if (strcmp(ambiguous[i].name, name) == 0)
            return ambiguous[i].verdict == verdict;
    fprintf(stderr, "%s: ambiguous, but no reading is chosen\n", name);
    return false;
}

static bool case_passes(const json_t *test, unsigned flags)
{
    const char *name = vectors_text(test, "name");
    const json_t *expect = json_object_get(test, "expect");
    struct mtasts_sts_record record;
    size_t count;

    if ((flags & MTASTS_TOLERANT) && json_object_get(test, "expect_lenient"))
        expect = json_object_get(test, "expect_lenient");
    struct mtasts_bytes *rrs =
        vectors_rrs(json_object_get(test, "txt_rrset"), &count);
    int r = mtasts_sts_record_parse(rrs, count, flags, NULL, &record);
    vectors_free_rrs(rrs, count);

    bool passes = r == 0 && strcmp(record.id, vectors_text(expect, "id")) == 0;
    if (json_is_true(json_object_get(test, "ambiguous")))
        passes = passes && reading_taken(name, record.verdict);
    else
        passes =
            passes && vectors_verdict_fits(test, expect,
                                           mtasts_verdict_name(record.verdict));
    if (!passes)
        fprintf(stderr, "%s, flags %u: %d, %s, id \"%s\"\n", name, flags, r,
                mtasts_verdict_name(record.verdict), record.id);
    return passes;
}

static void test_vectors(void **state)
{
    (void)state;
    json_t *cases = vectors_load("txt-record.json", 89);
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

#define ID_32 "0123456789abcdefghijABCDEFGHIJ42"
#define NAME_32 "a123456789_123456789-123456789.1"

/* One RR, what each reading makes of it, and the first fault. */
struct single {
    const char *text;
    size_t len; /* 0: strlen */
    enum mtasts_verdict strict;
    enum mtasts_verdict tolerant;
    const char *id;
    enum mtasts_fault_code code; /* of the first fault; 0: none */
    enum mtasts_weight weight;
    size_t offset;
    size_t fault_len;
};

#define VALID MTASTS_VERDICT_VALID
#define INVALID MTASTS_VERDICT_INVALID
#define NONE MTASTS_VERDICT_NONE
#define FAULT(name) MTASTS_FAULT_##name
#define NOTE MTASTS_NOTE
#define QUIRK MTASTS_QUIRK
#define FATAL MTASTS_FATAL

/* clang-format off */
static const struct single singles[] = {
    /* the id */
    {"v=STSv1;id=" ID_32, 0, VALID, VALID, ID_32, 0, 0, 0, 0},
    {"v=STSv1;id=" ID_32 "x", 0, INVALID, INVALID, "", FAULT(ID_LONG), FATAL,
        11, 33},
    {"v=STSv1;id=", 0, INVALID, INVALID, "", FAULT(ID_EMPTY), FATAL, 11, 0},
    {"v=STSv1;id=1 2", 0, INVALID, INVALID, "", FAULT(ID_CHARACTER), FATAL,
        12, 1},
    {"v=STSv1;id==1", 0, INVALID, INVALID, "", FAULT(ID_CHARACTER), FATAL,
        11, 1},
    {"v=STSv1;id", 0, INVALID, INVALID, "", FAULT(FIELD_SYNTAX), FATAL, 8, 2},
    {"v=STSv1;id =1", 0, INVALID, INVALID, "", FAULT(FIELD_NAME), FATAL, 8, 3},
    {"v=STSv1;id= 1", 0, INVALID, INVALID, "", FAULT(ID_CHARACTER), FATAL,
        11, 1},
    {"v=STSv1;xid=1", 0, INVALID, INVALID, "", FAULT(FIELD_UNKNOWN), NOTE,
        8, 3},
    {"v=STSv1;Id=1", 0, INVALID, INVALID, "", FAULT(FIELD_UNKNOWN), NOTE,
        8, 2},
    {"v=STSv1;id=bad-;id=good", 0, INVALID, INVALID, "", FAULT(ID_CHARACTER),
        FATAL, 14, 1},
    {"v=STSv1;id=1;id=", 0, INVALID, VALID, "1", FAULT(FIELD_VALUE), QUIRK,
        16, 0},
    {"v=STSv1;id=1;id=a=b", 0, INVALID, INVALID, "", FAULT(FIELD_VALUE), FATAL,
        17, 1},
    {"v=STSv1;id=1;id=\x7f", 0, INVALID, INVALID, "", FAULT(FIELD_VALUE),
        FATAL, 16, 1},
    {"v=STSv1;id=1;id=2", 0, VALID, VALID, "1", FAULT(FIELD_DUPLICATE), NOTE,
        13, 2},
    {"v=STSv1;id=1;v=STSv1", 0, VALID, VALID, "1", FAULT(FIELD_DUPLICATE),
        NOTE, 13, 1},
    {"v=STSv1;id=1;v=", 0, INVALID, VALID, "1", FAULT(FIELD_VALUE), QUIRK,
        15, 0},
    /* the version */
    {"v=STSv1 \t ;id=1", 0, VALID, VALID, "1", FAULT(SPACE_BEFORE_SEMICOLON),
        NOTE, 7, 3},
    {"v=STSv1", 0, NONE, NONE, "", FAULT(RECORD_VERSION), FATAL, 0, 7},
    {"v=STSv1 ", 0, NONE, NONE, "", FAULT(RECORD_VERSION), FATAL, 0, 8},
    {"v=STSv1\0;id=1", 13, NONE, NONE, "", FAULT(RECORD_VERSION), FATAL,
        0, 13},
    {"v=STSv", 0, NONE, NONE, "", FAULT(RECORD_VERSION), FATAL, 0, 6},
    {"V=STSV1;id=1", 0, NONE, NONE, "", FAULT(RECORD_VERSION), FATAL, 0, 12},
    {" v=STSv1;id=1", 0, NONE, NONE, "", FAULT(RECORD_VERSION), FATAL, 0, 13},
    {"id=1;v=STSv1", 0, NONE, NONE, "", FAULT(RECORD_VERSION), FATAL, 0, 12},
    {"v=spf1 -all", 0, NONE, NONE, "", FAULT(UNRELATED_TXT), NOTE, 0, 11},
    {"", 0, NONE, NONE, "", FAULT(UNRELATED_TXT), NOTE, 0, 0},
    {"v=STSv1;", 0, INVALID, INVALID, "", FAULT(ID_MISSING), FATAL, 8, 0},
    {"v=STSv1; \t", 0, INVALID, INVALID, "", FAULT(ID_MISSING), FATAL, 10, 0},
    {"v=STSv1;;", 0, INVALID, INVALID, "", FAULT(FIELD_EMPTY), QUIRK, 8, 1},
    /* delimiters */
    {"v=STSv1;id=1;", 0, VALID, VALID, "1", 0, 0, 0, 0},
    {"v=STSv1;id=1 \t;\t ", 0, VALID, VALID, "1", 0, 0, 0, 0},
    {"v=STSv1;id=1; ;", 0, INVALID, VALID, "1", FAULT(FIELD_EMPTY), QUIRK,
        14, 1},
    {"v=STSv1;id=1 \t", 0, INVALID, VALID, "1", FAULT(TRAILING_SPACE), QUIRK,
        12, 2},
    {"v=STSv1;id=1\r", 0, INVALID, INVALID, "", FAULT(ID_CHARACTER), FATAL,
        12, 1},
    {"v=STSv1;id=1,k=v", 0, INVALID, INVALID, "", FAULT(ID_CHARACTER), FATAL,
        12, 1},
    /* extensions */
    {"v=STSv1;id=1;" NAME_32 "=x", 0, VALID, VALID, "1", FAULT(FIELD_UNKNOWN),
        NOTE, 13, 32},
    {"v=STSv1;id=1;" NAME_32 "x=x", 0, INVALID, INVALID, "", FAULT(FIELD_NAME),
        FATAL, 13, 33},
    {"v=STSv1;id=1;=x", 0, INVALID, INVALID, "", FAULT(FIELD_NAME), FATAL,
        13, 0},
    {"v=STSv1;id=1;a\x80=x", 0, INVALID, INVALID, "", FAULT(FIELD_NAME), FATAL,
        13, 2},
    {"v=STSv1;id=1;a=!~<>", 0, VALID, VALID, "1", FAULT(FIELD_UNKNOWN), NOTE,
        13, 1},
    {"v=STSv1;id=1;a=\x80", 0, INVALID, INVALID, "", FAULT(FIELD_VALUE), FATAL,
        15, 1},
    {"v=STSv1;id=1;a=b c", 0, INVALID, INVALID, "", FAULT(FIELD_VALUE), FATAL,
        16, 1},
    {"v=STSv1;id=1;a=b\0", 17, INVALID, INVALID, "", FAULT(FIELD_VALUE), FATAL,
        16, 1},
};
/* clang-format on */

static void check_single(const struct single *single, unsigned flags,
                         enum mtasts_verdict expected)
{
    struct mtasts_bytes rr = {single->text,
                              single->len ? single->len : strlen(single->text)};
    struct mtasts_fault items[8];
    struct mtasts_faults faults = {.items = items, .max = ELEMENTS(items)};
    struct mtasts_sts_record record;
    const char *id = expected == VALID ? single->id : "";

    assert_int_equal(mtasts_sts_record_parse(&rr, 1, flags, &faults, &record),
                     0);
    if (record.verdict != expected || strcmp(record.id, id) != 0)
        fail_msg("%s, flags %u: %s", single->text, flags,
                 mtasts_verdict_name(record.verdict));
    if (single->code == 0) {
        assert_int_equal(faults.count, 0);
        return;
    }
    if (faults.count == 0 || items[0].code != single->code ||
        items[0].weight != single->weight ||
        items[0].offset != single->offset || items[0].len != single->fault_len)
        fail_msg("%s: fault %s at %zu+%zu", single->text,
                 faults.count ? mtasts_fault_name(items[0].code) : "none",
                 items[0].offset, items[0].len);
    assert_int_equal(items[0].line, 1);
    assert_int_equal(items[0].column, items[0].offset + 1);
    assert_int_equal(items[0].rr, 0);
}

static void test_single_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(singles); i++) {
        check_single(&singles[i], 0, singles[i].strict);
        check_single(&singles[i], MTASTS_TOLERANT, singles[i].tolerant);
    }
}

static struct mtasts_bytes bytes(const char *text)
{
    return (struct mtasts_bytes){text, strlen(text)};
}

static void test_every_octet_of_an_id(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        char text[] = "v=STSv1;id=a?b";
        struct mtasts_bytes rr = {text, sizeof(text) - 1};
        struct mtasts_sts_record record;
        bool alnum = (octet >= '0' && octet <= '9') ||
                     (octet >= 'A' && octet <= 'Z') ||
                     (octet >= 'a' && octet <= 'z');

        text[12] = (char)octet;
        mtasts_sts_record_parse(&rr, 1, MTASTS_TOLERANT, NULL, &record);
        /* a semicolon ends the id, and "b" is then no field */
        assert_int_equal(record.verdict == VALID, alnum);
    }
}

static void test_every_octet_of_a_value(void **state)
{
    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        char text[] = "v=STSv1;id=1;k=a?b=";
        struct mtasts_bytes rr = {text, sizeof(text) - 2};
        struct mtasts_sts_record record;
        bool fits =
            octet >= 0x21 && octet <= 0x7e && octet != '=' && octet != ';';

        text[16] = (char)octet;
        mtasts_sts_record_parse(&rr, 1, MTASTS_TOLERANT, NULL, &record);
        assert_int_equal(record.verdict == VALID, fits);
    }
}

static void test_which_rr_counted(void **state)
{
    (void)state;
    struct mtasts_bytes rrs[] = {bytes("v=spf1 -all"), bytes("hello"),
                                 bytes("v=STSv1; id=7 "), bytes("")};
    struct mtasts_fault items[8];
    struct mtasts_faults faults = {.items = items, .max = ELEMENTS(items)};
    struct mtasts_sts_record record;

    mtasts_sts_record_parse(rrs, 4, MTASTS_TOLERANT, &faults, &record);
    assert_int_equal(record.verdict, VALID);
    assert_string_equal(record.id, "7");
    assert_int_equal(record.rr, 2);
    assert_int_equal(faults.count, 4);
    assert_int_equal(faults.quirks, 1);
    assert_int_equal(items[3].code, MTASTS_FAULT_TRAILING_SPACE);
    assert_int_equal(items[3].rr, 2);

    mtasts_sts_record_parse(rrs, 4, 0, NULL, &record);
    assert_int_equal(record.verdict, INVALID);
    assert_int_equal(record.rr, 2);
    assert_string_equal(record.id, "");
}

static void test_multiple_says_which(void **state)
{
    (void)state;
    struct mtasts_bytes rrs[] = {bytes("v=STSv1;id=1"), bytes("x"),
                                 bytes("v=STSv1; broken")};
    struct mtasts_fault items[2];
    struct mtasts_faults faults = {.items = items, .max = ELEMENTS(items)};
    struct mtasts_sts_record record;

    mtasts_sts_record_parse(rrs, 3, 0, &faults, &record);
    assert_int_equal(record.verdict, MTASTS_VERDICT_MULTIPLE);
    assert_int_equal(faults.count, 2);
    assert_int_equal(faults.fatal, 1);
    assert_int_equal(items[0].code, MTASTS_FAULT_UNRELATED_TXT);
    assert_int_equal(items[1].code, MTASTS_FAULT_MULTIPLE);
    assert_int_equal(items[1].rr, 2);
}

static void test_faults_past_the_room_are_counted(void **state)
{
    (void)state;
    struct mtasts_bytes rr = bytes("v=STSv1;;;;id=1;;");
    struct mtasts_fault items[2] = {0};
    struct mtasts_faults faults = {.items = items, .max = 1};
    struct mtasts_sts_record record;

    mtasts_sts_record_parse(&rr, 1, MTASTS_TOLERANT, &faults, &record);
    assert_int_equal(record.verdict, VALID);
    assert_int_equal(faults.count, 4);
    assert_int_equal(faults.quirks, 4);
    assert_int_equal(items[0].code, MTASTS_FAULT_FIELD_EMPTY);
    assert_int_equal(items[1].code, 0);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    struct mtasts_bytes rr = bytes("v=STSv1;id=1");
    struct mtasts_sts_record record = {.rr = 42};

    assert_int_equal(mtasts_sts_record_parse(NULL, 1, 0, NULL, &record),
                     -MTASTS_EINVAL);
    assert_int_equal(mtasts_sts_record_parse(&rr, 1, 2, NULL, &record),
                     -MTASTS_EINVAL);
    assert_int_equal(mtasts_sts_record_parse(&rr, 1, 0, NULL, NULL),
                     -MTASTS_EINVAL);
    assert_int_equal(record.rr, 42);
    assert_int_equal(mtasts_sts_record_parse(NULL, 0, 0, NULL, &record), 0);
    assert_int_equal(record.verdict, NONE);
    assert_null(mtasts_verdict_name((enum mtasts_verdict)42));
}

static void test_join(void **state)
{
    (void)state;
    static const unsigned char rdata[] = "\x03"
                                         "abc\x00\x02"
                                         "de";
    char buf[8];
    size_t len = 42;

    assert_int_equal(mtasts_txt_join(rdata, 8, buf, sizeof(buf), &len), 0);
    assert_int_equal(len, 5);
    assert_memory_equal(buf, "abcde", 5);
    assert_int_equal(mtasts_txt_join(rdata, 8, buf, 5, &len), 0);
    len = 42;
    assert_int_equal(mtasts_txt_join(rdata, 8, buf, 4, &len), -MTASTS_ETOOLONG);
    assert_int_equal(mtasts_txt_join(rdata, 7, buf, sizeof(buf), &len),
                     -MTASTS_ESYNTAX);
    assert_int_equal(mtasts_txt_join(rdata, 1, buf, sizeof(buf), &len),
                     -MTASTS_ESYNTAX);
    assert_int_equal(len, 42);
    assert_int_equal(mtasts_txt_join(rdata, 0, NULL, 0, &len), 0);
    assert_int_equal(len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_single_records),
        cmocka_unit_test(test_every_octet_of_an_id),
        cmocka_unit_test(test_every_octet_of_a_value),
        cmocka_unit_test(test_which_rr_counted),
        cmocka_unit_test(test_multiple_says_which),
        cmocka_unit_test(test_faults_past_the_room_are_counted),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_join),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
