/*
 * zone: TXT records as zone files spell them. See zone.h.
 */
#include "check/zone.h"

static void put_octet(struct buf *buf, unsigned char octet)
{
    if (octet == '"' || octet == '\\')
        buf_printf(buf, "\\%c", octet);
    else if (octet < 0x20 || octet > 0x7e)
        buf_printf(buf, "\\%03u", octet);
    else
        buf_putc(buf, (char)octet);
}

void zone_strings(struct buf *buf, const char *text, size_t len)
{
    do {
        size_t part = MIN_OF(len, (size_t)ZONE_STRING_MAX);
        buf_putc(buf, '"');
        for (size_t i = 0; i < part; i++)
            put_octet(buf, (unsigned char)text[i]);
        buf_puts(buf, part < len ? "\" " : "\"");
        text += part;
        len -= part;
    } while (len > 0);
}

void zone_txt(struct buf *buf, const char *name, const char *text, size_t len)
{
    buf_printf(buf, "%s. IN TXT ", name);
    zone_strings(buf, text, len);
    buf_putc(buf, '\n');
}
