/* logfmt: plain values bare, all others quoted and harmless. */
#include "daemon/logfmt.h"

#include "unit.h"

#define OCTETS(text) (text), sizeof(text) - 1

static void test_values(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *expected;
    } rows[] = {
        {OCTETS("mx1.example.com"), "mx1.example.com"},
        {OCTETS("*.example.com"), "*.example.com"},
        {OCTETS("[2001:db8::1]:25"), "[2001:db8::1]:25"},
        {OCTETS("/run/mtasts/a.sock"), "/run/mtasts/a.sock"},
        {OCTETS(""), "\"\""},
        {OCTETS("two words"), "\"two words\""},
        {OCTETS("a=b"), "\"a=b\""},
        {OCTETS("say \"x\""), "\"say \\\"x\\\"\""},
        {OCTETS("back\\slash"), "\"back\\\\slash\""},
        {OCTETS("a\nlevel=error"), "\"a\\nlevel=error\""},
        {OCTETS("\r\n\t"), "\"\\r\\n\\t\""},
        {OCTETS("\x1b[31m"), "\"\\u001b[31m\""},
        {OCTETS("a\0b"), "\"a\\u0000b\""},
        {OCTETS("\x7f"), "\"\\u007f\""},
        {OCTETS("\xc3\xa9"), "\"\\u00e9\""},
        {OCTETS("\xe2\x80\xae"), "\"\\u202e\""},              /* turns around */
        {OCTETS("\xc2\x9b"), "\"\\u009b\""},                  /* C1 */
        {OCTETS("\xf0\x9f\x93\xa7"), "\"\\ud83d\\udce7\""},   /* above BMP */
        {OCTETS("a\xff\xfe"), "\"a\\ufffd\\ufffd\""},         /* no UTF-8 */
        {OCTETS("\xc0\xaf"), "\"\\ufffd\\ufffd\""},           /* overlong */
        {OCTETS("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\""} /* surrogate */
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const struct log_field field =
            LOG_OCTETS("k", rows[i].text, rows[i].len);
        _cleanup_buf_ struct buf buf = BUF(4096);

        logfmt_value(&buf, &field);
        assert_string_equal(buf_text(&buf), rows[i].expected);
    }
}

static void test_fields(void **state)
{
    const char *none = NULL;
    _cleanup_buf_ struct buf buf = BUF(4096);

    (void)state;
    logfmt_fields(&buf,
                  (const struct log_field[]){LOG_TEXT("domain", "example.com"),
                                             LOG_TEXT("id", none),
                                             LOG_NUMBER("age", -3),
                                             LOG_COUNT("n", UINT64_MAX),
                                             LOG_BOOL("dane", true),
                                             LOG_BOOL("off", false),
                                             LOG_TEXT("why", "it is so"),
                                             {0}});
    assert_string_equal(buf_text(&buf),
                        " domain=example.com age=-3 n=18446744073709551615 "
                        "dane=yes off=no why=\"it is so\"");
}

/* A long value is cut, and not in the middle of a character. */
static void test_limits(void **state)
{
    char text[LOGFMT_VALUE_MAX + 8];
    struct log_field fields[LOGFMT_FIELDS_MAX + 9] = {{0}};
    _cleanup_buf_ struct buf buf = BUF(1 << 16);

    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text + LOGFMT_VALUE_MAX - 1, "\xc3\xa9", 2);
    fields[0] = LOG_OCTETS("k", text, sizeof(text));
    logfmt_value(&buf, &fields[0]);
    assert_int_equal(buf.len, LOGFMT_VALUE_MAX - 1 + 2 + 3);
    assert_string_equal(buf.data + buf.len - 5, "a...\"");
    buf_clear(&buf);
    for (size_t i = 0; i < LOGFMT_FIELDS_MAX + 8; i++)
        fields[i] = LOG_NUMBER("k", 1);
    logfmt_fields(&buf, fields);
    assert_int_equal(buf.len, LOGFMT_FIELDS_MAX * strlen(" k=1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
