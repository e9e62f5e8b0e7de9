/*
 * dane: TLSA records against certificate chains (RFC 6698, 7671, 7672). See
 * dane.h.
 *
 * Does not look anything up and does not judge by PKIX.
 */
#include "net/dane.h"

#include "base/cleanup.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

#define TLSA_FIXED 3u /* octets before the data */

static void free_openssl(unsigned char **memory)
{
    OPENSSL_free(*memory);
}

static bool whole_certificate(const uint8_t *data, size_t len)
{
    const unsigned char *at = data;
    X509 *certificate = d2i_X509(NULL, &at, (long)len);
    bool whole = certificate && at == data + len &&
                 X509_get0_pubkey(certificate) != NULL;
    X509_free(certificate);
    ERR_clear_error();
    return whole;
}

static bool whole_public_key(const uint8_t *data, size_t len)
{
    const unsigned char *at = data;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)len);
    bool whole = key && at == data + len;
    EVP_PKEY_free(key);
    ERR_clear_error();
    return whole;
}

static bool data_fits(const struct fact_tlsa_rr *rr)
{
    switch (rr->matching) {
    case TLSA_SHA256: return rr->len == 32;
    case TLSA_SHA512: return rr->len == 64;
    case TLSA_FULL:
        return rr->selector == TLSA_CERTIFICATE
                   ? whole_certificate(rr->data, rr->len)
                   : whole_public_key(rr->data, rr->len);
    default: return false;
    }
}

int dane_rr_parse(struct arena *arena, const uint8_t *rdata, size_t len,
                  struct fact_tlsa_rr *ret_rr)
{
    if (len < TLSA_FIXED || len > UINT16_MAX)
        return -MTASTS_ESYNTAX;
    size_t data_len = len - TLSA_FIXED;
    uint8_t *data = arena_alloc(arena, data_len);
    if (!data)
        return -MTASTS_ENOMEM;
    memcpy(data, rdata + TLSA_FIXED, data_len);
    struct fact_tlsa_rr rr = {
        .usage = rdata[0],
        .selector = rdata[1],
        .matching = rdata[2],
        .data = data,
        .len = data_len,
    };
    rr.usable = (rr.usage == TLSA_DANE_TA || rr.usage == TLSA_DANE_EE) &&
                rr.selector <= TLSA_PUBLIC_KEY && data_fits(&rr);
    *ret_rr = rr;
    return 0;
}

/* What `selector` selects, as DER. NULL: nothing, or no memory. */
static unsigned char *selected(uint8_t selector, X509 *certificate,
                               size_t *ret_len)
{
    unsigned char *der = NULL;
    int len = -1;
    if (selector == TLSA_CERTIFICATE)
        len = i2d_X509(certificate, &der);
    else if (selector == TLSA_PUBLIC_KEY)
        len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (len < 0)
        return NULL;
    *ret_len = (size_t)len;
    return der;
}

bool dane_rr_names(const struct fact_tlsa_rr *rr, X509 *certificate)
{
    size_t der_len = 0;
    _cleanup_(free_openssl) unsigned char *der =
        selected(rr->selector, certificate, &der_len);
    if (!der)
        return false;
    unsigned char digest[EVP_MAX_MD_SIZE];
    const unsigned char *data = der;
    size_t len = der_len;
    if (rr->matching != TLSA_FULL) {
        const EVP_MD *md = rr->matching == TLSA_SHA256   ? EVP_sha256()
                           : rr->matching == TLSA_SHA512 ? EVP_sha512()
                                                         : NULL;
        unsigned digest_len = 0;
        if (!md || EVP_Digest(der, der_len, digest, &digest_len, md, NULL) != 1)
            return false;
        data = digest;
        len = digest_len;
    }
    return len == rr->len && memcmp(data, rr->data, len) == 0;
}

static bool matches_chain(const struct fact_tlsa_rr *rr, STACK_OF(X509) * chain)
{
    int count = chain ? sk_X509_num(chain) : 0;
    if (!rr->usable || count <= 0)
        return false;
    if (rr->usage == TLSA_DANE_EE)
        return dane_rr_names(rr, sk_X509_value(chain, 0));
    for (int i = 1; i < count; i++)
        if (dane_rr_names(rr, sk_X509_value(chain, i)))
            return true;
    return false;
}

static size_t count_usable(const struct fact_tlsa *tlsa)
{
    size_t count = 0;
    for (size_t i = 0; i < tlsa->count; i++)
        count += tlsa->rrs[i].usable;
    return count;
}

/* Returns the number of records that OpenSSL took. */
static size_t add_records(SSL *ssl, const struct fact_tlsa *tlsa)
{
    size_t taken = 0;
    for (size_t i = 0; i < tlsa->count; i++) {
        const struct fact_tlsa_rr *rr = &tlsa->rrs[i];
        if (rr->usable &&
            SSL_dane_tlsa_add(ssl, rr->usage, rr->selector, rr->matching,
                              rr->data, rr->len) > 0)
            taken++;
    }
    ERR_clear_error();
    return taken;
}

int dane_enable(SSL *ssl, const char *host, const char *const *names,
                size_t name_count, const struct fact_tlsa *tlsa,
                size_t *ret_usable)
{
    if (!tlsa || count_usable(tlsa) == 0) {
        *ret_usable = 0;
        return 0;
    }
    if (SSL_dane_enable(ssl, host) <= 0)
        return -MTASTS_ESYSTEM;
    SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    /* RFC 7672 3.2.3 lets a CN count where there is no DNS-ID at all, which
       is what OpenSSL does by default. */
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    for (size_t i = 0; i < name_count; i++)
        if (SSL_add1_host(ssl, names[i]) != 1)
            return -MTASTS_ENOMEM;
    *ret_usable = add_records(ssl, tlsa);
    return 0;
}

bool dane_passed(SSL *ssl)
{
    return SSL_get_verify_result(ssl) == X509_V_OK &&
           SSL_get0_dane_authority(ssl, NULL, NULL) >= 0;
}

/* Whether OpenSSL's verdict rests on `rr`. With "2 0 0" and "2 1 0" that can
   be a CA which is in DNS, but not in the chain. */
static bool decided(SSL *ssl, const struct fact_tlsa_rr *rr)
{
    uint8_t usage = 0;
    uint8_t selector = 0;
    uint8_t matching = 0;
    const unsigned char *data = NULL;
    size_t len = 0;
    return rr->usable && dane_passed(ssl) &&
           SSL_get0_dane_tlsa(ssl, &usage, &selector, &matching, &data, &len) >=
               0 &&
           usage == rr->usage && selector == rr->selector &&
           matching == rr->matching && len == rr->len &&
           memcmp(data, rr->data, len) == 0;
}

void dane_match(SSL *ssl, const struct fact_tlsa *tlsa, bool *matched)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    for (size_t i = 0; i < tlsa->count; i++)
        matched[i] =
            matches_chain(&tlsa->rrs[i], chain) || decided(ssl, &tlsa->rrs[i]);
    ERR_clear_error();
}

enum mtasts_dane_state dane_state(const struct fact_tlsa *tlsa,
                                  bool secure_address)
{
    if (!tlsa)
        return MTASTS_DANE_NONE;
    switch (tlsa->lookup.status) {
    case LOOKUP_NOT_ASKED:
    case LOOKUP_NODATA:
    case LOOKUP_NXDOMAIN: return MTASTS_DANE_NONE;
    case LOOKUP_OK: break;
    default:
        return secure_address ? MTASTS_DANE_LOOKUP_FAILED : MTASTS_DANE_NONE;
    }
    if (tlsa->lookup.dnssec != DNSSEC_SECURE || tlsa->count == 0)
        return MTASTS_DANE_NONE;
    return count_usable(tlsa) > 0 ? MTASTS_DANE_PASS : MTASTS_DANE_UNUSABLE;
}
