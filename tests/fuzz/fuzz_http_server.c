/*
 * A connection to the HTTP server, by a UNIX socket: the first octet of the
 * input says in how large pieces the rest is sent. Whatever is sent, what
 * comes back is nothing or an answer of HTTP, everybody who asked is
 * answered, and the connection ends when the client has ended.
 */
#include "base/buf.h"
#include "net/http_server.h"
#include "property.h"

#include <errno.h>
#include <sys/socket.h>

#define OUTPUT_MAX (1u << 22)
#define TURNS_MAX 10000u
#define ASKERS_MAX 64u

struct world {
    struct loop *loop;
    struct http_server *server;
    struct listener *listener;
    struct sockaddr_un address;
    struct http_asker *later[ASKERS_MAX];
    size_t later_count;
    size_t asked;
    int fd;
    struct buf got;
};

static struct world world;

/* ---- the owner ---- */

static void answer(struct http_asker *asker)
{
    http_answer(asker, 200, "text/plain", "hello\n", 6);
}

static void on_now(void *ctx, struct http_asker *asker,
                   const struct http_request *request)
{
    char value[16];
    int found = http_target_query(request->target, "key", value, sizeof(value));

    (void)ctx;
    PROPERTY(request->target[0] == '/' && found <= 1);
    world.asked++;
    answer(asker);
}

static void on_later(void *ctx, struct http_asker *asker,
                     const struct http_request *request)
{
    (void)ctx;
    PROPERTY(request->name[0] != '\0');
    PROPERTY(world.later_count < ASKERS_MAX);
    world.asked++;
    world.later[world.later_count++] = asker;
}

static void on_cancelled(void *ctx, struct http_asker *asker)
{
    (void)ctx;
    (void)asker;
    PROPERTY(false); /* the client stays to the end */
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
    if (world.later_count > 0)
        answer(world.later[--world.later_count]);
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

static void talk(const char *data, size_t size, size_t piece)
{
    unsigned turns = 0;

    for (size_t at = 0; at < size; at += piece) {
        size_t len = MIN_OF(piece, size - at);

        if (send(world.fd, data + at, len, MSG_NOSIGNAL | MSG_DONTWAIT) !=
            (ssize_t)len)
            break;
        turn();
    }
    shutdown(world.fd, SHUT_WR);
    do {
        turn();
        PROPERTY(++turns < TURNS_MAX);
    } while (receive());
}

/* ---- the world ---- */

/* The file and its folder go with the process. */
static void clean_up(void)
{
    char *slash = strrchr(world.address.sun_path, '/');

    listener_free(world.listener);
    *slash = '\0';
    rmdir(world.address.sun_path);
}

static void start(void)
{
    static const struct http_route routes[] = {
        {.path = "/", .fn = on_now},
        {.path = "/v1/policy/", .fn = on_later},
        {.path = "/do/", .fn = on_later, .acts = true},
        {.path = "/take", .fn = on_now, .acts = true, .takes_body = true},
        {.path = NULL}};
    static const struct http_options options = {.routes = routes,
                                                .cancelled = on_cancelled,
                                                .extra = 40,
                                                .body_max = 64};
    char folder[] = "/tmp/fuzz-http-XXXXXX";
    char text[64];
    char why[LISTEN_WHY_MAX];

    PROPERTY(mkdtemp(folder) != NULL);
    snprintf(text, sizeof(text), "unix:%s/s", folder);
    world.address.sun_family = AF_UNIX;
    snprintf(world.address.sun_path, sizeof(world.address.sun_path), "%s/s",
             folder);
    PROPERTY(loop_new(&world.loop) == 0);
    PROPERTY(http_server_new(world.loop, &options, &world.server) == 0);
    PROPERTY(listener_open(text, NULL, NULL, &world.listener, why) == 0);
    PROPERTY(http_server_listen(world.server, world.listener) == 0);
    atexit(clean_up);
}

static void join(void)
{
    world.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    PROPERTY(world.fd >= 0);
    PROPERTY(connect(world.fd, (const struct sockaddr *)&world.address,
                     sizeof(world.address)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_stats stats;

    if (size < 2)
        return 0;
    if (!world.loop)
        start();
    join();
    world.asked = 0;
    buf_init(&world.got, OUTPUT_MAX);
    talk((const char *)data + 1, size - 1, 1 + 16u * data[0]);
    /* What evhttp refuses by itself, before we see it, it answers in the
       version of the request, even if that is "HTTP/-1.12". */
    PROPERTY(world.got.len == 0 || strncmp(world.got.data, "HTTP/1.", 7) == 0 ||
             (strncmp(world.got.data, "HTTP/-", 6) == 0 && world.asked == 0));
    PROPERTY(world.asked == 0 || world.got.len > 0);
    http_server_stats(world.server, &stats);
    PROPERTY(stats.askers == 0 && stats.peers == 0);
    close(world.fd);
    buf_clear(&world.got);
    return 0;
}
