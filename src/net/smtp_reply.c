/*
 * smtp_reply: takes the replies of an SMTP server apart (RFC 5321 4.2). See
 * smtp_reply.h.
 *
 * Does not know commands, nor enhanced status codes (RFC 3463): they are
 * part of the text.
 */
#include "net/smtp_reply.h"

#include "base/ascii.h"

#include <mtasts/error.h>

#define CODE_LEN 3u

void smtp_reply_init(struct smtp_reply *reply)
{
    *reply = (struct smtp_reply){0};
    buf_init(&reply->line, SMTP_LINE_MAX);
    buf_init(&reply->text, SMTP_REPLY_MAX);
}

void smtp_reply_clear(struct smtp_reply *reply)
{
    buf_clear(&reply->line);
    buf_clear(&reply->text);
    smtp_reply_init(reply);
}

static int fail(struct smtp_reply *reply, int error)
{
    reply->error = error;
    return error;
}

/* The code that a line begins with, or 0. */
static int line_code(const char *line, size_t len)
{
    if (len < CODE_LEN || line[0] < '2' || line[0] > '5' ||
        !ascii_is_digit(line[1]) || !ascii_is_digit(line[2]))
        return 0;
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

static int take_line(struct smtp_reply *reply)
{
    const char *line = reply->line.data;
    size_t len = reply->line.len - 1; /* without LF */
    if (len > 0 && line[len - 1] == '\r')
        len--;
    int code = line_code(line, len);
    char after = len > CODE_LEN ? line[CODE_LEN] : ' ';
    if (code == 0 || (after != ' ' && after != '-') ||
        (reply->lines > 0 && code != reply->code))
        return fail(reply, -MTASTS_ESYNTAX);
    size_t start = MIN_OF(len, CODE_LEN + 1u);
    buf_append(&reply->text, line + start, len - start);
    buf_putc(&reply->text, '\n');
    reply->code = code;
    reply->lines++;
    reply->done = after == ' ';
    buf_consume(&reply->line, reply->line.len);
    return reply->text.error ? fail(reply, reply->text.error) : 0;
}

int smtp_reply_feed(struct smtp_reply *reply, const char *data, size_t len,
                    size_t *ret_used)
{
    size_t used = 0;
    while (!reply->error && !reply->done && used < len) {
        const char *end = memchr(data + used, '\n', len - used);
        size_t take = end ? (size_t)(end - data) + 1 - used : len - used;
        if (take > SMTP_REPLY_MAX - reply->octets)
            return fail(reply, -MTASTS_ETOOLONG);
        if (buf_append(&reply->line, data + used, take) < 0)
            return fail(reply, reply->line.error);
        reply->octets += take;
        used += take;
        if (end)
            take_line(reply);
    }
    if (reply->error)
        return reply->error;
    *ret_used = used;
    return 0;
}

/* The line at `*at`, which moves past it; false at the end. */
static bool next_line(const struct smtp_reply *reply, size_t *at,
                      const char **ret_line, size_t *ret_len)
{
    if (*at >= reply->text.len)
        return false;
    const char *line = reply->text.data + *at;
    const char *end = memchr(line, '\n', reply->text.len - *at);
    if (!end)
        return false;
    *ret_line = line;
    *ret_len = (size_t)(end - line);
    *at += *ret_len + 1;
    return true;
}

bool smtp_reply_line(const struct smtp_reply *reply, size_t index,
                     const char **ret_line, size_t *ret_len)
{
    const char *line = NULL;
    size_t at = 0;
    size_t len = 0;
    do
        if (!next_line(reply, &at, &line, &len))
            return false;
    while (index-- > 0);
    *ret_line = line;
    *ret_len = len;
    return true;
}

static bool line_is_keyword(const char *line, size_t len, const char *keyword)
{
    size_t end = 0;
    while (end < len && !ascii_is_wsp(line[end]))
        end++;
    return ascii_is_nocase(line, end, keyword);
}

bool smtp_reply_offers(const struct smtp_reply *reply, const char *keyword)
{
    const char *line = NULL;
    size_t at = 0;
    size_t len = 0;
    for (size_t i = 0; next_line(reply, &at, &line, &len); i++)
        if (i > 0 && line_is_keyword(line, len, keyword))
            return true;
    return false;
}

const char *smtp_reply_printable(struct arena *arena, const char *text,
                                 size_t len)
{
    static const char digits[] = "0123456789abcdef";
    const size_t escape = sizeof("\\xNN") - 1;
    size_t take = MIN_OF(len, (size_t)SMTP_TEXT_MAX);
    char *copy = arena_alloc(arena, take * escape + 1);
    if (!copy)
        return NULL;
    char *to = copy;
    for (size_t i = 0; i < take; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= ' ' && c <= '~') {
            *to++ = text[i];
            continue;
        }
        *to++ = '\\';
        *to++ = 'x';
        *to++ = digits[c >> 4];
        *to++ = digits[c & 15];
    }
    return copy;
}
