/* target, source, tally: what was asked for, and how it came out. */
#include "cli/target.h"

#include "cli/progress.h"
#include "cli/source.h"
#include "cli/tally.h"
#include <mtasts/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_target(void **state)
{
    static const struct {
        const char *text;
        const char *domain; /* NULL: refused */
        bool extracted;
        const char *why; /* a word of it */
    } rows[] = {
        {"example.com", "example.com", false, NULL},
        {"EXAMPLE.com.", "example.com", false, NULL},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example", false, NULL},
        {"com", "com", false, NULL},
        {"postmaster@example.com", "example.com", true, NULL},
        {"<postmaster@example.com>", "example.com", true, NULL},
        {"mailto:a@example.com", "example.com", true, NULL},
        {"\"a@b\"@example.com", "example.com", true, NULL},
        {"https://example.com/path?x#y", "example.com", true, NULL},
        {"HTTP://example.com:8080", "example.com", true, NULL},
        {"https://user@example.com/", "example.com", true, NULL},
        {"_mta-sts.example.com", "example.com", true, NULL},
        {"_smtp._tls.example.com", "example.com", true, NULL},
        {"", NULL, false, "empty"},
        {"a@", NULL, false, "empty"},
        {"https://", NULL, false, "empty"},
        {"192.0.2.1", NULL, false, "IP address"},
        {"2001:db8::1", NULL, false, "IP address"},
        {"[192.0.2.1]", NULL, false, "IP address"},
        {"a@[IPv6:::1]", NULL, false, "IP address"},
        {"example.com:25", NULL, false, "port"},
        {"*.example.com", NULL, false, "pattern"},
        {"a b", NULL, false, "more than one"},
        {"1,example.com", NULL, false, "more than one"},
        {"exa_mple.com", NULL, false, "not a domain"},
        {"-a.com", NULL, false, "not a domain"},
        {"a..b", NULL, false, "not a domain"},
        {"\xff.com", NULL, false, "IDNA"},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct target target;
        int error = target_parse(rows[i].text, strlen(rows[i].text), &target);
        if (rows[i].domain) {
            if (error)
                fail_msg("row %zu: %s", i, target.why);
            assert_string_equal(target.domain, rows[i].domain);
            assert_int_equal(target.extracted, rows[i].extracted);
        } else {
            assert_int_equal(error, -MTASTS_ENAME);
            if (!strstr(target.why, rows[i].why))
                fail_msg("row %zu: %s", i, target.why);
        }
    }
}

static void test_target_length(void **state)
{
    char text[MTASTS_NAME_MAX + 2];
    struct target target;
    (void)state;
    /* Labels of 63: a.a...; 244 octets still leave room for _mta-sts. */
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = i % 64 == 63 ? '.' : 'a';
    assert_int_equal(target_parse(text, MTASTS_POLICY_DOMAIN_MAX, &target), 0);
    assert_int_equal(target_parse(text, MTASTS_POLICY_DOMAIN_MAX + 1, &target),
                     -MTASTS_ENAME);
    assert_non_null(strstr(target.why, "too long"));
}

/* A file with the octets; its path is in `path`. */
static void write_file(char *path, const char *text, size_t len)
{
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), len);
    close(fd);
}

static void never(void *ctx)
{
    (void)ctx;
    fail();
}

static void test_source_file(void **state)
{
    static const char text[] = "\xef\xbb\xbf"
                               "a.example\r\n"
                               "\n"
                               "# comment\n"
                               "  b.example\t# ours\n"
                               "c#d\n"
                               "\0.example\n"
                               "   \r\n"
                               "last";
    static const struct {
        size_t number;
        const char *text;
        size_t len;
    } rows[] = {{1, "a.example", 9},
                {4, "b.example", 9},
                {5, "c#d", 3},
                {6, "\0.example", 9},
                {8, "last", 4}};
    char path[] = "/tmp/test-source-XXXXXX";
    _cleanup_loop_ struct loop *loop = NULL;
    _cleanup_source_ struct source *source = NULL;
    struct source_line line;
    (void)state;
    write_file(path, text, sizeof(text) - 1);
    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(source_of_file(loop, path, never, NULL, &source), 0);
    unlink(path);
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        assert_int_equal(source_next(source, &line), SOURCE_LINE);
        assert_int_equal(line.number, rows[i].number);
        assert_int_equal(line.len, rows[i].len);
        assert_memory_equal(line.text, rows[i].text, rows[i].len);
        assert_false(line.too_long);
    }
    assert_int_equal(source_next(source, &line), SOURCE_END);
    assert_int_equal(source_next(source, &line), SOURCE_END);
    assert_true(source_fraction(source) > 0.999);
}

/* Lines around the limit, and one of more than the buffer. */
static void test_source_long_lines(void **state)
{
    static const struct {
        size_t len;
        bool too_long;
    } rows[] = {{SOURCE_LINE_MAX, false},
                {SOURCE_LINE_MAX + 1, true},
                {200000, true},
                {1, false}};
    char path[] = "/tmp/test-source-XXXXXX";
    char *text = malloc(300000);
    size_t len = 0;
    (void)state;
    assert_non_null(text);
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        memset(text + len, 'x', rows[i].len);
        len += rows[i].len;
        text[len++] = '\n';
    }
    write_file(path, text, len);
    free(text);
    _cleanup_loop_ struct loop *loop = NULL;
    _cleanup_source_ struct source *source = NULL;
    struct source_line line;
    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(source_of_file(loop, path, never, NULL, &source), 0);
    unlink(path);
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        assert_int_equal(source_next(source, &line), SOURCE_LINE);
        assert_int_equal(line.number, i + 1);
        assert_int_equal(line.too_long, rows[i].too_long);
        assert_int_equal(line.len,
                         MIN_OF(rows[i].len, (size_t)SOURCE_LINE_MAX));
    }
    assert_int_equal(source_next(source, &line), SOURCE_END);
}

struct reader {
    struct loop *loop;
    struct source *source;
    int writer;
    unsigned waits;
    char got[64];
};

static void read_more(void *ctx)
{
    struct reader *reader = ctx;
    struct source_line line;
    for (;;) {
        enum source_state state = source_next(reader->source, &line);
        if (state == SOURCE_WAIT)
            break;
        if (state != SOURCE_LINE) {
            loop_stop(reader->loop);
            return;
        }
        memcpy(reader->got + strlen(reader->got), line.text, line.len);
        reader->got[strlen(reader->got)] = ',';
    }
    /* The pipe is empty: give it half a line more, then its end. */
    reader->waits++;
    if (reader->waits == 1)
        assert_int_equal(write(reader->writer, "wo\nthr", 6), 6);
    else
        close(reader->writer);
}

static void test_source_pipe(void **state)
{
    int ends[2];
    char path[32];
    _cleanup_loop_ struct loop *loop = NULL;
    _cleanup_source_ struct source *source = NULL;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "one\nt", 5), 5);
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    struct reader reader = {.writer = ends[1]};
    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(source_of_file(loop, path, read_more, &reader, &source),
                     0);
    reader.loop = loop;
    reader.source = source;
    assert_true(source_fraction(source) < 0);
    struct loop_timer *start = NULL;
    assert_int_equal(loop_timer(loop, 0, read_more, &reader, &start), 0);
    assert_int_equal(loop_run(loop), 0);
    assert_string_equal(reader.got, "one,two,thr,");
    assert_int_equal(reader.waits, 2);
    close(ends[0]);
}

static void test_source_words(void **state)
{
    const char *items[] = {"a", ""};
    const struct words words = {items, 2};
    _cleanup_source_ struct source *source = NULL;
    struct source_line line;
    (void)state;
    assert_int_equal(source_of_words(&words, &source), 0);
    assert_int_equal(source_next(source, &line), SOURCE_LINE);
    assert_string_equal(line.text, "a");
    assert_true(source_fraction(source) > 0.4 && source_fraction(source) < 0.6);
    assert_int_equal(source_next(source, &line), SOURCE_LINE);
    assert_int_equal(line.len, 0);
    assert_int_equal(line.number, 2);
    assert_int_equal(source_next(source, &line), SOURCE_END);
}

static void test_tally(void **state)
{
    static const struct {
        struct tally tally;
        int status;
    } rows[] = {
        {{{0, 0, 0, 0}, 0, 0}, 0}, {{{5, 0, 0, 0}, 0, 0}, 0},
        {{{5, 0, 0, 1}, 0, 0}, 3}, {{{5, 0, 0, 0}, 1, 0}, 3},
        {{{5, 0, 0, 0}, 0, 1}, 3}, {{{5, 1, 0, 1}, 1, 1}, 1},
        {{{5, 1, 1, 1}, 1, 1}, 2},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_int_equal(tally_status(&rows[i].tally), rows[i].status);
    assert_int_equal(tally_worse(STATUS_UNKNOWN, STATUS_WARNING),
                     STATUS_WARNING);
    assert_int_equal(tally_worse(STATUS_ERROR, STATUS_UNKNOWN), STATUS_ERROR);
    assert_int_equal(tally_worse(STATUS_FINE, STATUS_UNKNOWN), STATUS_UNKNOWN);
    assert_int_equal(tally_done(&rows[6].tally), 8);
}

static void test_progress_time(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } rows[] = {{0, "0:00"},     {59.4, "0:59"},       {60, "1:00"},
                {3599, "59:59"}, {3600, "1:00:00"},    {90061, "25:01:01"},
                {-5, "0:00"},    {1e300, "9999:00:00"}};
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        char text[PROGRESS_TIME_MAX];
        progress_time(rows[i].seconds, text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target),
        cmocka_unit_test(test_target_length),
        cmocka_unit_test(test_source_file),
        cmocka_unit_test(test_source_long_lines),
        cmocka_unit_test(test_source_pipe),
        cmocka_unit_test(test_source_words),
        cmocka_unit_test(test_tally),
        cmocka_unit_test(test_progress_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
