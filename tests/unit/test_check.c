/*
 * check: every case of tests/fixtures/check-cases.json gives the findings
 * and the verdict that it names, in their order; every rule and severity
 * has a case.
 */
#include "unit.h"

#include "check/check.h"
#include "check_cases.h"
#include "finding_fits.h"

static void print_findings(const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        print_error("  %s %s: %s\n", findings->items[i].rule->id,
                    severity_name(findings->items[i].severity),
                    findings->items[i].message);
}

static void compare_findings(const char *name, const struct json *expect,
                             const struct findings *findings)
{
    bool same = json_count(expect) == findings->count;

    for (size_t i = 0; same && i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        char got[100];
        snprintf(got, sizeof(got), "%s %s", finding->rule->id,
                 severity_name(finding->severity));
        const char *want = json_text(json_at(expect, i), NULL);
        same = want && strcmp(got, want) == 0;
    }
    if (same)
        return;
    print_findings(findings);
    fail_msg("%s: other findings than expected", name);
}

static void compare_verdict(const char *name, const struct json *test,
                            const struct verdict *verdict,
                            const struct findings *findings)
{
    const char *protection = json_text(json_get(test, "protection"), NULL);
    const char *sentence = json_text(json_get(test, "sentence"), NULL);
    enum severity worst = SEVERITY_OK;

    for (size_t i = 0; i < findings->count; i++)
        worst = MAX_OF(worst, findings->items[i].severity);
    assert_int_equal(verdict->worst, worst);
    assert_true(text_printable(verdict->sentence));
    if (!protection ||
        strcmp(protection, protection_name(verdict->protection)) != 0)
        fail_msg("%s: protection is %s", name,
                 protection_name(verdict->protection));
    if (sentence && strcmp(sentence, verdict->sentence) != 0)
        fail_msg("%s: sentence is: %s", name, verdict->sentence);
}

static void look_at_case(const char *name, const struct json *test,
                         const struct findings *findings,
                         const struct verdict *verdict, void *ctx)
{
    (void)ctx;
    compare_findings(name, json_get(test, "expect"), findings);
    compare_verdict(name, test, verdict, findings);
    for (size_t i = 0; i < findings->count; i++)
        finding_fits(name, &findings->items[i]);
    assert_false(findings->truncated);
}

static void test_cases(void **state)
{
    (void)state;
    _cleanup_json_ struct json *cases = check_cases_load();

    assert_true(json_count(cases) >= 260);
    for (size_t i = 0; i < json_count(cases); i++)
        check_case_run(json_at(cases, i), look_at_case, NULL);
}

/* ---- every rule and every severity of it is triggered ---- */

#define RULES_ROOM 200
static bool triggered[RULES_ROOM][SEVERITY_ERROR + 1];

static void note_triggered(const char *name, const struct json *test,
                           const struct findings *findings,
                           const struct verdict *verdict, void *ctx)
{
    const struct rule *rules = rules_all(NULL);

    (void)name;
    (void)test;
    (void)verdict;
    (void)ctx;
    for (size_t i = 0; i < findings->count; i++)
        triggered[findings->items[i].rule - rules]
                 [findings->items[i].severity] = true;
}

static void test_every_rule_has_a_case(void **state)
{
    (void)state;
    _cleanup_json_ struct json *cases = check_cases_load();
    size_t count = 0;
    size_t missing = 0;
    const struct rule *rules = rules_all(&count);

    assert_true(count <= RULES_ROOM);
    for (size_t i = 0; i < json_count(cases); i++)
        check_case_run(json_at(cases, i), note_triggered, NULL);
    for (size_t i = 0; i < count; i++)
        for (enum severity s = SEVERITY_INFO; s <= SEVERITY_ERROR; s++)
            if (rule_allows(&rules[i], s) && !triggered[i][s]) {
                print_error("no case for %s as %s\n", rules[i].id,
                            severity_name(s));
                missing++;
            }
    assert_int_equal(missing, 0);
}

/* ---- order ---- */

static void look_at_order(const char *name, const struct json *test,
                          const struct findings *findings,
                          const struct verdict *verdict, void *ctx)
{
    (void)test;
    (void)verdict;
    (void)ctx;
    for (size_t i = 1; i < findings->count; i++) {
        const struct finding *a = &findings->items[i - 1];
        const struct finding *b = &findings->items[i];
        if (a->rule->section > b->rule->section ||
            (a->rule->section == b->rule->section &&
             (a->severity < b->severity ||
              (a->severity == b->severity && a->rule > b->rule))))
            fail_msg("%s: %s before %s", name, a->rule->id, b->rule->id);
    }
}

static void test_order(void **state)
{
    (void)state;
    _cleanup_json_ struct json *cases = check_cases_load();

    for (size_t i = 0; i < json_count(cases); i++)
        check_case_run(json_at(cases, i), look_at_order, NULL);
}

/* ---- what no document has ---- */

/* Without SNI: another certificate, or none at all. */
static void test_what_varies_without_sni(void **state)
{
    static const char *const digests[] = {"99", NULL};
    static const char *const said[] = {"another certificate is presented",
                                       "the handshake is refused"};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(said); i++) {
        _cleanup_facts_ struct facts *facts = NULL;
        _cleanup_findings_ struct findings *findings = NULL;
        struct verdict verdict;
        struct fact_smtp session = {.address = "192.0.2.1",
                                    .status = SMTP_OK,
                                    .sni_varies = TEST_YES,
                                    .no_sni_sha256 = digests[i]};
        struct fact_mx mx = {.name = "mx.example.com",
                             .name_valid = true,
                             .sessions = &session,
                             .session_count = 1};
        size_t found = 0;
        assert_int_equal(facts_new("example.com", &facts), 0);
        facts->smtp_probed = true;
        facts->mx.hosts = &mx;
        facts->mx.count = 1;
        assert_int_equal(check_run(facts, &findings, &verdict), 0);
        for (size_t j = 0; j < findings->count; j++)
            if (strcmp(findings->items[j].rule->id,
                       "smtp-certificate-varies") == 0)
                found += strstr(findings->items[j].message, said[i]) != NULL;
        assert_int_equal(found, 1);
    }
}

/* Every member 0 but the domain: nothing was asked. */
static void test_empty_facts(void **state)
{
    (void)state;
    _cleanup_facts_ struct facts *facts = NULL;
    _cleanup_findings_ struct findings *findings = NULL;
    struct verdict verdict;

    assert_int_equal(facts_new("example.com", &facts), 0);
    assert_int_equal(check_run(facts, &findings, &verdict), 0);
    assert_int_equal(findings->count, 0);
    assert_int_equal(verdict.protection, PROTECTION_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_every_rule_has_a_case),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_what_varies_without_sni),
        cmocka_unit_test(test_empty_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
