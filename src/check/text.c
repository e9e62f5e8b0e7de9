/*
 * text: words of messages, made in an arena. See text.h.
 */
#include "check/text.h"

#include "base/buf.h"
#include <string.h>
#include <time.h>

#define TEXT_MAX 4096u /* octets of one message: hostile names are long */

#define TIME_MAX 253402300799 /* the last second with a year of 4 digits */

static const char *kept(struct arena *arena, const struct buf *buf)
{
    const char *copy = arena_copy(arena, buf_text(buf), buf->len);
    return copy ? copy : "";
}

static void escape(struct buf *buf, const char *data, size_t len, size_t max)
{
    size_t shown = MIN_OF(len, max);

    for (size_t i = 0; i < shown; i++) {
        if (data[i] >= 0x20 && data[i] < 0x7f)
            buf_putc(buf, data[i]);
        else
            buf_printf(buf, "\\x%02x", (unsigned char)data[i]);
    }
    if (shown < len)
        buf_puts(buf, "...");
}

const char *text_quote(struct arena *arena, const char *data, size_t len)
{
    _cleanup_buf_ struct buf buf = BUF(TEXT_MAX);

    buf_putc(&buf, '"');
    escape(&buf, data, len, TEXT_QUOTE_MAX);
    buf_putc(&buf, '"');
    return kept(arena, &buf);
}

/* Most names are printable as they are: no copy. */
const char *text_name(struct arena *arena, const char *text)
{
    size_t len = 0;

    if (!text)
        return "?";
    while (text[len] >= 0x20 && text[len] < 0x7f && len <= TEXT_NAME_MAX)
        len++;
    if (text[len] == '\0')
        return text;

    _cleanup_buf_ struct buf buf = BUF(TEXT_MAX);
    escape(&buf, text, strlen(text), TEXT_NAME_MAX);
    return kept(arena, &buf);
}

const char *text_list(struct arena *arena, const char *const *items,
                      size_t count)
{
    _cleanup_buf_ struct buf buf = BUF(TEXT_MAX);
    size_t shown = 0;
    size_t hidden = 0;

    for (size_t i = 0; i < count; i++) {
        if (!items[i])
            continue;
        if (shown == TEXT_LIST_MAX) {
            hidden++;
            continue;
        }
        buf_printf(&buf, "%s%s", shown > 0 ? ", " : "",
                   text_name(arena, items[i]));
        shown++;
    }
    if (hidden > 0)
        buf_printf(&buf, " and %zu more", hidden);
    return kept(arena, &buf);
}

const char *text_printf(struct arena *arena, const char *format, ...)
{
    char buf[TEXT_MAX];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(buf, sizeof(buf), format, args);
    va_end(args);
    if (len < 0)
        return "";
    const char *copy =
        arena_copy(arena, buf, MIN_OF((size_t)len, sizeof(buf) - 1));
    return copy ? copy : "";
}

const char *text_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

const char *text_part(struct arena *arena, size_t count, size_t total,
                      const char *noun)
{
    return text_printf(arena, "%zu of %zu %s%s", count, total, noun,
                       text_plural(total));
}

void text_span(int64_t seconds, char ret_text[TEXT_SPAN_MAX])
{
    static const struct {
        int64_t seconds;
        int64_t from; /* used from so many on */
        const char *word;
    } units[] = {
        {86400, 2, "day"},
        {3600, 2, "hour"},
        {60, 2, "minute"},
        {1, 0, "second"},
    };
    for (size_t i = 0; i < ELEMENTS(units); i++) {
        int64_t count = seconds / units[i].seconds;
        if (count < units[i].from)
            continue;
        snprintf(ret_text, TEXT_SPAN_MAX, "%lld %s%s", (long long)count,
                 units[i].word, text_plural((size_t)count));
        return;
    }
    snprintf(ret_text, TEXT_SPAN_MAX, "no time");
}

const char *text_duration(struct arena *arena, int64_t seconds)
{
    char text[TEXT_SPAN_MAX];

    text_span(seconds, text);
    return text_printf(arena, "%s", text);
}

/* Facts cannot be older than 1970: a hostile time becomes that. */
static struct tm broken_down(int64_t seconds)
{
    struct tm parts = {0};
    time_t moment = (time_t)seconds;

    if (seconds < 0 || seconds > TIME_MAX)
        moment = 0;
    gmtime_r(&moment, &parts);
    return parts;
}

const char *text_time(struct arena *arena, int64_t time)
{
    struct tm at = broken_down(time);

    if (time < 0 || time > TIME_MAX)
        return "a date that cannot be";
    return text_printf(arena, "%04d-%02d-%02d %02d:%02d UTC", at.tm_year + 1900,
                       at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min);
}

const char *text_rfc3339(struct arena *arena, int64_t time)
{
    struct tm at = broken_down(time);
    return text_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02dZ",
                       at.tm_year + 1900, at.tm_mon + 1, at.tm_mday, at.tm_hour,
                       at.tm_min, at.tm_sec);
}

const char *text_digits(struct arena *arena, int64_t time)
{
    struct tm at = broken_down(time);
    return text_printf(arena, "%04d%02d%02d%02d%02d%02d", at.tm_year + 1900,
                       at.tm_mon + 1, at.tm_mday, at.tm_hour, at.tm_min,
                       at.tm_sec);
}
