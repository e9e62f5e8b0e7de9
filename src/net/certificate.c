/*
 * certificate: subject, names, dates, key and signature of an X.509
 * certificate (RFC 5280) as plain values.
 *
 * Names come from strangers: what is not printable ASCII is escaped, a
 * backslash and two hex digits, in distinguished names (RFC 2253) and
 * DNS-IDs alike. So a NUL inside a name is seen. Judges nothing.
 */
#include "net/certificate.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "net/digest.h"
#include "net/tls.h"
#include <mtasts/error.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <time.h>

#define NAME_TEXT_MAX 4096u     /* octets of a name as text */
#define SIGNATURE_TEXT_MAX 128u /* octets of a signature algorithm's name */

DEFINE_CLEANUP(BIO *, BIO_free_all, bio)
DEFINE_CLEANUP(GENERAL_NAMES *, GENERAL_NAMES_free, names)

static const char *distinguished_name(struct arena *arena, X509_NAME *name)
{
    _cleanup_(cleanup_bio) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len;

    if (!bio)
        return NULL;
    /* It fails on strings that are not in the charset they claim. */
    if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0) {
        ERR_clear_error();
        return "(unreadable name)";
    }
    len = BIO_get_mem_data(bio, &text);
    return arena_copy(arena, len > 0 ? text : "",
                      MIN_OF((size_t)MAX_OF(len, 0), NAME_TEXT_MAX));
}

static const char *dns_id(struct arena *arena, const ASN1_STRING *name)
{
    _cleanup_buf_ struct buf buf = BUF(NAME_TEXT_MAX);
    const unsigned char *data = ASN1_STRING_get0_data(name);
    int len = ASN1_STRING_length(name);

    for (int i = 0; i < len; i++) {
        if (data[i] <= 0x20 || data[i] >= 0x7f || data[i] == '\\')
            buf_printf(&buf, "\\%02x", data[i]);
        else
            buf_putc(&buf, ascii_lower((char)data[i]));
    }
    return buf.error ? "(unreadable name)"
                     : arena_copy(arena, buf_text(&buf), buf.len);
}

static int dns_ids(struct arena *arena, X509 *certificate,
                   struct fact_certificate *fact)
{
    _cleanup_(cleanup_names) GENERAL_NAMES *names =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = names ? sk_GENERAL_NAME_num(names) : 0;
    const char **texts;
    size_t kept = 0;

    texts = arena_array_of(
        arena, MIN_OF((size_t)MAX_OF(count, 0), TLS_NAMES_MAX), const char *);
    if (!texts)
        return -MTASTS_ENOMEM;
    for (int i = 0; i < count && kept < TLS_NAMES_MAX; i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_DNS)
            continue;
        texts[kept] = dns_id(arena, name->d.dNSName);
        if (!texts[kept++])
            return -MTASTS_ENOMEM;
    }
    fact->names = texts;
    fact->name_count = kept;
    return 0;
}

/* Seconds since 1970; 0 for a time that is none. */
static int64_t seconds(const ASN1_TIME *time)
{
    struct tm tm;

    return ASN1_TIME_to_tm(time, &tm) ? (int64_t)timegm(&tm) : 0;
}

static const char *signature_name(struct arena *arena, const X509 *certificate)
{
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *object = NULL;
    char text[SIGNATURE_TEXT_MAX];

    X509_get0_signature(NULL, &algorithm, certificate);
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    if (OBJ_obj2txt(text, sizeof(text), object, 0) <= 0)
        return "unknown";
    return arena_string(arena, text);
}

static bool weak_digest(X509 *certificate)
{
    int digest = NID_undef;

    if (!X509_get_signature_info(certificate, &digest, NULL, NULL, NULL)) {
        ERR_clear_error();
        return false;
    }
    return digest == NID_md5 || digest == NID_md4 || digest == NID_md2 ||
           digest == NID_sha1 || digest == NID_md5_sha1;
}

static void key_facts(struct arena *arena, X509 *certificate,
                      struct fact_certificate *fact)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    int bits = key ? EVP_PKEY_get_bits(key) : 0;

    ERR_clear_error();
    fact->key_type = arena_string(arena, type ? type : "unknown");
    fact->key_bits = bits > 0 ? (unsigned)bits : 0;
}

static const char *fingerprint(struct arena *arena, X509 *certificate)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    char hex[DIGEST_SHA256_HEX];
    unsigned len = 0;

    if (!X509_digest(certificate, EVP_sha256(), digest, &len))
        return NULL;
    digest_hex(digest, hex);
    return arena_string(arena, hex);
}

/* Of SubjectPublicKeyInfo: what a TLSA record with selector 1 holds. */
static const char *key_fingerprint(struct arena *arena, X509 *certificate)
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    char hex[DIGEST_SHA256_HEX];
    int error;

    if (len <= 0)
        return NULL;
    error = digest_sha256_hex(der, (size_t)len, hex);
    OPENSSL_free(der);
    return error ? NULL : arena_string(arena, hex);
}

int certificate_facts(struct arena *arena, X509 *certificate,
                      struct fact_certificate *ret_fact)
{
    uint32_t flags = X509_get_extension_flags(certificate);
    struct fact_certificate fact = {
        .subject =
            distinguished_name(arena, X509_get_subject_name(certificate)),
        .issuer = distinguished_name(arena, X509_get_issuer_name(certificate)),
        .not_before = seconds(X509_get0_notBefore(certificate)),
        .not_after = seconds(X509_get0_notAfter(certificate)),
        .signature = signature_name(arena, certificate),
        .weak_signature = !(flags & EXFLAG_SS) && weak_digest(certificate),
        .sha256 = fingerprint(arena, certificate),
        .spki_sha256 = key_fingerprint(arena, certificate),
        .self_issued = (flags & EXFLAG_SI) != 0,
    };
    int error = dns_ids(arena, certificate, &fact);

    if (error)
        return error;
    key_facts(arena, certificate, &fact);
    if (!fact.subject || !fact.issuer || !fact.signature || !fact.sha256 ||
        !fact.key_type)
        return -MTASTS_ENOMEM;
    *ret_fact = fact;
    return 0;
}
