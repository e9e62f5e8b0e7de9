/* smtp_reply: replies of SMTP servers, whole and in pieces. */
#include "unit.h"

#include "base/cleanup.h"
#include "net/smtp_reply.h"
#include <mtasts/error.h>

struct row {
    const char *input;
    int error;
    bool done;
    int code;
    size_t lines;
    const char *rest; /* not taken */
    const char *text; /* of all lines */
};

static const struct row ROWS[] = {
    {"220 mx.example ESMTP\r\n", 0, true, 220, 1, "", "mx.example ESMTP\n"},
    {"250-mx\r\n250-SIZE 1\r\n250 STARTTLS\r\n", 0, true, 250, 3, "",
     "mx\nSIZE 1\nSTARTTLS\n"},
    /* what follows belongs to the next reply */
    {"220 go\r\n250 injected\r\n", 0, true, 220, 1, "250 injected\r\n", "go\n"},
    {"220 go\r\n\x16\x03\x01", 0, true, 220, 1, "\x16\x03\x01", "go\n"},
    /* lenient: LF alone, no text, a trailing CR too many */
    {"250 ok\n", 0, true, 250, 1, "", "ok\n"},
    {"250\r\n", 0, true, 250, 1, "", "\n"},
    {"250 \r\n", 0, true, 250, 1, "", "\n"},
    {"250-\r\n250\n", 0, true, 250, 2, "", "\n\n"},
    {"354 a\rb\r\n", 0, true, 354, 1, "", "a\rb\n"},
    {"599 \xc3\xbc\r\n", 0, true, 599, 1, "", "\xc3\xbc\n"},
    /* not whole yet */
    {"", 0, false, 0, 0, "", ""},
    {"25", 0, false, 0, 0, "", ""},
    {"250 ok\r", 0, false, 0, 0, "", ""},
    {"250-a\r\n250", 0, false, 250, 1, "", "a\n"},
    /* not SMTP */
    {"HTTP/1.1 400 Bad Request\r\n", -MTASTS_ESYNTAX, 0, 0, 0, NULL, NULL},
    {"\r\n", -MTASTS_ESYNTAX, 0, 0, 0, NULL, NULL},
    {"25 x\r\n", -MTASTS_ESYNTAX, 0, 0, 0, NULL, NULL},
    {"2500 x\r\n", -MTASTS_ESYNTAX, 0, 0, 0, NULL, NULL},
    {"250:x\r\n", -MTASTS_ESYNTAX, 0, 0, 0, NULL, NULL},
    {"250\tx\r\n", -MTASTS_ESYNTAX, 0, 0, 0, NULL, NULL},
    {" 250 x\r\n", -MTASTS_ESYNTAX, 0, 0, 0, NULL, NULL},
    {"150 x\r\n", -MTASTS_ESYNTAX, 0, 0, 0, NULL, NULL},
    {"650 x\r\n", -MTASTS_ESYNTAX, 0, 0, 0, NULL, NULL},
    {"2a0 x\r\n", -MTASTS_ESYNTAX, 0, 0, 0, NULL, NULL},
    {"250\r\r\n", -MTASTS_ESYNTAX, 0, 0, 0, NULL, NULL},
    /* lines that do not agree */
    {"250-a\r\n550 b\r\n", -MTASTS_ESYNTAX, 0, 0, 0, NULL, NULL},
    {"250-a\r\n\r\n", -MTASTS_ESYNTAX, 0, 0, 0, NULL, NULL},
};

/* Feeds `step` octets at a time; returns the first error. */
static int feed(struct smtp_reply *reply, const char *data, size_t len,
                size_t step, size_t *ret_used)
{
    size_t at = 0;
    while (at < len && !reply->done) {
        size_t used = 0;
        int error =
            smtp_reply_feed(reply, data + at, MIN_OF(step, len - at), &used);
        if (error)
            return error;
        at += used;
    }
    *ret_used = at;
    return 0;
}

static void judge_row(const struct row *row, size_t step)
{
    _cleanup_smtp_reply_ struct smtp_reply reply = {0};
    size_t used = 0;
    smtp_reply_init(&reply);
    int error = feed(&reply, row->input, strlen(row->input), step, &used);
    if (error != row->error)
        fail_msg("\"%s\" by %zu: error %d", row->input, step, error);
    if (error) {
        assert_int_equal(smtp_reply_feed(&reply, "250 a\r\n", 7, &used), error);
        return;
    }
    if (reply.done != row->done || reply.code != row->code)
        fail_msg("\"%s\" by %zu: done %d code %d", row->input, step, reply.done,
                 reply.code);
    assert_int_equal(reply.lines, row->lines);
    assert_string_equal(row->input + used, row->rest);
    assert_string_equal(buf_text(&reply.text), row->text);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(ROWS); i++)
        for (size_t step = 1; step <= 64; step *= 2)
            judge_row(&ROWS[i], step);
}

static void test_offers(void **state)
{
    static const struct {
        const char *reply;
        bool starttls;
    } rows[] = {
        {"250-mx\r\n250 STARTTLS\r\n", true},
        {"250-mx\r\n250-starttls\r\n250 HELP\r\n", true},
        {"250-mx\r\n250-StartTLS \r\n250 HELP\r\n", true},
        {"250-mx\r\n250 STARTTLS required\r\n", true},
        {"250-mx\r\n250 HELP\r\n", false},
        /* the first line is the server's name, whatever it says */
        {"250 STARTTLS\r\n", false},
        {"250-STARTTLS\r\n250 HELP\r\n", false},
        {"250-mx\r\n250 STARTTLSX\r\n", false},
        {"250-mx\r\n250 XSTARTTLS\r\n", false},
        {"250-mx\r\n250 AUTH STARTTLS\r\n", false},
        {"250-mx\r\n250  STARTTLS\r\n", false},
        {"250-mx\r\n250\r\n", false},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_smtp_reply_ struct smtp_reply reply = {0};
        size_t used = 0;
        smtp_reply_init(&reply);
        assert_int_equal(smtp_reply_feed(&reply, rows[i].reply,
                                         strlen(rows[i].reply), &used),
                         0);
        if (smtp_reply_offers(&reply, "STARTTLS") != rows[i].starttls)
            fail_msg("row %zu", i);
    }
}

static void test_lines(void **state)
{
    static const char text[] = "250-a\r\n250-\r\n250 c\r\n";
    _cleanup_smtp_reply_ struct smtp_reply reply = {0};
    const char *line = NULL;
    size_t used = 0;
    size_t len = 7;
    (void)state;
    smtp_reply_init(&reply);
    assert_int_equal(smtp_reply_feed(&reply, text, sizeof(text) - 1, &used), 0);
    assert_true(smtp_reply_line(&reply, 0, &line, &len));
    assert_int_equal(len, 1);
    assert_memory_equal(line, "a", 1);
    assert_true(smtp_reply_line(&reply, 1, &line, &len));
    assert_int_equal(len, 0);
    assert_true(smtp_reply_line(&reply, 2, &line, &len));
    assert_memory_equal(line, "c", 1);
    assert_false(smtp_reply_line(&reply, 3, &line, &len));
    smtp_reply_clear(&reply);
    assert_false(smtp_reply_line(&reply, 0, &line, &len));
    assert_false(reply.done);
}

/* A line of `len` octets, end included. */
static int feed_long_line(size_t len)
{
    _cleanup_smtp_reply_ struct smtp_reply reply = {0};
    _cleanup_free_ char *line = malloc(len);
    size_t used = 0;
    assert_non_null(line);
    memset(line, 'x', len);
    memcpy(line, "220 ", 4);
    memcpy(line + len - 2, "\r\n", 2);
    smtp_reply_init(&reply);
    return feed(&reply, line, len, 1000, &used);
}

static void test_long_line(void **state)
{
    (void)state;
    assert_int_equal(feed_long_line(512), 0);
    assert_int_equal(feed_long_line(SMTP_LINE_MAX), 0);
    assert_int_equal(feed_long_line(SMTP_LINE_MAX + 1), -MTASTS_ETOOLONG);
}

static void test_endless_reply(void **state)
{
    _cleanup_smtp_reply_ struct smtp_reply reply = {0};
    size_t used = 0;
    size_t fed = 0;
    int error = 0;
    (void)state;
    smtp_reply_init(&reply);
    while (!error && fed < 2 * (size_t)SMTP_REPLY_MAX) {
        error = smtp_reply_feed(&reply, "250-x\r\n", 7, &used);
        fed += 7;
    }
    assert_int_equal(error, -MTASTS_ETOOLONG);
    assert_in_range(fed, SMTP_REPLY_MAX - 7, SMTP_REPLY_MAX + 7);
    assert_false(reply.done);
}

static void test_endless_line(void **state)
{
    _cleanup_smtp_reply_ struct smtp_reply reply = {0};
    size_t used = 0;
    size_t fed = 0;
    int error = 0;
    (void)state;
    smtp_reply_init(&reply);
    for (; !error && fed < SMTP_REPLY_MAX; fed++)
        error = smtp_reply_feed(&reply, "2", 1, &used);
    assert_int_equal(error, -MTASTS_ETOOLONG);
    assert_int_equal(fed, SMTP_LINE_MAX + 1);
}

static void test_printable(void **state)
{
    static const char text[] = "a\x1b[31m\0~\x7f\xc3\\";
    _cleanup_arena_ struct arena *arena = NULL;
    char many[SMTP_TEXT_MAX + 10];
    (void)state;
    assert_int_equal(arena_new(1 << 16, &arena), 0);
    assert_string_equal(smtp_reply_printable(arena, text, sizeof(text) - 1),
                        "a\\x1b[31m\\x00~\\x7f\\xc3\\");
    assert_string_equal(smtp_reply_printable(arena, NULL, 0), "");
    memset(many, 'y', sizeof(many));
    assert_int_equal(strlen(smtp_reply_printable(arena, many, sizeof(many))),
                     SMTP_TEXT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_offers),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_endless_reply),
        cmocka_unit_test(test_endless_line),
        cmocka_unit_test(test_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
