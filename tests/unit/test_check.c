/*
 * check: every case of tests/fixtures/check-cases.json gives the findings
 * and the verdict that it names; every rule and severity has a case; texts
 * are fit to be shown; hostile facts neither hurt nor hide errors.
 */
#include "unit.h"

#include "base/ascii.h"
#include "check/check.h"
#include "check/facts_json.h"
#include "check/providers.h"
#include "check/text.h"
#include "check_cases.h"
#include "json/octets.h"
#include <time.h>

/* ---- the cases ---- */

static bool allows(const struct rule *rule, enum severity severity)
{
    static const char letters[] = {
        [SEVERITY_INFO] = 'I',
        [SEVERITY_UNKNOWN] = 'U',
        [SEVERITY_WARNING] = 'W',
        [SEVERITY_ERROR] = 'E',
    };
    return strchr(rule->severities, letters[severity]) != NULL;
}

static bool is_printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

/* Several lines, none of them with what a terminal might obey. */
static bool is_block(const char *text)
{
    for (; *text; text++)
        if (*text != '\n' && (*text < 0x20 || *text > 0x7e))
            return false;
    return true;
}

static void check_fix(const char *name, const char *text)
{
    if (text && (!*text || !is_block(text)))
        fail_msg("%s: unfit fix: %s", name, text);
}

static void check_finding(const char *name, const struct finding *finding)
{
    const char *message = finding->message;
    size_t len = strlen(message);

    if (!allows(finding->rule, finding->severity))
        fail_msg("%s: %s is not to be %s", name, finding->rule->id,
                 severity_name(finding->severity));
    if (len < 15 || message[len - 1] == '.' || message[len - 1] == ' ' ||
        !is_printable(message))
        fail_msg("%s: unfit message: %s", name, message);
    if (finding->subject && !is_printable(finding->subject))
        fail_msg("%s: unfit subject: %s", name, finding->subject);
    check_fix(name, finding->fix.text);
    check_fix(name, finding->fix.then);
    if (finding->fix.then && !finding->fix.text)
        fail_msg("%s: then, but nothing before: %s", name, finding->fix.then);
    if (finding->severity == SEVERITY_UNKNOWN && !finding->advice)
        fail_msg("%s: no advice: %s", name, message);
    if (finding->advice && !is_printable(finding->advice))
        fail_msg("%s: unfit advice: %s", name, finding->advice);
    if ((finding->line == 0) != (finding->column == 0))
        fail_msg("%s: line without column: %s", name, message);
}

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
    assert_true(is_printable(verdict->sentence));
    if (!protection ||
        strcmp(protection, protection_name(verdict->protection)) != 0)
        fail_msg("%s: protection is %s", name,
                 protection_name(verdict->protection));
    if (sentence && strcmp(sentence, verdict->sentence) != 0)
        fail_msg("%s: sentence is: %s", name, verdict->sentence);
}

static void run_case(const struct json *test,
                     void (*look)(const char *name, const struct json *test,
                                  const struct findings *findings,
                                  const struct verdict *verdict, void *ctx),
                     void *ctx)
{
    const char *name = json_text(json_get(test, "name"), NULL);
    _cleanup_facts_ struct facts *facts = check_case_facts(test);
    _cleanup_findings_ struct findings *findings = NULL;
    struct verdict verdict;

    assert_non_null(name);
    assert_int_equal(check_run(facts, &findings, &verdict), 0);
    look(name, test, findings, &verdict, ctx);
}

static void look_at_case(const char *name, const struct json *test,
                         const struct findings *findings,
                         const struct verdict *verdict, void *ctx)
{
    (void)ctx;
    compare_findings(name, json_get(test, "expect"), findings);
    compare_verdict(name, test, verdict, findings);
    for (size_t i = 0; i < findings->count; i++)
        check_finding(name, &findings->items[i]);
    assert_false(findings->truncated);
}

static void test_cases(void **state)
{
    (void)state;
    _cleanup_json_ struct json *cases = check_cases_load();

    assert_true(json_count(cases) >= 260);
    for (size_t i = 0; i < json_count(cases); i++)
        run_case(json_at(cases, i), look_at_case, NULL);
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
        run_case(json_at(cases, i), note_triggered, NULL);
    for (size_t i = 0; i < count; i++)
        for (enum severity s = SEVERITY_INFO; s <= SEVERITY_ERROR; s++)
            if (allows(&rules[i], s) && !triggered[i][s]) {
                print_error("no case for %s as %s\n", rules[i].id,
                            severity_name(s));
                missing++;
            }
    assert_int_equal(missing, 0);
}

/* ---- the table ---- */

static void check_words(const struct rule *rule, const char *text, size_t max)
{
    if (!text) {
        fail_msg("%s: a text is missing", rule->id);
        return;
    }
    size_t len = strlen(text);
    assert_true(len >= 10 && len <= max);
    if (text[len - 1] == ' ' || text[0] == ' ' || strstr(text, "  ") ||
        !is_printable(text))
        fail_msg("%s: unfit: %s", rule->id, text);
    /* No word is longer than a line at 80 columns has room for. */
    for (const char *word = text; *word; word += strcspn(word, " ")) {
        word += strspn(word, " ");
        if (strcspn(word, " ") > 60)
            fail_msg("%s: long word: %s", rule->id, word);
    }
}

static void check_id(const struct rule *rule)
{
    for (const char *c = rule->id; *c; c++)
        assert_true((*c >= 'a' && *c <= 'z') || *c == '-' ||
                    (*c >= '0' && *c <= '9'));
    assert_ptr_equal(rule_find(rule->id), rule); /* the only one */
}

/* "E/W": letters of EWUI, in that order, each once. */
static void check_severities(const struct rule *rule)
{
    static const char order[] = "EWUI";
    const char *left = order;
    const char *at = rule->severities;

    for (;; at++) {
        const char *found = *at ? strchr(left, *at) : NULL;
        if (!found) {
            fail_msg("%s: severities %s", rule->id, rule->severities);
            return;
        }
        left = found + 1;
        at++;
        if (*at != '/')
            break;
    }
    assert_int_equal(*at, '\0');
}

static void test_rules(void **state)
{
    (void)state;
    size_t count = 0;
    const struct rule *rules = rules_all(&count);

    assert_int_equal(count, 76);
    for (size_t i = 0; i < count; i++) {
        check_id(&rules[i]);
        check_severities(&rules[i]);
        check_words(&rules[i], rules[i].title, 72);
        check_words(&rules[i], rules[i].why, 400);
        check_words(&rules[i], rules[i].fix, 250);
        assert_non_null(strstr(rules[i].rfc, "RFC "));
        assert_true(rules[i].why[strlen(rules[i].why) - 1] == '.');
        assert_false(rules[i].title[strlen(rules[i].title) - 1] == '.');
        assert_true(i == 0 || rules[i - 1].section <= rules[i].section);
        assert_non_null(rules[i].judge);
    }
    assert_null(rule_find("no-such-rule"));
    assert_null(rule_find(""));
}

static void test_names(void **state)
{
    (void)state;
    for (enum section s = 0; s < SECTION_COUNT; s++) {
        assert_string_not_equal(section_name(s), "unknown");
        assert_string_not_equal(section_title(s), "Other");
    }
    assert_string_equal(section_name(SECTION_COUNT), "unknown");
    assert_string_equal(severity_name(SEVERITY_WARNING), "warning");
    assert_string_equal(severity_name((enum severity)99), "unknown");
    assert_string_equal(protection_name(PROTECTION_UNKNOWN), "unknown");
    assert_string_equal(protection_name(PROTECTION_FULL), "full");
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
        run_case(json_at(cases, i), look_at_order, NULL);
}

/* ---- offline: a body or RRset alone ---- */

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
        check_finding(row->text, finding);
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

/* ---- texts to paste ---- */

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
        run_case(case_named(cases, row.name), look_at_fix, &row);
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
        run_case(json_at(cases, i), look_at_pasted, NULL);
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

/* ---- providers ---- */

static void test_providers(void **state)
{
    (void)state;
    size_t count = 0;
    const struct provider *providers = providers_all(&count);

    for (size_t i = 0; i < count; i++) {
        assert_non_null(providers[i].suffixes[0]);
        for (size_t j = 0; providers[i].patterns[j]; j++)
            assert_true(mtasts_mx_pattern_valid(
                providers[i].patterns[j], strlen(providers[i].patterns[j])));
        for (size_t j = 0; j < ELEMENTS(providers[i].suffixes); j++)
            if (providers[i].suffixes[j])
                assert_ptr_equal(provider_of(providers[i].suffixes[j]),
                                 &providers[i]);
    }
    assert_null(provider_of("example.com"));
    assert_null(provider_of("notmigadu.com"));
    assert_null(provider_of(""));
    assert_string_equal(provider_of("aspmx1.migadu.com")->name, "Migadu");
    assert_string_equal(provider_of("contoso-com.a-v1.mx.microsoft")->name,
                        "Microsoft 365 (with DANE)");
}

/* ---- hostile facts ---- */

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Facts with one policy body of `piece` over and over. */
static struct facts *facts_with_body(const char *piece)
{
    struct facts *facts = NULL;
    _cleanup_buf_ struct buf text = BUF(MTASTS_POLICY_BODY_MAX);

    while (buf_puts(&text, piece) == 0)
        ;
    assert_int_equal(facts_new("example.com", &facts), 0);
    char *body = arena_copy(facts->arena, buf_text(&text), text.len);
    struct fact_txt_rr *rr = arena_new_of(facts->arena, struct fact_txt_rr);
    assert_non_null(body);
    assert_non_null(rr);
    rr->text = (struct mtasts_bytes){"v=STSv1; id=1;", 14};
    facts->sts_txt = (struct fact_txt){
        .lookup = {.status = LOOKUP_OK}, .rrs = rr, .count = 1};
    facts->policy_host.fetch.status = FETCH_OK;
    facts->policy_host.fetch.body = (struct mtasts_bytes){body, text.len};
    return facts;
}

static const char *const hostile_pieces[] = {
    "\n",
    ":",
    "a:b\n",
    "mx:\n",
    "mx:*\n",
    "mx:a\n",
    "mx:*.a\n",
    "mode\n",
    "version: STSv1\n",
    "version: STSv1\nmode: enforce\nmax_age: 1\nmx: *.a\nmx: *.b.a\n",
    "version: STSv1\nmode: enforce\nmax_age: 1\nmx: 1.1.1.1\nmx:b.c.d.e\n",
    "\xff\n",
    "\x01",
    "\r",
};

static void test_hostile_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(hostile_pieces); i++) {
        _cleanup_facts_ struct facts *facts =
            facts_with_body(hostile_pieces[i]);
        _cleanup_findings_ struct findings *findings = NULL;
        struct verdict verdict;
        int64_t start = now_us();

        assert_int_equal(check_run(facts, &findings, &verdict), 0);
        int64_t took = now_us() - start;
        if (took > 500000)
            fail_msg("%s: %lld us", hostile_pieces[i], (long long)took);
        if (findings->count > 40)
            fail_msg("%s: %zu findings", hostile_pieces[i], findings->count);
    }
}

/* As much of everything as facts.h allows, with the same policy of 8000
   patterns for every comparison. */
static void fill_hosts(struct facts *facts)
{
    struct fact_mx *hosts =
        arena_array_of(facts->arena, FACTS_MX_MAX, struct fact_mx);
    assert_non_null(hosts);
    for (size_t i = 0; i < FACTS_MX_MAX; i++) {
        struct fact_mx *mx = &hosts[i];
        mx->name = arena_printf(facts->arena,
                                "a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.%zu.x", i);
        mx->sessions =
            arena_array_of(facts->arena, FACTS_ADDRESS_MAX, struct fact_smtp);
        mx->session_count = FACTS_ADDRESS_MAX;
        assert_non_null(mx->sessions);
        for (size_t j = 0; j < FACTS_ADDRESS_MAX; j++) {
            struct fact_smtp *session = &mx->sessions[j];
            session->address = arena_printf(facts->arena, "192.0.2.%zu", j);
            session->status = SMTP_OK;
            session->tls.verify = VERIFY_OTHER;
            session->tls.detail = arena_printf(facts->arena, "%zu", j);
            session->weak_cipher = TEST_YES;
            session->weak_cipher_name =
                arena_printf(facts->arena, "cipher %zu", j);
            session->old_tls = TEST_YES;
            session->injection = TEST_YES;
        }
    }
    facts->mx.hosts = hosts;
    facts->mx.count = FACTS_MX_MAX;
    facts->mx.lookup.status = LOOKUP_OK;
    facts->smtp_probed = true;
}

static void test_flood(void **state)
{
    (void)state;
    _cleanup_facts_ struct facts *facts = facts_with_body(
        "version: STSv1\nmode: enforce\nmax_age: 1\nmx: *.a\nmx: *.b.x\n");
    _cleanup_findings_ struct findings *findings = NULL;
    struct verdict verdict;
    fill_hosts(facts);
    int64_t start = now_us();

    assert_int_equal(check_run(facts, &findings, &verdict), 0);
    assert_true(now_us() - start < 1000000);
    assert_true(findings->truncated);
    assert_true(findings->count <= FINDINGS_MAX);
    assert_int_equal(verdict.worst, SEVERITY_ERROR);
    /* A rule that floods does not hide the later ones. */
    bool injection = false;
    for (size_t i = 0; i < findings->count; i++)
        injection |=
            strcmp(findings->items[i].rule->id, "smtp-starttls-injection") == 0;
    assert_true(injection);
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
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_offline_policy),
        cmocka_unit_test(test_offline_policy_fix),
        cmocka_unit_test(test_oversize_policy),
        cmocka_unit_test(test_offline_records),
        cmocka_unit_test(test_offline_rrset),
        cmocka_unit_test(test_rrset_that_is_not_whole),
        cmocka_unit_test(test_what_varies_without_sni),
        cmocka_unit_test(test_fixes),
        cmocka_unit_test(test_pasted_texts_pass),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_providers),
        cmocka_unit_test(test_hostile_bodies),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_empty_facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
