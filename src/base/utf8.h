/*
 * UTF-8 (RFC 3629 section 4).
 */
#ifndef MTASTS_BASE_UTF8_H
#define MTASTS_BASE_UTF8_H

#include <stddef.h>

/*
 * Octets of the UTF8-2, UTF8-3 or UTF8-4 sequence that begins `text`, whose
 * first octet is above 0x7f; 0 if there is none: overlong forms, surrogates,
 * code points above U+10FFFF and cut sequences are not UTF-8.
 */
size_t utf8_sequence(const char *text, size_t len);

#endif
