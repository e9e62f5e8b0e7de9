/*
 * check: texts to paste. They mend what was found, keep what was good, and
 * pass the rules themselves; and the words that sentences are made of.
 */
#include "unit.h"

#include "check/check.h"
#include "check/text.h"
#include "check_cases.h"

struct fix_case {
    const char *name;
    const char *rule;
    const char *fix;
    const char *then;
};

#define NEW_ID " 3600 IN TXT \"v=STSv1; id=20260131140509;\""
#define NEW_RECORD "_mta-sts.example.com." NEW_ID

static const struct fix_case fixes[] = {
    {"record missing, policy served", "sts-record-missing", NEW_RECORD, NULL},
    {"id with dashes", "sts-record-id", NEW_RECORD, NULL},
    {"no reporting record", "tlsrpt-missing",
     "; the address is a placeholder: put your own\n"
     "_smtp._tls.example.com. 3600 IN TXT \"v=TLSRPTv1; "
     "rua=mailto:tlsrpt@reports.example.net\"",
     NULL},
    /* whatever addresses can be had from a broken record are kept */
    {"two reporting records", "tlsrpt-multiple",
     "_smtp._tls.example.com. 3600 IN TXT \"v=TLSRPTv1; "
     "rua=mailto:a@b.example,mailto:c@b.example\"",
     NULL},
    {"rua: all that can be mended", "tlsrpt-rua",
     "_smtp._tls.example.com. 3600 IN TXT \"v=TLSRPTv1; "
     "rua=mailto:a%2Cb@b.example,mailto:tls@b.example,"
     "https://b.example/v1%3Bx?a=1%2C2%3Bb=2%21,mailto:c@b.example\"",
     NULL},
    {"reporting record: two at signs, line ends, no such port", "tlsrpt-rua",
     "_smtp._tls.example.com. 3600 IN TXT \"v=TLSRPTv1; "
     "rua=mailto:d@b.example\"",
     NULL},
    /* the host that is missing is added */
    {"MX not in the policy", "mx-not-in-policy",
     "version: STSv1\nmode: enforce\nmx: mx1.example.com\n"
     "mx: mx2.example.com\nmax_age: 1209600\n",
     NEW_RECORD},
    /* what matches nothing while a host is left out is dropped */
    {"no MX in the policy", "mx-not-in-policy",
     "version: STSv1\nmode: enforce\nmx: mx1.example.com\n"
     "mx: mx2.example.com\nmax_age: 1209600\n",
     NEW_RECORD},
    /* an address is not */
    {"policy: bare address", "policy-mx-syntax",
     "version: STSv1\nmode: enforce\nmx: mx1.example.com\n"
     "mx: mx2.example.com\nmax_age: 1209600\n",
     NEW_RECORD},
    /* one bad line does not cost the others */
    {"policy: wildcard, max_age in words", "policy-max-age",
     "version: STSv1\nmode: enforce\nmx: *.example.com\n"
     "max_age: 1209600\n",
     NEW_RECORD},
    {"policy: none, max_age in words", "policy-max-age",
     "version: STSv1\nmode: none\nmax_age: 86400\n", NEW_RECORD},
    {"wildcard too shallow", "mx-wildcard-depth",
     "version: STSv1\nmode: enforce\nmx: *.example.com\n"
     "mx: mx1.eu.example.com\nmax_age: 1209600\n",
     NEW_RECORD},
    {"policy: version missing", "policy-version",
     "version: STSv1\nmode: enforce\nmx: mx1.example.com\n"
     "mx: mx2.example.com\nmax_age: 1209600\n",
     NEW_RECORD},
    /* nothing of the old one can be used: begin with testing */
    {"policy: HTML page instead", "policy-version",
     "version: STSv1\nmode: testing\nmx: mx1.example.com\n"
     "mx: mx2.example.com\nmax_age: 86400\n",
     NEW_RECORD},
    {"policy: max_age of an hour", "policy-max-age-short",
     "version: STSv1\nmode: enforce\nmx: mx1.example.com\n"
     "mx: mx2.example.com\nmax_age: 1209600\n",
     NEW_RECORD},
    {"MX at Google", "mx-provider",
     "mx: smtp.google.com\nmx: aspmx.l.google.com\n"
     "mx: *.aspmx.l.google.com\nmx: aspmx2.googlemail.com\n",
     NULL},
    {"MX at Microsoft with DANE", "mx-provider",
     "mx: example-com.o-v1.mx.microsoft\n", NULL},
    {"DANE: usage 1 beside a good one", "dane-usage",
     "_25._tcp.mx1.example.com. 3600 IN TLSA 3 1 1 "
     "11111111111111111111111111111111"
     "11111111111111111111111111111111",
     NULL},
    {"id twice", "sts-record-duplicate-field", NEW_RECORD, NULL},
    /* the owner of an alias publishes where it leads */
    {"policy: max_age of an hour, record behind an alias",
     "policy-max-age-short",
     "version: STSv1\nmode: enforce\nmx: mx1.example.com\n"
     "mx: mx2.example.com\nmax_age: 1209600\n",
     "example-com._mta-sts.provider.example." NEW_ID},
    {"policy: max_age of an hour, alias to an odd name", "policy-max-age-short",
     "version: STSv1\nmode: enforce\nmx: mx1.example.com\n"
     "mx: mx2.example.com\nmax_age: 1209600\n",
     NULL},
    /* the id has to be another one */
    {"policy: max_age of an hour, id of this second", "policy-max-age-short",
     "version: STSv1\nmode: enforce\nmx: mx1.example.com\n"
     "mx: mx2.example.com\nmax_age: 1209600\n",
     "_mta-sts.example.com. 3600 IN TXT \"v=STSv1; id=20260131140510;\""},
    /* and comes with the policy although it was given with the record */
    {"policy: max_age of an hour, id twice", "sts-record-duplicate-field",
     NEW_RECORD, NULL},
    {"policy: max_age of an hour, id twice", "policy-max-age-short",
     "version: STSv1\nmode: enforce\nmx: mx1.example.com\n"
     "mx: mx2.example.com\nmax_age: 1209600\n",
     NEW_RECORD},
    /* the certificate seen is the alias's */
    {"DANE: no record matches where an alias leads", "dane-mismatch", NULL,
     NULL},
    {"DANE: no record matches", "dane-mismatch",
     "_25._tcp.mx1.example.com. 3600 IN TLSA 3 1 1 "
     "11111111111111111111111111111111"
     "11111111111111111111111111111111",
     NULL},
};

static const struct json *case_named(const struct json *cases, const char *name)
{
    for (size_t i = 0; i < json_count(cases); i++) {
        const struct json *test = json_at(cases, i);
        if (strcmp(json_text(json_get(test, "name"), NULL), name) == 0)
            return test;
    }
    fail_msg("no case %s", name);
    return NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void look_at_fix(const char *name, const struct json *test,
                        const struct findings *findings,
                        const struct verdict *verdict, void *ctx)
{
    const struct fix_case *row = ctx;

    (void)test;
    (void)verdict;
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        if (strcmp(finding->rule->id, row->rule) != 0)
            continue;
        if (!same_text(finding->fix.text, row->fix))
            fail_msg("%s: %s", name,
                     finding->fix.text ? finding->fix.text : "no fix");
        if (!same_text(finding->fix.then, row->then))
            fail_msg("%s, then: %s", name,
                     finding->fix.then ? finding->fix.then : "nothing");
        return;
    }
    fail_msg("%s: no %s", name, row->rule);
}

static void test_fixes(void **state)
{
    (void)state;
    _cleanup_json_ struct json *cases = check_cases_load();

    for (size_t i = 0; i < ELEMENTS(fixes); i++) {
        struct fix_case row = fixes[i];
        check_case_run(case_named(cases, row.name), look_at_fix, &row);
    }
}

/* What is between the quotes of a zone file's line, put together. */
static struct mtasts_bytes unquoted(const char *line, char *room, size_t size)
{
    size_t len = 0;
    bool quoted = false;

    for (; *line && len < size; line++) {
        if (*line == '"')
            quoted = !quoted;
        else if (quoted)
            room[len++] = *line;
    }
    return (struct mtasts_bytes){room, len};
}

static void check_pasted_record(const char *name, const char *fix)
{
    char room[4096];
    struct mtasts_bytes rr = unquoted(fix, room, sizeof(room));
    _cleanup_findings_ struct findings *again = NULL;

    if (strstr(fix, "_smtp._tls."))
        assert_int_equal(check_tlsrpt_rrset(&rr, 1, &again), 0);
    else if (strstr(fix, "_mta-sts."))
        assert_int_equal(check_sts_rrset(&rr, 1, &again), 0);
    if (again && again->worst > SEVERITY_INFO)
        fail_msg("%s: %s gives %s", name, fix, again->items[0].message);
}

/* What is to be pasted passes the rules itself. */
static void look_at_pasted(const char *name, const struct json *test,
                           const struct findings *findings,
                           const struct verdict *verdict, void *ctx)
{
    (void)test;
    (void)verdict;
    (void)ctx;
    for (size_t i = 0; i < findings->count; i++) {
        const char *fix = findings->items[i].fix.text;
        const char *then = findings->items[i].fix.then;
        _cleanup_findings_ struct findings *again = NULL;
        if (fix && strstr(fix, " IN TXT "))
            check_pasted_record(name, fix);
        if (then)
            check_pasted_record(name, then);
        if (!fix || strncmp(fix, "version: ", 9) != 0) {
            assert_null(then);
            continue;
        }
        if (!then && !strstr(name, "odd name"))
            fail_msg("%s: a policy without a new id", name);
        assert_int_equal(check_policy_body(fix, strlen(fix), NULL, 0, &again),
                         0);
        if (again->worst > SEVERITY_INFO)
            fail_msg("%s: %s gives %s", name, fix, again->items[0].message);
    }
}

static void test_pasted_texts_pass(void **state)
{
    (void)state;
    _cleanup_json_ struct json *cases = check_cases_load();

    for (size_t i = 0; i < json_count(cases); i++)
        check_case_run(json_at(cases, i), look_at_pasted, NULL);
}

/* ---- words ---- */

static void test_spans(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {
        {-1, "no time"},
        {0, "0 seconds"},
        {1, "1 second"},
        {119, "119 seconds"},
        {120, "2 minutes"},
        {7199, "119 minutes"},
        {7200, "2 hours"},
        {172799, "47 hours"},
        {172800, "2 days"},
        {1209600, "14 days"},
        {INT64_MAX, "106751991167300 days"},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        char text[TEXT_SPAN_MAX];
        text_span(rows[i].seconds, text);
        assert_string_equal(text, rows[i].text);
    }
}

static void test_parts(void **state)
{
    _cleanup_arena_ struct arena *arena = NULL;

    (void)state;
    assert_int_equal(arena_new(1000, &arena), 0);
    assert_string_equal(text_part(arena, 1, 1, "MX host"), "1 of 1 MX host");
    assert_string_equal(text_part(arena, 1, 3, "MX host"), "1 of 3 MX hosts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixes),
        cmocka_unit_test(test_pasted_texts_pass),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
