/*
 * What is a Domain (RFC 5321 section 4.1.2), on text that is not terminated.
 */
#ifndef MTASTS_CORE_DOMAIN_H
#define MTASTS_CORE_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether `text` is one or more labels, Let-dig [Ldh-str] of 1 to 63 octets,
 * joined by single dots, 253 octets at most, no final dot. With
 * MTASTS_NAME_UNDERSCORE in `flags` a `_` counts as a letter.
 */
bool domain_valid(const char *text, size_t len, unsigned flags);

/* Whether `text` is one such label. */
bool domain_label_valid(const char *text, size_t len, unsigned flags);

/* Number of labels if all of them are digits alone, else 0. */
size_t domain_digit_labels(const char *text, size_t len);

/* Whether the right-most label is digits alone: no host is called that. */
bool domain_ends_in_digits(const char *text, size_t len);

/* Copies `len` octets in lower case; does not terminate. */
void domain_lower(char *to, const char *from, size_t len);

#endif
