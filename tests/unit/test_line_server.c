/*
 * line_server: what is a line. Connections are those of stream_server, which
 * test_socketmap_server goes through; the rest is in tests/integration.
 */
#include "unit.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include "net/line_server.h"
#include <mtasts/error.h>

#define MORE 0
#define LINE 1

static void test_rows(void **state)
{
    static const struct {
        const char *data;
        int open;  /* while more may come */
        int ended; /* when nothing will */
        const char *line;
    } rows[] = {
        {"example.com\n", LINE, LINE, "example.com"},
        {"example.com\r\n", LINE, LINE, "example.com"},
        {"a\nb\n", LINE, LINE, "a"},
        {"\n", LINE, LINE, ""},
        {"\r\n", LINE, LINE, ""},
        {"\n\n", LINE, LINE, ""},
        {"a\r\r\n", LINE, LINE, "a\r"},
        {"a\rb\n", LINE, LINE, "a\rb"},
        {"example.com", MORE, LINE, "example.com"},
        {"example.com\r", MORE, LINE, "example.com"},
        {"\r", MORE, LINE, ""},
        {"\xff\x80", MORE, LINE, "\xff\x80"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        size_t len = strlen(rows[i].data);

        for (int ended = 0; ended < 2; ended++) {
            size_t line_len = 77;
            int parsed = line_parse(rows[i].data, len, ended, &line_len);

            assert_int_equal(parsed, ended ? rows[i].ended : rows[i].open);
            if (parsed == LINE)
                assert_true(ascii_is(rows[i].data, line_len, rows[i].line));
            else
                assert_int_equal(line_len, 77);
        }
    }
}

static void test_longest(void **state)
{
    char data[LINE_SERVER_LINE_MAX + 3];
    const size_t max = LINE_SERVER_LINE_MAX;
    size_t len;

    (void)state;
    memset(data, 'x', sizeof(data));
    assert_int_equal(line_parse(data, max, false, &len), MORE);
    assert_int_equal(line_parse(data, max, true, &len), LINE);
    assert_int_equal(line_parse(data, max + 1, false, &len), -MTASTS_ETOOLONG);
    assert_int_equal(line_parse(data, max + 1, true, &len), -MTASTS_ETOOLONG);
    memcpy(data + max, "\r\n", 2);
    for (size_t more = 1; more <= 2; more++) {
        assert_int_equal(line_parse(data, max + more, false, &len),
                         more == 2 ? LINE : MORE);
        assert_int_equal(line_parse(data, max + more, true, &len), LINE);
        assert_int_equal(len, max);
    }
    memcpy(data + max, "x\n", 2);
    assert_int_equal(line_parse(data, max + 2, true, &len), -MTASTS_ETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_longest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
