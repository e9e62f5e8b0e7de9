/*
 * smtp_offer: what a client offers in one TLS handshake. See smtp_offer.h.
 */
#include "net/smtp_offer.h"

#include "base/cleanup.h"

#include <mtasts/error.h>
#include <string.h>

DEFINE_CLEANUP(SSL_CTX *, SSL_CTX_free, ssl_ctx)
DEFINE_CLEANUP(SSL *, SSL_free, ssl)

const struct smtp_offer SMTP_OFFER_MAIN = {TLS1_2_VERSION, 0,
                                           SMTP_USUAL_CIPHERS, true};

static SSL_CTX *new_context(const struct smtp_offer *offer)
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

/* OpenSSL's macro takes no const, and makes a copy. */
static bool set_sni(SSL *ssl, const char *host)
{
    _cleanup_free_ char *copy = strdup(host);
    return copy && SSL_set_tlsext_host_name(ssl, copy) == 1;
}

int smtp_offer_ssl(const struct smtp_offer *offer, const char *host,
                   SSL **ret_ssl)
{
    _cleanup_(cleanup_ssl_ctx) SSL_CTX *ctx = new_context(offer);
    _cleanup_(cleanup_ssl) SSL *ssl = ctx ? SSL_new(ctx) : NULL;
    if (!ssl || (offer->sni && !set_sni(ssl, host)))
        return -MTASTS_ESYSTEM;
    *ret_ssl = TAKE_PTR(ssl);
    return 0;
}
