/*
 * line_server: a line in, a line out, and the connection is closed: what
 * Exim's ${readsocket} speaks.
 *
 * A line ends with LF or CRLF, or with the end of what the peer sends. A peer
 * that sends nothing, or more than LINE_MAX octets, is told nothing.
 * Connections and their limits are stream_server.h's.
 */
#ifndef MTASTS_NET_LINE_SERVER_H
#define MTASTS_NET_LINE_SERVER_H

#include "net/stream_server.h"

#define LINE_SERVER_LINE_MAX 1024u /* octets of a line: a name has 253 */

struct line_server;

struct line_owner {
    /* `line` without its end: any octets, perhaps none; good until this
       returns. line_answer() is called once, from in here or later. May not
       free the server. */
    void (*asked)(void *ctx, struct asker *asker, const char *line, size_t len);
    /* The asker has gone, and with the return of this call its handle. */
    void (*cancelled)(void *ctx, struct asker *asker);
};

struct line_stats {
    struct stream_stats stream;
    uint64_t too_long; /* lines */
};

/* `owner` is copied. */
int line_server_new(struct loop *loop, const struct stream_options *options,
                    const struct line_owner *owner, void *ctx,
                    struct line_server **ret_server);

/* Cancels those who wait. NULL is fine. */
void line_server_free(struct line_server *server);

/* Its connections: where to listen. */
struct stream_server *line_server_stream(struct line_server *server);

/* Sends `text` and LF. The handle is gone; `text` is the caller's. */
void line_answer(struct asker *asker, const char *text, size_t len);

void line_server_stats(const struct line_server *server,
                       struct line_stats *ret_stats);

/*
 * The pure part: the line at the start of `data`, without its end. 0 if it
 * may have more to come; -MTASTS_ETOOLONG; otherwise 1, with *ret_len.
 */
int line_parse(const char *data, size_t len, bool ended, size_t *ret_len);

DEFINE_CLEANUP(struct line_server *, line_server_free, line_server)
#define _cleanup_line_server_ _cleanup_(cleanup_line_server)

#endif
