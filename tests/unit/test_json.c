/*
 * json and octets: what is refused and where, limits, order, arbitrary
 * octets, Base64.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "json/json.h"
#include "json/octets.h"
#include <mtasts/error.h>
#include <string.h>

struct refusal {
    const char *text;
    int error;
    size_t line;
    size_t column;
    const char *why; /* contained in the fault's text */
};

static const struct refusal refusals[] = {
    {"", -MTASTS_ESYNTAX, 1, 1, "expected near end of file"},
    {"   ", -MTASTS_ESYNTAX, 1, 3, "expected near end of file"},
    {"\"x\"", -MTASTS_ESYNTAX, 1, 3, "'[' or '{' expected"},
    {"{\"a\":1,\"a\":2}", -MTASTS_ESYNTAX, 1, 10, "duplicate object key"},
    {"{\"a\":{\"b\":1,\"b\":1}}", -MTASTS_ESYNTAX, 1, 15, "duplicate"},
    {"{\"a\":\"\\u0000\"}", -MTASTS_ESYNTAX, 1, 13, "\\u0000"},
    {"{\"a\\u0000b\":1}", -MTASTS_ESYNTAX, 1, 11, "NUL"},
    {"[\"\\ud800\"]", -MTASTS_ESYNTAX, 1, 9, "invalid Unicode"},
    {"[\"\xff\"]", -MTASTS_ESYNTAX, 1, 2, "0xff"},
    {"[\"\xc0\x80\"]", -MTASTS_ESYNTAX, 1, 2, "0xc0"},
    {"[9223372036854775808]", -MTASTS_ESYNTAX, 1, 20, "too big integer"},
    {"[1e999]", -MTASTS_ESYNTAX, 1, 6, "overflow"},
    {"[01]", -MTASTS_ESYNTAX, 1, 2, "invalid token"},
    {"[+1]", -MTASTS_ESYNTAX, 1, 2, "invalid token"},
    {"[1,]", -MTASTS_ESYNTAX, 1, 4, "unexpected token"},
    {"[NaN]", -MTASTS_ESYNTAX, 1, 4, "invalid token"},
    {"['a']", -MTASTS_ESYNTAX, 1, 2, "invalid token"},
    {"{\"a\":\n nul}", -MTASTS_ESYNTAX, 2, 4, "invalid token"},
    {"{} x", -MTASTS_ESYNTAX, 1, 4, "end of file expected"},
    {"[\"\x01\"]", -MTASTS_ESYNTAX, 1, 2, "control character"},
    {"[\"\\q\"]", -MTASTS_ESYNTAX, 1, 4, "invalid escape"},
    {"[1", -MTASTS_ESYNTAX, 1, 2, "near end of file"},
    {"[\n\n [[[[[1]]]]]]", -MTASTS_ETOOLONG, 3, 5, "nested too deeply"},
    {"[1,2,3,4,5,6,7,8,9]", -MTASTS_ETOOLONG, 1, 17, "too many values"},
    {"[\"0123456789012345678901234567890123456789\"]", -MTASTS_ETOOLONG, 1, 1,
     "too large"},
};

static const struct json_limits tight = {.size = 40, .depth = 4, .values = 9};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(refusals); i++) {
        const struct refusal *row = &refusals[i];
        struct json_fault fault = {0};
        struct json *json = NULL;
        int error =
            json_parse(row->text, strlen(row->text), &tight, &fault, &json);
        if (error != row->error || fault.line != row->line ||
            fault.column != row->column || !strstr(fault.text, row->why))
            fail_msg("%s: %d, line %zu, column %zu: %s", row->text, error,
                     fault.line, fault.column, fault.text);
        assert_null(json);
    }
}

static void test_refused_octets(void **state)
{
    (void)state;
    struct json_fault fault = {0};
    struct json *json = NULL;

    /* A NUL is no end of the text. */
    assert_int_equal(json_parse("[1]\0", 4, NULL, &fault, &json),
                     -MTASTS_ESYNTAX);
    assert_int_equal(json_parse("[\"\0\"]", 5, NULL, NULL, &json),
                     -MTASTS_ESYNTAX);
    assert_int_equal(json_parse(NULL, 0, NULL, NULL, &json), -MTASTS_ESYNTAX);
    /* Nothing unprintable gets into the fault's words. */
    assert_int_equal(json_parse("[\x1b]", 3, NULL, &fault, &json),
                     -MTASTS_ESYNTAX);
    for (const char *c = fault.text; *c; c++)
        assert_true(*c >= 0x20 && *c < 0x7f);
}

static void test_depth_in_strings(void **state)
{
    (void)state;
    static const char text[] = "[\"[[[[[[[[\\\"[[[[{{,,,,,,,,,\"]";
    _cleanup_json_ struct json *json = NULL;

    assert_int_equal(json_parse(text, strlen(text), &tight, NULL, &json), 0);
    assert_string_equal(json_text(json_at(json, 0), NULL),
                        "[[[[[[[[\"[[[[{{,,,,,,,,,");
}

static void test_deep_is_no_recursion(void **state)
{
    (void)state;
    static char text[1 << 20];
    struct json_fault fault;
    struct json *json = NULL;

    memset(text, '[', sizeof(text));
    assert_int_equal(json_parse(text, sizeof(text), NULL, &fault, &json),
                     -MTASTS_ETOOLONG);
    assert_int_equal(fault.offset, JSON_DEPTH_MAX);
}

static void test_reading(void **state)
{
    (void)state;
    static const char text[] =
        "{\"z\":[1,-9223372036854775808],\"b\":true,\"a\":\"\\u00e4\\n\","
        "\"n\":null,\"r\":1.5}";
    _cleanup_json_ struct json *json = NULL;
    assert_int_equal(json_parse(text, strlen(text), NULL, NULL, &json), 0);

    int64_t number = 0;
    bool flag = false;
    size_t len = 0;
    assert_int_equal(json_count(json), 5);
    assert_int_equal(json_kind(json_get(json, "z")), JSON_IS_ARRAY);
    assert_int_equal(json_int(json_at(json_get(json, "z"), 1), &number), 0);
    assert_true(number == INT64_MIN);
    assert_int_equal(json_bool(json_get(json, "b"), &flag), 0);
    assert_true(flag);
    assert_string_equal(json_text(json_get(json, "a"), &len), "\xc3\xa4\n");
    assert_int_equal(len, 3);
    assert_int_equal(json_kind(json_get(json, "n")), JSON_IS_NULL);
    assert_int_equal(json_kind(json_get(json, "r")), JSON_IS_REAL);

    /* What is not there, or of another kind. */
    assert_null(json_get(json, "missing"));
    assert_null(json_get(json_get(json, "z"), "a"));
    assert_null(json_at(json, 0));
    assert_null(json_at(json_get(json, "z"), 2));
    assert_null(json_text(json_get(json, "b"), &len));
    assert_int_equal(json_int(json_get(json, "r"), &number), -MTASTS_EINVAL);
    assert_int_equal(json_bool(json_get(json, "n"), &flag), -MTASTS_EINVAL);
    assert_int_equal(json_kind(NULL), JSON_IS_NULL);
    assert_int_equal(json_count(NULL), 0);
}

static void test_members_in_order(void **state)
{
    (void)state;
    static const char text[] = "{\"z\":1,\"a\":2,\"m\":3}";
    _cleanup_json_ struct json *json = NULL;
    assert_int_equal(json_parse(text, strlen(text), NULL, NULL, &json), 0);

    struct json_member member = {0};
    char keys[4] = "";
    for (size_t i = 0; json_next(json, &member); i++)
        keys[i] = member.key[0];
    assert_string_equal(keys, "zam");

    struct json_member none = {0};
    assert_false(json_next(NULL, &none));
}

static void test_sharing(void **state)
{
    (void)state;
    struct json *json = NULL;
    assert_int_equal(json_parse("[[1,2]]", 7, NULL, NULL, &json), 0);
    _cleanup_json_ struct json *part = json_share(json_at(json, 0));
    json_free(json);
    assert_int_equal(json_count(part), 2);
}

static void test_building(void **state)
{
    (void)state;
    struct json_builder list = json_build_array();
    json_add_int(&list, NULL, -5);
    json_add_string(&list, NULL, NULL);
    json_add_bool(&list, NULL, false);

    struct json_builder object = json_build_object();
    json_add_string(&object, "zebra", "\"\\\n\x7f");
    json_add(&object, "list", json_built(&list));
    json_add_octets(&object, "octets", "a\xff\xc3\xa4\xed\xa0\x80\0z", 9);
    json_add_octets(&object, "empty", NULL, 0);
    json_add_null(&object, "null");
    _cleanup_json_ struct json *json = json_built(&object);
    assert_non_null(json);
    assert_null(object.value);

    _cleanup_buf_ struct buf buf = BUF(1000);
    assert_int_equal(json_write(json, JSON_ONE_LINE, &buf), 0);
    assert_string_equal(
        buf_text(&buf),
        "{\"zebra\":\"\\\"\\\\\\n\\u007f\",\"list\":[-5,null,false],"
        "\"octets\":\"a\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd"
        "\xef\xbf\xbd\\u0000z\",\"empty\":\"\",\"null\":null}");
    buf_clear(&buf);
    assert_int_equal(json_write(json_get(json, "list"), JSON_INDENTED, &buf),
                     0);
    assert_string_equal(buf_text(&buf), "[\n  -5,\n  null,\n  false\n]");
    buf_clear(&buf);
    assert_int_equal(json_write(NULL, JSON_ONE_LINE, &buf), 0);
    assert_string_equal(buf_text(&buf), "null");
}

static const struct {
    const char *text;
    size_t len;
    const char *written;
} string_rows[] = {
    {"", 0, "[\"\"]"},
    {"\b\t\n\v\f\r\x1b", 7, "[\"\\b\\t\\n\\u000b\\f\\r\\u001b\"]"},
    {"\0a\0", 3, "[\"\\u0000a\\u0000\"]"},
    {"/<>&'", 5, "[\"/<>&'\"]"},
    {"\x7f\xc2\x80\xc2\x9f\xc2\xa0", 7, "[\"\\u007f\\u0080\\u009f\xc2\xa0\"]"},
    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9,
     "[\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"]"},
};

static void test_writing_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(string_rows); i++) {
        struct json_builder list = json_build_array();
        json_add_octets(&list, NULL, string_rows[i].text, string_rows[i].len);
        _cleanup_json_ struct json *json = json_built(&list);
        _cleanup_buf_ struct buf buf = BUF(100);
        assert_int_equal(json_write(json, JSON_ONE_LINE, &buf), 0);
        assert_string_equal(buf_text(&buf), string_rows[i].written);
    }
}

/* What was read is written as it was, in both layouts. */
static void test_writing_values(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "[0,-1,9223372036854775807,1.5,-0.0,true,false,null]",
        "{\"b\":{},\"a\":[],\"c\":[{\"x\":[[]]}]}",
        "[\n  {\n    \"a\": [],\n    \"b\": {}\n  },\n  [\n    1\n  ]\n]",
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        enum json_layout layout =
            strchr(rows[i], '\n') ? JSON_INDENTED : JSON_ONE_LINE;
        _cleanup_json_ struct json *json = NULL;
        _cleanup_buf_ struct buf buf = BUF(1000);
        assert_int_equal(
            json_parse(rows[i], strlen(rows[i]), NULL, NULL, &json), 0);
        assert_int_equal(json_write(json, layout, &buf), 0);
        assert_string_equal(buf_text(&buf), rows[i]);
    }
}

static void test_building_fails_once(void **state)
{
    (void)state;
    struct json_builder object = json_build_object();
    json_add(&object, "gone", NULL); /* no memory for it */
    json_add_int(&object, "later", 1);
    assert_null(json_built(&object));

    struct json_builder dropped = json_build_array();
    json_add_int(&dropped, NULL, 1);
    json_build_clear(&dropped);
    assert_null(dropped.value);
}

static void test_write_limit(void **state)
{
    (void)state;
    _cleanup_json_ struct json *json = NULL;
    assert_int_equal(json_parse("[1,2,3]", 7, NULL, NULL, &json), 0);
    _cleanup_buf_ struct buf buf = BUF(3);
    assert_int_equal(json_write(json, JSON_ONE_LINE, &buf), -MTASTS_ETOOLONG);
}

static const struct {
    const char *octets;
    size_t len;
    const char *text;
} base64_rows[] = {
    {"", 0, ""},
    {"f", 1, "Zg=="},
    {"fo", 2, "Zm8="},
    {"foo", 3, "Zm9v"},
    {"foob", 4, "Zm9vYg=="},
    {"fooba", 5, "Zm9vYmE="},
    {"foobar", 6, "Zm9vYmFy"},
    {"\xff\xfe\x00\xfb\xef\xbe", 6, "//4A++++"},
};

static void test_base64(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(base64_rows); i++) {
        _cleanup_buf_ struct buf text = BUF(100);
        _cleanup_buf_ struct buf octets = BUF(100);
        assert_int_equal(
            base64_encode(&text, base64_rows[i].octets, base64_rows[i].len), 0);
        assert_string_equal(buf_text(&text), base64_rows[i].text);
        assert_int_equal(text.len, base64_encoded_len(base64_rows[i].len));
        assert_int_equal(base64_decode(&octets, buf_text(&text), text.len), 0);
        assert_int_equal(octets.len, base64_rows[i].len);
        assert_memory_equal(buf_text(&octets), base64_rows[i].octets,
                            octets.len);
    }
}

static void test_base64_refused(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "Z",        "Zg",   "Zg=",  "=",      "====",
        "Zg==Zg==", "Zh==", "Zm9=", "Zm9v\n", "Z===",
        "Zm 9v===", "Zm-v", "Zm_v", "Z=g=",   "\xff\xff\xff\xff",
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_buf_ struct buf octets = BUF(100);
        if (base64_decode(&octets, rows[i], strlen(rows[i])) != -MTASTS_ESYNTAX)
            fail_msg("%s was taken", rows[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_refused_octets),
        cmocka_unit_test(test_depth_in_strings),
        cmocka_unit_test(test_deep_is_no_recursion),
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_members_in_order),
        cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_building),
        cmocka_unit_test(test_writing_strings),
        cmocka_unit_test(test_writing_values),
        cmocka_unit_test(test_building_fails_once),
        cmocka_unit_test(test_write_limit),
        cmocka_unit_test(test_base64),
        cmocka_unit_test(test_base64_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
