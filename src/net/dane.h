/*
 * dane: TLSA records against certificate chains (RFC 6698, 7671, 7672).
 *
 * Whether a chain passes is OpenSSL's verdict, through SSL_dane_enable();
 * which records match which certificate is looked up here besides, so that
 * stale records can be named.
 */
#ifndef MTASTS_NET_DANE_H
#define MTASTS_NET_DANE_H

#include "check/facts.h"
#include <openssl/ssl.h>

enum tlsa_usage {
    TLSA_PKIX_TA = 0, /* 0 and 1: undefined in SMTP (RFC 7672 3.1.3) */
    TLSA_PKIX_EE = 1,
    TLSA_DANE_TA = 2,
    TLSA_DANE_EE = 3,
};

enum tlsa_selector {
    TLSA_CERTIFICATE = 0,
    TLSA_PUBLIC_KEY = 1, /* SubjectPublicKeyInfo */
};

enum tlsa_matching {
    TLSA_FULL = 0,
    TLSA_SHA256 = 1,
    TLSA_SHA512 = 2,
};

/*
 * Takes the RDATA of a TLSA RR apart (RFC 6698 2.1), and says whether it is
 * usable in SMTP: usage 2 or 3, known selector and matching type, a digest
 * of the right length, or a whole certificate or key that can be read.
 * The data is copied to `arena`.
 * Errors: -MTASTS_ESYNTAX (shorter than its three numbers), -MTASTS_ENOMEM.
 */
int dane_rr_parse(struct arena *arena, const uint8_t *rdata, size_t len,
                  struct fact_tlsa_rr *ret_rr);

/* Whether `rr` names `certificate`, its usage aside. */
bool dane_rr_names(const struct fact_tlsa_rr *rr, X509 *certificate);

/*
 * Makes `ssl` judge its peer by the usable RRs of `tlsa`, if there are any:
 * sets SNI to `host` and the names that DANE-TA accepts to `host` and
 * `names`. DANE-EE looks at no name and no date (RFC 7672 3.1.1). To be
 * called before the handshake, on an SSL whose SSL_CTX saw
 * SSL_CTX_dane_enable(). `ret_usable`: the number of RRs in use; 0: `ssl` is
 * as before. Errors: -MTASTS_ENOMEM, -MTASTS_ESYSTEM.
 */
int dane_enable(SSL *ssl, const char *host, const char *const *names,
                size_t name_count, const struct fact_tlsa *tlsa,
                size_t *ret_usable);

/* OpenSSL's verdict on a finished handshake that dane_enable() prepared. */
bool dane_passed(SSL *ssl);

/*
 * Sets matched[i] for each RR of `tlsa` that is usable and matches the chain
 * that `ssl` was sent: usage 3 the leaf, usage 2 any other certificate; and
 * for the one that OpenSSL's verdict rests on.
 */
void dane_match(SSL *ssl, const struct fact_tlsa *tlsa, bool *matched);

/*
 * What DANE says of a host before its chain is known (RFC 7672 2.1, 2.2):
 * NONE, UNUSABLE, LOOKUP_FAILED, or PASS standing for "there are usable
 * records, so they must match". `secure_address`: the address records are
 * DNSSEC-secure; without that a failed look-up counts as none (RFC 7672
 * 2.1.2). `tlsa` NULL: NONE.
 */
enum mtasts_dane_state dane_state(const struct fact_tlsa *tlsa,
                                  bool secure_address);

#endif
