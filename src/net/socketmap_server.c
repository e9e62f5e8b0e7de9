/*
 * socketmap_server: answers socketmap requests. See socketmap_server.h.
 */
#include "net/socketmap_server.h"

#include <mtasts/error.h>
#include <string.h>

struct socketmap_server {
    struct stream_server *stream;
    struct socketmap_owner owner;
    void *ctx;
    uint64_t faults[SOCKETMAP_PARSED_COUNT];
};

void socketmap_answer(struct asker *asker, enum socketmap_status status,
                      const char *data, size_t len)
{
    static const char too_long[] = "the answer is longer than 100000 octets";
    char head[SOCKETMAP_HEAD_MAX];
    struct mtasts_bytes parts[3];

    if (len > socketmap_data_max(status)) {
        status = SOCKETMAP_TEMP;
        data = too_long;
        len = strlen(too_long);
    }
    parts[0] = (struct mtasts_bytes){head, socketmap_head(status, len, head)};
    parts[1] = (struct mtasts_bytes){data, len};
    parts[2] = (struct mtasts_bytes){SOCKETMAP_TAIL, strlen(SOCKETMAP_TAIL)};
    asker_answer(asker, parts, ELEMENTS(parts));
}

static enum stream_taken refuse(struct socketmap_server *server,
                                struct asker *asker,
                                enum socketmap_parsed fault)
{
    const char *why = socketmap_fault(fault);

    server->faults[fault]++;
    socketmap_answer(asker, SOCKETMAP_PERM, why, strlen(why));
    return fault == SOCKETMAP_NO_BLANK ? STREAM_REQUEST : STREAM_LAST;
}

static enum stream_taken take(void *ctx, struct asker *asker, const char *data,
                              size_t len, bool ended, size_t *ret_used)
{
    struct socketmap_server *server = ctx;
    struct socketmap_request request;
    enum socketmap_parsed parsed =
        socketmap_parse(data, len, &request, ret_used);

    (void)ended;
    if (parsed == SOCKETMAP_PARTIAL)
        return STREAM_PART;
    if (parsed != SOCKETMAP_WHOLE)
        return refuse(server, asker, parsed);
    server->owner.asked(server->ctx, asker, &request);
    return STREAM_REQUEST;
}

static void cancel(void *ctx, struct asker *asker)
{
    const struct socketmap_server *server = ctx;

    server->owner.cancelled(server->ctx, asker);
}

int socketmap_server_new(struct loop *loop,
                         const struct stream_options *options,
                         const struct socketmap_owner *owner, void *ctx,
                         struct socketmap_server **ret_server)
{
    static const struct stream_protocol protocol = {.take = take,
                                                    .cancel = cancel};
    _cleanup_socketmap_server_ struct socketmap_server *server =
        calloc(1, sizeof(*server));

    _Static_assert(SOCKETMAP_REQUEST_MAX + SOCKETMAP_FRAME_MAX <=
                       STREAM_INPUT_MAX,
                   "a request fits the buffer that is read into");
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

void socketmap_server_free(struct socketmap_server *server)
{
    if (!server)
        return;
    stream_server_free(server->stream);
    free(server);
}

struct stream_server *socketmap_server_stream(struct socketmap_server *server)
{
    return server->stream;
}

void socketmap_server_stats(const struct socketmap_server *server,
                            struct socketmap_stats *ret_stats)
{
    stream_server_stats(server->stream, &ret_stats->stream);
    memcpy(ret_stats->faults, server->faults, sizeof(server->faults));
}
