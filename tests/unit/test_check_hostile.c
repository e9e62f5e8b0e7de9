/* check: hostile facts neither take long nor hide errors. */
#include "unit.h"

#include "base/buf.h"
#include "check/check.h"
#include <time.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile_bodies),
        cmocka_unit_test(test_flood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
