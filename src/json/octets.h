/*
 * octets: bringing arbitrary octets through JSON, whose strings are UTF-8.
 */
#ifndef MTASTS_JSON_OCTETS_H
#define MTASTS_JSON_OCTETS_H

#include "base/buf.h"
#include <stdbool.h>
#include <stddef.h>

/* Whether all of it is UTF-8 (RFC 3629 section 4). */
bool utf8_valid(const char *text, size_t len);

/* Appends `text` with every octet that is no UTF-8 replaced by U+FFFD. */
int utf8_repair(struct buf *buf, const char *text, size_t len);

/* Octets that base64_encode() appends for `len` octets. */
size_t base64_encoded_len(size_t len);

/* Appends the Base64 of RFC 4648 section 4, with padding, in one line. */
int base64_encode(struct buf *buf, const char *data, size_t len);

/*
 * Appends what Base64 text stands for. Strict: padding is there, unused bits
 * are zero, nothing else in between.
 * Errors: -MTASTS_ESYNTAX, and those of the buffer.
 */
int base64_decode(struct buf *buf, const char *text, size_t len);

#endif
