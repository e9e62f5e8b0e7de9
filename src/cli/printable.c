/*
 * printable: text from outside made harmless. See printable.h.
 */
#include "cli/printable.h"

#include "base/utf8.h"
#include <langinfo.h>
#include <string.h>
#include <wchar.h>

bool printable_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

size_t printable_decode(const char *text, size_t len, int32_t *ret_point)
{
    unsigned char first = (unsigned char)text[0];
    size_t need = first < 0x80 ? 1 : utf8_sequence(text, len);
    *ret_point = -1;
    if (need == 0)
        return 1;
    int32_t point = need == 1 ? first : first & (0xff >> (need + 1));
    for (size_t i = 1; i < need; i++)
        point = point * 64 + ((unsigned char)text[i] & 0x3f);
    *ret_point = point;
    return need;
}

/* Characters that show nothing, or turn the order of others around. */
static bool deceives(int32_t point)
{
    return point == 0xad || point == 0x61c || point == 0x180e ||
           (point >= 0x200b && point <= 0x200f) ||
           (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || point == 0xfeff ||
           (point >= 0xfff0 && point <= 0xfffb) || point >= 0xe0000;
}

static bool shows(int32_t point, bool utf8)
{
    if (point < 0x80)
        return point >= 0x20 && point < 0x7f;
    return utf8 && !deceives(point) && wcwidth((wchar_t)point) >= 0;
}

void printable(struct buf *buf, const char *text, size_t len, bool utf8)
{
    while (len > 0) {
        int32_t point = -1;
        size_t used = printable_decode(text, len, &point);
        if (shows(point, utf8))
            buf_append(buf, text, used);
        else if (point < 0x100)
            for (size_t i = 0; i < used; i++)
                buf_printf(buf, "\\x%02x", (unsigned char)text[i]);
        else
            buf_printf(buf, "\\u{%x}", (unsigned)point);
        text += used;
        len -= used;
    }
}

void printable_cut(struct buf *buf, const char *text, size_t len, size_t max,
                   bool utf8)
{
    size_t kept = MIN_OF(len, max);
    /* Not in the middle of a character. */
    while (kept < len && kept > 0 && ((unsigned char)text[kept] & 0xc0) == 0x80)
        kept--;
    printable(buf, text, kept, utf8);
    if (kept < len)
        buf_puts(buf, "...");
}

size_t printable_width(const char *text, size_t len)
{
    size_t columns = 0;
    while (len > 0) {
        int32_t point = -1;
        size_t used = printable_decode(text, len, &point);
        int width = point < 0x80 ? 1 : wcwidth((wchar_t)point);
        columns += width > 0 ? (size_t)width : 0;
        text += used;
        len -= used;
    }
    return columns;
}
