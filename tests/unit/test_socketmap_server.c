/*
 * socketmap_server, and stream_server below it: answers in the order of the
 * requests whenever they are given, limits, and peers that go away, stall or
 * fall asleep. Peers are socket pairs: what a kernel does to TCP is tested in
 * tests/integration.
 */
#include "unit.h"

#include "base/ascii.h"
#include "net/socketmap_server.h"

#include <errno.h>
#include <mtasts/error.h>
#include <sys/socket.h>

#define ASKERS_MAX 64u
#define CLIENTS_MAX 8u
#define TURN_MS 20u       /* long enough for all that needs no timer */
#define EXTRA 40u         /* octets */
#define BIG (60u * 1024u) /* octets of a large answer */
#define BIG_MAX 1000u     /* large answers asked for at once */

struct world {
    struct loop *loop;
    struct socketmap_server *server;
    struct stream_options options;
    int clients[CLIENTS_MAX];
    size_t client_count;
    struct asker *askers[ASKERS_MAX]; /* of requests for "later", in order */
    size_t asked;
    size_t later;
    size_t cancelled;
    struct asker *chained; /* answered when the next question comes */
    char big[BIG];
};

/* ---- the owner ---- */

static void answer(struct asker *asker, const char *text)
{
    socketmap_answer(asker, SOCKETMAP_OK, text, strlen(text));
}

static void check_extra(struct asker *asker)
{
    static const char zeros[EXTRA];
    void *extra = asker_extra(asker);

    assert_memory_equal(extra, zeros, EXTRA);
    assert_int_equal((uintptr_t)extra % _Alignof(max_align_t), 0);
    memset(extra, 0xff, EXTRA);
}

/* The map says how, the key with what. */
static void asked(void *ctx, struct asker *asker,
                  const struct socketmap_request *request)
{
    struct world *world = ctx;
    const struct mtasts_bytes *map = &request->map;

    world->asked++;
    check_extra(asker);
    if (world->chained)
        answer(TAKE_PTR(world->chained), "chained");
    if (ascii_is(map->data, map->len, "now")) {
        socketmap_answer(asker, SOCKETMAP_OK, request->key.data,
                         request->key.len);
    } else if (ascii_is(map->data, map->len, "none")) {
        socketmap_answer(asker, SOCKETMAP_NOTFOUND, NULL, 0);
    } else if (ascii_is(map->data, map->len, "big")) {
        socketmap_answer(asker, SOCKETMAP_OK, world->big, BIG);
    } else if (ascii_is(map->data, map->len, "chain")) {
        world->chained = asker;
    } else {
        assert_true(ascii_is(map->data, map->len, "later"));
        assert_true(world->later < ASKERS_MAX);
        world->askers[world->later++] = asker;
    }
}

static void cancelled(void *ctx, struct asker *asker)
{
    struct world *world = ctx;
    bool known = asker == world->chained;

    for (size_t i = 0; i < world->later; i++)
        known |= world->askers[i] == asker;
    assert_true(known);
    world->cancelled++;
}

static void answer_later(struct world *world, size_t index, const char *text)
{
    assert_non_null(world->askers[index]);
    answer(TAKE_PTR(world->askers[index]), text);
}

/* ---- the world ---- */

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    assert_int_equal(loop_new(&world->loop), 0);
    world->options.extra = EXTRA;
    memset(world->big, 'b', BIG);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;

    for (size_t i = 0; i < world->client_count; i++)
        if (world->clients[i] >= 0)
            close(world->clients[i]);
    socketmap_server_free(world->server);
    loop_free(world->loop);
    free(world);
    return 0;
}

static void start(struct world *world)
{
    static const struct socketmap_owner owner = {.asked = asked,
                                                 .cancelled = cancelled};

    assert_int_equal(socketmap_server_new(world->loop, &world->options, &owner,
                                          world, &world->server),
                     0);
}

static int adopt(struct world *world)
{
    int pair[2];

    if (!world->server)
        start(world);
    assert_true(world->client_count < CLIENTS_MAX);
    assert_int_equal(socketpair(AF_UNIX,
                                SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                                pair),
                     0);
    world->clients[world->client_count++] = pair[0];
    return stream_server_adopt(socketmap_server_stream(world->server), pair[1]);
}

/* The number of a new client. */
static size_t join(struct world *world)
{
    assert_int_equal(adopt(world), 0);
    return world->client_count - 1;
}

static void leave(struct world *world, size_t client)
{
    close(world->clients[client]);
    world->clients[client] = -1;
}

static void stop(void *ctx)
{
    loop_stop(ctx);
}

static void run_ms(struct world *world, uint64_t ms)
{
    assert_int_equal(loop_timer(world->loop, ms, stop, world->loop, NULL), 0);
    assert_int_equal(loop_run(world->loop), 0);
}

static void run(struct world *world)
{
    run_ms(world, TURN_MS);
}

static void say_octets(struct world *world, size_t client, const char *data,
                       size_t len)
{
    assert_int_equal(send(world->clients[client], data, len, MSG_NOSIGNAL),
                     len);
}

static void say(struct world *world, size_t client, const char *text)
{
    say_octets(world, client, text, strlen(text));
    run(world);
}

static void expect(struct world *world, size_t client, const char *text)
{
    char got[4096] = "";
    ssize_t len = recv(world->clients[client], got, sizeof(got) - 1, 0);

    if (len < 0)
        assert_int_equal(errno, EAGAIN);
    assert_string_equal(got, text);
}

static void expect_end(struct world *world, size_t client)
{
    char octet;

    assert_int_equal(recv(world->clients[client], &octet, 1, 0), 0);
}

static struct socketmap_stats stats_of(const struct world *world)
{
    struct socketmap_stats stats;

    socketmap_server_stats(world->server, &stats);
    return stats;
}

static struct stream_stats stream_stats_of(const struct world *world)
{
    return stats_of(world).stream;
}

/* ---- one connection ---- */

static void test_at_once(void **state)
{
    struct world *world = *state;
    size_t client = join(world);

    say(world, client, "9:now hello,");
    expect(world, client, "8:OK hello,");
    say(world, client, "6:none x,");
    expect(world, client, "9:NOTFOUND ,");
    say(world, client, "4:now ,");
    expect(world, client, "3:OK ,");
    assert_int_equal(stream_stats_of(world).requests, 3);
    assert_int_equal(stream_stats_of(world).askers, 0);
}

static void test_pipelined(void **state)
{
    struct world *world = *state;
    size_t client = join(world);

    say(world, client, "5:now 1,6:none 2,5:now 3,5:now");
    expect(world, client, "4:OK 1,9:NOTFOUND ,4:OK 3,");
    say(world, client, " 4,5:n");
    expect(world, client, "4:OK 4,");
    say(world, client, "ow 5,");
    expect(world, client, "4:OK 5,");
}

static void test_octet_by_octet(void **state)
{
    struct world *world = *state;
    size_t client = join(world);

    for (const char *at = "9:now hello,"; *at; at++) {
        expect(world, client, "");
        say_octets(world, client, at, 1);
        run_ms(world, 1);
    }
    expect(world, client, "8:OK hello,");
}

static void test_later(void **state)
{
    struct world *world = *state;
    size_t client = join(world);

    say(world, client, "7:later 1,");
    expect(world, client, "");
    assert_int_equal(stream_stats_of(world).askers, 1);
    answer_later(world, 0, "1");
    expect(world, client, "4:OK 1,"); /* without the loop */
    assert_int_equal(stream_stats_of(world).askers, 0);
    say(world, client, "5:now 2,");
    expect(world, client, "4:OK 2,");
}

/* The second answer comes first, and has to wait. */
static void test_order(void **state)
{
    struct world *world = *state;
    size_t client = join(world);

    say(world, client, "7:later 1,5:now 2,7:later 3,6:none 4,7:later 5,");
    expect(world, client, "");
    assert_int_equal(world->asked, 5);
    answer_later(world, 2, "5");
    answer_later(world, 1, "3");
    expect(world, client, "");
    answer_later(world, 0, "1");
    expect(world, client, "4:OK 1,4:OK 2,4:OK 3,9:NOTFOUND ,4:OK 5,");
    say(world, client, "5:now 6,");
    expect(world, client, "4:OK 6,");
    assert_int_equal(stream_stats_of(world).askers, 0);
}

/* An earlier question is answered while the next one is being asked. */
static void test_order_inside(void **state)
{
    struct world *world = *state;
    size_t client = join(world);

    say(world, client, "7:chain 1,");
    say(world, client, "5:now 2,7:chain 3,7:later 4,5:now 5,");
    expect(world, client, "10:OK chained,4:OK 2,10:OK chained,");
    answer_later(world, 0, "4");
    expect(world, client, "4:OK 4,4:OK 5,");
}

/* ... of another connection. */
static void test_answer_across(void **state)
{
    struct world *world = *state;
    size_t one = join(world);
    size_t two = join(world);

    say(world, one, "7:chain 1,");
    say(world, two, "7:chain 2,");
    expect(world, one, "10:OK chained,");
    expect(world, two, "");
    say(world, one, "5:now 3,");
    expect(world, two, "10:OK chained,");
    expect(world, one, "4:OK 3,");
}

static void test_extra_stays(void **state)
{
    struct world *world = *state;
    size_t client = join(world);
    void *extra;

    say(world, client, "7:later 1,");
    extra = asker_extra(world->askers[0]);
    memset(extra, 0x55, EXTRA);
    say(world, client, "5:now 2,7:later 3,5:now 4,");
    assert_ptr_equal(asker_extra(world->askers[0]), extra);
    assert_int_equal(((unsigned char *)extra)[EXTRA - 1], 0x55);
    assert_ptr_not_equal(asker_extra(world->askers[1]), extra);
}

static void test_no_blank(void **state)
{
    struct world *world = *state;
    size_t client = join(world);

    say(world, client, "3:abc,5:now 1,0:,");
    expect(world, client,
           "55:PERM the request is not a map's name, a blank and a key,"
           "4:OK 1,"
           "55:PERM the request is not a map's name, a blank and a key,");
    assert_int_equal(stats_of(world).faults[SOCKETMAP_NO_BLANK], 2);
    say(world, client, "5:now 2,");
    expect(world, client, "4:OK 2,");
}

static void test_faults(void **state)
{
    static const struct {
        const char *says;
        enum socketmap_parsed fault;
    } rows[] = {
        {"get example.com\n", SOCKETMAP_BAD_LENGTH},
        {"05:now 1,", SOCKETMAP_BAD_LENGTH},
        {"10001:now x", SOCKETMAP_TOO_LONG},
        {"5:now 12", SOCKETMAP_NO_COMMA},
    };
    struct world *world = *state;

    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        char wanted[256];
        const char *why = socketmap_fault(rows[i].fault);
        uint64_t before;
        size_t client = join(world);

        before = stats_of(world).faults[rows[i].fault];
        say(world, client, "7:later x,5:now 1,");
        say(world, client, rows[i].says);
        expect(world, client, "");
        answer_later(world, i, "x");
        run(world);
        snprintf(wanted, sizeof(wanted), "4:OK x,4:OK 1,%zu:PERM %s,",
                 strlen(why) + 5, why);
        expect(world, client, wanted);
        expect_end(world, client);
        assert_int_equal(stats_of(world).faults[rows[i].fault], before + 1);
        assert_int_equal(stream_stats_of(world).peers, 0);
    }
}

static void test_longest_request(void **state)
{
    struct world *world = *state;
    size_t client = join(world);
    char request[SOCKETMAP_FRAME_MAX + SOCKETMAP_REQUEST_MAX];

    memset(request, 'x', sizeof(request));
    memcpy(request, "10000:none ", 11);
    request[sizeof(request) - 1] = ',';
    for (int i = 0; i < 5; i++)
        say_octets(world, client, request, sizeof(request));
    run(world);
    expect(world, client,
           "9:NOTFOUND ,9:NOTFOUND ,9:NOTFOUND ,9:NOTFOUND ,9:NOTFOUND ,");
}

static void test_longest_answer(void **state)
{
    struct world *world = *state;
    size_t max = socketmap_data_max(SOCKETMAP_OK);
    _cleanup_free_ char *data = malloc(max + 1);
    _cleanup_free_ char *got = malloc(max + 32);
    size_t client = join(world);
    int room = 1 << 20;
    ssize_t len;

    assert_true(data && got);
    memset(data, 'd', max + 1);
    setsockopt(world->clients[client], SOL_SOCKET, SO_RCVBUF, &room,
               sizeof(room));
    say(world, client, "7:later 1,7:later 2,");
    socketmap_answer(world->askers[0], SOCKETMAP_OK, data, max);
    len = recv(world->clients[client], got, max + 32, 0);
    assert_int_equal(len, max + strlen("100000:OK ,"));
    assert_memory_equal(got, "100000:OK ddd", 13);
    socketmap_answer(world->askers[1], SOCKETMAP_OK, data, max + 1);
    expect(world, client, "44:TEMP the answer is longer than 100000 octets,");
}

/* ---- peers that go away ---- */

static void test_half_close(void **state)
{
    struct world *world = *state;
    size_t client = join(world);

    say(world, client, "5:now 1,7:later 2,5:now 3,5:no");
    shutdown(world->clients[client], SHUT_WR);
    run(world);
    expect(world, client, "4:OK 1,");
    assert_int_equal(world->cancelled, 0);
    answer_later(world, 0, "2");
    run(world);
    expect(world, client, "4:OK 2,4:OK 3,");
    expect_end(world, client);
    assert_int_equal(stream_stats_of(world).peers, 0);
}

static void test_close(void **state)
{
    struct world *world = *state;
    size_t client = join(world);

    say(world, client, "5:now 1,");
    leave(world, client);
    run(world);
    assert_int_equal(stream_stats_of(world).peers, 0);
    assert_int_equal(world->cancelled, 0);
}

static void test_close_cancels(void **state)
{
    struct world *world = *state;
    size_t client = join(world);

    say(world, client, "7:later 1,5:now 2,7:later 3,");
    assert_int_equal(stream_stats_of(world).askers, 2);
    leave(world, client);
    run(world);
    assert_int_equal(world->cancelled, 2);
    assert_int_equal(stream_stats_of(world).askers, 0);
    assert_int_equal(stream_stats_of(world).peers, 0);
}

static void test_half_close_then_close(void **state)
{
    struct world *world = *state;
    size_t client = join(world);

    say(world, client, "7:later 1,");
    shutdown(world->clients[client], SHUT_WR);
    run(world);
    assert_int_equal(world->cancelled, 0);
    leave(world, client);
    run(world);
    assert_int_equal(world->cancelled, 1);
    assert_int_equal(stream_stats_of(world).peers, 0);
}

/* Nobody reads: it shows when the first answer is sent. The others are told
   by the loop, not from within the answer. */
static void test_answer_to_nobody(void **state)
{
    struct world *world = *state;
    size_t client = join(world);

    say(world, client, "7:later 1,7:later 2,7:later 3,");
    shutdown(world->clients[client], SHUT_WR);
    run(world);
    leave(world, client);
    answer_later(world, 0, "1");
    assert_int_equal(world->cancelled, 0);
    answer_later(world, 2, "3");
    run(world);
    assert_int_equal(world->cancelled, 1);
    assert_int_equal(stream_stats_of(world).peers, 0);
    assert_int_equal(stream_stats_of(world).askers, 0);
}

static void test_free_cancels(void **state)
{
    struct world *world = *state;
    size_t client = join(world);

    join(world);
    say(world, client, "7:later 1,5:now 2,7:later 3,");
    socketmap_server_free(TAKE_PTR(world->server));
    assert_int_equal(world->cancelled, 2);
    expect_end(world, client);
}

/* ---- limits ---- */

static void test_many_unanswered(void **state)
{
    struct world *world = *state;
    size_t client = join(world);
    const size_t sent = 2 * STREAM_ASKERS_MAX;

    for (size_t i = 0; i < sent; i++)
        say_octets(world, client, "7:later x,", 10);
    run(world);
    assert_int_equal(world->asked, STREAM_ASKERS_MAX);
    answer_later(world, 1, "b"); /* not the first: nothing becomes free */
    run(world);
    assert_int_equal(world->asked, STREAM_ASKERS_MAX);
    answer_later(world, 0, "a");
    assert_int_equal(world->asked, STREAM_ASKERS_MAX); /* not from in there */
    run(world);
    assert_int_equal(world->asked, STREAM_ASKERS_MAX + 2);
    expect(world, client, "4:OK a,4:OK b,");
    for (size_t i = 2; i < sent; i++) {
        answer_later(world, i, "c");
        run_ms(world, 1);
        expect(world, client, "4:OK c,");
    }
    say(world, client, "5:now 1,");
    expect(world, client, "4:OK 1,");
}

/* Asks for `count` large answers in one go. */
static void ask_big(struct world *world, size_t client, size_t count)
{
    char asks[8 * BIG_MAX + 1];

    assert_true(count <= BIG_MAX);
    for (size_t i = 0; i < count; i++)
        memcpy(asks + 8 * i, "5:big x,", 8);
    say_octets(world, client, asks, 8 * count);
    run(world);
}

/* Reads `len` octets that come as the loop turns. */
static void drain(struct world *world, size_t client, size_t len)
{
    char got[16384];

    for (unsigned patience = 1000; len > 0 && patience > 0;) {
        ssize_t part =
            recv(world->clients[client], got, MIN_OF(sizeof(got), len), 0);
        if (part > 0) {
            len -= (size_t)part;
        } else {
            run_ms(world, 1);
            patience--;
        }
    }
    assert_int_equal(len, 0);
}

static void test_slow_reader(void **state)
{
    struct world *world = *state;
    size_t client = join(world);
    size_t other = join(world);
    const size_t sent = 1000;
    size_t asked_first;

    ask_big(world, client, sent);
    asked_first = world->asked;
    assert_true(asked_first > 1 && asked_first < 20);
    run(world);
    assert_int_equal(world->asked, asked_first);
    say(world, other, "5:now 1,"); /* others are served */
    expect(world, other, "4:OK 1,");
    drain(world, client, sent * (BIG + strlen("61443:OK ,")));
    expect(world, client, "");
    assert_int_equal(world->asked, sent + 1);
    say(world, client, "5:now 1,");
    expect(world, client, "4:OK 1,");
}

/* All that was asked is answered, though the peer has ended meanwhile. */
static void test_slow_reader_half_close(void **state)
{
    struct world *world = *state;
    size_t client = join(world);
    const size_t sent = 50;

    ask_big(world, client, sent);
    shutdown(world->clients[client], SHUT_WR);
    run(world);
    drain(world, client, sent * (BIG + strlen("61443:OK ,")));
    run(world);
    expect_end(world, client);
    assert_int_equal(world->asked, sent);
}

static void test_idle(void **state)
{
    struct world *world = *state;
    size_t sleeper, waiter, asleep_half, busy;
    const uint32_t idle_ms = 320;

    world->options.idle_ms = idle_ms;
    sleeper = join(world);
    waiter = join(world);
    asleep_half = join(world);
    busy = join(world);
    say(world, waiter, "7:later 1,");
    say(world, asleep_half, "7:lat");
    for (uint32_t ms = TURN_MS; ms < idle_ms / 2; ms += TURN_MS)
        say(world, busy, "6:none 1,");
    assert_int_equal(stream_stats_of(world).peers, 4);
    for (uint32_t ms = 0; ms < idle_ms; ms += TURN_MS)
        say(world, busy, "6:none 1,");
    expect_end(world, sleeper);
    expect_end(world, asleep_half);
    answer_later(world, 0, "1");
    expect(world, waiter, "4:OK 1,");
    assert_int_equal(stream_stats_of(world).idle, 2);
    assert_int_equal(stream_stats_of(world).peers, 2);
    run_ms(world, 2 * idle_ms);
    assert_int_equal(stream_stats_of(world).peers, 0);
}

static void test_stalled(void **state)
{
    struct world *world = *state;
    size_t client;

    world->options.idle_ms = 160;
    client = join(world);
    ask_big(world, client, 100);
    run_ms(world, 500);
    assert_int_equal(stream_stats_of(world).stalled, 1);
    assert_int_equal(stream_stats_of(world).peers, 0);
}

static void test_crowd(void **state)
{
    struct world *world = *state;
    size_t one, two, three;

    world->options.peers_max = 2;
    world->options.idle_ms = 320; /* order is known from sweep to sweep */
    one = join(world);
    two = join(world);
    run_ms(world, 60);
    say(world, one, "6:none 1,");
    three = join(world); /* the second has been idle for longer */
    run(world);
    expect_end(world, two);
    expect(world, one, "9:NOTFOUND ,");
    say(world, one, "7:later 1,");
    say(world, three, "5:now 2,");
    expect(world, three, "4:OK 2,");
    join(world); /* the first waits for an answer: the third goes */
    expect_end(world, three);
    answer_later(world, 0, "1");
    expect(world, one, "4:OK 1,");
    assert_int_equal(stream_stats_of(world).evicted, 2);
    assert_int_equal(stream_stats_of(world).peers, 2);
}

static void test_crowd_busy(void **state)
{
    struct world *world = *state;
    size_t client;

    world->options.peers_max = 1;
    client = join(world);
    say(world, client, "7:later 1,");
    assert_int_equal(adopt(world), -MTASTS_ELIMIT);
    expect_end(world, client + 1);
    assert_int_equal(world->cancelled, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_at_once),
        TEST(test_pipelined),
        TEST(test_octet_by_octet),
        TEST(test_later),
        TEST(test_order),
        TEST(test_order_inside),
        TEST(test_answer_across),
        TEST(test_extra_stays),
        TEST(test_no_blank),
        TEST(test_faults),
        TEST(test_longest_request),
        TEST(test_longest_answer),
        TEST(test_half_close),
        TEST(test_close),
        TEST(test_close_cancels),
        TEST(test_half_close_then_close),
        TEST(test_answer_to_nobody),
        TEST(test_free_cancels),
        TEST(test_many_unanswered),
        TEST(test_slow_reader),
        TEST(test_slow_reader_half_close),
        TEST(test_idle),
        TEST(test_stalled),
        TEST(test_crowd),
        TEST(test_crowd_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
