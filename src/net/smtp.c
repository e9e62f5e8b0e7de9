/*
 * smtp: looks at one address of an MX host over SMTP (RFC 5321, 3207). See
 * smtp.h.
 *
 * One smtp_session after the other: the main one, one for DANE where its SNI
 * is another, then one for each row of SMTP_TESTS.
 */
#include "net/smtp.h"

#include "net/dane.h"
#include "net/smtp_tests.h"
#include "net/tls.h"

#include <openssl/err.h>
#include <string.h>

#define SMTP_PORT 25u
#define LEAST_MS 500u /* less left than this: no new connection */

struct smtp_probe {
    struct loop *loop;
    struct loop_timer *timer;
    struct smtp_session *session;
    SSL *ssl; /* of the session under way */
    struct smtp_request request;
    uint64_t started_ms;
    uint64_t end_ms;
    size_t next; /* of SMTP_TESTS */
    struct fact_smtp *fact;
    smtp_fn *fn;
    void *ctx;
};

static void probe_free(struct smtp_probe *probe)
{
    loop_timer_cancel(probe->timer);
    smtp_session_cancel(probe->session);
    SSL_free(probe->ssl);
    free(probe);
}
DEFINE_CLEANUP(struct smtp_probe *, probe_free, probe)

static uint64_t time_left(const struct smtp_probe *probe)
{
    uint64_t now = loop_now_ms(probe->loop);
    return probe->end_ms > now ? probe->end_ms - now : 0;
}

/* ---- one connection ---- */

static int new_ssl(struct smtp_probe *probe, const struct smtp_offer *offer,
                   const char *sni)
{
    SSL_free(TAKE_PTR(probe->ssl));
    return smtp_offer_ssl(offer, sni, &probe->ssl);
}

static int connect_again(struct smtp_probe *probe, bool inject,
                         uint64_t deadline_ms, smtp_session_fn *fn)
{
    const struct smtp_session_request request = {
        .address = probe->request.address,
        .port = probe->request.port,
        .helo = probe->request.helo,
        .ssl = probe->ssl,
        .inject = inject,
        .deadline_ms = (uint32_t)MIN_OF(deadline_ms, time_left(probe)),
        .arena = probe->request.arena,
    };
    return smtp_session_start(probe->loop, &request, fn, probe,
                              &probe->session);
}

static void finish(struct smtp_probe *probe)
{
    probe->fact->elapsed_ms =
        (uint32_t)(loop_now_ms(probe->loop) - probe->started_ms);
    ERR_clear_error();
    probe->fn(probe->ctx, probe->fact);
    probe_free(probe);
}

/* ---- tests ---- */

static void on_test(void *ctx, const struct smtp_outcome *outcome);

/* Starts the next test that is wanted; false if there is none. */
static bool next_test(struct smtp_probe *probe)
{
    for (; probe->next < SMTP_TEST_COUNT; probe->next++) {
        const struct smtp_test *test = &SMTP_TESTS[probe->next];
        if (!(probe->request.tests & test->flag))
            continue;
        *smtp_test_result(probe->fact, test->flag) = TEST_UNKNOWN;
        if (time_left(probe) >= LEAST_MS &&
            new_ssl(probe, &test->offer, probe->request.host) == 0 &&
            connect_again(probe, test->inject, SMTP_TEST_MS, on_test) == 0)
            return true;
    }
    return false;
}

static void give_up_tests(struct smtp_probe *probe,
                          const struct smtp_outcome *outcome)
{
    for (; probe->next < SMTP_TEST_COUNT; probe->next++)
        if (probe->request.tests & SMTP_TESTS[probe->next].flag)
            *smtp_test_result(probe->fact, SMTP_TESTS[probe->next].flag) =
                TEST_UNKNOWN;
    if (probe->fact->detail)
        return;
    probe->fact->detail = outcome->status == SMTP_NOT_DONE
                              ? outcome->detail
                              : "the server took no further connection: some "
                                "tests could not be made";
}

static void on_test(void *ctx, const struct smtp_outcome *outcome)
{
    struct smtp_probe *probe = ctx;
    struct fact_smtp *fact = probe->fact;
    const struct smtp_test *test = &SMTP_TESTS[probe->next];
    const struct smtp_seen seen = {outcome, probe->ssl, probe->request.arena};
    probe->session = NULL;
    *smtp_test_result(fact, test->flag) = test->judge(&seen, fact);
    if (test->flag == SMTP_TEST_OLD_TLS && fact->old_tls == TEST_YES &&
        fact->status == SMTP_TLS_FAILED)
        fact->status = SMTP_TLS_VERSION;
    probe->next++;
    if (smtp_had_enough(outcome))
        give_up_tests(probe, outcome);
    if (!next_test(probe))
        finish(probe);
}

/* ---- DANE ---- */

/* Whether the server had its chance to give us TLS. */
static bool reached_tls(enum smtp_status status)
{
    switch (status) {
    case SMTP_OK:
    case SMTP_NO_STARTTLS:
    case SMTP_STARTTLS_TEMPORARY:
    case SMTP_STARTTLS_REFUSED:
    case SMTP_TLS_VERSION:
    case SMTP_TLS_FAILED: return true;
    default: return false;
    }
}

/* Judges by a session that ended so, if that is for DANE to judge. */
static void judge_dane(struct smtp_probe *probe, enum smtp_status status)
{
    struct fact_dane_match *dane = &probe->fact->dane;
    const struct fact_tlsa *tlsa = probe->request.tlsa;
    if (dane->state != MTASTS_DANE_PASS)
        return;
    dane->state = reached_tls(status) ? MTASTS_DANE_FAIL : MTASTS_DANE_NONE;
    if (status != SMTP_OK)
        return;
    if (dane_passed(probe->ssl))
        dane->state = MTASTS_DANE_PASS;
    bool *matched = arena_array_of(probe->request.arena, tlsa->count, bool);
    if (!matched)
        return;
    dane_match(probe->ssl, tlsa, matched);
    dane->matched = matched;
}

/* Has the session to come judged by the TLSA records of `base`. */
static int enable_dane(struct smtp_probe *probe, const char *base)
{
    const struct smtp_request *request = &probe->request;
    size_t usable = 0;
    int error = dane_enable(probe->ssl, base, request->dane_names,
                            request->dane_name_count, request->tlsa, &usable);
    if (!error && usable == 0)
        probe->fact->dane.state = MTASTS_DANE_UNUSABLE;
    return error;
}

static void on_dane(void *ctx, const struct smtp_outcome *outcome)
{
    struct smtp_probe *probe = ctx;
    probe->session = NULL;
    judge_dane(probe, outcome->dropped ? SMTP_CLOSED : outcome->status);
    if (smtp_had_enough(outcome))
        give_up_tests(probe, outcome);
    if (!next_test(probe))
        finish(probe);
}

/* Starts the session for DANE alone, if there is to be one; false if not. */
static bool dane_session(struct smtp_probe *probe)
{
    const char *base = probe->request.tlsa_base;
    struct fact_dane_match *dane = &probe->fact->dane;
    if (!base || dane->state != MTASTS_DANE_PASS)
        return false;
    if (probe->fact->status != SMTP_OK &&
        probe->fact->status != SMTP_TLS_FAILED) {
        judge_dane(probe, probe->fact->status);
        return false;
    }
    if (time_left(probe) < LEAST_MS ||
        new_ssl(probe, &SMTP_OFFER_MAIN, base) < 0 ||
        enable_dane(probe, base) < 0 ||
        (dane->state == MTASTS_DANE_PASS &&
         connect_again(probe, false, SMTP_TEST_MS, on_dane) < 0))
        dane->state = MTASTS_DANE_NONE;
    return dane->state == MTASTS_DANE_PASS;
}

/* ---- the main session ---- */

static void judge_main_tls(struct smtp_probe *probe)
{
    struct arena *arena = probe->request.arena;
    struct fact_smtp *fact = probe->fact;
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(probe->ssl);
    fact->tls.handshake = true;
    tls_session_facts(arena, probe->ssl, &fact->tls);
    if (tls_judge_chain(arena, probe->request.store, chain, probe->request.host,
                        0, &fact->tls) < 0)
        fact->detail = "the chain takes more memory than there is";
    if (SSL_version(probe->ssl) == TLS1_3_VERSION) {
        if (probe->request.tests & SMTP_TEST_TLS13)
            fact->tls13 = TEST_YES;
        probe->request.tests &= ~(unsigned)SMTP_TEST_TLS13;
    }
}

static void on_main(void *ctx, const struct smtp_outcome *outcome)
{
    struct smtp_probe *probe = ctx;
    struct fact_smtp *fact = probe->fact;
    probe->session = NULL;
    fact->status = outcome->status;
    fact->reply_code = outcome->reply_code;
    fact->reply_text = outcome->reply_text;
    fact->greeting = outcome->greeting;
    fact->detail = outcome->detail;
    if (outcome->status == SMTP_OK) {
        fact->requiretls = outcome->requiretls;
        judge_main_tls(probe);
    } else if (smtp_tls_failed(outcome)) {
        fact->tls.detail = outcome->detail;
        probe->request.tests &= SMTP_TEST_OLD_TLS;
    } else {
        probe->request.tests = 0;
    }
    if (!probe->request.tlsa_base)
        judge_dane(probe, outcome->status);
    if (!dane_session(probe) && !next_test(probe))
        finish(probe);
}

static int start_main(struct smtp_probe *probe)
{
    const struct smtp_request *request = &probe->request;
    struct fact_dane_match *dane = &probe->fact->dane;
    int error = new_ssl(probe, &SMTP_OFFER_MAIN, request->host);
    dane->state = dane_state(request->tlsa, request->secure_address);
    if (!error && dane->state == MTASTS_DANE_PASS && !request->tlsa_base)
        error = enable_dane(probe, request->host);
    return error ? error
                 : connect_again(probe, false, request->deadline_ms, on_main);
}

static void begin(void *ctx)
{
    struct smtp_probe *probe = ctx;
    probe->timer = NULL;
    int error = start_main(probe);
    if (error == 0)
        return;
    probe->fact->detail = mtasts_strerror(error);
    finish(probe);
}

/* ---- starting ---- */

static int take_request(struct smtp_probe *probe,
                        const struct smtp_request *request)
{
    struct smtp_request *copy = &probe->request;
    *copy = *request;
    copy->host = arena_string(request->arena, request->host);
    copy->helo = arena_string(request->arena, request->helo);
    if (copy->tlsa_base && strcmp(copy->tlsa_base, request->host) == 0)
        copy->tlsa_base = NULL;
    bool has_base = copy->tlsa_base != NULL;
    copy->tlsa_base = arena_string(request->arena, copy->tlsa_base);
    if (request->port == 0)
        copy->port = SMTP_PORT;
    if (request->deadline_ms == 0)
        copy->deadline_ms = SMTP_DEADLINE_MS;
    if (!copy->host || (!copy->helo && request->helo) ||
        (!copy->tlsa_base && has_base))
        return -MTASTS_ENOMEM;
    return 0;
}

static struct fact_smtp *new_fact(const struct smtp_request *request)
{
    char text[ADDRESS_TEXT_MAX];
    struct fact_smtp *fact = arena_new_of(request->arena, struct fact_smtp);
    if (!fact)
        return NULL;
    address_text(&request->address, text);
    fact->address = arena_string(request->arena, text);
    return fact->address ? fact : NULL;
}

int smtp_probe_start(struct loop *loop, const struct smtp_request *request,
                     smtp_fn *fn, void *ctx, struct smtp_probe **ret_probe)
{
    _cleanup_(cleanup_probe) struct smtp_probe *probe =
        calloc(1, sizeof(*probe));
    if (!probe)
        return -MTASTS_ENOMEM;
    int error = take_request(probe, request);
    if (error)
        return error;
    probe->loop = loop;
    probe->started_ms = loop_now_ms(loop);
    probe->end_ms = probe->started_ms + probe->request.deadline_ms;
    probe->fn = fn;
    probe->ctx = ctx;
    probe->fact = new_fact(request);
    if (!probe->fact)
        return -MTASTS_ENOMEM;
    error = loop_timer(loop, 0, begin, probe, &probe->timer);
    if (error)
        return error;
    *ret_probe = TAKE_PTR(probe);
    return 0;
}

void smtp_probe_cancel(struct smtp_probe *probe)
{
    if (probe)
        probe_free(probe);
}
