/*
 * tls: what fetch and smtp share of OpenSSL: the trust store, verification
 * by SAN only, chains as facts.
 */
#ifndef MTASTS_NET_TLS_H
#define MTASTS_NET_TLS_H

#include "check/facts.h"
#include <openssl/ssl.h>

#define TLS_NAMES_MAX 256u   /* DNS-IDs kept of one certificate */
#define TLS_SECURITY_LEVEL 2 /* OpenSSL's: RSA 2048, EC 224, no SHA-1 */

/*
 * Trust anchors, reference-counted by OpenSSL; safe to share. `ca_file`: PEM;
 * NULL: the system's bundle. -MTASTS_ENOTFOUND: no such file or not to be
 * read; -MTASTS_ESYNTAX: no certificate in it.
 */
int tls_store_new(const char *ca_file, X509_STORE **ret_store);

/* Host flags for every name check: no CN, no partial wildcards. */
#define TLS_HOST_FLAGS                                                         \
    (X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)

/* Sets name, host flags and security level of a verification. */
int tls_expect_host(X509_VERIFY_PARAM *param, const char *host);

/*
 * Runs X509_verify_cert() on a prepared context and on past every error, so
 * that all of them are known: verify and verify_code are of the worst (in
 * the order of enum verify_status), detail names each. Leaves the worst as
 * the context's error. Fit for SSL_CTX_set_cert_verify_callback().
 */
int tls_verify(struct arena *arena, X509_STORE_CTX *ctx,
               struct fact_tls *ret_tls);

/* Fills chain and chain_count. `chain` as sent, leaf first; or NULL. */
int tls_chain_facts(struct arena *arena, const STACK_OF(X509) * chain,
                    struct fact_tls *ret_tls);

/*
 * Verifies the chain that a finished (or failed) handshake was sent against
 * `store` and the name, and fills verify, verify_code, detail and chain of
 * `ret_tls`. `now`: seconds since 1970; 0: the clock's. Independent of what
 * the handshake itself checked, so that DANE and PKIX are told apart.
 * No chain: VERIFY_NOT_DONE.
 */
int tls_judge_chain(struct arena *arena, X509_STORE *store,
                    STACK_OF(X509) * chain, const char *host, int64_t now,
                    struct fact_tls *ret_tls);

/*
 * X509_V_ERR_* and the chain that gave it -> what went wrong. An unknown
 * issuer is an incomplete chain if what was sent does not lead from the leaf
 * to any CA certificate, an untrusted root if it does.
 */
enum verify_status tls_verify_status(long code, const STACK_OF(X509) * chain);

/* Version and cipher of a session, into `ret_tls`. */
void tls_session_facts(struct arena *arena, const SSL *ssl,
                       struct fact_tls *ret_tls);

/* The oldest error of OpenSSL's queue as a sentence, NULL if it is empty;
   empties the queue. */
const char *tls_error_text(struct arena *arena);

/* Whether the queue's errors say that no protocol version is in common;
   to be asked before tls_error_text(). */
bool tls_error_is_version(void);

/* Alike, whether it was this machine that had no memory. */
bool tls_error_is_memory(void);

/* Alike, whether the other side has said so, by an alert. */
bool tls_error_is_alert(void);

/* The verify status as a TLS outcome of the delivery decision. */
enum mtasts_tls_outcome tls_verify_outcome(enum verify_status status);

#endif
