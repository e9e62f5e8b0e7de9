/*
 * Field names of a policy that were meant to be known ones.
 */
#ifndef MTASTS_CORE_NEAR_MISS_H
#define MTASTS_CORE_NEAR_MISS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether `key`, not a known field name itself, is one but for letter case,
 * separators or a single slip of the keyboard.
 */
bool near_miss(const char *key, size_t len);

#endif
