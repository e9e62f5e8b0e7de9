/*
 * Slices of text.
 */
#ifndef MTASTS_CORE_BYTES_H
#define MTASTS_CORE_BYTES_H

#include "base/ascii.h"
#include <mtasts/fault.h>

/* Takes white space (WSP, nothing else) off both ends. */
static inline void bytes_trim(struct mtasts_bytes *text)
{
    while (text->len > 0 && ascii_is_wsp(text->data[0])) {
        text->data++;
        text->len--;
    }
    while (text->len > 0 && ascii_is_wsp(text->data[text->len - 1]))
        text->len--;
}

#endif
