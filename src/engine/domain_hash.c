/*
 * domain_hash: SipHash-2-4, by libsodium.
 */
#include "engine/domain_hash.h"

#include <sodium/crypto_shorthash.h>
#include <string.h>

_Static_assert(DOMAIN_HASH_SEED == crypto_shorthash_KEYBYTES,
               "the key of SipHash");

uint64_t domain_hash(const uint8_t seed[DOMAIN_HASH_SEED], const char *domain,
                     size_t len)
{
    uint8_t digest[crypto_shorthash_BYTES];
    uint64_t hash;

    _Static_assert(sizeof(hash) == sizeof(digest), "64 bits");
    crypto_shorthash(digest, (const uint8_t *)domain, len, seed);
    memcpy(&hash, digest, sizeof(hash));
    return hash;
}
