/*
 * fetch_tls: how libcurl's TLS is told to verify our way.
 *
 * The chain is verified once, in the handshake, against the shared trust
 * store, by DNS-ID only, past every error, and the outcome is kept with the
 * certificates even when the handshake fails for it. libcurl's own checks of
 * the name are off: they fall back to the CN. Its trust store stays empty.
 */
#include "net/fetch_transfer.h"

#include "net/tls.h"
#include <openssl/err.h>

static struct fetch *fetch_of(const SSL *ssl)
{
    return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

/* For SSL_CTX_set_cert_verify_callback(): 1 lets the handshake go on. */
static int on_certificate(X509_STORE_CTX *store_ctx, void *ctx)
{
    struct fetch *fetch = ctx;
    struct fact_tls *tls = &fetch->fact->tls;

    if (tls_judge_chain(fetch->arena, fetch->store,
                        X509_STORE_CTX_get0_untrusted(store_ctx), fetch->host,
                        0, tls) < 0) {
        fetch->stop = FETCH_FAILED;
        X509_STORE_CTX_set_error(store_ctx, X509_V_ERR_OUT_OF_MEM);
        return 0;
    }
    X509_STORE_CTX_set_error(store_ctx, (int)tls->verify_code);
    return tls->verify == VERIFY_OK;
}

static void on_alert(struct fetch *fetch, bool received, int alert)
{
    int description = alert & 0xff;

    if (received && description == SSL_AD_CLOSE_NOTIFY)
        fetch->handshake.closed = true;
    /* We send the same alert to a server that does not speak TLS at all:
       only the error queue knows the difference. */
    if (description == SSL_AD_PROTOCOL_VERSION &&
        (received || tls_error_is_version()))
        fetch->handshake.version = true;
}

static void on_info(const SSL *ssl, int where, int value)
{
    struct fetch *fetch = fetch_of(ssl);

    if (!fetch)
        return;
    if (where & SSL_CB_ALERT)
        on_alert(fetch, (where & SSL_CB_READ) != 0, value);
    if ((where & SSL_CB_HANDSHAKE_DONE) && !fetch->fact->tls.handshake) {
        fetch->fact->tls.handshake = true;
        tls_session_facts(fetch->arena, ssl, &fetch->fact->tls);
    }
}

CURLcode fetch_tls_prepare(CURL *easy, void *ssl_ctx, void *ctx)
{
    struct fetch *fetch = ctx;
    SSL_CTX *context = ssl_ctx;

    /* The connection is there, and its limit is not for TLS: where a thousand
       handshakes are under way, it is not the host that is slow. */
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)fetch->deadline_ms);
    /* A second one: the first address got as far as TLS, and failed. */
    fetch_tls_clear(&fetch->handshake);
    if (!SSL_CTX_up_ref(context))
        return CURLE_OUT_OF_MEMORY;
    fetch->handshake.context = context;
    SSL_CTX_set_app_data(context, fetch);
    SSL_CTX_set_security_level(context, TLS_SECURITY_LEVEL);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_cert_verify_callback(context, on_certificate, fetch);
    SSL_CTX_set_info_callback(context, on_info);
    return CURLE_OK;
}

void fetch_tls_clear(struct fetch_handshake *handshake)
{
    if (handshake->context) {
        SSL_CTX_set_app_data(handshake->context, NULL);
        SSL_CTX_free(handshake->context);
    }
    *handshake = (struct fetch_handshake){.context = NULL};
}
