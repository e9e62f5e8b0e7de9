/*
 * printable: text from outside made harmless for a terminal.
 *
 * Control characters (C0, C1, DEL), bytes that are no UTF-8 and the
 * characters that reorder or hide others are written as \xNN or \u{NNNN};
 * so is every non-ASCII character where the locale is not UTF-8.
 */
#ifndef MTASTS_CLI_PRINTABLE_H
#define MTASTS_CLI_PRINTABLE_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

#define PRINTABLE_GROWTH 4u /* octets out for one octet in, at most */

/* Whether the locale's characters are UTF-8 (after setlocale()). */
bool printable_utf8(void);

/* Appends `text` to `buf`. Line ends are escaped too. */
void printable(struct buf *buf, const char *text, size_t len, bool utf8);

/* As above; what is longer than `max` octets is cut, with "..." added. */
void printable_cut(struct buf *buf, const char *text, size_t len, size_t max,
                   bool utf8);

/*
 * Takes one character apart: writes its code point, or -1 for an octet that
 * is no UTF-8, and returns the octets it takes. `len` is at least 1.
 */
size_t printable_decode(const char *text, size_t len, int32_t *ret_point);

/* Columns that printable text takes on a terminal. */
size_t printable_width(const char *text, size_t len);

#endif
