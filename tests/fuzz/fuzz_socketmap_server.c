/*
 * A connection to the socketmap server: the input says in which pieces a
 * client sends, when the loop turns and which question is answered next.
 * Whatever it does, all answers come, in the order of the questions, as a
 * second reading of what was sent has them; then the server hangs up.
 */
#include "base/buf.h"
#include "net/socketmap_server.h"
#include "property.h"

#include <errno.h>
#include <sys/socket.h>

#define ASKERS_MAX 256u
#define OUTPUT_MAX (1u << 22)
#define TURNS_MAX 100000u

/* What an octet of the input does. */
enum deed {
    SEND,   /* the next octets, up to 63 */
    TURN,   /* of the loop */
    ANSWER, /* one of those who wait */
    LATER,  /* from now on questions are (not) answered at once */
};

struct world {
    struct loop *loop;
    struct socketmap_server *server;
    struct asker *askers[ASKERS_MAX];
    char *keys[ASKERS_MAX]; /* of their questions */
    size_t key_lens[ASKERS_MAX];
    size_t count;
    size_t asked;
    bool later;
    int fd;
    struct buf sent;
    struct buf got;
};

static struct world world;

/* ---- the owner ---- */

static void asked(void *ctx, struct asker *asker,
                  const struct socketmap_request *request)
{
    const struct mtasts_bytes *key = &request->key;

    (void)ctx;
    world.asked++;
    if (!world.later || world.count == ASKERS_MAX) {
        socketmap_answer(asker, SOCKETMAP_OK, key->data, key->len);
        return;
    }
    char *copy = malloc(key->len + 1);
    PROPERTY(copy != NULL);
    memcpy(copy, key->data, key->len);
    world.askers[world.count] = asker;
    world.keys[world.count] = copy;
    world.key_lens[world.count++] = key->len;
}

static void cancelled(void *ctx, struct asker *asker)
{
    (void)ctx;
    (void)asker;
    PROPERTY(false); /* the peer stays to the end */
}

static void answer(size_t index)
{
    socketmap_answer(world.askers[index], SOCKETMAP_OK, world.keys[index],
                     world.key_lens[index]);
    free(world.keys[index]);
    world.count--;
    world.askers[index] = world.askers[world.count];
    world.keys[index] = world.keys[world.count];
    world.key_lens[index] = world.key_lens[world.count];
}

/* ---- the client ---- */

static void stop(void *ctx)
{
    loop_stop(ctx);
}

static void turn(void)
{
    PROPERTY(loop_timer(world.loop, 0, stop, world.loop, NULL) == 0);
    PROPERTY(loop_run(world.loop) == 0);
}

/* Whether the server has not hung up. */
static bool receive(void)
{
    char data[65536];
    ssize_t len = recv(world.fd, data, sizeof(data), MSG_DONTWAIT);

    if (len > 0)
        PROPERTY(buf_append(&world.got, data, (size_t)len) == 0);
    return len > 0 || (len < 0 && errno == EAGAIN);
}

/* The server may have hung up, after what was no netstring. */
static void send_octets(const char *data, size_t len)
{
    ssize_t sent = send(world.fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent > 0)
        PROPERTY(buf_append(&world.sent, data, (size_t)sent) == 0);
}

static void follow(const char *data, size_t size)
{
    for (size_t at = 0; at < size;) {
        unsigned octet = (unsigned char)data[at++];
        size_t number = octet >> 2;

        switch ((enum deed)(octet & 3)) {
        case SEND:
            number = MIN_OF(number, size - at);
            send_octets(data + at, number);
            at += number;
            break;
        case TURN:
            turn();
            receive();
            break;
        case ANSWER:
            if (world.count > 0)
                answer(number % world.count);
            break;
        case LATER: world.later = !world.later; break;
        }
    }
}

/* Answers all that is asked until the server has hung up. */
static void finish(void)
{
    unsigned turns = 0;

    shutdown(world.fd, SHUT_WR);
    do {
        while (world.count > 0)
            answer(world.count - 1);
        turn();
        PROPERTY(++turns < TURNS_MAX);
    } while (receive());
}

/* ---- what must have come ---- */

static void put(struct buf *buf, enum socketmap_status status, const char *data,
                size_t len)
{
    char head[SOCKETMAP_HEAD_MAX];

    buf_append(buf, head, socketmap_head(status, len, head));
    buf_append(buf, data, len);
    buf_puts(buf, SOCKETMAP_TAIL);
    PROPERTY(buf->error == 0);
}

static void expect(struct buf *wanted)
{
    const char *data = world.sent.data;
    size_t at = 0;
    size_t requests = 0;

    while (at < world.sent.len) {
        struct socketmap_request request;
        size_t used = 0;
        enum socketmap_parsed parsed =
            socketmap_parse(data + at, world.sent.len - at, &request, &used);
        const char *why = socketmap_fault(parsed);

        if (parsed == SOCKETMAP_PARTIAL)
            break;
        if (why)
            put(wanted, SOCKETMAP_PERM, why, strlen(why));
        else
            put(wanted, SOCKETMAP_OK, request.key.data, request.key.len);
        requests += !why;
        if (why && parsed != SOCKETMAP_NO_BLANK)
            break;
        at += used;
    }
    PROPERTY(requests == world.asked);
}

static void begin(void)
{
    static const struct socketmap_owner owner = {.asked = asked,
                                                 .cancelled = cancelled};
    static const struct stream_options options = {.extra = 24};
    int pair[2];

    if (!world.loop) {
        PROPERTY(loop_new(&world.loop) == 0);
        PROPERTY(socketmap_server_new(world.loop, &options, &owner, NULL,
                                      &world.server) == 0);
    }
    world.count = 0;
    world.asked = 0;
    world.later = false;
    buf_init(&world.sent, OUTPUT_MAX);
    buf_init(&world.got, OUTPUT_MAX);
    PROPERTY(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                        pair) == 0);
    world.fd = pair[0];
    PROPERTY(stream_server_adopt(socketmap_server_stream(world.server),
                                 pair[1]) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_buf_ struct buf wanted = BUF(OUTPUT_MAX);
    struct socketmap_stats stats;

    begin();
    follow((const char *)data, size);
    finish();
    expect(&wanted);
    PROPERTY(wanted.len == world.got.len);
    PROPERTY(memcmp(buf_text(&wanted), buf_text(&world.got), wanted.len) == 0);
    socketmap_server_stats(world.server, &stats);
    PROPERTY(stats.stream.peers == 0 && stats.stream.askers == 0);
    close(world.fd);
    buf_clear(&world.sent);
    buf_clear(&world.got);
    return 0;
}
