/*
 * What Exim is told of an answer.
 */
#include "answer.h"
#include "base/buf.h"
#include "engine/reply_exim.h"
#include "unit.h"
#include <mtasts/error.h>

#define HEAD "version: STSv1|"
#define ENFORCE HEAD "mode: enforce|"
#define AGE "max_age: 604800|"
#define TWO "mx: mail.example.com|mx: *.backup.example.com|"

static char room[REPLY_EXIM_MAX + 1];

static const char *line_of(const struct policy_answer *answer)
{
    size_t len = 0;

    assert_int_equal(reply_exim(answer, room, REPLY_EXIM_MAX, &len), 0);
    room[len] = '\0';
    return room;
}

static void test_rows(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *hosts;
        bool dane;
        const char *line;
    } rows[] = {
        {ENFORCE TWO AGE, "mail.example.com", false,
         "secure mail.example.com : *.backup.example.com"},
        {ENFORCE TWO AGE, NULL, false,
         "secure mail.example.com : *.backup.example.com"},
        {ENFORCE TWO AGE, "?", false,
         "secure mail.example.com : *.backup.example.com"},
        {ENFORCE "mx: a.example|" AGE, "evil.net", false, "secure a.example"},
        {ENFORCE TWO AGE, "", false,
         "secure mail.example.com : *.backup.example.com"},
        {ENFORCE TWO AGE, "mail.example.com", true, "dane"},
        {NULL, "mail.example.com", true, "dane"},
        {HEAD "mode: testing|" TWO AGE, NULL, false, "none"},
        {HEAD "mode: none|" AGE, NULL, false, "none"},
        {NULL, NULL, false, "none"},
        {ENFORCE "mx: a:evil servername=x|mx: b.example|" AGE, NULL, false,
         "secure b.example"},
        {ENFORCE "mx: a_b.example|" AGE, NULL, false,
         "defer the domain's MTA-STS policy is in enforce mode and names no "
         "usable mx"},
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_answer_ struct made_answer made = {0};

        made_answer_init(&made, rows[i].body, rows[i].hosts);
        made.answer.dane = rows[i].dane;
        assert_string_equal(line_of(&made.answer), rows[i].line);
    }
}

static void test_override(void **state)
{
    (void)state;
    _cleanup_answer_ struct made_answer made = {0};

    made_answer_init(&made, HEAD "mode: testing|" TWO AGE, NULL);
    made.answer.mode = MTASTS_MODE_ENFORCE;
    assert_string_equal(line_of(&made.answer),
                        "secure mail.example.com : *.backup.example.com");
}

static void test_defer(void **state)
{
    (void)state;
    struct policy_answer answer = {.kind = ANSWER_DEFER,
                                   .why = "no\r\nnone\xc3\xbc"};

    assert_string_equal(line_of(&answer), "defer no??none??");
    answer.why = "";
    assert_string_equal(line_of(&answer),
                        "defer the MTA-STS policy could not be told");
}

static void test_many(void **state)
{
    (void)state;
    struct buf body;

    buf_init(&body, MTASTS_POLICY_BODY_MAX);
    buf_puts(&body, ENFORCE);
    for (unsigned i = 0; i < 1000; i++)
        buf_printf(&body, "mx: mx-%04u.mail.example.com|", i);
    buf_puts(&body, AGE);
    for (unsigned i = 0; i < 2; i++) {
        _cleanup_answer_ struct made_answer made = {0};

        made_answer_init(&made, body.data,
                         i == 0 ? "mx-0999.mail.example.com" : NULL);
        const char *line = line_of(&made.answer);
        if (i == 0) {
            assert_string_equal(line, "secure mx-0999.mail.example.com");
        } else {
            assert_memory_equal(line, "secure mx-0000.mail.example.com : ", 34);
            assert_in_range(strlen(line), REPLY_EXIM_MAX - 60, REPLY_EXIM_MAX);
            assert_string_equal(line + strlen(line) - 17, ".mail.example.com");
        }
    }
    buf_clear(&body);
}

static void test_room(void **state)
{
    (void)state;
    struct policy_answer answer = {.why = ""};
    char small[4];
    size_t len = 0;

    assert_int_equal(reply_exim(&answer, small, 3, &len), -MTASTS_ETOOLONG);
    assert_int_equal(len, 4);
    assert_int_equal(reply_exim(&answer, small, 4, &len), 0);
    assert_memory_equal(small, "none", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),  cmocka_unit_test(test_override),
        cmocka_unit_test(test_defer), cmocka_unit_test(test_many),
        cmocka_unit_test(test_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
