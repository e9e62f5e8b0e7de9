/*
 * log: where messages go, how they look there, and how many at most.
 *
 * Standard error is a pipe. What would go to syslog and the journal is caught
 * on its way out of the program (--wrap).
 */
#include "daemon/log.h"

#include "unit.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>

static int pipe_fds[2];
static uint64_t now;
static char caught[16384];

static uint64_t fake_now(void)
{
    return now;
}

int __wrap_sd_journal_sendv(const struct iovec *parts, int count);
void __wrap_syslog(int priority, const char *format, ...) _printf_(2, 3);
void __wrap___syslog_chk(int priority, int flag, const char *format, ...)
    _printf_(3, 4);

int __wrap_sd_journal_sendv(const struct iovec *parts, int count)
{
    size_t len = 0;

    for (int i = 0; i < count; i++) {
        assert_true(len + parts[i].iov_len + 2 < sizeof(caught));
        memcpy(caught + len, parts[i].iov_base, parts[i].iov_len);
        len += parts[i].iov_len;
        caught[len++] = '|';
    }
    caught[len] = '\0';
    return 0;
}

static void take(int priority, const char *format, va_list args) _printf_(2, 0);

static void take(int priority, const char *format, va_list args)
{
    int len = snprintf(caught, sizeof(caught), "%d ", priority);

    vsnprintf(caught + len, sizeof(caught) - (size_t)len, format, args);
}

void __wrap_syslog(int priority, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    take(priority, format, args);
    va_end(args);
}

void __wrap___syslog_chk(int priority, int flag, const char *format, ...)
{
    va_list args;

    (void)flag;
    va_start(args, format);
    take(priority, format, args);
    va_end(args);
}

/* What is in the pipe, terminated. */
static const char *written(void)
{
    static char text[1 << 16];
    ssize_t got = read(pipe_fds[0], text, sizeof(text) - 1);

    text[got > 0 ? got : 0] = '\0';
    return text;
}

static unsigned lines_of(const char *text)
{
    unsigned count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

static void opened(enum log_level level, enum log_target target)
{
    const struct log_options options = {
        .name = "mtasts-testd",
        .level = level,
        .target = target,
        .now_ms = fake_now,
    };

    log_close();
    written();
    log_open(&options);
}

static void test_line(void **state)
{
    const char *text;

    (void)state;
    opened(LEVEL_INFO, LOG_TARGET_STDERR);
    log_say(LOG_EVENT_READY, LOG_TEXT("why", "a\nb"), LOG_NUMBER("n", 7));
    text = written();
    assert_int_equal(strncmp(text, "time=20", 7), 0);
    assert_ptr_equal(strchr(text, 'Z'), text + strlen("time=") + 23);
    assert_string_equal(strchr(text, ' '),
                        " level=notice event=ready msg=\"takes questions\" "
                        "why=\"a\\nb\" n=7\n");
    log_say(LOG_EVENT_READY);
    assert_string_equal(strchr(written(), ' '),
                        " level=notice event=ready msg=\"takes questions\"\n");
}

static void test_level(void **state)
{
    (void)state;
    opened(LEVEL_ERROR, LOG_TARGET_STDERR);
    assert_false(log_wants(LOG_EVENT_READY));
    assert_true(log_wants(LOG_EVENT_RELOAD_FAILED));
    log_say(LOG_EVENT_READY);
    assert_string_equal(written(), "");
    log_write(LOG_EVENT_READY, (const struct log_field[]){{0}});
    assert_string_equal(written(), "");
    log_say(LOG_EVENT_RELOAD_FAILED);
    assert_non_null(strstr(written(), "level=error event=reload-failed"));
}

/* A priority in front and no time: for the journal, and for `mtasts run`. */
static void test_marks(void **state)
{
    struct stat status;
    char stream[64];

    (void)state;
    assert_int_equal(fstat(STDERR_FILENO, &status), 0);
    snprintf(stream, sizeof(stream), "%lu:%lu", (unsigned long)status.st_dev,
             (unsigned long)status.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
    opened(LEVEL_INFO, LOG_TARGET_STDERR);
    log_say(LOG_EVENT_READY);
    assert_string_equal(
        written(), "<5>level=notice event=ready msg=\"takes questions\"\n");
    snprintf(stream, sizeof(stream), "%lu:%lu", (unsigned long)status.st_dev,
             (unsigned long)status.st_ino + 1);
    setenv("JOURNAL_STREAM", stream, 1);
    opened(LEVEL_INFO, LOG_TARGET_STDERR);
    log_say(LOG_EVENT_READY);
    assert_int_equal(strncmp(written(), "time=", 5), 0);
    setenv("JOURNAL_STREAM", "x", 1);
    opened(LEVEL_INFO, LOG_TARGET_STDERR);
    log_say(LOG_EVENT_READY);
    assert_int_equal(strncmp(written(), "time=", 5), 0);
    unsetenv("JOURNAL_STREAM");
    setenv(LOG_SUPERVISED, "1", 1);
    opened(LEVEL_INFO, LOG_TARGET_STDERR);
    log_say(LOG_EVENT_START_FAILED);
    assert_int_equal(strncmp(written(), "<3>level=error", 14), 0);
    unsetenv(LOG_SUPERVISED);
}

static void test_syslog(void **state)
{
    (void)state;
    opened(LEVEL_INFO, LOG_TARGET_SYSLOG);
    log_say(LOG_EVENT_READY, LOG_TEXT("why", "100 %s"));
    assert_string_equal(caught, "5 level=notice event=ready msg=\"takes "
                                "questions\" why=\"100 %s\"");
    assert_string_equal(written(), "");
}

static void test_journal(void **state)
{
    const char *none = NULL;

    (void)state;
    opened(LEVEL_INFO, LOG_TARGET_JOURNAL);
    log_say(LOG_EVENT_READY, LOG_TEXT("why", "a\nb"), LOG_TEXT("id", none),
            LOG_NUMBER("max_age", 7));
    assert_string_equal(
        caught, "MESSAGE=level=notice event=ready msg=\"takes questions\" "
                "why=\"a\\nb\" max_age=7|PRIORITY=5|"
                "SYSLOG_IDENTIFIER=mtasts-testd|MTASTS_EVENT=ready|"
                "MTASTS_WHY=a\nb|MTASTS_MAX_AGE=7|");
    assert_string_equal(written(), "");
}

static void test_burst(void **state)
{
    (void)state;
    now = 1000;
    opened(LEVEL_INFO, LOG_TARGET_STDERR);
    for (unsigned i = 0; i < LOG_BURST + 20; i++)
        log_say(LOG_EVENT_READY);
    assert_int_equal(lines_of(written()), LOG_BURST);
    /* Others are not concerned, and none is told twice. */
    log_say(LOG_EVENT_STOPPING);
    assert_int_equal(lines_of(written()), 1);
    log_flush();
    assert_string_equal(written(), "");
    now += LOG_WINDOW_MS;
    log_say(LOG_EVENT_READY);
    assert_non_null(strstr(written(), "event=suppressed msg=\"messages of this "
                                      "event were left out\" of=ready "
                                      "count=20\n"));
    log_flush();
    assert_string_equal(written(), "");
}

/* Nobody says it again, and it is told all the same. */
static void test_flush(void **state)
{
    (void)state;
    opened(LEVEL_INFO, LOG_TARGET_STDERR);
    for (unsigned i = 0; i < LOG_BURST + 3; i++)
        log_say(LOG_EVENT_READY);
    written();
    now += LOG_WINDOW_MS;
    log_flush();
    assert_non_null(strstr(written(), "of=ready count=3\n"));
    log_say(LOG_EVENT_READY);
    for (unsigned i = 0; i < LOG_BURST; i++)
        log_say(LOG_EVENT_READY);
    written();
    log_close();
    assert_non_null(strstr(written(), "of=ready count=1\n"));
}

static void test_lines(void **state)
{
    const char *text;

    (void)state;
    opened(LEVEL_INFO, LOG_TARGET_STDERR);
    log_lines(LOG_EVENT_CONFIG_FAULT, "fault", "a:1: x\n\na:2: y\nz");
    text = written();
    assert_int_equal(lines_of(text), 3);
    assert_non_null(strstr(text, "fault=\"a:1: x\"\n"));
    assert_non_null(strstr(text, "fault=\"a:2: y\"\n"));
    assert_non_null(strstr(text, "fault=z\n"));
}

/* A line of another process goes the same way, with its own weight. */
static void test_relay(void **state)
{
    (void)state;
    opened(LEVEL_INFO, LOG_TARGET_STDERR);
    log_relay("policyd", "<3>level=error x\x1b\n", 18);
    assert_string_equal(strchr(written(), ' '),
                        " daemon=policyd level=error x??\n");
    log_relay("policyd", "", 0);
    assert_string_equal(strchr(written(), ' '), " daemon=policyd \n");
    opened(LEVEL_INFO, LOG_TARGET_SYSLOG);
    log_relay("policyd", "<6>50 %s", 8);
    assert_string_equal(caught, "6 daemon=policyd 50 %s");
    log_relay("policyd", "<9>odd", 6);
    assert_string_equal(caught, "4 daemon=policyd <9>odd");
    opened(LEVEL_INFO, LOG_TARGET_JOURNAL);
    log_relay("policyd", "<7>fine", 7);
    assert_string_equal(caught, "MESSAGE=daemon=policyd fine|PRIORITY=7|"
                                "SYSLOG_IDENTIFIER=mtasts-testd|"
                                "MTASTS_DAEMON=policyd|");
    setenv(LOG_SUPERVISED, "1", 1);
    opened(LEVEL_INFO, LOG_TARGET_STDERR);
    log_relay("policyd", "<3>bad", 6);
    assert_string_equal(written(), "<3>daemon=policyd bad\n");
    unsetenv(LOG_SUPERVISED);
}

/* Names are stable words, and nobody has that of another. */
static void test_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < LOG_EVENTS; i++) {
        const struct log_event_row *row = &log_events[i];

        assert_non_null(row->name);
        assert_int_equal(strspn(row->name, "abcdefghijklmnopqrstuvwxyz-"),
                         strlen(row->name));
        assert_true(*row->text && !strpbrk(row->text, "\"\\\n"));
        assert_true(row->text[strlen(row->text) - 1] != '.');
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(row->name, log_events[j].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),    cmocka_unit_test(test_level),
        cmocka_unit_test(test_marks),   cmocka_unit_test(test_syslog),
        cmocka_unit_test(test_journal), cmocka_unit_test(test_burst),
        cmocka_unit_test(test_flush),   cmocka_unit_test(test_lines),
        cmocka_unit_test(test_relay),   cmocka_unit_test(test_table),
    };
    int kept = dup(STDERR_FILENO);
    int failed;

    unsetenv("JOURNAL_STREAM");
    if (kept < 0 || pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) < 0 ||
        dup2(pipe_fds[1], STDERR_FILENO) < 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    dup2(kept, STDERR_FILENO);
    return failed;
}
