/*
 * Replies in pieces: the first octet says how large. However they are cut,
 * the verdict is the same, and every limit holds.
 */
#include "base/cleanup.h"
#include "net/smtp_reply.h"
#include <mtasts/error.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feeds all of it by `step`; returns the error or the octets left over. */
static long feed(struct smtp_reply *reply, const char *data, size_t len,
                 size_t step)
{
    size_t at = 0;
    while (at < len && !reply->done) {
        size_t used = 0;
        size_t take = MIN_OF(step, len - at);
        int error = smtp_reply_feed(reply, data + at, take, &used);
        if (error)
            return error;
        if (used > take || (used < take && !reply->done))
            abort();
        at += used;
    }
    return (long)(len - at);
}

static void look(const struct smtp_reply *reply)
{
    const char *line = NULL;
    size_t len = 0;
    size_t sum = 0;
    if (reply->text.len > SMTP_REPLY_MAX || reply->octets > SMTP_REPLY_MAX)
        abort();
    if (reply->lines > 0 && (reply->code < 200 || reply->code > 599))
        abort();
    /* every line is found as long as there are few: it is quadratic */
    size_t lines = MIN_OF(reply->lines, (size_t)100);
    for (size_t i = 0; i < lines; i++) {
        if (!smtp_reply_line(reply, i, &line, &len))
            abort();
        sum += len + 1;
    }
    if (lines == reply->lines && sum != reply->text.len)
        abort();
    if (smtp_reply_line(reply, reply->lines, &line, &len))
        abort();
    smtp_reply_offers(reply, "STARTTLS");
}

static void show(const struct smtp_reply *reply)
{
    _cleanup_arena_ struct arena *arena = NULL;
    if (arena_new(1 << 16, &arena) < 0)
        return;
    const char *text =
        smtp_reply_printable(arena, buf_text(&reply->text), reply->text.len);
    for (const char *at = text; at && *at; at++)
        if (*at < ' ' || *at > '~')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_smtp_reply_ struct smtp_reply whole = {0};
    _cleanup_smtp_reply_ struct smtp_reply pieces = {0};
    smtp_reply_init(&whole);
    smtp_reply_init(&pieces);
    if (size < 2)
        return 0;
    const char *text = (const char *)data + 1;
    long left = feed(&whole, text, size - 1, size - 1);
    if (left != feed(&pieces, text, size - 1, data[0] % 64u + 1u))
        abort();
    if (left >= 0 &&
        (whole.code != pieces.code || whole.lines != pieces.lines ||
         whole.done != pieces.done ||
         strcmp(buf_text(&whole.text), buf_text(&pieces.text))))
        abort();
    look(&whole);
    show(&whole);
    return 0;
}
