/*
 * digest: fingerprints.
 */
#ifndef MTASTS_NET_DIGEST_H
#define MTASTS_NET_DIGEST_H

#include <stddef.h>

#define DIGEST_SHA256_LEN 32u
#define DIGEST_SHA256_HEX 65u /* room for the hex digits and a NUL */

/* Lower-case hex; 0 or -MTASTS_ESYSTEM. */
int digest_sha256_hex(const void *data, size_t len,
                      char ret_hex[DIGEST_SHA256_HEX]);

/* The same of a digest that is there already. */
void digest_hex(const unsigned char digest[DIGEST_SHA256_LEN],
                char ret_hex[DIGEST_SHA256_HEX]);

#endif
