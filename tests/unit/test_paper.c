/* paper, printable, zone: text for people and for zone files. */
#include "cli/paper.h"

#include "check/zone.h"
#include "cli/printable.h"
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_printable(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        bool utf8;
        const char *expected;
    } rows[] = {
        {"plain", 5, true, "plain"},
        {"", 0, true, ""},
        {"a\nb\tc", 5, true, "a\\x0ab\\x09c"},
        {"\033[31m", 5, true, "\\x1b[31m"},
        {"a\0b", 3, true, "a\\x00b"},
        {"\x7f", 1, true, "\\x7f"},
        {"b\xc3\xbc", 3, true, "b\xc3\xbc"},
        {"b\xc3\xbc", 3, false, "b\\xc3\\xbc"},
        /* C1: a control sequence introducer in two octets */
        {"\xc2\x9b", 2, true, "\\xc2\\x9b"},
        {"\xff\xfe", 2, true, "\\xff\\xfe"},
        {"\xc3", 1, true, "\\xc3"},
        {"\xc0\xaf", 2, true, "\\xc0\\xaf"},
        {"\xed\xa0\x80", 3, true, "\\xed\\xa0\\x80"},
        /* right-to-left override, zero width space, byte-order mark */
        {"\xe2\x80\xae", 3, true, "\\u{202e}"},
        {"\xe2\x80\x8b", 3, true, "\\u{200b}"},
        {"\xef\xbb\xbf", 3, true, "\\u{feff}"},
        {"\xe4\xbe\x8b", 3, true, "\xe4\xbe\x8b"},
        {"\xe4\xbe\x8b", 3, false, "\\u{4f8b}"},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_buf_ struct buf buf = BUF(1024);
        printable(&buf, rows[i].text, rows[i].len, rows[i].utf8);
        if (strcmp(buf_text(&buf), rows[i].expected) != 0)
            fail_msg("row %zu: %s", i, buf_text(&buf));
        assert_true(buf.len <= rows[i].len * PRINTABLE_GROWTH);
    }
}

static void test_width(void **state)
{
    static const struct {
        const char *text;
        size_t width;
    } rows[] = {
        {"", 0},
        {"abc", 3},
        {"b\xc3\xbc", 2},
        {"bu\xcc\x88", 2},               /* a combining mark takes no column */
        {"\xe4\xbe\x8b\xe5\xad\x90", 4}, /* wide characters take two */
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_int_equal(printable_width(rows[i].text, strlen(rows[i].text)),
                         rows[i].width);
}

static void test_cut(void **state)
{
    _cleanup_buf_ struct buf buf = BUF(64);
    (void)state;
    printable_cut(&buf, "ab\xc3\xbc", 4, 3, true);
    printable_cut(&buf, "ab", 2, 2, true);
    assert_string_equal(buf_text(&buf), "ab...ab");
}

static void test_wrapping(void **state)
{
    static const struct {
        const char *text;
        unsigned indent;
        const char *expected;
    } rows[] = {
        {"one two three", 0, "one two\nthree"},
        {"one two  three", 2, "  one two\n  three"},
        {"0123456789012 x", 2, "  0123456789012\n  x"},
        {"a 0123456789012", 0, "a\n0123456789012"},
        {"12345 7890", 0, "12345 7890"},
        {"12345 78901", 0, "12345\n78901"},
        {"a\nb", 3, "   a\n   b"},
        /* eight columns each, although many octets */
        {"\xe4\xbe\x8b\xe4\xbe\x8b\xe4\xbe\x8b\xe4\xbe\x8b x "
         "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc y",
         0,
         "\xe4\xbe\x8b\xe4\xbe\x8b\xe4\xbe\x8b\xe4\xbe\x8b x\n"
         "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc y"},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_paper_ struct paper paper = {0};
        paper_init(&paper, 10, false, true);
        paper_words(&paper, rows[i].indent, rows[i].text);
        if (strcmp(buf_text(&paper.buf), rows[i].expected) != 0)
            fail_msg("row %zu: %s", i, buf_text(&paper.buf));
    }
}

static void test_spaces_between_calls(void **state)
{
    _cleanup_paper_ struct paper paper = {0};
    (void)state;
    paper_init(&paper, 20, true, true);
    paper_words(&paper, 0, "(");
    paper_words(&paper, 0, "a ");
    paper_words(&paper, 0, "b");
    paper_styled(&paper, STYLE_RED, "c");
    paper_words(&paper, 0, " d)");
    paper_line_end(&paper);
    assert_string_equal(buf_text(&paper.buf), "(a b\033[1;31mc\033[0m d)\n");
}

static void test_block_and_gap(void **state)
{
    _cleanup_paper_ struct paper paper = {0};
    (void)state;
    paper_init(&paper, 10, false, true);
    paper_gap(&paper);
    paper_words(&paper, 0, "x");
    paper_gap(&paper);
    paper_block(&paper, 2, "a long line stays whole\r\n\r\nb");
    size_t len = paper.buf.len;
    paper_words(&paper, 0, "gone");
    paper_rewind(&paper, len);
    assert_string_equal(buf_text(&paper.buf),
                        "x\n\n  a long line stays whole\n\n  b\n");
}

static void test_zone(void **state)
{
    _cleanup_buf_ struct buf buf = BUF(2048);
    char text[300];
    (void)state;
    zone_txt(&buf, "_x.example", "a\"b\\c\001\xff;", 8);
    assert_string_equal(buf_text(&buf), "_x.example. IN TXT "
                                        "\"a\\\"b\\\\c\\001\\255;\"\n");
    buf_clear(&buf);
    zone_strings(&buf, "", 0);
    assert_string_equal(buf_text(&buf), "\"\"");
    buf_clear(&buf);
    memset(text, 'a', sizeof(text));
    zone_strings(&buf, text, sizeof(text));
    assert_int_equal(buf.len, 300 + 4 + 1);
    assert_memory_equal(buf.data + 1 + 255, "\" \"", 3);
    buf_clear(&buf);
    zone_strings(&buf, text, 255);
    assert_int_equal(buf.len, 255 + 2);
}

static int use_utf8(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") && printable_utf8() ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_printable),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_wrapping),
        cmocka_unit_test(test_spaces_between_calls),
        cmocka_unit_test(test_block_and_gap),
        cmocka_unit_test(test_zone),
    };
    return cmocka_run_group_tests(tests, use_utf8, NULL);
}
