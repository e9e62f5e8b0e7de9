/*
 * server_driver: the servers of src/net, answering from a fixed table.
 *
 *     server_driver KEY=VALUE...
 *
 * socketmap, line, http: an address to listen on (may be repeated); mode,
 * group: of UNIX sockets that come after; peers, idle (ms): limits; host:
 * another name for HTTP.
 *
 * Prints "KEY ADDRESS PORT" for every address, then "ready"; "cancelled NAME"
 * whenever an asker has gone; on SIGUSR1 one line of figures; ends on
 * SIGTERM. What cannot be listened on ends it at once with exit status 1 and
 * the reason on stderr.
 */
#include "base/ascii.h"
#include "base/number.h"
#include "net/http_server.h"
#include "net/line_server.h"
#include "net/socketmap_server.h"

#include <inttypes.h>
#include <mtasts/error.h>
#include <signal.h>
#include <string.h>

#define LISTENERS_MAX 8u
#define BODY_MAX 100000u /* octets of content */
#define BIG 90000u       /* octets of a large answer */

struct row {
    const char *name;
    enum socketmap_status status;
    const char *data;
    int64_t delay_ms; /* -1: never answered */
};

static char big[BIG + 1];

static const struct row TABLE[] = {
    {"example.com", SOCKETMAP_OK,
     "secure match=mx1.example.com:mx2.example.com servername=hostname", 0},
    {"none.example", SOCKETMAP_NOTFOUND, "", 0},
    {"temp.example", SOCKETMAP_TEMP, "try again", 0},
    {"timeout.example", SOCKETMAP_TIMEOUT, "took too long", 0},
    {"perm.example", SOCKETMAP_PERM, "will not do", 0},
    {"slow.example", SOCKETMAP_OK, "after a while", 300},
    {"slower.example", SOCKETMAP_OK, "after a longer while", 600},
    {"never.example", SOCKETMAP_OK, "", -1},
    {"big.example", SOCKETMAP_OK, big, 0},
    {"b\xc3\xbc"
     "cher.example",
     SOCKETMAP_OK, "u-label", 0},
};

struct driver {
    struct loop *loop;
    struct inherited *inherited;
    struct stream_options options;
    struct listener_options listening;
    struct socketmap_server *socketmap;
    struct line_server *line;
    struct http_server *http;
    const char *host;
    struct listener *listeners[LISTENERS_MAX];
    size_t listener_count;
};

/* What waits, in the memory that the server keeps for each asker. */
struct wait {
    struct driver *driver;
    const struct row *row;
    void *asker;
    struct loop_timer *timer;
    void (*answer)(void *asker, const struct row *row);
};

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "server_driver: %s\n", what);
    exit(1);
}

/* ---- answers ---- */

static const struct row *find(const char *name, size_t len)
{
    for (size_t i = 0; i < ELEMENTS(TABLE); i++)
        if (ascii_is(name, len, TABLE[i].name))
            return &TABLE[i];
    return &TABLE[1];
}

static void on_time(void *ctx)
{
    struct wait *wait = ctx;

    wait->timer = NULL;
    wait->answer(wait->asker, wait->row);
}

static void reply(struct driver *driver, void *asker, struct wait *wait,
                  const struct row *row,
                  void (*answer)(void *asker, const struct row *row))
{
    if (row->delay_ms == 0) {
        answer(asker, row);
        return;
    }
    *wait = (struct wait){driver, row, asker, NULL, answer};
    if (row->delay_ms > 0 && loop_timer(driver->loop, (uint64_t)row->delay_ms,
                                        on_time, wait, &wait->timer) < 0)
        fail("no memory");
}

static void cancel(struct wait *wait)
{
    loop_timer_cancel(wait->timer);
    printf("cancelled %s\n", wait->row->name);
}

static void on_cancelled(void *ctx, struct asker *asker)
{
    (void)ctx;
    cancel(asker_extra(asker));
}

static void answer_socketmap(void *asker, const struct row *row)
{
    socketmap_answer(asker, row->status, row->data, strlen(row->data));
}

static void on_socketmap(void *ctx, struct asker *asker,
                         const struct socketmap_request *request)
{
    static const char unknown[] = "no such map";
    const struct mtasts_bytes *key = &request->key;

    if (!ascii_is(request->map.data, request->map.len, "postfix")) {
        socketmap_answer(asker, SOCKETMAP_PERM, unknown, strlen(unknown));
        return;
    }
    reply(ctx, asker, asker_extra(asker), find(key->data, key->len),
          answer_socketmap);
}

static void answer_line(void *asker, const struct row *row)
{
    line_answer(asker, row->data, strlen(row->data));
}

static void on_line(void *ctx, struct asker *asker, const char *line,
                    size_t len)
{
    reply(ctx, asker, asker_extra(asker), find(line, len), answer_line);
}

static void on_http_cancelled(void *ctx, struct http_asker *asker)
{
    (void)ctx;
    cancel(http_asker_extra(asker));
}

static void answer_http(void *asker, const struct row *row)
{
    http_answer(asker, row->status == SOCKETMAP_OK ? 200 : 404, "text/plain",
                row->data, strlen(row->data));
}

static void on_policy(void *ctx, struct http_asker *asker,
                      const struct http_request *request)
{
    reply(ctx, asker, http_asker_extra(asker),
          find(request->name, strlen(request->name)), answer_http);
}

/* The route's name and what ?say= holds. */
static void on_echo(void *ctx, struct http_asker *asker,
                    const struct http_request *request)
{
    char said[HTTP_NAME_MAX] = "";
    char text[2 * HTTP_NAME_MAX + 32];
    int found = http_target_query(request->target, "say", said, sizeof(said));

    (void)ctx;
    int len =
        snprintf(text, sizeof(text), "%s %d %s\n", request->name, found, said);
    http_answer(asker, 200, "text/plain; charset=utf-8", text, (size_t)len);
}

/* How much content came, and its first and last octet. */
static void on_take(void *ctx, struct http_asker *asker,
                    const struct http_request *request)
{
    char text[64] = "0\n";

    (void)ctx;
    if (request->len > 0)
        snprintf(text, sizeof(text), "%zu %c %c\n", request->len,
                 request->body[0], request->body[request->len - 1]);
    http_answer(asker, 200, "text/plain; charset=utf-8", text, strlen(text));
}

/* ---- start ---- */

static struct listener *open_listener(struct driver *driver, const char *kind,
                                      const char *text)
{
    char why[LISTEN_WHY_MAX];

    if (driver->listener_count == LISTENERS_MAX)
        fail("too many addresses");
    struct listener **listener = &driver->listeners[driver->listener_count++];
    if (listener_open(text, &driver->listening, driver->inherited, listener,
                      why) < 0)
        fail(why);
    printf("%s %s %u\n", kind, text, listener_port(*listener));
    return *listener;
}

static void listen_socketmap(struct driver *driver, const char *text)
{
    static const struct socketmap_owner owner = {.asked = on_socketmap,
                                                 .cancelled = on_cancelled};

    if (!driver->socketmap &&
        socketmap_server_new(driver->loop, &driver->options, &owner, driver,
                             &driver->socketmap) < 0)
        fail("no memory");
    stream_server_listen(socketmap_server_stream(driver->socketmap),
                         open_listener(driver, "socketmap", text));
}

static void listen_line(struct driver *driver, const char *text)
{
    static const struct line_owner owner = {.asked = on_line,
                                            .cancelled = on_cancelled};

    if (!driver->line && line_server_new(driver->loop, &driver->options, &owner,
                                         driver, &driver->line) < 0)
        fail("no memory");
    stream_server_listen(line_server_stream(driver->line),
                         open_listener(driver, "line", text));
}

static void listen_http(struct driver *driver, const char *text)
{
    static const struct http_route routes[] = {
        {.path = "/v1/policy/", .fn = on_policy},
        {.path = "/v1/echo/", .fn = on_echo},
        {.path = "/echo", .fn = on_echo},
        {.path = "/act", .fn = on_echo, .acts = true},
        {.path = "/take", .fn = on_take, .acts = true, .takes_body = true},
        {.path = "/", .fn = on_echo},
        {.path = NULL},
    };
    const struct http_options options = {
        .routes = routes,
        .cancelled = on_http_cancelled,
        .ctx = driver,
        .extra = sizeof(struct wait),
        .host = driver->host,
        .peers_max = (unsigned)driver->options.peers_max,
        .idle_s = driver->options.idle_ms / 1000,
        .body_max = BODY_MAX,
    };

    if (!driver->http &&
        http_server_new(driver->loop, &options, &driver->http) < 0)
        fail("no memory");
    if (http_server_listen(driver->http, open_listener(driver, "http", text)) <
        0)
        fail("HTTP is for this machine alone");
}

static uint64_t number(const char *text, bool octal)
{
    uint64_t value = 0;
    size_t len = strlen(text);

    if (octal ? number_parse_octal(text, len, UINT32_MAX, &value)
              : number_parse(text, len, UINT32_MAX, &value))
        fail("not a number");
    return value;
}

static void set(struct driver *driver, const char *key, const char *value)
{
    if (strcmp(key, "socketmap") == 0)
        listen_socketmap(driver, value);
    else if (strcmp(key, "line") == 0)
        listen_line(driver, value);
    else if (strcmp(key, "http") == 0)
        listen_http(driver, value);
    else if (strcmp(key, "host") == 0)
        driver->host = value;
    else if (strcmp(key, "mode") == 0)
        driver->listening.mode = (unsigned)number(value, true);
    else if (strcmp(key, "group") == 0)
        driver->listening.group = value;
    else if (strcmp(key, "peers") == 0)
        driver->options.peers_max = number(value, false);
    else if (strcmp(key, "idle") == 0)
        driver->options.idle_ms = (uint32_t)number(value, false);
    else
        fail(key);
}

static void read_arguments(struct driver *driver, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');

        if (!equals)
            fail("KEY=VALUE wanted");
        *equals = '\0';
        set(driver, argv[i], equals + 1);
    }
}

/* ---- figures, the end ---- */

static void print_stream(const char *kind, const struct stream_stats *stats)
{
    printf(" %s_peers=%zu %s_askers=%zu %s_opened=%" PRIu64
           " %s_requests=%" PRIu64 " %s_evicted=%" PRIu64 " %s_idle=%" PRIu64
           " %s_stalled=%" PRIu64,
           kind, stats->peers, kind, stats->askers, kind, stats->opened, kind,
           stats->requests, kind, stats->evicted, kind, stats->idle, kind,
           stats->stalled);
}

static void on_figures(void *ctx)
{
    const struct driver *driver = ctx;

    printf("figures");
    if (driver->socketmap) {
        struct socketmap_stats stats;
        uint64_t faults = 0;

        socketmap_server_stats(driver->socketmap, &stats);
        print_stream("socketmap", &stats.stream);
        for (size_t i = 0; i < SOCKETMAP_PARSED_COUNT; i++)
            faults += stats.faults[i];
        printf(" socketmap_faults=%" PRIu64, faults);
    }
    if (driver->line) {
        struct line_stats stats;

        line_server_stats(driver->line, &stats);
        print_stream("line", &stats.stream);
        printf(" line_too_long=%" PRIu64, stats.too_long);
    }
    if (driver->http) {
        struct http_stats stats;

        http_server_stats(driver->http, &stats);
        printf(" http_peers=%zu http_askers=%zu http_opened=%" PRIu64
               " http_requests=%" PRIu64 " http_refused=%" PRIu64,
               stats.peers, stats.askers, stats.opened, stats.requests,
               stats.refused);
    }
    uint64_t back_offs = 0;
    for (size_t i = 0; i < driver->listener_count; i++) {
        struct listener_stats stats;

        listener_stats(driver->listeners[i], &stats);
        back_offs += stats.back_offs;
    }
    printf(" back_offs=%" PRIu64 "\n", back_offs);
}

static void on_term(void *ctx)
{
    loop_stop(ctx);
}

int main(int argc, char **argv)
{
    struct driver driver = {.options.extra = sizeof(struct wait)};
    struct loop_watch *term = NULL, *figures = NULL;

    setvbuf(stdout, NULL, _IOLBF, 0);
    memset(big, 'b', BIG);
    if (loop_new(&driver.loop) < 0 || inherited_new(&driver.inherited) < 0)
        fail("no memory");
    read_arguments(&driver, argc, argv);
    if (loop_signal(driver.loop, SIGTERM, on_term, driver.loop, &term) < 0 ||
        loop_signal(driver.loop, SIGUSR1, on_figures, &driver, &figures) < 0)
        fail("no signals");
    printf("ready\n");
    loop_run(driver.loop);
    http_server_free(driver.http);
    for (size_t i = 0; i < driver.listener_count; i++)
        listener_free(driver.listeners[i]);
    socketmap_server_free(driver.socketmap);
    line_server_free(driver.line);
    inherited_free(driver.inherited);
    loop_free(driver.loop);
    return 0;
}
