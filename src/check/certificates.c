/*
 * certificates: what is wrong with a chain, in words. See certificates.h.
 *
 * Verification itself was done where the chain was seen; nothing here looks
 * at keys or signatures.
 */
#include "check/certificates.h"

#include "check/text.h"
#include <string.h>

#define DAY ((int64_t)86400)
#define WARNING_MAX (14 * DAY)
#define ERROR_MAX (3 * DAY)

#define RSA_BITS_MIN 2048u /* RFC 9325 section 4.5 */
#define EC_BITS_MIN 256u   /* NIST SP 800-52r2: P-256 at least */

const struct fact_certificate *certificate_leaf(const struct fact_tls *tls)
{
    return tls->chain_count > 0 ? &tls->chain[0] : NULL;
}

/* "mail.example.com, www.example.com and 3 more", or that there are none. */
static const char *names_text(struct arena *arena,
                              const struct fact_certificate *leaf)
{
    if (leaf->name_count == 0)
        return "no DNS name at all (a common name does not count)";
    return text_list(arena, leaf->names, leaf->name_count);
}

static const char *issuer_text(struct arena *arena,
                               const struct fact_certificate *leaf)
{
    return text_printf(arena, " (issued by %s)",
                       text_name(arena, leaf->issuer));
}

static const char *detail_text(struct arena *arena, const struct fact_tls *tls)
{
    const char *text = verify_status_text(tls->verify);
    if (!tls->detail)
        return text;
    return text_printf(arena, "%s (%s)", text, text_name(arena, tls->detail));
}

static const char *time_text(struct arena *arena, const struct fact_tls *tls)
{
    const struct fact_certificate *leaf = certificate_leaf(tls);

    if (tls->verify == VERIFY_EXPIRED)
        return text_printf(arena, "the certificate expired on %s",
                           text_time(arena, leaf->not_after));
    return text_printf(arena, "the certificate is valid only from %s on",
                       text_time(arena, leaf->not_before));
}

const char *certificate_fault(struct arena *arena, const struct fact_tls *tls,
                              const char *host)
{
    const struct fact_certificate *leaf = certificate_leaf(tls);

    if (!leaf)
        return detail_text(arena, tls);
    switch (tls->verify) {
    case VERIFY_EXPIRED:
    case VERIFY_NOT_YET_VALID: return time_text(arena, tls);
    case VERIFY_HOST_MISMATCH:
        return text_printf(arena, "the certificate is for %s, not for %s",
                           names_text(arena, leaf), text_name(arena, host));
    case VERIFY_SELF_SIGNED: return verify_status_text(tls->verify);
    case VERIFY_UNTRUSTED_ROOT:
    case VERIFY_INCOMPLETE_CHAIN:
    case VERIFY_REVOKED:
        return text_printf(arena, "%s%s", verify_status_text(tls->verify),
                           issuer_text(arena, leaf));
    default: return detail_text(arena, tls);
    }
}

enum severity certificate_expiring(const struct fact_certificate *leaf,
                                   int64_t now)
{
    int64_t lifetime = 0;
    int64_t left = 0;

    if (__builtin_sub_overflow(leaf->not_after, leaf->not_before, &lifetime) ||
        __builtin_sub_overflow(leaf->not_after, now, &left) || left < 0)
        return SEVERITY_OK;
    if (left < MIN_OF(lifetime / 10, ERROR_MAX))
        return SEVERITY_ERROR;
    if (left < MIN_OF(lifetime / 4, WARNING_MAX))
        return SEVERITY_WARNING;
    return SEVERITY_OK;
}

const char *certificate_expiring_text(struct arena *arena,
                                      const struct fact_certificate *leaf,
                                      int64_t now)
{
    return text_printf(arena, "the certificate expires in %s, on %s",
                       text_duration(arena, leaf->not_after - now),
                       text_time(arena, leaf->not_after));
}

static bool key_is_weak(const struct fact_certificate *one)
{
    const char *type = one->key_type ? one->key_type : "";

    if (strcmp(type, "RSA") == 0 || strcmp(type, "RSA-PSS") == 0)
        return one->key_bits < RSA_BITS_MIN;
    if (strcmp(type, "EC") == 0)
        return one->key_bits < EC_BITS_MIN;
    return strcmp(type, "DSA") == 0;
}

const char *certificate_weakness(struct arena *arena,
                                 const struct fact_tls *tls)
{
    for (size_t i = 0; i < tls->chain_count; i++) {
        const struct fact_certificate *one = &tls->chain[i];
        const char *whose = i == 0 ? "the certificate" : "an intermediate";
        if (key_is_weak(one))
            return text_printf(arena, "%s has a key of %u bits (%s)", whose,
                               one->key_bits, text_name(arena, one->key_type));
        if (one->weak_signature)
            return text_printf(arena, "%s has a weak signature (%s)", whose,
                               text_name(arena, one->signature));
    }
    return tls->verify == VERIFY_WEAK ? detail_text(arena, tls) : NULL;
}

static bool is_issued_by(const struct fact_certificate *one,
                         const struct fact_certificate *other)
{
    return one->issuer && other->subject &&
           strcmp(one->issuer, other->subject) == 0;
}

/* An issuer that is somewhere in the chain, but not next. */
bool certificate_misordered(const struct fact_tls *tls)
{
    for (size_t i = 0; i + 2 < tls->chain_count; i++) {
        const struct fact_certificate *one = &tls->chain[i];
        if (one->self_issued)
            return false; /* the root: what comes after does not matter */
        if (is_issued_by(one, &tls->chain[i + 1]))
            continue;
        for (size_t j = i + 2; j < tls->chain_count; j++)
            if (is_issued_by(one, &tls->chain[j]))
                return true;
        return false;
    }
    return false;
}
