/* smtp_memo: what is the same question, and that answers are whole copies. */
#include "unit.h"

#include "base/cleanup.h"
#include "net/smtp_memo.h"
#include <mtasts/error.h>

static uint8_t right[32] = {1};
static uint8_t stale[32] = {2};

static struct fact_tlsa_rr record(uint8_t usage, uint8_t *data)
{
    return (struct fact_tlsa_rr){.usage = usage,
                                 .selector = 1,
                                 .matching = 1,
                                 .data = data,
                                 .len = 32,
                                 .usable = usage >= 2};
}

struct fixture {
    struct smtp_memo *memo;
    struct arena *arena;
    struct fact_tlsa_rr rrs[2];
    struct fact_tlsa tlsa;
    const char *names[1];
    struct smtp_request request;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    assert_int_equal(smtp_memo_new(&fixture->memo), 0);
    assert_int_equal(arena_new(1 << 24, &fixture->arena), 0);
    fixture->rrs[0] = record(3, right);
    fixture->rrs[1] = record(3, stale);
    fixture->tlsa = (struct fact_tlsa){
        .lookup = {.status = LOOKUP_OK, .dnssec = DNSSEC_SECURE},
        .rrs = fixture->rrs,
        .count = 2};
    fixture->names[0] = "domain.example";
    fixture->request = (struct smtp_request){.host = "mx.example",
                                             .port = 25,
                                             .helo = "probe.example",
                                             .tlsa = &fixture->tlsa,
                                             .dane_names = fixture->names,
                                             .dane_name_count = 1,
                                             .tests = SMTP_TEST_ALL,
                                             .arena = fixture->arena};
    assert_int_equal(address_parse("192.0.2.1", &fixture->request.address), 0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    smtp_memo_free(fixture->memo);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static int find(struct fixture *fixture, uint64_t now,
                struct fact_smtp *ret_fact)
{
    return smtp_memo_find(fixture->memo, &fixture->request, now, ret_fact);
}

/* A fact with every pointer set, in memory that is gone afterwards. */
static void keep_full_fact(struct fixture *fixture, uint64_t now)
{
    char text[] = "volatile";
    const char *names[] = {text, text};
    bool matched[] = {true, false};
    struct fact_certificate chain[2] = {{.subject = text,
                                         .issuer = text,
                                         .names = names,
                                         .name_count = 2,
                                         .not_after = 42,
                                         .key_type = text,
                                         .key_bits = 256,
                                         .signature = text,
                                         .sha256 = text,
                                         .spki_sha256 = text},
                                        {.subject = text}};
    const struct fact_smtp fact = {
        .address = text,
        .status = SMTP_OK,
        .reply_code = 250,
        .reply_text = text,
        .greeting = text,
        .tls = {.handshake = true,
                .version = text,
                .cipher = text,
                .verify = VERIFY_OK,
                .detail = text,
                .chain = chain,
                .chain_count = 2},
        .dane = {.state = MTASTS_DANE_PASS, .matched = matched},
        .injection = TEST_NO,
        .old_tls_version = text,
        .weak_cipher_name = text,
        .no_sni_sha256 = text,
        .detail = text,
        .elapsed_ms = 7,
    };
    smtp_memo_keep(fixture->memo, &fixture->request, now, &fact);
    memset(text, 'x', sizeof(text) - 1);
    memset(chain, 0xee, sizeof(chain));
    memset(matched, 0xee, sizeof(matched));
    memset(names, 0xee, sizeof(names));
}

static void test_whole_copy(void **state)
{
    struct fixture *fixture = *state;
    struct fact_smtp fact;
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOTFOUND);
    keep_full_fact(fixture, 0);
    assert_int_equal(find(fixture, 0, &fact), 0);
    smtp_memo_free(fixture->memo);
    fixture->memo = NULL;
    const struct fact_certificate *leaf = fact.tls.chain;
    const char *texts[] = {
        fact.address,       fact.reply_text,      fact.greeting,
        fact.detail,        fact.tls.version,     fact.tls.cipher,
        fact.tls.detail,    fact.old_tls_version, fact.weak_cipher_name,
        fact.no_sni_sha256, leaf[0].subject,      leaf[0].issuer,
        leaf[0].names[0],   leaf[0].names[1],     leaf[0].key_type,
        leaf[0].signature,  leaf[0].sha256,       leaf[0].spki_sha256,
        leaf[1].subject};
    for (size_t i = 0; i < ELEMENTS(texts); i++)
        assert_string_equal(texts[i], "volatile");
    assert_null(leaf[1].issuer);
    assert_int_equal(leaf[0].not_after, 42);
    assert_int_equal(leaf[0].key_bits, 256);
    assert_int_equal(fact.tls.chain_count, 2);
    assert_true(fact.dane.matched[0]);
    assert_false(fact.dane.matched[1]);
    assert_int_equal(fact.elapsed_ms, 7);
}

static void test_for_a_while(void **state)
{
    struct fixture *fixture = *state;
    struct fact_smtp fact;
    keep_full_fact(fixture, 1000);
    assert_int_equal(find(fixture, 1000 + SMTP_MEMO_MS - 1, &fact), 0);
    assert_int_equal(find(fixture, 1000 + SMTP_MEMO_MS, &fact),
                     -MTASTS_ENOTFOUND);
}

/* Each changes the question; each is taken back. */
static void test_other_questions(void **state)
{
    struct fixture *fixture = *state;
    struct smtp_request *request = &fixture->request;
    struct fact_smtp fact;
    const struct smtp_request kept = *request;
    keep_full_fact(fixture, 0);
    request->host = "mx2.example";
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOTFOUND);
    *request = kept;
    request->address.octets[3]++;
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOTFOUND);
    *request = kept;
    request->address.ipv6 = true;
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOTFOUND);
    *request = kept;
    request->port++;
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOTFOUND);
    *request = kept;
    request->tests = 0;
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOTFOUND);
    *request = kept;
    request->tlsa_base = "base.example";
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOTFOUND);
    *request = kept;
    fixture->rrs[1] = record(3, right);
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOTFOUND);
    fixture->rrs[1] = record(3, stale);
    fixture->tlsa.count = 1;
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOTFOUND);
    fixture->tlsa.count = 2;
    fixture->tlsa.lookup.dnssec = DNSSEC_INSECURE;
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOTFOUND);
    fixture->tlsa.lookup.dnssec = DNSSEC_SECURE;
    assert_int_equal(find(fixture, 0, &fact), 0);
}

/* The asking domain counts only where DANE-TA looks at it. */
static void test_domain_names(void **state)
{
    struct fixture *fixture = *state;
    struct fact_smtp fact;
    keep_full_fact(fixture, 0);
    fixture->names[0] = "other.example";
    assert_int_equal(find(fixture, 0, &fact), 0);
    fixture->rrs[0] = record(2, right);
    keep_full_fact(fixture, 0);
    assert_int_equal(find(fixture, 0, &fact), 0);
    fixture->names[0] = "domain.example";
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOTFOUND);
}

static void test_oldest_give_way(void **state)
{
    struct fixture *fixture = *state;
    struct fact_smtp fact;
    for (unsigned port = 1; port <= SMTP_MEMO_MAX + 1; port++) {
        fixture->request.port = (uint16_t)port;
        keep_full_fact(fixture, 0);
    }
    fixture->request.port = 1;
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOTFOUND);
    fixture->request.port = 2;
    assert_int_equal(find(fixture, 0, &fact), 0);
    fixture->request.port = SMTP_MEMO_MAX + 1;
    assert_int_equal(find(fixture, 0, &fact), 0);
}

static void test_no_room(void **state)
{
    struct fixture *fixture = *state;
    _cleanup_arena_ struct arena *small = NULL;
    _cleanup_free_ char *large = calloc(1, SMTP_MEMO_FACT_MAX + 1);
    struct fact_smtp fact = {.status = SMTP_OK};
    assert_non_null(large);
    memset(large, 'x', SMTP_MEMO_FACT_MAX);
    fact.greeting = large;
    smtp_memo_keep(fixture->memo, &fixture->request, 0, &fact);
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOTFOUND);
    keep_full_fact(fixture, 0);
    assert_int_equal(arena_new(100, &small), 0);
    fixture->request.arena = small;
    assert_int_equal(find(fixture, 0, &fact), -MTASTS_ENOMEM);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_whole_copy),      TEST(test_for_a_while),
        TEST(test_other_questions), TEST(test_domain_names),
        TEST(test_oldest_give_way), TEST(test_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
