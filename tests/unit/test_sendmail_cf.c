/* sendmail_cf: what Sendmail prints, and its files. */
#include "cli/sendmail_cf.h"

#include "unit.h"
#include <mtasts/error.h>

#define MAX 4096u
#define LINES "FEATURE(`sts', `socket x')dnl\n"

static void test_program(void **state)
{
    struct sendmail_program program;

    (void)state;
    sendmail_program_read("Version 8.17.1.9\n Compiled with: DNSMAP SOCKETMAP "
                          "STARTTLS\n   FFR Defines: _FFR_X _FFR_MTA_STS\n",
                          &program);
    assert_string_equal(program.version, "8.17.1.9");
    assert_true(program.socketmap && program.starttls && program.sts);
    sendmail_program_read("Version 8.15.2\n Compiled with: XSOCKETMAP "
                          "STARTTLS_2\n",
                          &program);
    assert_string_equal(program.version, "8.15.2");
    assert_false(program.socketmap || program.starttls || program.sts);
    sendmail_program_read("sendmail: fatal: unsupported: -bt\n", &program);
    assert_string_equal(program.version, "");
    sendmail_program_read("Version control\n", &program);
    assert_string_equal(program.version, "");
}

static void test_answers(void **state)
{
    static const struct {
        const char *text;
        enum sendmail_answer answer;
        const char *line;
    } rows[] = {
        {"Enter <ruleset> <address>\n> map_lookup: sts (a.example) returns "
         "secure match=mx.a.example (0)\n> \n",
         SENDMAIL_FOUND,
         "map_lookup: sts (a.example) returns secure match=mx.a.example (0)"},
        {"> map_lookup: sts (a.example) no match (68)\n", SENDMAIL_NONE,
         "map_lookup: sts (a.example) no match (68)"},
        {"> map_lookup: sts (a.example) no match (75)\n", SENDMAIL_FAILED,
         "map_lookup: sts (a.example) no match (75)"},
        {"> map_lookup: sts (a.example) no match (69)\n", SENDMAIL_FAILED,
         "map_lookup: sts (a.example) no match (69)"},
        {"> socket map \"sts\": local socket name /s unsafe: No such file\n"
         "map_lookup: sts (a.example) no match (75)\n",
         SENDMAIL_FAILED,
         "socket map \"sts\": local socket name /s unsafe: No such file"},
        {"> Map named \"sts\" not found\n", SENDMAIL_FAILED, ""},
        {"", SENDMAIL_FAILED, ""},
    };
    char line[SENDMAIL_VALUE_MAX];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        if (sendmail_answer_read(rows[i].text, line) != rows[i].answer ||
            strcmp(line, rows[i].line) != 0)
            fail_msg("row %zu: %s", i, line);
    }
}

static void test_cf(void **state)
{
    static const char cf[] = "#Ksts socket a\n"
                             "Kstsxsni regex -a: x\n"
                             "Ksts socket -d5 -T<TMPF> local:/s \n"
                             "#O CACertPath\n"
                             "O CACertFile=/a\n"
                             "O CACertFileX=/b\n"
                             "O CACertFile= /c\n";
    char value[SENDMAIL_VALUE_MAX];

    (void)state;
    assert_true(sendmail_cf_map(cf, value));
    assert_string_equal(value, "socket -d5 -T<TMPF> local:/s");
    assert_false(sendmail_cf_map("Kstsx y\nKsts", value));
    sendmail_cf_option(cf, "CACertFile", value);
    assert_string_equal(value, "/c"); /* the last one counts */
    sendmail_cf_option(cf, "CACertPath", value);
    assert_string_equal(value, "");
}

static void test_same(void **state)
{
    (void)state;
    assert_true(sendmail_cf_same("", "# made today\n\n"));
    assert_true(sendmail_cf_same("#a\nV10\nDZ8.17/1\n", "V10\nDZ8.17/2"));
    assert_false(sendmail_cf_same("V10\nO A=1\n", "V10\n"));
    assert_false(sendmail_cf_same("V10\n", "V10\nO A=1\n"));
    assert_false(sendmail_cf_same("O A=1\n", "O A=2\n"));
}

static void test_edit(void **state)
{
    static const struct {
        const char *text;
        const char *expected; /* NULL: no mailers */
    } rows[] = {
        {"OSTYPE(`linux')dnl\nMAILER(`local')\nMAILER(`smtp')\n",
         "OSTYPE(`linux')dnl\n" LINES "MAILER(`local')\nMAILER(`smtp')\n"},
        {"MAILER_DEFINITIONS\nMAILER(`smtp')",
         LINES "MAILER_DEFINITIONS\nMAILER(`smtp')\n"},
        {"FEATURE(`sts')dnl\nMAILER(`smtp')\n", LINES "MAILER(`smtp')\n"},
        {"dnl FEATURE(`sts')\nMAILER(`smtp')\n",
         "dnl FEATURE(`sts')\n" LINES "MAILER(`smtp')\n"},
        {"FEATURE(`sts', `a')\nx\nFEATURE(`sts', `b')\nMAILER(`smtp')\n",
         LINES "x\nMAILER(`smtp')\n"},
        {"dnl MAILER(`smtp')\n", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_buf_ struct buf buf = BUF(MAX);
        int error = sendmail_mc_edit(rows[i].text, LINES, &buf);

        if (error != (rows[i].expected ? 0 : -MTASTS_ENOTFOUND) ||
            (rows[i].expected && strcmp(buf_text(&buf), rows[i].expected) != 0))
            fail_msg("row %zu: %d %s", i, error, buf_text(&buf));
    }
}

/* What is not to be replaced stays: the map is right, something else lacks. */
static void test_edit_keeps_the_map(void **state)
{
    static const char mc[] = "FEATURE(`sts', `socket x')dnl\n"
                             "MAILER(`smtp')\n";
    _cleanup_buf_ struct buf buf = BUF(MAX);

    (void)state;
    assert_int_equal(sendmail_mc_edit(mc, "define(`a', `b')dnl\n", &buf), 0);
    assert_string_equal(buf_text(&buf), "FEATURE(`sts', `socket x')dnl\n"
                                        "define(`a', `b')dnl\n"
                                        "MAILER(`smtp')\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_program),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_cf),
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_edit),
        cmocka_unit_test(test_edit_keeps_the_map),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
