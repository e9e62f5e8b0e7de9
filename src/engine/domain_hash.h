/*
 * domain_hash: a keyed hash of a domain name. Names come from strangers, who
 * without the key cannot choose them so that they collide.
 */
#ifndef MTASTS_ENGINE_DOMAIN_HASH_H
#define MTASTS_ENGINE_DOMAIN_HASH_H

#include <stddef.h>
#include <stdint.h>

#define DOMAIN_HASH_SEED 16u /* octets of the key; random */

uint64_t domain_hash(const uint8_t seed[DOMAIN_HASH_SEED], const char *domain,
                     size_t len);

#endif
