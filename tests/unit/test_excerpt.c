/* excerpt: the caret under its place, also where that is inside a character. */
#include "cli/excerpt.h"

#include "unit.h"
#include <locale.h>

#define WIDTH 40u

struct row {
    const char *line;
    size_t column;
    const char *text;
};

static void test_caret(void **state)
{
    static const struct row rows[] = {
        {"abc", 1, "  abc\n  ^\n"},
        {"abc", 3, "  abc\n    ^\n"},
        {"abc", 4, "  abc\n     ^\n"},
        {"abc", 9, "  abc\n     ^\n"},
        {"", 0, "  \n  ^\n"},
        /* u with two dots: two octets, one column */
        {"b\xc3\xbcx", 2, "  b\xc3\xbcx\n   ^\n"},
        {"b\xc3\xbcx", 3, "  b\xc3\xbcx\n   ^\n"},
        {"b\xc3\xbcx", 4, "  b\xc3\xbcx\n    ^\n"},
        /* no UTF-8: each octet has a place of its own */
        {"b\xbc\xbc", 3, "  b\\xbc\\xbc\n       ^\n"},
    };

    (void)state;
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8")); /* for the columns */
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_paper_ struct paper paper = {0};
        const struct mtasts_bytes line = {rows[i].line, strlen(rows[i].line)};

        paper_init(&paper, WIDTH, false, true);
        excerpt_put(&paper, 2, line, rows[i].column);
        assert_string_equal(buf_text(&paper.buf), rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_caret)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
