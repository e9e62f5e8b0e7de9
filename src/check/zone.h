/*
 * zone: TXT records as zone files spell them (RFC 1035 section 5.1).
 */
#ifndef MTASTS_CHECK_ZONE_H
#define MTASTS_CHECK_ZONE_H

#include "base/buf.h"

#define ZONE_STRING_MAX 255u /* octets of one character-string (RFC 1035) */

/* Appends `text` as quoted character-strings of at most ZONE_STRING_MAX
   octets, with the escapes that quotes, backslashes and unprintable octets
   need. */
void zone_strings(struct buf *buf, const char *text, size_t len);

/* Appends a whole line: "NAME. IN TXT ...". */
void zone_txt(struct buf *buf, const char *name, const char *text, size_t len);

#endif
