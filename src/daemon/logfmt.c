/*
 * logfmt: one message as a line of key=value pairs. See logfmt.h.
 */
#include "daemon/logfmt.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include <inttypes.h>

static bool is_plain(const char *text, size_t len)
{
    if (len == 0)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!ascii_is_alnum(text[i]) && !strchr("-_.:/@+,*%[]{}()", text[i]))
            return false;
    return !memchr(text, '\0', len);
}

/* Of a sequence that utf8_sequence() has found good. */
static uint32_t code_point(const char *text, size_t len)
{
    uint32_t point = (unsigned char)text[0] & (0xffu >> (len + 1));

    for (size_t i = 1; i < len; i++)
        point = point << 6 | ((unsigned char)text[i] & 0x3fu);
    return point;
}

static void put_escape(struct buf *buf, uint32_t point)
{
    if (point >= 0x10000) {
        point -= 0x10000;
        buf_printf(buf, "\\u%04" PRIx32, 0xd800 + (point >> 10));
        point = 0xdc00 + (point & 0x3ff);
    }
    buf_printf(buf, "\\u%04" PRIx32, point);
}

static void put_control(struct buf *buf, char c)
{
    switch (c) {
    case '\n': buf_puts(buf, "\\n"); break;
    case '\r': buf_puts(buf, "\\r"); break;
    case '\t': buf_puts(buf, "\\t"); break;
    default: put_escape(buf, (unsigned char)c); break;
    }
}

/* Puts one character; the octets that it took. */
static size_t put_character(struct buf *buf, const char *text, size_t len)
{
    size_t used = 1;

    if ((unsigned char)*text > 0x7f) {
        used = utf8_sequence(text, len);
        /* What is no character is shown as the sign for that. */
        put_escape(buf, used ? code_point(text, used) : 0xfffd);
        return used ? used : 1;
    }
    if (*text < ' ' || *text == 0x7f) {
        put_control(buf, *text);
        return 1;
    }
    if (*text == '"' || *text == '\\')
        buf_putc(buf, '\\');
    buf_putc(buf, *text);
    return used;
}

static void put_text(struct buf *buf, const char *text, size_t len)
{
    size_t kept = MIN_OF(len, (size_t)LOGFMT_VALUE_MAX);

    if (kept == len && is_plain(text, len)) {
        buf_append(buf, text, len);
        return;
    }
    /* Not in the middle of a character. */
    while (kept < len && kept > 0 && ((unsigned char)text[kept] & 0xc0) == 0x80)
        kept--;
    buf_putc(buf, '"');
    for (size_t i = 0; i < kept;)
        i += put_character(buf, text + i, kept - i);
    buf_puts(buf, kept < len ? "...\"" : "\"");
}

void logfmt_value(struct buf *buf, const struct log_field *field)
{
    switch (field->kind) {
    case LOG_KIND_END: break;
    case LOG_KIND_TEXT:
        put_text(buf, field->text ? field->text : "", field->len);
        break;
    case LOG_KIND_SIGNED: buf_printf(buf, "%" PRId64, field->number); break;
    case LOG_KIND_UNSIGNED:
        buf_printf(buf, "%" PRIu64, (uint64_t)field->number);
        break;
    case LOG_KIND_BOOL: buf_puts(buf, field->number ? "yes" : "no"); break;
    }
}

void logfmt_fields(struct buf *buf, const struct log_field *fields)
{
    for (size_t i = 0; i < LOGFMT_FIELDS_MAX && fields[i].kind != LOG_KIND_END;
         i++) {
        if (fields[i].kind == LOG_KIND_TEXT && !fields[i].text)
            continue;
        buf_printf(buf, " %s=", fields[i].key);
        logfmt_value(buf, &fields[i]);
    }
}
