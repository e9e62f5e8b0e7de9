/*
 * TLSA RDATA: what is usable has its length, and is taken by OpenSSL; and
 * what OpenSSL would take is called usable.
 */
#include "base/arena.h"
#include "net/dane.h"
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static SSL_CTX *context(void)
{
    static SSL_CTX *ctx;
    if (!ctx)
        ctx = SSL_CTX_new(TLS_client_method());
    if (!ctx || SSL_CTX_dane_enable(ctx) != 1)
        abort();
    return ctx;
}

/* OpenSSL's opinion of one record. */
static bool taken(const struct fact_tlsa_rr *rr)
{
    SSL *ssl = SSL_new(context());
    if (!ssl || SSL_dane_enable(ssl, "mx.example") <= 0)
        abort();
    bool good = SSL_dane_tlsa_add(ssl, rr->usage, rr->selector, rr->matching,
                                  rr->data, rr->len) > 0;
    SSL_free(ssl);
    ERR_clear_error();
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_arena_ struct arena *arena = NULL;
    struct fact_tlsa_rr rr;
    if (arena_new(1 << 20, &arena) < 0)
        return 0;
    if (dane_rr_parse(arena, data, size, &rr) < 0)
        return 0;
    if (rr.len != size - 3 || memcmp(rr.data, data + 3, rr.len) != 0)
        abort();
    bool dane = rr.usage == TLSA_DANE_TA || rr.usage == TLSA_DANE_EE;
    if (dane && rr.usable != taken(&rr))
        abort();
    if (!dane && rr.usable)
        abort();
    return 0;
}
