/* check: a policy's body, or an RRset, without the rest of the domain. */
#include "unit.h"

#include "base/buf.h"
#include "check/check.h"
#include "finding_fits.h"

struct offline {
    const char *text;
    const char *expect; /* "rule severity line:column|..." */
};

static void compare_offline(const struct offline *row,
                            const struct findings *findings)
{
    _cleanup_buf_ struct buf got = BUF(10000);

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        buf_printf(&got, "%s%s %s %zu:%zu", i > 0 ? "|" : "", finding->rule->id,
                   severity_name(finding->severity), finding->line,
                   finding->column);
        finding_fits(row->text, finding);
    }
    if (strcmp(buf_text(&got), row->expect) != 0)
        fail_msg("%s: %s", row->text, buf_text(&got));
}

static const struct offline policies[] = {
    {"version: STSv1\r\nmode: enforce\r\nmx: a.example\r\n"
     "max_age: 1209600\r\n",
     ""},
    {"", "host-body-size error 0:0"},
    {"\n\n\n", "host-body-size error 0:0"},
    {"\xef\xbb\xbfversion: STSv1\r\nmode: enforce\r\nmx: a.example\r\n"
     "max_age: 1209600\r\n",
     "host-body-encoding error 1:1"},
    {"version: STSv1\r\nmode: none\r\nmax_age: 60\r\n", ""},
    {"version: STSv1\nmode: testing\nmx: *.example\nmax_age: 60",
     "policy-max-age-short warning 4:10|policy-mode-testing info 2:7|"
     "policy-mx-wildcard info 3:5|policy-line-endings info 1:15|"
     "policy-no-final-newline info 4:12"},
};

static void test_offline_policy(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(policies); i++) {
        _cleanup_findings_ struct findings *findings = NULL;
        assert_int_equal(check_policy_body(policies[i].text,
                                           strlen(policies[i].text), NULL, 0,
                                           &findings),
                         0);
        compare_offline(&policies[i], findings);
    }
}

static void test_offline_policy_fix(void **state)
{
    (void)state;
    static const char body[] =
        "mode: enforce\nversion: STSv1\nmx: A.example.\nmax_age: 1\n";
    static const char *const suffix[] = {"*.example"};
    _cleanup_findings_ struct findings *findings = NULL;

    assert_int_equal(
        check_policy_body(body, strlen(body), suffix, 1, &findings), 0);
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].fix.text) {
            assert_string_equal(findings->items[i].fix.text,
                                "version: STSv1\nmode: enforce\n"
                                "mx: a.example\nmax_age: 1209600\n");
            assert_null(findings->items[i].fix.then);
            return;
        }
    fail_msg("no policy to paste");
}

static void test_oversize_policy(void **state)
{
    (void)state;
    _cleanup_findings_ struct findings *findings = NULL;
    size_t len = MTASTS_POLICY_BODY_MAX + 1;
    _cleanup_free_ char *body = malloc(len);

    assert_non_null(body);
    memset(body, 'a', len);
    assert_int_equal(check_policy_body(body, len, NULL, 0, &findings), 0);
    assert_string_equal(findings->items[0].rule->id, "host-body-size");
}

static const struct offline sts_records[] = {
    {"v=STSv1; id=1;", ""},
    {"v=spf1 -all", "sts-record-missing error 0:0"},
    {"v=STSv1; id=;", "sts-record-id error 1:13"},
    {"v=STSv1 ; id=1; id=2; x=y",
     "sts-record-duplicate-field warning 1:17|"
     "sts-record-space-before-semicolon warning 1:8|"
     "sts-record-extension info 1:23"},
};

static const struct offline tlsrpt_records[] = {
    {"v=TLSRPTv1; rua=mailto:a@b.example", ""},
    {"v=spf1 -all", "tlsrpt-missing warning 0:0"},
    {"v=TLSRPTv1; rua=ftp://b.example", "tlsrpt-rua error 1:17"},
};

static void test_offline_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(sts_records); i++) {
        _cleanup_findings_ struct findings *findings = NULL;
        const char *text = sts_records[i].text;
        struct mtasts_bytes rr = {text, strlen(text)};
        assert_int_equal(check_sts_rrset(&rr, 1, &findings), 0);
        compare_offline(&sts_records[i], findings);
    }
    for (size_t i = 0; i < ELEMENTS(tlsrpt_records); i++) {
        _cleanup_findings_ struct findings *findings = NULL;
        const char *text = tlsrpt_records[i].text;
        struct mtasts_bytes rr = {text, strlen(text)};
        assert_int_equal(check_tlsrpt_rrset(&rr, 1, &findings), 0);
        compare_offline(&tlsrpt_records[i], findings);
    }
}

static void test_offline_rrset(void **state)
{
    (void)state;
    static const struct mtasts_bytes rrs[] = {
        {"v=STSv1; id=1;", 14}, {"v=STSv1; id=\0;", 14}, {NULL, 0}};
    _cleanup_findings_ struct findings *findings = NULL;

    assert_int_equal(check_sts_rrset(rrs, 3, &findings), 0);
    assert_int_equal(findings->count, 2);
    assert_string_equal(findings->items[0].rule->id, "sts-record-multiple");
    findings_free(TAKE_PTR(findings));
    assert_int_equal(check_sts_rrset(NULL, 0, &findings), 0);
    assert_int_equal(findings->count, 0);
    findings_free(TAKE_PTR(findings));
    assert_int_equal(check_tlsrpt_rrset(NULL, 0, &findings), 0);
    assert_int_equal(findings->count, 0);
}

/* Where some RRs were left out, the count is of those that were not. */
static void test_rrset_that_is_not_whole(void **state)
{
    struct fact_txt_rr rrs[] = {{{"v=STSv1; id=1;", 14}, 1},
                                {{"v=STSv1; id=2;", 14}, 1}};

    (void)state;
    for (size_t omitted = 0; omitted < 2; omitted++) {
        _cleanup_facts_ struct facts *facts = NULL;
        _cleanup_findings_ struct findings *findings = NULL;
        struct verdict verdict;
        assert_int_equal(facts_new("example.com", &facts), 0);
        facts->sts_txt.lookup.status = LOOKUP_OK;
        facts->sts_txt.rrs = rrs;
        facts->sts_txt.count = ELEMENTS(rrs);
        facts->sts_txt.omitted = omitted;
        assert_int_equal(check_run(facts, &findings, &verdict), 0);
        assert_string_equal(findings->items[0].rule->id, "sts-record-multiple");
        assert_ptr_equal(strstr(findings->items[0].message,
                                omitted ? "There are at least 2 records "
                                        : "There are 2 records "),
                         findings->items[0].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offline_policy),
        cmocka_unit_test(test_offline_policy_fix),
        cmocka_unit_test(test_oversize_policy),
        cmocka_unit_test(test_offline_records),
        cmocka_unit_test(test_offline_rrset),
        cmocka_unit_test(test_rrset_that_is_not_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
