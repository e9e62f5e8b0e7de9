/*
 * What libmtasts-client is told of an answer, and that it reads just that.
 */
#include "answer.h"
#include "base/buf.h"
#include "client/answer.h"
#include "engine/reply_client.h"
#include "unit.h"
#include <mtasts/mx_match.h>

#define HEAD "version: STSv1|"
#define ENFORCE HEAD "mode: enforce|"
#define AGE "max_age: 604800|"
#define TWO "mx: mail.example.com|mx: *.backup.example.com|"
#define NOW_MS (1000 + 100000) /* a hundred seconds after the fetch */

#define POLICY                                                                 \
    "\nversion: STSv1\nmode: enforce\nmx: mail.example.com\n"                  \
    "mx: *.backup.example.com\nmax_age: 604700\n"

static char room[sizeof("OK ") + REPLY_CLIENT_MAX];

/* With the status word before it. */
static const char *text_of(const struct policy_answer *answer)
{
    size_t len = 0;

    memcpy(room, "OK ", 3);
    assert_int_equal(
        reply_client(answer, NOW_MS, room + 3, REPLY_CLIENT_MAX, &len), 0);
    room[3 + len] = '\0';
    return room;
}

static struct mtasts_answer *read_back(const struct policy_answer *answer)
{
    struct mtasts_answer *read = NULL;
    const char *text = text_of(answer);

    assert_int_equal(answer_parse(text, strlen(text), &read), 0);
    return read;
}

static void test_rows(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *hosts;
        const char *text;
    } rows[] = {
        {ENFORCE TWO AGE, "mail.example.com Evil.net. a,b",
         "OK mtasts 1\nanswer policy\nid id1\nttl 7\nhosts known\n"
         "host covered mail.example.com\nhost other evil.net\n" POLICY},
        {ENFORCE TWO AGE, NULL,
         "OK mtasts 1\nanswer policy\nid id1\nttl 7\n" POLICY},
        {ENFORCE TWO AGE, "?",
         "OK mtasts 1\nanswer policy\nid id1\nttl 7\n" POLICY},
        {ENFORCE TWO AGE, "",
         "OK mtasts 1\nanswer policy\nid id1\nttl 7\nhosts null\n" POLICY},
        {HEAD "mode: testing|mx: a.example|" AGE, NULL,
         "OK mtasts 1\nanswer policy\nid id1\nttl 7\n\n"
         "version: STSv1\nmode: testing\nmx: a.example\nmax_age: 604700\n"},
        {HEAD "mode: none|" AGE, NULL,
         "OK mtasts 1\nanswer none\nid id1\nttl 7\n"},
        {NULL, "mail.example.com",
         "OK mtasts 1\nanswer none\nttl 7\nhosts known\n"
         "host other mail.example.com\n"},
        {ENFORCE "mx: a_b.example|" AGE, NULL,
         "OK mtasts 1\nanswer defer\nreason the domain's MTA-STS policy is in "
         "enforce mode and names no usable mx\nid id1\nttl 7\n"},
        {HEAD "mode: testing|mx: a_b.example|" AGE, NULL,
         "OK mtasts 1\nanswer none\nid id1\nttl 7\n"},
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_answer_ struct made_answer made = {0};

        made_answer_init(&made, rows[i].body, rows[i].hosts);
        made.answer.ttl_s = 7;
        assert_string_equal(text_of(&made.answer), rows[i].text);
        mtasts_answer_free(read_back(&made.answer));
    }
}

static void test_read_back(void **state)
{
    (void)state;
    _cleanup_answer_ struct made_answer made = {0};

    made_answer_init(&made, HEAD "mode: testing|" TWO AGE,
                     "mx1.example.net a.backup.example.com");
    made.answer.mode = MTASTS_MODE_ENFORCE; /* the site's own rule */
    made.answer.source = SOURCE_OVERRIDE;
    made.answer.dane = true;
    made.answer.ttl_s = UINT32_MAX;
    made.answer.failure = MTASTS_RESULT_STS_WEBPKI_INVALID;
    made.answer.why = "be\nstrict";
    struct mtasts_answer *read = read_back(&made.answer);
    assert_int_equal(read->kind, MTASTS_ANSWER_POLICY);
    assert_true(read->dane);
    assert_string_equal(read->id, "id1");
    assert_string_equal(read->reason, "be?strict");
    assert_int_equal(read->ttl, UINT32_MAX);
    assert_int_equal(read->failure, MTASTS_RESULT_STS_WEBPKI_INVALID);
    assert_false(read->hosts_null);
    assert_int_equal(read->host_count, 2);
    assert_string_equal(read->hosts[0].name, "mx1.example.net");
    assert_false(read->hosts[0].covered);
    assert_string_equal(read->hosts[1].name, "a.backup.example.com");
    assert_true(read->hosts[1].covered);
    assert_int_equal(mtasts_sts_policy_mode(read->policy), MTASTS_MODE_ENFORCE);
    assert_int_equal(mtasts_sts_policy_max_age(read->policy), 604700);
    assert_int_equal(mtasts_sts_policy_mx_count(read->policy), 2);
    assert_string_equal(mtasts_sts_policy_mx(read->policy, 1),
                        "*.backup.example.com");
    mtasts_answer_free(read);
}

static void test_defer(void **state)
{
    (void)state;
    struct policy_answer answer = {.kind = ANSWER_DEFER, .why = "not now"};
    struct mtasts_answer *read = read_back(&answer);

    assert_int_equal(read->kind, MTASTS_ANSWER_DEFER);
    assert_string_equal(read->reason, "not now");
    assert_null(read->policy);
    mtasts_answer_free(read);
}

/* A policy of the site's own was read with its configuration, not fetched. */
static void test_age(void **state)
{
    (void)state;
    _cleanup_answer_ struct made_answer site = {0};
    _cleanup_answer_ struct made_answer young = {0};
    _cleanup_answer_ struct made_answer last = {0};

    made_answer_init(&site, ENFORCE TWO "max_age: 50|", NULL);
    assert_non_null(strstr(text_of(&site.answer), "\nmax_age: 50\n"));
    made_answer_init(&young, ENFORCE TWO AGE, NULL);
    young.held->id[0] = '\0';
    assert_non_null(strstr(text_of(&young.answer), "\nmax_age: 604800\n"));
    made_answer_init(&last, ENFORCE TWO "max_age: 100|", NULL);
    assert_non_null(strstr(text_of(&last.answer), "\nmax_age: 0\n"));
}

/* The longest: as many octets and as many hosts as there can be. */
static void test_longest(void **state)
{
    (void)state;
    struct buf body;
    struct buf hosts;
    char label[64];
    _cleanup_answer_ struct made_answer made = {0};

    memset(label, 'h', sizeof(label) - 1);
    label[sizeof(label) - 1] = '\0';
    buf_init(&body, MTASTS_POLICY_BODY_MAX);
    buf_init(&hosts, 1u << 20);
    buf_puts(&body, "version:STSv1|mode:enforce|max_age:1|");
    while (body.len + 5 <= MTASTS_POLICY_BODY_MAX)
        buf_puts(&body, "mx:a|");
    for (unsigned i = 0; i < MX_SET_MAX; i++)
        buf_printf(&hosts, "%s%.59s%02u.%s.%s.%s", i ? " " : "", label, i,
                   label, label, label);
    made_answer_init(&made, body.data, hosts.data);
    made.answer.why = hosts.data;
    struct mtasts_answer *read = read_back(&made.answer);
    assert_int_equal(mtasts_sts_policy_mx_count(read->policy),
                     mtasts_sts_policy_mx_count(made.held->policy));
    assert_int_equal(read->host_count, MX_SET_MAX);
    mtasts_answer_free(read);
    buf_clear(&body);
    buf_clear(&hosts);
}

static void test_room(void **state)
{
    (void)state;
    struct policy_answer answer = {.why = ""};
    char small[sizeof("mtasts 1\nanswer none\nttl 0\n") - 1];
    size_t len = 0;

    assert_int_equal(
        reply_client(&answer, NOW_MS, small, sizeof(small) - 1, &len),
        -MTASTS_ETOOLONG);
    assert_int_equal(len, sizeof(small));
    assert_int_equal(reply_client(&answer, NOW_MS, small, sizeof(small), &len),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_read_back),
        cmocka_unit_test(test_defer),   cmocka_unit_test(test_age),
        cmocka_unit_test(test_longest), cmocka_unit_test(test_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
