/*
 * smtp: looks at one address of an MX host over SMTP (RFC 5321, 3207).
 *
 * Polite: one connection at a time, EHLO with our own name, QUIT at the
 * end, no MAIL. First the session a sender would have (STARTTLS with
 * SNI = MX host name, PKIX by SAN, DANE); then, each on a connection of its
 * own, DANE where its SNI is another, and the tests of struct fact_smtp:
 * injection, old TLS, weak ciphers, no SNI. A total deadline covers all of it.
 */
#ifndef MTASTS_NET_SMTP_H
#define MTASTS_NET_SMTP_H

#include "check/facts.h"
#include "net/address.h"
#include "net/loop.h"
#include <openssl/x509.h>

#define SMTP_DEADLINE_MS 30000u /* all connections to one address */
#define SMTP_TEST_MS 10000u     /* one test, within that */

struct smtp_probe;

enum smtp_tests {
    SMTP_TEST_INJECTION = 1,
    SMTP_TEST_OLD_TLS = 2,
    SMTP_TEST_WEAK_CIPHER = 4,
    SMTP_TEST_NO_SNI = 8,
    SMTP_TEST_TLS13 = 16,
    SMTP_TEST_ALL = 31,
};

struct smtp_request {
    const char *host; /* the name in the MX record: SNI and DNS-ID */
    struct address address;
    uint16_t port;     /* 0: 25 */
    const char *helo;  /* NULL: this machine's name, or its address */
    X509_STORE *store; /* trust, for PKIX */
    /*
     * NULL, or the host's TLSA RRset; matched if it is DNSSEC-secure and
     * has usable records. `secure_address`: the address records of the host
     * are secure (RFC 7672 2.1.2: then a failed TLSA look-up counts).
     */
    const struct fact_tlsa *tlsa;
    bool secure_address;
    /*
     * Whose TLSA records these are; NULL: `host`. Another name is where that
     * leads as an alias (RFC 7672 2.2.2): then DANE is judged on a connection
     * of its own, which has this name as SNI.
     */
    const char *tlsa_base;
    /* Reference names of DANE-TA beside the base (RFC 7672 3.2.2). */
    const char *const *dane_names;
    size_t dane_name_count;
    unsigned tests;       /* of enum smtp_tests */
    uint32_t deadline_ms; /* 0: SMTP_DEADLINE_MS */
    /* Of the fact. It, `store`, `tlsa` and `dane_names` must outlive the
       probe; the other strings are copied. */
    struct arena *arena;
};

/*
 * `fact` is in the request's arena. Its dane.state is of the main session, or
 * of that with `tlsa_base`: PASS or FAIL by the chain; FAIL without `matched`
 * where usable records are there but the server gave no TLS; NONE where it
 * was not reached.
 * A test that could not be made is TEST_UNKNOWN, and so is what was left
 * when the server stopped answering.
 */
typedef void smtp_fn(void *ctx, const struct fact_smtp *fact);

int smtp_probe_start(struct loop *loop, const struct smtp_request *request,
                     smtp_fn *fn, void *ctx, struct smtp_probe **ret_probe);
void smtp_probe_cancel(struct smtp_probe *probe); /* NULL is fine */

#endif
