/*
 * forecast: what would become of mail, by facts like those of a healthy
 * domain (tests/fixtures/facts) with something changed.
 */
#include "cli/forecast.h"

#include "check/facts_json.h"
#include "cli/forecast_report.h"
#include "file_text.h"
#include "unit.h"

#define POLICY(mode, mx)                                                       \
    "version: STSv1\nmode: " mode "\n" mx "max_age: 604800\n"
#define BOTH "mx: mx1.example.com\nmx: mx2.example.com\n"
#define FIRST "mx: mx1.example.com\n"
#define OTHER "mx: mx.example.net\n"

typedef void change_fn(struct facts *facts);

static struct facts *load(const char *base)
{
    char path[1000];
    struct facts *facts = NULL;
    _cleanup_buf_ struct buf buf = BUF(FILE_TEXT_MAX);
    snprintf(path, sizeof(path), FIXTURES_DIR "/facts/%s.json", base);
    assert_int_equal(file_text(path, &buf), 0);
    assert_int_equal(facts_parse(buf_text(&buf), buf.len, NULL, &facts), 0);
    return facts;
}

/* ---- changes ---- */

static void set_sessions(struct facts *facts, size_t host,
                         enum smtp_status status, enum verify_status verify)
{
    struct fact_mx *mx = &facts->mx.hosts[host];
    for (size_t i = 0; i < mx->session_count; i++) {
        mx->sessions[i].status = status;
        mx->sessions[i].tls.verify = verify;
    }
}

static void no_starttls(struct facts *facts)
{
    set_sessions(facts, 1, SMTP_NO_STARTTLS, VERIFY_NOT_DONE);
}

static void all_454(struct facts *facts)
{
    set_sessions(facts, 0, SMTP_STARTTLS_TEMPORARY, VERIFY_NOT_DONE);
    set_sessions(facts, 1, SMTP_TLS_FAILED, VERIFY_NOT_DONE);
}

static void expired(struct facts *facts)
{
    set_sessions(facts, 0, SMTP_OK, VERIFY_EXPIRED);
}

static void wrong_name(struct facts *facts)
{
    set_sessions(facts, 0, SMTP_OK, VERIFY_HOST_MISMATCH);
}

static void untrusted(struct facts *facts)
{
    set_sessions(facts, 0, SMTP_OK, VERIFY_SELF_SIGNED);
    set_sessions(facts, 1, SMTP_OK, VERIFY_INCOMPLETE_CHAIN);
}

static void one_address_bad(struct facts *facts)
{
    facts->mx.hosts[0].sessions[0].status = SMTP_NO_STARTTLS;
}

static void unreachable(struct facts *facts)
{
    set_sessions(facts, 0, SMTP_CONNECT_TIMEOUT, VERIFY_NOT_DONE);
}

static void all_unreachable(struct facts *facts)
{
    unreachable(facts);
    set_sessions(facts, 1, SMTP_CONNECT_REFUSED, VERIFY_NOT_DONE);
}

static void unreachable_and_refused(struct facts *facts)
{
    unreachable(facts);
    no_starttls(facts);
}

static void null_mx(struct facts *facts)
{
    facts->mx.null_mx = true;
    facts->mx.count = 0;
}

static void mx_servfail(struct facts *facts)
{
    facts->mx.lookup.status = LOOKUP_SERVFAIL;
    facts->mx.count = 0;
}

static void no_such_domain(struct facts *facts)
{
    facts->mx.lookup.status = LOOKUP_NXDOMAIN;
    facts->mx.count = 0;
}

static void redirected(struct facts *facts)
{
    facts->policy_host.fetch.status = FETCH_REDIRECT;
}

static void bad_policy_host(struct facts *facts)
{
    facts->policy_host.fetch.status = FETCH_CERTIFICATE;
    facts->policy_host.fetch.tls.verify = VERIFY_EXPIRED;
}

static void second_without_dane(struct facts *facts)
{
    facts->mx.hosts[1].tlsa.lookup.status = LOOKUP_NODATA;
    facts->mx.hosts[1].tlsa.count = 0;
}

static void second_tlsa_servfail(struct facts *facts)
{
    facts->mx.hosts[1].tlsa.lookup.status = LOOKUP_SERVFAIL;
    facts->mx.hosts[1].tlsa.count = 0;
}

static void dane_fails(struct facts *facts)
{
    for (size_t i = 0; i < facts->mx.hosts[0].session_count; i++)
        facts->mx.hosts[0].sessions[i].dane.state = MTASTS_DANE_FAIL;
}

static void mx_unsigned(struct facts *facts)
{
    facts->mx.lookup.dnssec = DNSSEC_INSECURE;
}

/* ---- policies ---- */

#define PROBED .options = {.probed = true}
#define DANE .options = {.dane = true}
#define PROBED_DANE .options = {.probed = true, .dane = true}

struct row {
    const char *name;
    const char *base; /* NULL: healthy */
    const char *body; /* NULL: that of the base, which covers both hosts */
    change_fn *change;
    struct forecast_options options;
    const char *outcome;
    const char *hosts;  /* a letter each: usable, refused, ? untested */
    const char *reason; /* a part of it: of the domain, or of the first host
                           that is not usable */
};

static const struct row rows[] = {
    {"both covered", NULL, NULL, NULL, {0}, "passes", "uu", NULL},
    {"one covered",
     NULL,
     POLICY("enforce", FIRST),
     NULL,
     {0},
     "partly",
     "ur",
     "does not list"},
    {"none covered",
     NULL,
     POLICY("enforce", OTHER),
     NULL,
     {0},
     "refused",
     "rr",
     "does not list"},
    {"wildcard",
     NULL,
     POLICY("enforce", "mx: *.example.com\n"),
     NULL,
     {0},
     "passes",
     "uu",
     NULL},
    {"testing",
     NULL,
     POLICY("testing", FIRST),
     NULL,
     {0},
     "testing",
     "ur",
     "does not list"},
    {"mode none",
     NULL,
     "version: STSv1\nmode: none\nmax_age: 86400\n",
     NULL,
     {0},
     "none",
     "",
     NULL},
    {"not a policy",
     NULL,
     "<html>",
     NULL,
     {0},
     "broken",
     "",
     "serves is no policy"},
    {"redirect", NULL, NULL, redirected, {0}, "broken", "", "redirect"},
    {"certificate of the policy host",
     NULL,
     NULL,
     bad_policy_host,
     {0},
     "broken",
     "",
     "expired"},
    {"null MX", NULL, NULL, null_mx, {0}, "no-mail", "", "null MX"},
    {"no such domain",
     NULL,
     NULL,
     no_such_domain,
     {0},
     "no-mail",
     "",
     "no such domain"},
    {"MX servfail", NULL, NULL, mx_servfail, {0}, "unknown", "", "SERVFAIL"},
    {"not probed, no matter",
     NULL,
     NULL,
     no_starttls,
     {0},
     "passes",
     "uu",
     NULL},

    {"probed", NULL, NULL, NULL, PROBED, "passes", "uu", NULL},
    {"no STARTTLS", NULL, NULL, no_starttls, PROBED, "partly", "ur",
     "STARTTLS"},
    {"454 and no handshake", NULL, NULL, all_454, PROBED, "refused", "rr",
     "STARTTLS"},
    {"expired", NULL, NULL, expired, PROBED, "partly", "ru", "expired"},
    {"wrong name", NULL, NULL, wrong_name, PROBED, "partly", "ru",
     "other names"},
    {"untrusted", NULL, NULL, untrusted, PROBED, "refused", "rr",
     "no authority"},
    {"one address of two", NULL, NULL, one_address_bad, PROBED, "passes", "uu",
     NULL},
    {"unreachable", NULL, NULL, unreachable, PROBED, "passes", "?u",
     "let TLS be tried"},
    {"all unreachable", NULL, NULL, all_unreachable, PROBED, "unknown", "??",
     "let TLS be tried"},
    {"unreachable and refused", NULL, NULL, unreachable_and_refused, PROBED,
     "unknown", "?r", "let TLS be tried"},
    {"refused before it is probed", NULL, POLICY("enforce", OTHER), unreachable,
     PROBED, "refused", "rr", "does not list"},
    {"testing, probed", NULL, POLICY("testing", BOTH), no_starttls, PROBED,
     "testing", "ur", "STARTTLS"},

    {"DANE not done here",
     "dane",
     POLICY("enforce", OTHER),
     NULL,
     {0},
     "refused",
     "rr",
     "does not list"},
    {"DANE instead", "dane", POLICY("enforce", OTHER), NULL, DANE, "passes",
     "uu", NULL},
    {"DANE, MX not signed", "dane", POLICY("enforce", OTHER), mx_unsigned, DANE,
     "refused", "rr", "does not list"},
    {"DANE of one", "dane", NULL, second_without_dane, DANE, "partly", "ur",
     "TLSA"},
    {"DANE SERVFAIL", "dane", NULL, second_tlsa_servfail, DANE, "partly", "ur",
     "TLSA records could not"},
    {"DANE, PKIX does not matter", "dane", NULL, untrusted, PROBED_DANE,
     "passes", "uu", NULL},
    {"DANE fails", "dane", NULL, dane_fails, PROBED_DANE, "partly", "ru",
     "TLSA"},
    {"no TLSA, but the MTA does DANE", NULL, POLICY("enforce", FIRST), NULL,
     DANE, "partly", "ur", "does not list"},
};

static const char *reason_of(const struct forecast *forecast)
{
    for (size_t i = 0; !forecast->reason && i < forecast->host_count; i++)
        if (forecast->hosts[i].reason)
            return forecast->hosts[i].reason;
    return forecast->reason;
}

static void check_row(const struct row *row)
{
    static const char letters[] = "ur?";
    _cleanup_facts_ struct facts *facts =
        load(row->base ? row->base : "healthy");
    struct forecast forecast;
    char hosts[FACTS_MX_MAX + 1] = "";
    if (row->body)
        facts->policy_host.fetch.body =
            (struct mtasts_bytes){row->body, strlen(row->body)};
    if (row->change)
        row->change(facts);
    print_message("%s\n", row->name);
    assert_int_equal(forecast_of_policy(&row->options, facts, &forecast), 0);
    assert_string_equal(forecast_outcome_name(forecast.outcome), row->outcome);
    for (size_t i = 0; i < forecast.host_count; i++) {
        const struct forecast_host *host = &forecast.hosts[i];
        hosts[i] = letters[host->outcome];
        assert_int_equal(host->result != MTASTS_RESULT_SUCCESS,
                         host->outcome == FORECAST_HOST_REFUSED);
        assert_int_equal(host->reason != NULL,
                         host->outcome != FORECAST_HOST_USABLE);
    }
    assert_string_equal(hosts, row->hosts);
    const char *reason = reason_of(&forecast);
    assert_int_equal(reason != NULL, row->reason != NULL);
    if (reason && row->reason && !strstr(reason, row->reason))
        fail_msg("'%s' is not in: %s", row->reason, reason);
}

static void test_policies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        check_row(&rows[i]);
}

/* ---- records ---- */

static void test_records(void **state)
{
    static const struct {
        enum lookup_status status;
        const char *texts[3];
        bool done;
        const char *outcome;
    } records[] = {
        {LOOKUP_OK, {"v=STSv1; id=1;"}, false, "none"},
        {LOOKUP_OK, {"v=STSv1; id=1;", "else"}, false, "none"},
        {LOOKUP_OK, {"v=STSv1; id=1;", "v=STSv1; id=2;"}, true, "broken"},
        {LOOKUP_OK, {"v=STSv1; id=;"}, true, "broken"},
        {LOOKUP_OK, {"v=spf1 -all"}, true, "none"},
        {LOOKUP_NXDOMAIN, {NULL}, true, "none"},
        {LOOKUP_NODATA, {NULL}, true, "none"},
        {LOOKUP_SERVFAIL, {NULL}, true, "unknown"},
        {LOOKUP_TIMEOUT, {NULL}, true, "unknown"},
        {LOOKUP_BOGUS, {NULL}, true, "unknown"},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(records); i++) {
        _cleanup_facts_ struct facts *facts = load("healthy");
        struct fact_txt_rr rrs[3] = {{.strings = 1}};
        struct forecast forecast = {.outcome = FORECAST_NONE};
        bool done = false;
        size_t count = 0;
        for (; count < 3 && records[i].texts[count]; count++)
            rrs[count].text = (struct mtasts_bytes){
                records[i].texts[count], strlen(records[i].texts[count])};
        facts->sts_txt.lookup.status = records[i].status;
        facts->sts_txt.rrs = rrs;
        facts->sts_txt.count = count;
        assert_int_equal(forecast_of_record(facts, &done, &forecast), 0);
        assert_int_equal(done, records[i].done);
        assert_string_equal(forecast_outcome_name(forecast.outcome),
                            records[i].outcome);
    }
}

/* ---- the sum ---- */

static void test_status(void **state)
{
    static const struct {
        enum forecast_outcome outcomes[3];
        struct recipients_read read;
        uint64_t given_up;
        int status;
    } sums[] = {
        {{FORECAST_NONE, FORECAST_PASSES, FORECAST_TESTING}, {0}, 0, 0},
        {{FORECAST_BROKEN, FORECAST_NO_MAIL, FORECAST_NONE}, {0}, 0, 0},
        {{FORECAST_NONE, FORECAST_UNKNOWN, FORECAST_PASSES}, {0}, 0, 3},
        {{FORECAST_PARTLY, FORECAST_UNKNOWN, FORECAST_PASSES}, {0}, 0, 1},
        {{FORECAST_PARTLY, FORECAST_UNKNOWN, FORECAST_REFUSED}, {0}, 0, 2},
        {{FORECAST_NONE, FORECAST_NONE, FORECAST_NONE}, {.bad = 1}, 0, 3},
        {{FORECAST_NONE, FORECAST_NONE, FORECAST_NONE},
         {.bad = 1, .is_log = true},
         0,
         0},
        {{FORECAST_NONE, FORECAST_NONE, FORECAST_NONE}, {.left_out = 1}, 0, 3},
        {{FORECAST_NONE, FORECAST_NONE, FORECAST_NONE}, {0}, 1, 3},
    };
    static const struct recipient recipient = {.messages = 7, .deferrals = 2};
    (void)state;
    for (size_t i = 0; i < ELEMENTS(sums); i++) {
        struct forecast_sum sum = {.given_up = sums[i].given_up};
        for (size_t j = 0; j < 3; j++)
            forecast_sum_add(&sum, sums[i].outcomes[j], &recipient);
        assert_int_equal(forecast_sum_status(&sum, &sums[i].read),
                         sums[i].status);
        assert_true(sum.by_outcome[sums[i].outcomes[0]].messages >= 7);
        assert_true(sum.by_outcome[sums[i].outcomes[0]].deferrals >= 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
