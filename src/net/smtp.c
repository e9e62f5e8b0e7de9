/*
 * smtp: looks at one address of an MX host over SMTP (RFC 5321, 3207). See
 * smtp.h.
 *
 * One smtp_session after the other: the main one, then a row of TESTS each.
 * A test's answer is only given where the server has given it; whatever else
 * came in between makes it TEST_UNKNOWN.
 */
#include "net/smtp.h"

#include "net/dane.h"
#include "net/digest.h"
#include "net/smtp_session.h"
#include "net/tls.h"

#include <openssl/err.h>
#include <string.h>

#define SMTP_PORT 25u
#define LEAST_MS 500u /* less left than this: no new connection */
#define USUAL_CIPHERS "DEFAULT:@SECLEVEL=0"

/* What to offer in one handshake. Security level 0: to see what is there is
   the task, to judge it somebody else's. */
struct offer {
    int min_version;
    int max_version;     /* 0: the newest */
    const char *ciphers; /* of TLS 1.2 and below */
    bool sni;
};

struct smtp_probe {
    struct loop *loop;
    struct loop_timer *timer;
    struct smtp_session *session;
    SSL *ssl; /* of the session under way */
    struct smtp_request request;
    char *host; /* request.host; OpenSSL's macro for SNI takes no const */
    uint64_t started_ms;
    uint64_t end_ms;
    size_t next; /* of TESTS */
    bool usable; /* DANE: OpenSSL has records to match */
    struct fact_smtp *fact;
    smtp_fn *fn;
    void *ctx;
};

struct test {
    struct offer offer;
    enum test_result (*judge)(struct smtp_probe *probe,
                              const struct smtp_outcome *outcome);
    enum smtp_tests flag;
    bool inject;
};

static const struct offer MAIN = {TLS1_2_VERSION, 0, USUAL_CIPHERS, true};

static void probe_free(struct smtp_probe *probe)
{
    loop_timer_cancel(probe->timer);
    smtp_session_cancel(probe->session);
    SSL_free(probe->ssl);
    free(probe);
}
DEFINE_CLEANUP(struct smtp_probe *, probe_free, probe)
DEFINE_CLEANUP(SSL_CTX *, SSL_CTX_free, ssl_ctx)

static uint64_t time_left(const struct smtp_probe *probe)
{
    uint64_t now = loop_now_ms(probe->loop);
    return probe->end_ms > now ? probe->end_ms - now : 0;
}

/* ---- one connection ---- */

static SSL_CTX *new_context(const struct offer *offer)
{
    _cleanup_(cleanup_ssl_ctx) SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx)
        return NULL;
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx,
                        SSL_OP_NO_RENEGOTIATION | SSL_OP_LEGACY_SERVER_CONNECT);
    if (SSL_CTX_set_min_proto_version(ctx, offer->min_version) != 1 ||
        SSL_CTX_set_max_proto_version(ctx, offer->max_version) != 1 ||
        SSL_CTX_set_cipher_list(ctx, offer->ciphers) != 1 ||
        SSL_CTX_dane_enable(ctx) != 1)
        return NULL;
    return TAKE_PTR(ctx);
}

static int new_ssl(struct smtp_probe *probe, const struct offer *offer)
{
    _cleanup_(cleanup_ssl_ctx) SSL_CTX *ctx = new_context(offer);
    SSL_free(TAKE_PTR(probe->ssl));
    probe->ssl = ctx ? SSL_new(ctx) : NULL;
    if (!probe->ssl ||
        (offer->sni && SSL_set_tlsext_host_name(probe->ssl, probe->host) != 1))
        return -MTASTS_ESYSTEM;
    return 0;
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

/* Whether TLS failed when it was the server's turn to speak. */
static bool tls_failed(const struct smtp_outcome *outcome)
{
    return outcome->offered && (outcome->status == SMTP_TLS_VERSION ||
                                outcome->status == SMTP_TLS_FAILED);
}

/* Whether the server accepts what was offered. A connection that is lost in
   the handshake is no answer. */
static enum test_result accepted(const struct smtp_outcome *outcome)
{
    if (outcome->status == SMTP_OK)
        return TEST_YES;
    return tls_failed(outcome) && !outcome->dropped ? TEST_NO : TEST_UNKNOWN;
}

static enum test_result judge_tls13(struct smtp_probe *probe _unused_,
                                    const struct smtp_outcome *outcome)
{
    return accepted(outcome);
}

static enum test_result judge_old_tls(struct smtp_probe *probe,
                                      const struct smtp_outcome *outcome)
{
    enum test_result result = accepted(outcome);
    if (result == TEST_YES)
        probe->fact->old_tls_version =
            arena_string(probe->request.arena, SSL_get_version(probe->ssl));
    return result;
}

static enum test_result judge_weak_cipher(struct smtp_probe *probe,
                                          const struct smtp_outcome *outcome)
{
    enum test_result result = accepted(outcome);
    if (result == TEST_YES)
        probe->fact->weak_cipher_name =
            arena_string(probe->request.arena, SSL_get_cipher_name(probe->ssl));
    return result;
}

static const char *leaf_fingerprint(struct arena *arena, const SSL *ssl)
{
    char hex[DIGEST_SHA256_HEX];
    unsigned char *der = NULL;
    X509 *leaf = SSL_get0_peer_certificate(ssl);
    int len = leaf ? i2d_X509(leaf, &der) : 0;
    bool known = len > 0 && digest_sha256_hex(der, (size_t)len, hex) == 0;
    OPENSSL_free(der);
    return known ? arena_string(arena, hex) : NULL;
}

static enum test_result judge_no_sni(struct smtp_probe *probe,
                                     const struct smtp_outcome *outcome)
{
    struct fact_smtp *fact = probe->fact;
    enum test_result result = accepted(outcome);
    if (result == TEST_NO && outcome->alert)
        return TEST_YES; /* no certificate at all without SNI */
    if (result != TEST_YES || fact->tls.chain_count == 0)
        return TEST_UNKNOWN;
    fact->no_sni_sha256 = leaf_fingerprint(probe->request.arena, probe->ssl);
    if (!fact->no_sni_sha256 || !fact->tls.chain[0].sha256)
        return TEST_UNKNOWN;
    return strcmp(fact->no_sni_sha256, fact->tls.chain[0].sha256) == 0
               ? TEST_NO
               : TEST_YES;
}

/*
 * NOOP was sent in clear, then QUIT inside TLS: a server that kept the NOOP
 * has two replies to give there, any other has the 221 alone. One that
 * refuses the pipelined STARTTLS, or drops the session over it, is safe.
 */
static enum test_result judge_injection(struct smtp_probe *probe _unused_,
                                        const struct smtp_outcome *outcome)
{
    const int *replies = outcome->replies;
    switch (outcome->status) {
    case SMTP_OK:
        if (replies[0] == 221)
            return TEST_NO;
        return replies[1] ? TEST_YES : TEST_UNKNOWN;
    case SMTP_STARTTLS_REFUSED: return TEST_NO;
    case SMTP_CLOSED:
        return outcome->step == SMTP_STEP_STARTTLS ? TEST_NO : TEST_UNKNOWN;
    default: return tls_failed(outcome) ? TEST_NO : TEST_UNKNOWN;
    }
}

/* In the order they are made; the one that may get us banned comes last. */
static const struct test TESTS[] = {
    {{TLS1_3_VERSION, 0, USUAL_CIPHERS, true},
     judge_tls13,
     SMTP_TEST_TLS13,
     false},
    {{TLS1_2_VERSION, 0, USUAL_CIPHERS, false},
     judge_no_sni,
     SMTP_TEST_NO_SNI,
     false},
    {{TLS1_VERSION, TLS1_1_VERSION, "ALL:@SECLEVEL=0", true},
     judge_old_tls,
     SMTP_TEST_OLD_TLS,
     false},
    {{TLS1_2_VERSION, TLS1_2_VERSION, "kRSA:aNULL:eNULL:@SECLEVEL=0", true},
     judge_weak_cipher,
     SMTP_TEST_WEAK_CIPHER,
     false},
    {{TLS1_2_VERSION, 0, USUAL_CIPHERS, true},
     judge_injection,
     SMTP_TEST_INJECTION,
     true},
};

static enum test_result *result_of(struct fact_smtp *fact, enum smtp_tests flag)
{
    switch (flag) {
    case SMTP_TEST_INJECTION: return &fact->injection;
    case SMTP_TEST_OLD_TLS: return &fact->old_tls;
    case SMTP_TEST_WEAK_CIPHER: return &fact->weak_cipher;
    case SMTP_TEST_NO_SNI: return &fact->sni_varies;
    case SMTP_TEST_TLS13:
    case SMTP_TEST_ALL: break;
    }
    return &fact->tls13;
}

/* Whether a server that ended a test like this wants no more of us now, or
   we can take no more of it. */
static bool had_enough(const struct smtp_outcome *outcome)
{
    return outcome->status == SMTP_TIMEOUT ||
           (outcome->status != SMTP_OK && outcome->step < SMTP_STEP_EHLO) ||
           outcome->status == SMTP_GREETING_REFUSED;
}

static void on_test(void *ctx, const struct smtp_outcome *outcome);

/* Starts the next test that is wanted; false if there is none. */
static bool next_test(struct smtp_probe *probe)
{
    for (; probe->next < ELEMENTS(TESTS); probe->next++) {
        const struct test *test = &TESTS[probe->next];
        if (!(probe->request.tests & test->flag))
            continue;
        *result_of(probe->fact, test->flag) = TEST_UNKNOWN;
        if (time_left(probe) >= LEAST_MS && new_ssl(probe, &test->offer) == 0 &&
            connect_again(probe, test->inject, SMTP_TEST_MS, on_test) == 0)
            return true;
    }
    return false;
}

static void give_up_tests(struct smtp_probe *probe,
                          const struct smtp_outcome *outcome)
{
    for (; probe->next < ELEMENTS(TESTS); probe->next++)
        if (probe->request.tests & TESTS[probe->next].flag)
            *result_of(probe->fact, TESTS[probe->next].flag) = TEST_UNKNOWN;
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
    const struct test *test = &TESTS[probe->next];
    probe->session = NULL;
    *result_of(fact, test->flag) = test->judge(probe, outcome);
    if (test->flag == SMTP_TEST_OLD_TLS && fact->old_tls == TEST_YES &&
        fact->status == SMTP_TLS_FAILED)
        fact->status = SMTP_TLS_VERSION;
    probe->next++;
    if (had_enough(outcome))
        give_up_tests(probe, outcome);
    if (!next_test(probe))
        finish(probe);
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

/* Whether the server had its chance to give us TLS. */
static bool reached_tls(const struct fact_smtp *fact)
{
    switch (fact->status) {
    case SMTP_OK:
    case SMTP_NO_STARTTLS:
    case SMTP_STARTTLS_TEMPORARY:
    case SMTP_STARTTLS_REFUSED:
    case SMTP_TLS_VERSION:
    case SMTP_TLS_FAILED: return true;
    default: return false;
    }
}

static void judge_main_dane(struct smtp_probe *probe)
{
    struct fact_dane_match *dane = &probe->fact->dane;
    const struct fact_tlsa *tlsa = probe->request.tlsa;
    if (dane->state != MTASTS_DANE_PASS)
        return;
    dane->state =
        reached_tls(probe->fact) ? MTASTS_DANE_FAIL : MTASTS_DANE_NONE;
    if (!probe->fact->tls.handshake)
        return;
    if (dane_passed(probe->ssl))
        dane->state = MTASTS_DANE_PASS;
    bool *matched = arena_array_of(probe->request.arena, tlsa->count, bool);
    if (!matched)
        return;
    dane_match(probe->ssl, tlsa, matched);
    dane->matched = matched;
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
    } else if (tls_failed(outcome)) {
        fact->tls.detail = outcome->detail;
        probe->request.tests &= SMTP_TEST_OLD_TLS;
    } else {
        probe->request.tests = 0;
    }
    judge_main_dane(probe);
    if (!next_test(probe))
        finish(probe);
}

static int start_main(struct smtp_probe *probe)
{
    const struct smtp_request *request = &probe->request;
    struct fact_dane_match *dane = &probe->fact->dane;
    size_t usable = 0;
    int error = new_ssl(probe, &MAIN);
    dane->state = dane_state(request->tlsa, request->secure_address);
    if (!error && dane->state == MTASTS_DANE_PASS) {
        error = dane_enable(probe->ssl, request->host, request->dane_names,
                            request->dane_name_count, request->tlsa, &usable);
        if (!error && usable == 0)
            dane->state = MTASTS_DANE_UNUSABLE;
    }
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
    probe->host = arena_string(request->arena, request->host);
    copy->host = probe->host;
    copy->helo = arena_string(request->arena, request->helo);
    if (request->port == 0)
        copy->port = SMTP_PORT;
    if (request->deadline_ms == 0)
        copy->deadline_ms = SMTP_DEADLINE_MS;
    return copy->host && (copy->helo || !request->helo) ? 0 : -MTASTS_ENOMEM;
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
