/* recipients: lists and logs, counted by domain, within bounds. */
#include "cli/recipients.h"

#include "cli/line_reader.h"
#include "unit.h"
#include <mtasts/error.h>

struct fixture {
    struct recipients *recipients;
    char path[64];
};

static void put_file(struct fixture *fixture, const char *text, size_t len)
{
    snprintf(fixture->path, sizeof(fixture->path), "%s",
             "/tmp/mtasts-test-XXXXXX");
    int fd = mkstemp(fixture->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
}

static void start(struct fixture *fixture, size_t max, const char *text,
                  size_t len)
{
    put_file(fixture, text, len);
    assert_int_equal(recipients_new(max, &fixture->recipients), 0);
    assert_int_equal(
        recipients_read(fixture->recipients, "test", fixture->path), 0);
    assert_int_equal(recipients_sort(fixture->recipients), 0);
}

static void end(struct fixture *fixture)
{
    unlink(fixture->path);
    recipients_free(fixture->recipients);
}

/* "domain messages deferrals" of each, in order. */
static void assert_recipients(const struct recipients *recipients,
                              const char *expected)
{
    char text[4096] = "";
    size_t len = 0;
    for (size_t i = 0; i < recipients_count(recipients); i++) {
        const struct recipient *one = recipients_at(recipients, i);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s %ju %ju;",
                                one->domain, (uintmax_t)one->messages,
                                (uintmax_t)one->deferrals);
    }
    assert_string_equal(text, expected);
}

static void test_list(void **state)
{
    static const char text[] = "\xef\xbb\xbf# who we write to\r\n"
                               "\n"
                               "example.net\r\n"
                               "  Anna@Example.COM \t\n"
                               "example.com # twice\n"
                               "b\xc3\xbc"
                               "cher.example\n"
                               "not a domain\n"
                               "[192.0.2.1]\n"
                               "last.example";
    struct fixture fixture;
    (void)state;
    start(&fixture, 0, text, strlen(text));
    assert_recipients(fixture.recipients,
                      "example.com 2 0;example.net 1 0;last.example 1 0;"
                      "xn--bcher-kva.example 1 0;");
    const struct recipients_read *read = recipients_counts(fixture.recipients);
    assert_false(read->is_log);
    assert_int_equal(read->bad, 2);
    assert_int_equal(read->deliveries, 5);
    assert_int_equal(read->lines, 9);
    end(&fixture);
}

#define LINE(to, status)                                                       \
    "Jan  5 09:00:01 mail postfix/smtp[1]: 1: to=<" to                         \
    ">, relay=mx[192.0.2.1]:25, dsn=2.0.0, status=" status " (x)\n"

static void test_log(void **state)
{
    static const char text[] =
        "Jan  5 09:00:00 mail postfix/smtpd[1]: connect from a[192.0.2.1]\n" LINE(
            "a@b.example", "sent") LINE("c@d.example", "deferred")
            LINE("c@D.example", "deferred") LINE("c@d.example", "sent")
                LINE("e@b.example", "bounced") LINE("e@[192.0.2.9]", "sent")
                    LINE("e@only-deferred.example", "deferred");
    struct fixture fixture;
    (void)state;
    start(&fixture, 0, text, strlen(text));
    assert_recipients(fixture.recipients, "b.example 2 0;d.example 1 2;"
                                          "only-deferred.example 0 1;");
    const struct recipients_read *read = recipients_counts(fixture.recipients);
    assert_true(read->is_log);
    assert_int_equal(read->bad, 1);
    assert_int_equal(read->deliveries, 7);
    end(&fixture);
}

/* Domains past the maximum are left out; those that are known still count. */
static void test_maximum(void **state)
{
    static const char text[] = "a.example\nb.example\nc.example\nd.example\n"
                               "a.example\n";
    struct fixture fixture;
    (void)state;
    start(&fixture, 2, text, strlen(text));
    assert_recipients(fixture.recipients, "a.example 2 0;b.example 1 0;");
    assert_int_equal(recipients_counts(fixture.recipients)->left_out, 2);
    end(&fixture);
}

/* Longer than any buffer: its beginning counts, and the next line does. */
static void test_long_line(void **state)
{
    size_t len = 3 * LINE_READER_BUFFER;
    char *text = malloc(len + 64);
    static const char head[] = LINE("a@b.example", "sent");
    static const char tail[] = "\n" LINE("c@d.example", "sent");
    struct fixture fixture;
    (void)state;
    assert_non_null(text);
    memset(text, 'x', len + 64);
    memcpy(text, head, strlen(head) - 1); /* without its end */
    _Static_assert(sizeof(tail) < LINE_READER_BUFFER, "it fits");
    memcpy(text + len + 64 - strlen(tail), tail, strlen(tail));
    start(&fixture, 0, text, len + 64);
    assert_recipients(fixture.recipients, "b.example 1 0;d.example 1 0;");
    assert_int_equal(recipients_counts(fixture.recipients)->lines, 2);
    end(&fixture);
    free(text);
}

static void test_empty(void **state)
{
    struct fixture fixture;
    (void)state;
    start(&fixture, 0, "\n# nothing\n\n", 12);
    assert_int_equal(recipients_count(fixture.recipients), 0);
    end(&fixture);
}

static void test_no_file(void **state)
{
    _cleanup_recipients_ struct recipients *recipients = NULL;
    (void)state;
    assert_int_equal(recipients_new(0, &recipients), 0);
    assert_int_equal(recipients_read(recipients, "test", "/nonexistent"),
                     -MTASTS_EIO);
    assert_int_equal(recipients_read(recipients, "test", "/"), -MTASTS_EIO);
}

static void test_words(void **state)
{
    _cleanup_recipients_ struct recipients *recipients = NULL;
    (void)state;
    assert_int_equal(recipients_new(0, &recipients), 0);
    assert_int_equal(recipients_add(recipients, "test", "a.example", 9), 0);
    assert_int_equal(recipients_add(recipients, "test", "a b", 3),
                     -MTASTS_ENAME);
    assert_int_equal(recipients_count(recipients), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),    cmocka_unit_test(test_log),
        cmocka_unit_test(test_maximum), cmocka_unit_test(test_long_line),
        cmocka_unit_test(test_empty),   cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
