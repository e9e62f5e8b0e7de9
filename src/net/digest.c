/*
 * digest: SHA-256 through OpenSSL, as text.
 */
#include "net/digest.h"

#include <mtasts/error.h>
#include <openssl/evp.h>

void digest_hex(const unsigned char digest[DIGEST_SHA256_LEN],
                char ret_hex[DIGEST_SHA256_HEX])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < DIGEST_SHA256_LEN; i++) {
        ret_hex[2 * i] = digits[digest[i] >> 4];
        ret_hex[2 * i + 1] = digits[digest[i] & 15];
    }
    ret_hex[2 * DIGEST_SHA256_LEN] = '\0';
}

int digest_sha256_hex(const void *data, size_t len,
                      char ret_hex[DIGEST_SHA256_HEX])
{
    unsigned char digest[DIGEST_SHA256_LEN];

    if (!EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL))
        return -MTASTS_ESYSTEM;
    digest_hex(digest, ret_hex);
    return 0;
}
