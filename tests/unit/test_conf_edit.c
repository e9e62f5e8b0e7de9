/* conf_edit: an option of mtasts.conf set, and nothing else touched. */
#include "cli/conf_edit.h"

#include "unit.h"
#include <mtasts/error.h>

#define MAX 4096u

struct row {
    const char *text;
    const char *expected; /* NULL: refused */
};

static const struct row rows[] = {
    {"", "policyd {\n    level = may\n}\n"},
    {"user = root", "user = root\n\npolicyd {\n    level = may\n}\n"},
    {"# level = x\n", "# level = x\n\npolicyd {\n    level = may\n}\n"},
    /* the option is there */
    {"policyd { level = dane }", "policyd { level = may }"},
    {"policyd {\n  level=\"dane\" # why\n}\n",
     "policyd {\n  level=may # why\n}\n"},
    {"policyd { level = 'a}b' }\n", "policyd { level = may }\n"},
    {"policyd { level = a\n  level = b\n}\n",
     "policyd { level = a\n  level = may\n}\n"},
    {"policyd{level=a}", "policyd{level=may}"},
    /* elsewhere, or in disguise */
    {"level = a\npolicyd {\n    other = b\n}\n",
     "level = a\npolicyd {\n    other = b\n    level = may\n}\n"},
    {"other { level = a }\npolicyd { x = y }\n",
     "other { level = a }\npolicyd { x = y\n    level = may\n }\n"},
    {"policyd {\n    # level = a\n    x = \"level = b\"\n}\n",
     "policyd {\n    # level = a\n    x = \"level = b\"\n    level = may\n}\n"},
    {"policyd { /* level = a */ }", "policyd {\n    level = may\n /* level = a "
                                    "*/ }"},
    {"/* policyd { level = a } */ policyd {\n}\n",
     "/* policyd { level = a } */ policyd {\n    level = may\n}\n"},
    {"policyd {\n    x = {\"a\", \"level\"} // last\n    // end\n}\n",
     "policyd {\n    x = {\"a\", \"level\"} // last\n    level = may\n    // "
     "end\n}\n"},
    {"policyd {\n    x = level\n}\n",
     "policyd {\n    x = level\n    level = may\n}\n"},
    {"policyd {\n    x = 1 /* a\n b */\n}\n",
     "policyd {\n    x = 1\n    level = may\n /* a\n b */\n}\n"},
    /* a section given twice: the later one counts */
    {"policyd { level = a }\npolicyd {\n}\n",
     "policyd { level = a }\npolicyd {\n    level = may\n}\n"},
    /* not to be touched by a program */
    {"policyd { level = {\"a\"} }", NULL},
    {"policyd { level = 'a'b }", NULL},
    {"policyd { level = }", NULL},
    {"policyd {", NULL},
    {"policyd { } }", NULL},
    {"policyd { level = \"a }", NULL},
    {"policyd { /* level = a }", NULL},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const struct row *row = &rows[i];
        _cleanup_buf_ struct buf buf = BUF(MAX);
        int error = conf_edit(row->text, strlen(row->text), "policyd", "level",
                              "may", &buf);

        if (!row->expected) {
            if (error != -MTASTS_ESYNTAX)
                fail_msg("row %zu: %d, %s", i, error, buf_text(&buf));
        } else if (error || strcmp(buf_text(&buf), row->expected) != 0) {
            fail_msg("row %zu: %d, %s", i, error, buf_text(&buf));
        }
    }
}

static void test_twice_is_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_buf_ struct buf buf = BUF(MAX);

        if (!rows[i].expected)
            continue;
        assert_int_equal(conf_edit(rows[i].expected, strlen(rows[i].expected),
                                   "policyd", "level", "may", &buf),
                         0);
        assert_string_equal(buf_text(&buf), rows[i].expected);
    }
}

static void test_too_long(void **state)
{
    _cleanup_buf_ struct buf buf = BUF(20);

    (void)state;
    assert_int_equal(conf_edit("", 0, "policyd", "level", "may", &buf),
                     -MTASTS_ETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_twice_is_once),
        cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
