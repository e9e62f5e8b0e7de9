/*
 * line_server: a line in, a line out. See line_server.h.
 */
#include "net/line_server.h"

#include <mtasts/error.h>
#include <string.h>

struct line_server {
    struct stream_server *stream;
    struct line_owner owner;
    void *ctx;
    uint64_t too_long;
};

int line_parse(const char *data, size_t len, bool ended, size_t *ret_len)
{
    const char *end = memchr(data, '\n', len);
    size_t line_len = end ? (size_t)(end - data) : len;

    if (line_len > 0 && data[line_len - 1] == '\r')
        line_len--;
    if (line_len > LINE_SERVER_LINE_MAX)
        return -MTASTS_ETOOLONG;
    if (!end && !ended)
        return 0;
    *ret_len = line_len;
    return 1;
}

void line_answer(struct asker *asker, const char *text, size_t len)
{
    const struct mtasts_bytes parts[] = {{text, len}, {"\n", 1}};

    asker_answer(asker, parts, ELEMENTS(parts));
}

static enum stream_taken take(void *ctx, struct asker *asker, const char *data,
                              size_t len, bool ended, size_t *ret_used)
{
    struct line_server *server = ctx;
    size_t line_len = 0;
    int parsed = line_parse(data, len, ended, &line_len);

    if (parsed == 0)
        return STREAM_PART;
    *ret_used = len;
    if (parsed < 0) {
        server->too_long++;
        asker_answer(asker, NULL, 0);
    } else {
        server->owner.asked(server->ctx, asker, data, line_len);
    }
    return STREAM_LAST;
}

static void cancel(void *ctx, struct asker *asker)
{
    const struct line_server *server = ctx;

    server->owner.cancelled(server->ctx, asker);
}

int line_server_new(struct loop *loop, const struct stream_options *options,
                    const struct line_owner *owner, void *ctx,
                    struct line_server **ret_server)
{
    static const struct stream_protocol protocol = {.take = take,
                                                    .cancel = cancel};
    _cleanup_line_server_ struct line_server *server =
        calloc(1, sizeof(*server));

    if (!server)
        return -MTASTS_ENOMEM;
    server->owner = *owner;
    server->ctx = ctx;
    int error =
        stream_server_new(loop, options, &protocol, server, &server->stream);
    if (!error)
        *ret_server = TAKE_PTR(server);
    return error;
}

void line_server_free(struct line_server *server)
{
    if (!server)
        return;
    stream_server_free(server->stream);
    free(server);
}

struct stream_server *line_server_stream(struct line_server *server)
{
    return server->stream;
}

void line_server_stats(const struct line_server *server,
                       struct line_stats *ret_stats)
{
    stream_server_stats(server->stream, &ret_stats->stream);
    ret_stats->too_long = server->too_long;
}
