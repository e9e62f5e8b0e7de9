/*
 * tls: what fetch and smtp share of OpenSSL: the trust store, verification
 * by SAN only, chains as facts.
 */
#ifndef MTASTS_NET_TLS_H
#define MTASTS_NET_TLS_H

#include "check/facts.h"
#include <openssl/ssl.h>

/* Reference-counted by OpenSSL. `ca_file` NULL: the system's bundle. */
int tls_store_new(const char *ca_file, X509_STORE **ret_store);

/* Host flags for every name check: no CN, no partial wildcards. */
#define TLS_HOST_FLAGS                                                         \
    (X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)

/*
 * Verifies the chain that a finished (or failed) handshake was sent against
 * `store` and the name, and fills verify, verify_code, detail and chain of
 * `ret_tls`. `now`: seconds since 1970; 0: the clock's. Independent of what
 * the handshake itself checked, so that DANE and PKIX are told apart.
 */
int tls_judge_chain(struct arena *arena, X509_STORE *store,
                    STACK_OF(X509) *chain, const char *host, int64_t now,
                    struct fact_tls *ret_tls);

/* X509_V_ERR_* and the chain that gave it -> what went wrong. */
enum verify_status tls_verify_status(long code, const STACK_OF(X509) *chain);

/* Version and cipher of a session, into `ret_tls`. */
void tls_session_facts(struct arena *arena, const SSL *ssl,
                       struct fact_tls *ret_tls);

/* The oldest error of OpenSSL's queue as a sentence; empties the queue. */
const char *tls_error_text(struct arena *arena);

/* Whether the queue's errors say that no protocol version is in common;
   to be asked before tls_error_text(). */
bool tls_error_is_version(void);

/* The verify status as a TLS outcome of the delivery decision. */
enum mtasts_tls_outcome tls_verify_outcome(enum verify_status status);

#endif
