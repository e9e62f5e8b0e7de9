/*
 * smtp_reply: takes the replies of an SMTP server apart (RFC 5321 4.2).
 *
 * Pure. Fed with octets as they arrive, one reply at a time. Lenient where
 * servers are known to be: LF alone ends a line too, the text may be missing
 * ("250"), lines may be longer than the 512 octets of RFC 5321 4.5.3.1.5.
 * Strict where a guess would be a lie: every line of a reply has the same
 * three-digit code, from 200 to 599.
 */
#ifndef MTASTS_NET_SMTP_REPLY_H
#define MTASTS_NET_SMTP_REPLY_H

#include "base/arena.h"
#include "base/buf.h"
#include <stdbool.h>

#define SMTP_LINE_MAX 4096u   /* octets of one line, its end included */
#define SMTP_REPLY_MAX 65536u /* octets of one reply, all its lines */
#define SMTP_TEXT_MAX 512u    /* octets of a reply's line shown to people */

struct smtp_reply {
    int code;        /* 0 until the first line is whole */
    size_t lines;    /* whole ones */
    bool done;       /* the last line has come */
    int error;       /* sticky: 0, -MTASTS_ESYNTAX, _ETOOLONG or _ENOMEM */
    size_t octets;   /* taken in so far */
    struct buf line; /* the one that is not whole yet */
    struct buf text; /* of all lines, without codes, each ended by LF */
};

void smtp_reply_init(struct smtp_reply *reply);

/* Frees the contents and makes it ready for the next reply. */
void smtp_reply_clear(struct smtp_reply *reply);

/*
 * Takes octets in up to the end of one reply. `ret_used`: how many were
 * taken; what is left belongs to the next reply. Look at reply->done.
 * Errors (which stick, and write no `ret_used`): -MTASTS_ESYNTAX,
 * -MTASTS_ETOOLONG (SMTP_LINE_MAX or SMTP_REPLY_MAX), -MTASTS_ENOMEM.
 */
int smtp_reply_feed(struct smtp_reply *reply, const char *data, size_t len,
                    size_t *ret_used);

/*
 * Line `index` (from 0) of a reply's text, without its end; false past the
 * last one. Lives until the reply is cleared.
 */
bool smtp_reply_line(const struct smtp_reply *reply, size_t index,
                     const char **ret_line, size_t *ret_len);

/*
 * Whether the reply to EHLO offers `keyword`, in any letter case (RFC 5321
 * 4.1.1.1: one on each line but the first, ended by a space or the line).
 */
bool smtp_reply_offers(const struct smtp_reply *reply, const char *keyword);

/*
 * `text` for people: everything but printable ASCII as \xNN, at most
 * SMTP_TEXT_MAX octets of it. NULL: no memory.
 */
const char *smtp_reply_printable(struct arena *arena, const char *text,
                                 size_t len);

static inline _unused_ void cleanup_smtp_reply(struct smtp_reply *reply)
{
    smtp_reply_clear(reply);
}
#define _cleanup_smtp_reply_ _cleanup_(cleanup_smtp_reply)

#endif
