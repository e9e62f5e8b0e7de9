/*
 * smtp_offer: what a client offers in one TLS handshake of the SMTP probe.
 *
 * Security level 0: to see what is there is the task, to judge it somebody
 * else's. Nothing is verified in the handshake.
 */
#ifndef MTASTS_NET_SMTP_OFFER_H
#define MTASTS_NET_SMTP_OFFER_H

#include <openssl/ssl.h>
#include <stdbool.h>

#define SMTP_USUAL_CIPHERS "DEFAULT:@SECLEVEL=0"

struct smtp_offer {
    int min_version;
    int max_version;     /* 0: the newest */
    const char *ciphers; /* of TLS 1.2 and below */
    bool sni;
};

/* What a sender offers. */
extern const struct smtp_offer SMTP_OFFER_MAIN;

/*
 * A client that makes the offer, with `host` as SNI if there is to be one;
 * DANE can be enabled on it. The caller frees it. Errors: -MTASTS_ESYSTEM.
 */
int smtp_offer_ssl(const struct smtp_offer *offer, const char *host,
                   SSL **ret_ssl);

#endif
