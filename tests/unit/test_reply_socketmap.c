/*
 * What Postfix and Sendmail are told of an answer. Hostile policies are the
 * fuzzer's as well.
 */
#include "answer.h"
#include "base/buf.h"
#include "engine/reply_socketmap.h"
#include "unit.h"
#include <mtasts/error.h>

#define HEAD "version: STSv1|"
#define ENFORCE HEAD "mode: enforce|"
#define TESTING HEAD "mode: testing|"
#define AGE "max_age: 604800|"
#define TWO "mx: mail.example.com|mx: *.backup.example.com|"

#define TWO_STRINGS                                                            \
    " { policy_string = mx: mail.example.com }"                                \
    " { policy_string = mx: *.backup.example.com }"                            \
    " { policy_string = max_age: 604800 }"
#define TWO_PATTERNS                                                           \
    " mx_host_pattern=mail.example.com"                                        \
    " mx_host_pattern=*.backup.example.com"
#define STS " policy_type=sts policy_domain=example.com"
#define STSV1 " { policy_string = version: STSv1 }"

enum {
    POSTFIX = REPLY_MAP_POSTFIX,
    TLSRPT = REPLY_MAP_POSTFIX_TLSRPT,
    SENDMAIL = REPLY_MAP_STS,
    AUTO = REPLY_MATCH_AUTO,
    HOSTS = REPLY_MATCH_HOSTS,
    PATTERNS = REPLY_MATCH_PATTERNS,
};

struct row {
    const char *name;
    const char *body;
    const char *hosts;
    unsigned map;
    unsigned match;
    unsigned level;
    const char *reply; /* with the status word before it */
};

static const struct row rows[] = {
    /* the map postfix: hosts, if any is covered */
    {"hosts", ENFORCE TWO AGE, "mail.example.com a.backup.example.com evil.net",
     POSTFIX, AUTO, SITE_LEVEL_MAY,
     "OK secure match=mail.example.com:a.backup.example.com "
     "servername=hostname"},
    {"no host is covered", ENFORCE TWO AGE, "evil.net", POSTFIX, AUTO,
     SITE_LEVEL_MAY,
     "OK secure match=mail.example.com:.backup.example.com "
     "servername=hostname"},
    {"hosts not known", ENFORCE TWO AGE, NULL, POSTFIX, AUTO,
     SITE_LEVEL_UNKNOWN,
     "OK secure match=mail.example.com:.backup.example.com "
     "servername=hostname"},
    {"hosts cannot be told", ENFORCE TWO AGE, "?", POSTFIX, AUTO,
     SITE_LEVEL_DANE,
     "OK secure match=mail.example.com:.backup.example.com "
     "servername=hostname"},
    {"hosts, in another case and with a dot", ENFORCE TWO AGE,
     "mail.example.com.", POSTFIX, AUTO, SITE_LEVEL_MAY,
     "OK secure match=mail.example.com servername=hostname"},
    {"a host with an underscore", ENFORCE TWO AGE, "a_b.backup.example.com",
     POSTFIX, AUTO, SITE_LEVEL_MAY,
     "OK secure match=a_b.backup.example.com servername=hostname"},
    {"two labels are no match for a wildcard", ENFORCE TWO AGE,
     "a.b.backup.example.com", POSTFIX, AUTO, SITE_LEVEL_MAY,
     "OK secure match=mail.example.com:.backup.example.com "
     "servername=hostname"},
    {"null MX, which may be forged", ENFORCE TWO AGE, "", POSTFIX, AUTO,
     SITE_LEVEL_MAY,
     "OK secure match=mail.example.com:.backup.example.com "
     "servername=hostname"},
    {"null MX, with attributes", TESTING TWO AGE, "", TLSRPT, AUTO,
     SITE_LEVEL_MAY, "NOTFOUND "},
    {"patterns forced", ENFORCE TWO AGE, "mail.example.com", POSTFIX, PATTERNS,
     SITE_LEVEL_MAY,
     "OK secure match=mail.example.com:.backup.example.com "
     "servername=hostname"},
    {"testing says nothing", TESTING TWO AGE, "mail.example.com", POSTFIX, AUTO,
     SITE_LEVEL_MAY, "NOTFOUND "},
    {"mode none", HEAD "mode: none|" AGE, NULL, POSTFIX, AUTO, SITE_LEVEL_MAY,
     "NOTFOUND "},
    {"no policy", NULL, NULL, POSTFIX, AUTO, SITE_LEVEL_MAY, "NOTFOUND "},
    {"the site pins keys", ENFORCE TWO AGE, NULL, POSTFIX, AUTO,
     SITE_LEVEL_FINGERPRINT, "NOTFOUND "},
    {"the site wants DANE of all", ENFORCE TWO AGE, NULL, POSTFIX, AUTO,
     SITE_LEVEL_DANE_ONLY, "NOTFOUND "},
    {"the site verifies", ENFORCE TWO AGE, NULL, POSTFIX, AUTO,
     SITE_LEVEL_VERIFY,
     "OK secure match=mail.example.com:.backup.example.com "
     "servername=hostname"},
    {"patterns that no host has", ENFORCE "mx: mail_1.example.com|" AGE,
     "mail_1.example.com", POSTFIX, AUTO, SITE_LEVEL_MAY,
     "TEMP the domain's MTA-STS policy is in enforce mode and names no usable "
     "mx"},

    /* the map postfix-tlsrpt: patterns, and what reports need */
    {"attributes", ENFORCE TWO AGE, "mail.example.com", TLSRPT, AUTO,
     SITE_LEVEL_MAY,
     "OK secure match=mail.example.com:.backup.example.com "
     "servername=hostname" STS TWO_PATTERNS STSV1
     " { policy_string = mode: enforce }" TWO_STRINGS},
    {"attributes, hosts forced", ENFORCE TWO AGE, "mail.example.com", TLSRPT,
     HOSTS, SITE_LEVEL_MAY,
     "OK secure match=mail.example.com servername=hostname" STS TWO_PATTERNS
         STSV1 " { policy_string = mode: enforce }" TWO_STRINGS},
    {"testing at may", TESTING TWO AGE, "mail.example.com", TLSRPT, AUTO,
     SITE_LEVEL_MAY,
     "OK may" STS TWO_PATTERNS STSV1
     " { policy_string = mode: testing }" TWO_STRINGS},
    {"testing at encrypt", TESTING TWO AGE, NULL, TLSRPT, AUTO,
     SITE_LEVEL_ENCRYPT,
     "OK encrypt" STS TWO_PATTERNS STSV1
     " { policy_string = mode: testing }" TWO_STRINGS},
    {"testing where Postfix would enforce patterns", TESTING TWO AGE, NULL,
     TLSRPT, AUTO, SITE_LEVEL_DANE,
     "OK dane" STS STSV1 " { policy_string = mode: testing }" TWO_STRINGS},
    {"the same with names of the site's own", TESTING TWO AGE, NULL, TLSRPT,
     AUTO, SITE_LEVEL_SECURE,
     "OK secure" STS STSV1 " { policy_string = mode: testing }" TWO_STRINGS},
    {"testing, level unknown", TESTING TWO AGE, NULL, TLSRPT, AUTO,
     SITE_LEVEL_UNKNOWN, "NOTFOUND "},
    {"testing, no TLS", TESTING TWO AGE, NULL, TLSRPT, AUTO, SITE_LEVEL_NONE,
     "NOTFOUND "},
    {"no policy, nothing wrong", NULL, NULL, TLSRPT, AUTO, SITE_LEVEL_MAY,
     "NOTFOUND "},
    {"the site pins keys, testing", TESTING TWO AGE, NULL, TLSRPT, AUTO,
     SITE_LEVEL_FINGERPRINT,
     "OK fingerprint" STS STSV1
     " { policy_string = mode: testing }" TWO_STRINGS},

    /* what has no place in a reply */
    {"braces", ENFORCE "mx: a.example|a: } { x|b: {|c: }|" AGE, NULL, TLSRPT,
     AUTO, SITE_LEVEL_MAY,
     "OK secure match=a.example servername=hostname" STS
     " mx_host_pattern=a.example" STSV1 " { policy_string = mode: enforce }"
     " { policy_string = mx: a.example }"
     " { policy_string = max_age: 604800 }"},
    {"blanks, commas, equal signs, no escape",
     ENFORCE "mx: a.example|a: b=c, servername=x match=y\\|" AGE, NULL, TLSRPT,
     AUTO, SITE_LEVEL_MAY,
     "OK secure match=a.example servername=hostname" STS
     " mx_host_pattern=a.example" STSV1 " { policy_string = mode: enforce }"
     " { policy_string = mx: a.example }"
     " { policy_string = a: b=c, servername=x match=y\\ }"
     " { policy_string = max_age: 604800 }"},
    {"tabs, CRLF, white space at the ends", ENFORCE "mx:\ta.example \t\r|" AGE,
     NULL, TLSRPT, AUTO, SITE_LEVEL_MAY,
     "OK secure match=a.example servername=hostname" STS
     " mx_host_pattern=a.example" STSV1 " { policy_string = mode: enforce }"
     " { policy_string = mx: a.example }"
     " { policy_string = max_age: 604800 }"},
    {"an mx that is an attack",
     ENFORCE "mx: a:evil servername=x|mx: b.example|" AGE, NULL, POSTFIX, AUTO,
     SITE_LEVEL_MAY, "OK secure match=b.example servername=hostname"},
    {"UTF-8 is passed on", ENFORCE "mx: a.example|a: b\xc3\xbc|" AGE, NULL,
     TLSRPT, AUTO, SITE_LEVEL_MAY,
     "OK secure match=a.example servername=hostname" STS
     " mx_host_pattern=a.example" STSV1 " { policy_string = mode: enforce }"
     " { policy_string = mx: a.example }"
     " { policy_string = a: b\xc3\xbc }"
     " { policy_string = max_age: 604800 }"},
    {"C1 control characters are not",
     ENFORCE "mx: a.example|a: b\xc2\x85x|" AGE, NULL, TLSRPT, AUTO,
     SITE_LEVEL_MAY,
     "OK secure match=a.example servername=hostname" STS
     " mx_host_pattern=a.example" STSV1 " { policy_string = mode: enforce }"
     " { policy_string = mx: a.example }"
     " { policy_string = max_age: 604800 }"},

    /* Sendmail: patterns are exact there */
    {"sts", ENFORCE TWO AGE, "mail.example.com", SENDMAIL, AUTO,
     SITE_LEVEL_UNKNOWN,
     "OK secure match=mail.example.com:.backup.example.com "
     "servername=hostname"},
    {"sts, hosts", ENFORCE TWO AGE, "mail.example.com", SENDMAIL, HOSTS,
     SITE_LEVEL_DANE_ONLY,
     "OK secure match=mail.example.com servername=hostname"},
    {"sts, testing", TESTING TWO AGE, NULL, SENDMAIL, AUTO, SITE_LEVEL_MAY,
     "NOTFOUND "},
    {"sts, null MX", TESTING TWO AGE, "", SENDMAIL, AUTO, SITE_LEVEL_MAY,
     "NOTFOUND "},
};

static char room[REPLY_SOCKETMAP_MAX + 1];

/* The whole reply, as the protocol has it. */
static const char *reply_of(const struct reply_settings *settings,
                            enum reply_map map, const char *domain,
                            const struct policy_answer *answer)
{
    static char whole[sizeof(room) + sizeof("NOTFOUND ")];
    enum reply_status status = REPLY_OK;
    size_t len = 0;

    assert_int_equal(reply_socketmap(settings, map, domain, answer, room,
                                     REPLY_SOCKETMAP_MAX, &status, &len),
                     0);
    assert_true(status != REPLY_NOTFOUND || len == 0);
    snprintf(whole, sizeof(whole), "%s %.*s", reply_status_word(status),
             (int)len, room);
    return whole;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const struct row *row = &rows[i];
        struct reply_settings settings = {
            .level = (enum site_level)row->level,
            .match = (enum reply_match)row->match,
        };
        _cleanup_answer_ struct made_answer made = {0};

        made_answer_init(&made, row->body, row->hosts);
        const char *reply = reply_of(&settings, (enum reply_map)row->map,
                                     "example.com", &made.answer);
        if (strcmp(reply, row->reply) != 0)
            fail_msg("%s:\n%s\nnot\n%s", row->name, reply, row->reply);
    }
}

/* ---- DANE ---- */

struct dane_row {
    const char *body;
    unsigned map;
    unsigned level;
    const char *reply;
};

static void test_dane_goes_first(void **state)
{
    (void)state;
    static const struct dane_row dane_rows[] = {
        {ENFORCE TWO AGE, POSTFIX, SITE_LEVEL_DANE, "OK dane-only"},
        {ENFORCE TWO AGE, POSTFIX, SITE_LEVEL_SECURE, "OK dane-only"},
        {ENFORCE TWO AGE, TLSRPT, SITE_LEVEL_MAY, "OK dane-only"},
        {TESTING TWO AGE, TLSRPT, SITE_LEVEL_MAY, "OK dane-only"},
        {NULL, POSTFIX, SITE_LEVEL_MAY, "OK dane-only"},
        {NULL, POSTFIX, SITE_LEVEL_UNKNOWN, "OK dane-only"},
        /* not for less than the site asks for by itself */
        {NULL, POSTFIX, SITE_LEVEL_SECURE, "NOTFOUND "},
        {NULL, TLSRPT, SITE_LEVEL_VERIFY, "NOTFOUND "},
        {ENFORCE TWO AGE, POSTFIX, SITE_LEVEL_FINGERPRINT, "NOTFOUND "},
        /* Sendmail does DANE by itself */
        {ENFORCE TWO AGE, SENDMAIL, SITE_LEVEL_MAY,
         "OK secure match=mail.example.com:.backup.example.com "
         "servername=hostname"},
        {NULL, SENDMAIL, SITE_LEVEL_MAY, "NOTFOUND "},
    };

    for (size_t i = 0; i < ELEMENTS(dane_rows); i++) {
        const struct dane_row *row = &dane_rows[i];
        struct reply_settings settings = {.level = (enum site_level)row->level};
        _cleanup_answer_ struct made_answer made = {0};

        made_answer_init(&made, row->body, "mail.example.com");
        made.answer.dane = true;
        assert_string_equal(reply_of(&settings, (enum reply_map)row->map,
                                     "example.com", &made.answer),
                            row->reply);
    }
}

/* ---- failures ---- */

struct failure_row {
    enum mtasts_result failure;
    unsigned level;
    const char *reply;
};

static void test_policy_failure(void **state)
{
    (void)state;
    static const struct failure_row failure_rows[] = {
        {MTASTS_RESULT_STS_POLICY_FETCH_ERROR, SITE_LEVEL_MAY,
         "OK may" STS " policy_failure=sts-policy-fetch-error"},
        {MTASTS_RESULT_STS_POLICY_INVALID, SITE_LEVEL_ENCRYPT,
         "OK encrypt" STS " policy_failure=sts-policy-invalid"},
        {MTASTS_RESULT_STS_WEBPKI_INVALID, SITE_LEVEL_MAY,
         "OK may" STS " policy_failure=sts-webpki-invalid"},
        {MTASTS_RESULT_DNSSEC_INVALID, SITE_LEVEL_MAY,
         "OK may" STS " policy_failure=validation-failure"},
        /* where it would spoil a check that the site asks for */
        {MTASTS_RESULT_STS_POLICY_FETCH_ERROR, SITE_LEVEL_DANE, "NOTFOUND "},
        {MTASTS_RESULT_STS_POLICY_FETCH_ERROR, SITE_LEVEL_SECURE, "NOTFOUND "},
        {MTASTS_RESULT_STS_POLICY_FETCH_ERROR, SITE_LEVEL_UNKNOWN, "NOTFOUND "},
        {MTASTS_RESULT_STS_POLICY_FETCH_ERROR, SITE_LEVEL_NONE, "NOTFOUND "},
    };

    for (size_t i = 0; i < ELEMENTS(failure_rows); i++) {
        const struct failure_row *row = &failure_rows[i];
        struct reply_settings settings = {.level = (enum site_level)row->level};
        struct policy_answer answer = {.failure = row->failure, .why = "x"};

        assert_string_equal(reply_of(&settings, REPLY_MAP_POSTFIX_TLSRPT,
                                     "example.com", &answer),
                            row->reply);
        assert_string_equal(
            reply_of(&settings, REPLY_MAP_POSTFIX, "example.com", &answer),
            "NOTFOUND ");
    }
}

/* A policy in force is not spoilt by a refresh that failed. */
static void test_no_policy_failure_with_a_policy(void **state)
{
    (void)state;
    static const char *const bodies[] = {ENFORCE TWO AGE, TESTING TWO AGE,
                                         HEAD "mode: none|" AGE};
    struct reply_settings settings = {.level = SITE_LEVEL_MAY};

    for (size_t i = 0; i < ELEMENTS(bodies); i++) {
        _cleanup_answer_ struct made_answer made = {0};

        made_answer_init(&made, bodies[i], NULL);
        made.answer.failure = MTASTS_RESULT_STS_POLICY_FETCH_ERROR;
        assert_null(strstr(reply_of(&settings, REPLY_MAP_POSTFIX_TLSRPT,
                                    "example.com", &made.answer),
                           "policy_failure"));
    }
}

static void test_defer(void **state)
{
    (void)state;
    struct reply_settings settings = {.level = SITE_LEVEL_MAY};
    struct policy_answer answer = {.kind = ANSWER_DEFER,
                                   .why = "no {answer}\r\nOK may\x7f\xc3\xbc"};

    for (unsigned map = 0; map < REPLY_MAP_CLIENT; map++)
        assert_string_equal(
            reply_of(&settings, (enum reply_map)map, "example.com", &answer),
            "TEMP no {answer}??OK may???");
    answer.why = "";
    assert_string_equal(
        reply_of(&settings, REPLY_MAP_POSTFIX, "example.com", &answer),
        "TEMP the MTA-STS policy could not be told");

    char longest[2 * REPLY_SENTENCE_MAX];
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    answer.why = longest;
    assert_int_equal(
        strlen(reply_of(&settings, REPLY_MAP_POSTFIX, "example.com", &answer)),
        sizeof("TEMP ") - 1 + REPLY_SENTENCE_MAX);
}

/* ---- what acts is the answer's mode, not the policy's ---- */

static void test_override(void **state)
{
    (void)state;
    struct reply_settings settings = {.level = SITE_LEVEL_MAY};
    _cleanup_answer_ struct made_answer made = {0};

    made_answer_init(&made, TESTING TWO AGE, NULL);
    made.answer.mode = MTASTS_MODE_ENFORCE;
    assert_string_equal(
        reply_of(&settings, REPLY_MAP_POSTFIX, "example.com", &made.answer),
        "OK secure match=mail.example.com:.backup.example.com "
        "servername=hostname");
}

/* It is not the domain's, and no matter of its reports. */
static void test_policy_of_the_site(void **state)
{
    (void)state;
    struct reply_settings settings = {.level = SITE_LEVEL_MAY};
    _cleanup_answer_ struct made_answer made = {0};
    _cleanup_answer_ struct made_answer testing = {0};

    made_answer_init(&made, ENFORCE TWO AGE, "mail.example.com");
    made.held->id[0] = '\0';
    assert_string_equal(reply_of(&settings, REPLY_MAP_POSTFIX_TLSRPT,
                                 "example.com", &made.answer),
                        "OK secure match=mail.example.com servername=hostname");
    made_answer_init(&testing, TESTING TWO AGE, NULL);
    testing.held->id[0] = '\0';
    assert_string_equal(reply_of(&settings, REPLY_MAP_POSTFIX_TLSRPT,
                                 "example.com", &testing.answer),
                        "NOTFOUND ");
}

/* Postfix takes no name without a letter for a host's. */
static void test_policy_domain(void **state)
{
    (void)state;
    struct reply_settings settings = {.level = SITE_LEVEL_MAY};
    struct policy_answer answer = {
        .failure = MTASTS_RESULT_STS_POLICY_FETCH_ERROR, .why = ""};

    assert_string_equal(
        reply_of(&settings, REPLY_MAP_POSTFIX_TLSRPT, "123.45", &answer),
        "OK may policy_type=sts policy_failure=sts-policy-fetch-error");
}

/* ---- lengths ---- */

/* `count` lines "mx: <prefix><number>.<suffix>" in a policy. */
static char *many(unsigned count, const char *suffix)
{
    struct buf body;

    buf_init(&body, MTASTS_POLICY_BODY_MAX);
    buf_puts(&body, ENFORCE);
    for (unsigned i = 0; i < count; i++)
        buf_printf(&body, "mx: m%u%s|", i, suffix);
    buf_puts(&body, AGE);
    assert_int_equal(body.error, 0);
    return body.data;
}

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;

    for (; (text = strstr(text, word)); text++)
        count++;
    return count;
}

static void test_strings_go_first(void **state)
{
    (void)state;
    struct reply_settings settings = {.level = SITE_LEVEL_MAY};
    _cleanup_free_ char *body = many(900, ".a-longer-name.example.com");
    _cleanup_answer_ struct made_answer made = {0};

    made_answer_init(&made, body, NULL);
    const char *reply = reply_of(&settings, REPLY_MAP_POSTFIX_TLSRPT,
                                 "example.com", &made.answer);
    assert_int_equal(count_of(reply, " mx_host_pattern="), 900);
    assert_int_equal(count_of(reply, "policy_string"), 0);
    assert_int_equal(count_of(reply, ":m"), 899);

    const char *short_reply =
        reply_of(&settings, REPLY_MAP_POSTFIX, "example.com", &made.answer);
    assert_int_equal(count_of(short_reply, ":m"), 899);
}

static void test_too_many_patterns(void **state)
{
    (void)state;
    struct reply_settings settings = {.level = SITE_LEVEL_MAY};
    _cleanup_free_ char *body = many(6000, "");

    for (unsigned i = 0; i < 2; i++) {
        _cleanup_answer_ struct made_answer made = {0};

        made_answer_init(&made, body,
                         i == 0 ? "m5999 evil.net m3" : "evil.net");
        const char *reply = reply_of(&settings, REPLY_MAP_POSTFIX_TLSRPT,
                                     "example.com", &made.answer);
        if (i == 0) {
            /* the hosts stand for the patterns */
            assert_string_equal(
                reply, "OK secure match=m5999:m3 servername=hostname" STS
                       " mx_host_pattern=m5999 mx_host_pattern=m3");
        } else {
            size_t patterns = count_of(reply, " mx_host_pattern=");

            assert_in_range(patterns, 2000, 5999);
            assert_int_equal(count_of(reply, ":m"), patterns - 1);
        }
    }
}

/* Sendmail reads 255 octets of names, and cuts what is more anywhere. */
static void test_sendmail_reads_little(void **state)
{
    (void)state;
    struct reply_settings settings = {.level = SITE_LEVEL_UNKNOWN};
    _cleanup_free_ char *body = many(20, ".mail.example.com");
    _cleanup_answer_ struct made_answer known = {0};
    _cleanup_answer_ struct made_answer unknown = {0};

    made_answer_init(&known, body, "m19.mail.example.com m2.mail.example.com");
    assert_string_equal(
        reply_of(&settings, REPLY_MAP_STS, "example.com", &known.answer),
        "OK secure match=m19.mail.example.com:m2.mail.example.com "
        "servername=hostname");

    /* 10 names of 19 octets, 2 of 20 and their 11 colons: 241 */
    made_answer_init(&unknown, body, NULL);
    assert_string_equal(
        reply_of(&settings, REPLY_MAP_STS, "example.com", &unknown.answer),
        "OK secure match=m0.mail.example.com:m1.mail.example.com:"
        "m2.mail.example.com:m3.mail.example.com:m4.mail.example.com:"
        "m5.mail.example.com:m6.mail.example.com:m7.mail.example.com:"
        "m8.mail.example.com:m9.mail.example.com:m10.mail.example.com:"
        "m11.mail.example.com servername=hostname");
}

static void test_sendmail_limit_is_exact(void **state)
{
    (void)state;
    struct reply_settings settings = {.level = SITE_LEVEL_UNKNOWN};
    /* 63.63.63.61 = 253 octets, a colon, one more */
    char body[600];
    char label[64];

    memset(label, 'a', 63);
    label[63] = '\0';
    snprintf(body, sizeof(body), ENFORCE "mx: %s.%s.%s.%.61s|mx: b|mx: c|" AGE,
             label, label, label, label);
    _cleanup_answer_ struct made_answer made = {0};
    made_answer_init(&made, body, NULL);
    const char *reply =
        reply_of(&settings, REPLY_MAP_STS, "example.com", &made.answer);
    size_t list = strcspn(reply + sizeof("OK secure match=") - 1, " ");
    assert_int_equal(list, 255);
    assert_non_null(strstr(reply, "a:b servername"));
}

static void test_room(void **state)
{
    (void)state;
    struct reply_settings settings = {.level = SITE_LEVEL_MAY};
    enum reply_status status = REPLY_TEMP;
    char small[sizeof("secure match=mail.example.com servername=hostname") - 1];
    size_t len = 0;
    _cleanup_answer_ struct made_answer made = {0};

    made_answer_init(&made, ENFORCE TWO AGE, "mail.example.com");
    for (size_t size = 0; size < sizeof(small); size++) {
        assert_int_equal(reply_socketmap(&settings, REPLY_MAP_POSTFIX,
                                         "example.com", &made.answer, small,
                                         size, &status, &len),
                         -MTASTS_ETOOLONG);
        assert_int_equal(len, sizeof(small));
        assert_int_equal(status, REPLY_TEMP);
    }
    assert_int_equal(reply_socketmap(&settings, REPLY_MAP_POSTFIX,
                                     "example.com", &made.answer, small,
                                     sizeof(small), &status, &len),
                     0);
    assert_int_equal(status, REPLY_OK);
    assert_memory_equal(
        small, "secure match=mail.example.com servername=hostname", len);
}

/* ---- maps ---- */

static void test_maps(void **state)
{
    (void)state;
    struct reply_settings settings = {.match = REPLY_MATCH_AUTO};
    enum reply_map map = REPLY_MAP_POSTFIX;

    for (unsigned i = 0; i < REPLY_MAPS; i++) {
        const char *name = reply_map_name((enum reply_map)i);

        assert_int_equal(reply_map_parse(name, strlen(name), &map), 0);
        assert_int_equal(map, i);
    }
    assert_int_equal(reply_map_parse("Postfix", 7, &map), -MTASTS_ENOTFOUND);
    assert_int_equal(reply_map_parse("postfix-", 8, &map), -MTASTS_ENOTFOUND);
    assert_int_equal(reply_map_parse("", 0, &map), -MTASTS_ENOTFOUND);

    assert_int_equal(reply_map_wants(REPLY_MAP_POSTFIX, &settings), ASK_HOSTS);
    assert_int_equal(reply_map_wants(REPLY_MAP_POSTFIX_TLSRPT, &settings), 0);
    assert_int_equal(reply_map_wants(REPLY_MAP_STS, &settings), ASK_HOSTS);
    assert_int_equal(reply_map_wants(REPLY_MAP_CLIENT, &settings), ASK_HOSTS);
    settings.match = REPLY_MATCH_PATTERNS;
    assert_int_equal(reply_map_wants(REPLY_MAP_POSTFIX, &settings), 0);
    assert_int_equal(reply_map_wants(REPLY_MAP_STS, &settings), 0);
    assert_int_equal(reply_map_wants(REPLY_MAP_CLIENT, &settings), ASK_HOSTS);
    settings.match = REPLY_MATCH_HOSTS;
    assert_int_equal(reply_map_wants(REPLY_MAP_POSTFIX_TLSRPT, &settings),
                     ASK_HOSTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_dane_goes_first),
        cmocka_unit_test(test_policy_failure),
        cmocka_unit_test(test_no_policy_failure_with_a_policy),
        cmocka_unit_test(test_defer),
        cmocka_unit_test(test_override),
        cmocka_unit_test(test_policy_of_the_site),
        cmocka_unit_test(test_policy_domain),
        cmocka_unit_test(test_strings_go_first),
        cmocka_unit_test(test_too_many_patterns),
        cmocka_unit_test(test_sendmail_reads_little),
        cmocka_unit_test(test_sendmail_limit_is_exact),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_maps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
