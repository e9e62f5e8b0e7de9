/*
 * issuers: certificates of authorities that were found good before.
 *
 * Servers send the certificates of the authorities above their own: the same
 * few, whatever the host. Once a chain was verified, another with the same
 * certificates above its leaf needs only the leaf's signature verified, and
 * comes to the same result.
 *
 * What is known belongs to a trust store, is freed with it, and is for the
 * store's thread alone.
 */
#ifndef MTASTS_NET_ISSUERS_H
#define MTASTS_NET_ISSUERS_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#define ISSUERS_MAX 32u     /* known of a store; then the oldest is forgotten */
#define ISSUERS_SENT_MAX 4u /* certificates above a leaf */

/*
 * Whether what was sent above the leaf is known to be good at `now` (seconds
 * since 1970; 0: the clock's); then `ctx` is made to end at the leaf's issuer.
 * All that is asked of the leaf is still to be verified. `chain`: as sent,
 * leaf first.
 */
bool issuers_rely_on(X509_STORE *store, const STACK_OF(X509) * chain,
                     int64_t now, X509_STORE_CTX *ctx);

/* Remembers what was sent above the leaf, after `verified` found all good
   without issuers_rely_on(). Without memory nothing is remembered. */
void issuers_learn(X509_STORE *store, const STACK_OF(X509) * chain,
                   const X509_STORE_CTX *verified);

#endif
