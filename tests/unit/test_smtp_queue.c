/*
 * smtp_queue: probes of real sockets on the same loop. The server sends
 * everybody away with 554, after a moment, and counts who is there.
 */
#include "unit.h"

#include "base/cleanup.h"
#include "net/smtp_queue.h"
#include <errno.h>
#include <mtasts/error.h>
#include <netinet/tcp.h>
#include <openssl/x509.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define ADDRESSES (SMTP_QUEUE_ACTIVE + 6u)
#define CLIENTS 400u
#define ASKERS 20u
#define BUDGET_MS 20000u
#define MOMENT_MS 10u

/* Who gets no timer any more. */
static const void *starved;

int __wrap_loop_timer(struct loop *loop, uint64_t ms, loop_fn *fn, void *ctx,
                      struct loop_timer **ret_timer);
int __real_loop_timer(struct loop *loop, uint64_t ms, loop_fn *fn, void *ctx,
                      struct loop_timer **ret_timer);

int __wrap_loop_timer(struct loop *loop, uint64_t ms, loop_fn *fn, void *ctx,
                      struct loop_timer **ret_timer)
{
    if (starved && ctx == starved)
        return -MTASTS_ENOMEM;
    return __real_loop_timer(loop, ms, fn, ctx, ret_timer);
}

struct client {
    struct server *server;
    struct loop_watch *watch;
    struct loop_timer *timer;
    unsigned host; /* last octet of the address it came to */
    int fd;        /* -1: gone */
};

struct server {
    struct loop *loop;
    struct loop_watch *watches[ADDRESSES + 1];
    int fds[ADDRESSES + 1]; /* of 127.0.0.1 and up, from 1 */
    uint16_t port;
    struct client clients[CLIENTS];
    size_t client_count;
    size_t most_at_one;
    size_t most;
    bool silent; /* no greeting */
};

struct result {
    struct fixture *fixture;
    struct smtp_job *job;
    unsigned calls;
    size_t place; /* how many had ended before it */
    enum smtp_status status;
    const char *reply_text;
};

struct fixture {
    struct server server;
    struct smtp_queue *queue;
    struct smtp_asker *askers[ASKERS];
    unsigned begun[ASKERS]; /* how often the clock was said to start */
    struct arena *arena;
    X509_STORE *store;
    struct result results[CLIENTS];
    size_t count;
    size_t ended;
    bool same_host; /* all ask about one MX name */
};

/* ---- the server ---- */

/* As the client sees it: closed is closed, whether we have noticed or not. */
static bool is_open(const struct client *client)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof(info);
    return client->fd >= 0 &&
           getsockopt(client->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
           info.tcpi_state == TCP_ESTABLISHED;
}

static void count(struct server *server, unsigned host)
{
    size_t all = 0;
    size_t same = 0;
    for (size_t i = 0; i < server->client_count; i++) {
        if (!is_open(&server->clients[i]))
            continue;
        all++;
        same += server->clients[i].host == host;
    }
    server->most = MAX_OF(server->most, all);
    server->most_at_one = MAX_OF(server->most_at_one, same);
}

static void forget(struct client *client)
{
    loop_timer_cancel(TAKE_PTR(client->timer));
    loop_watch_cancel(TAKE_PTR(client->watch));
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

static void on_client(void *ctx, int fd, unsigned events)
{
    struct client *client = ctx;
    char data[100];
    (void)events;
    if (recv(fd, data, sizeof(data), 0) <= 0)
        forget(client);
}

static void greet(void *ctx)
{
    struct client *client = ctx;
    client->timer = NULL;
    send(client->fd, "554 no\r\n221 bye\r\n", 17, MSG_NOSIGNAL);
}

static void on_listener(void *ctx, int fd, unsigned events)
{
    struct server *server = ctx;
    struct client *client = &server->clients[server->client_count++];
    (void)events;
    assert_in_range(server->client_count, 1, CLIENTS - 1);
    client->server = server;
    client->fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(client->fd >= 0);
    for (unsigned i = 1; i <= ADDRESSES; i++)
        if (server->fds[i] == fd)
            client->host = i;
    count(server, client->host);
    assert_int_equal(loop_watch(server->loop, client->fd, LOOP_READ, on_client,
                                client, &client->watch),
                     0);
    if (!server->silent)
        assert_int_equal(
            loop_timer(server->loop, MOMENT_MS, greet, client, &client->timer),
            0);
}

static struct address address_of(unsigned host)
{
    struct address address;
    char text[ADDRESS_TEXT_MAX];
    snprintf(text, sizeof(text), "127.0.0.%u", host);
    assert_int_equal(address_parse(text, &address), 0);
    return address;
}

static void listen_at(struct server *server, unsigned host)
{
    struct address address = address_of(host);
    struct sockaddr_storage at;
    socklen_t len = address_sockaddr(&address, server->port, &at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(fd, 64), 0);
    len = sizeof(at);
    getsockname(fd, (struct sockaddr *)&at, &len);
    server->port = ntohs(((struct sockaddr_in *)(void *)&at)->sin_port);
    server->fds[host] = fd;
    assert_int_equal(loop_watch(server->loop, fd, LOOP_READ, on_listener,
                                server, &server->watches[host]),
                     0);
}

/* ---- the queue ---- */

static void on_fact(void *ctx, const struct fact_smtp *fact)
{
    struct result *result = ctx;
    struct fixture *fixture = result->fixture;
    result->job = NULL;
    result->calls++;
    result->status = fact->status;
    result->reply_text = fact->reply_text;
    result->place = fixture->ended++;
    if (fixture->ended == fixture->count)
        loop_stop(fixture->server.loop);
}

static void on_begun(void *ctx)
{
    unsigned *begun = ctx;
    (*begun)++;
}

static void make_asker(struct fixture *fixture, unsigned asker,
                       uint32_t budget_ms)
{
    smtp_asker_free(fixture->askers[asker]);
    assert_int_equal(smtp_asker_new(fixture->queue, budget_ms, on_begun,
                                    &fixture->begun[asker],
                                    &fixture->askers[asker]),
                     0);
}

static struct result *add(struct fixture *fixture, unsigned asker,
                          unsigned host)
{
    struct result *result = &fixture->results[fixture->count++];
    const struct smtp_request request = {
        .host = arena_printf(fixture->arena, "mx%zu.example",
                             fixture->same_host ? 0 : fixture->count),
        .address = address_of(host),
        .port = fixture->server.port,
        .helo = "probe.example",
        .store = fixture->store,
        .arena = fixture->arena,
    };
    result->fixture = fixture;
    assert_int_equal(smtp_queue_add(fixture->askers[asker], &request, on_fact,
                                    result, &result->job),
                     0);
    assert_int_equal(result->calls, 0);
    return result;
}

static void on_enough(void *ctx)
{
    struct loop *loop = ctx;
    loop_stop(loop);
}

static void on_too_long(void *ctx)
{
    (void)ctx;
    fail_msg("the test takes too long");
}

static void run(struct fixture *fixture)
{
    struct loop_timer *timer = NULL;
    assert_int_equal(
        loop_timer(fixture->server.loop, 30000, on_too_long, NULL, &timer), 0);
    assert_int_equal(loop_run(fixture->server.loop), 0);
    loop_timer_cancel(timer);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    assert_int_equal(loop_new(&fixture->server.loop), 0);
    assert_int_equal(arena_new(1 << 24, &fixture->arena), 0);
    assert_int_equal(smtp_queue_new(fixture->server.loop, &fixture->queue), 0);
    for (unsigned i = 0; i < ASKERS; i++)
        make_asker(fixture, i, BUDGET_MS);
    fixture->store = X509_STORE_new();
    for (unsigned host = 1; host <= ADDRESSES; host++)
        listen_at(&fixture->server, host);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    starved = NULL;
    for (unsigned i = 0; i < ASKERS; i++)
        smtp_asker_free(fixture->askers[i]);
    smtp_queue_free(fixture->queue);
    for (size_t i = 0; i < fixture->server.client_count; i++)
        forget(&fixture->server.clients[i]);
    for (unsigned host = 1; host <= ADDRESSES; host++) {
        loop_watch_cancel(fixture->server.watches[host]);
        close(fixture->server.fds[host]);
    }
    loop_free(fixture->server.loop);
    X509_STORE_free(fixture->store);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

static void run_for(struct fixture *fixture, uint64_t ms)
{
    struct loop *loop = fixture->server.loop;
    assert_int_equal(loop_timer(loop, ms, on_enough, loop, NULL), 0);
    assert_int_equal(loop_run(loop), 0);
}

static void test_one_at_a_time(void **state)
{
    struct fixture *fixture = *state;
    struct result *first[5];
    struct result *second[5];
    for (unsigned i = 0; i < 5; i++) {
        first[i] = add(fixture, i % 2, 1);
        second[i] = add(fixture, i % 3, 2);
    }
    run(fixture);
    assert_int_equal(fixture->server.client_count, 10);
    assert_int_equal(fixture->server.most_at_one, 1);
    assert_int_equal(fixture->server.most, 2);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(first[i]->calls, 1);
        assert_int_equal(second[i]->calls, 1);
        assert_int_equal(first[i]->status, SMTP_GREETING_REFUSED);
    }
}

static void test_turns(void **state)
{
    struct fixture *fixture = *state;
    struct result *results[5][8];
    for (unsigned asker = 0; asker < 5; asker++)
        for (unsigned i = 0; i < 8; i++)
            results[asker][i] = add(fixture, asker, 1);
    run(fixture);
    assert_int_equal(fixture->server.client_count, 40);
    for (unsigned asker = 0; asker < 5; asker++)
        for (unsigned i = 0; i < 8; i++)
            assert_int_equal(results[asker][i]->place, i * 5 + asker);
}

/* A domain with addresses without end, and some that come later. */
static void test_share(void **state)
{
    struct fixture *fixture = *state;
    size_t first = 0;
    fixture->server.silent = true;
    for (unsigned host = 1; host <= SMTP_QUEUE_ACTIVE - 4; host++)
        add(fixture, 0, host);
    run_for(fixture, 300);
    for (unsigned i = 0; i < 10; i++)
        add(fixture, 1 + i % 5, SMTP_QUEUE_ACTIVE - 3 + i);
    run_for(fixture, 300);
    for (size_t i = 0; i < fixture->server.client_count; i++)
        first += fixture->server.clients[i].host <= SMTP_QUEUE_ACTIVE - 4;
    assert_int_equal(first, SMTP_QUEUE_ACTIVE / 2);
    assert_int_equal(fixture->server.client_count, first + 10);
}

static void test_share_of_each(void **state)
{
    struct fixture *fixture = *state;
    size_t counts[ASKERS] = {0};
    fixture->server.silent = true;
    for (unsigned host = 1; host <= ADDRESSES; host++)
        add(fixture, host % 10, host);
    run_for(fixture, 500);
    for (size_t i = 0; i < fixture->server.client_count; i++)
        counts[fixture->server.clients[i].host % 10]++;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(counts[i], SMTP_QUEUE_SHARE);
}

static void test_same_question(void **state)
{
    struct fixture *fixture = *state;
    fixture->same_host = true;
    for (unsigned i = 0; i < 20; i++)
        add(fixture, i, 1);
    add(fixture, 0, 2);
    run(fixture);
    assert_int_equal(fixture->server.client_count, 2);
    for (size_t i = 0; i < fixture->count; i++) {
        assert_int_equal(fixture->results[i].calls, 1);
        assert_int_equal(fixture->results[i].status, SMTP_GREETING_REFUSED);
        assert_string_equal(fixture->results[i].reply_text, "no");
    }
    assert_ptr_not_equal(fixture->results[0].reply_text,
                         fixture->results[1].reply_text);
}

/* Later, when the probe is long gone; nobody's time is spent on it. */
static void test_known_answer(void **state)
{
    struct fixture *fixture = *state;
    fixture->same_host = true;
    add(fixture, 0, 1);
    run(fixture);
    make_asker(fixture, 1, 0);
    struct result *later = add(fixture, 1, 1);
    struct result *never = add(fixture, 1, 1);
    smtp_queue_cancel(TAKE_PTR(never->job));
    fixture->ended++;
    run(fixture);
    assert_int_equal(later->calls, 1);
    assert_int_equal(later->status, SMTP_GREETING_REFUSED);
    assert_int_equal(never->calls, 0);
    assert_int_equal(fixture->begun[1], 0);
    assert_int_equal(fixture->server.client_count, 1);
}

static void test_not_too_many(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned round = 0; round < 3; round++)
        for (unsigned host = 1; host <= ADDRESSES; host++)
            add(fixture, host % ASKERS, host);
    run(fixture);
    assert_int_equal(fixture->server.client_count, 3 * ADDRESSES);
    assert_int_equal(fixture->server.most_at_one, 1);
    assert_in_range(fixture->server.most, SMTP_QUEUE_ACTIVE / 2,
                    SMTP_QUEUE_ACTIVE);
    for (size_t i = 0; i < fixture->count; i++)
        assert_int_equal(fixture->results[i].calls, 1);
}

/* Each of its probes ends well, one after the other. */
static void test_few_descriptors(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlim_t kept = limit.rlim_cur;
    limit.rlim_cur = 20;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (unsigned i = 0; i < ASKERS; i++)
        smtp_asker_free(TAKE_PTR(fixture->askers[i]));
    smtp_queue_free(fixture->queue);
    assert_int_equal(smtp_queue_new(fixture->server.loop, &fixture->queue), 0);
    limit.rlim_cur = kept;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (unsigned i = 0; i < ASKERS; i++) {
        make_asker(fixture, i, BUDGET_MS);
        add(fixture, i, 1 + i);
    }
    run(fixture);
    assert_int_equal(fixture->server.client_count, ASKERS);
    assert_int_equal(fixture->server.most, 1);
}

static void test_too_late(void **state)
{
    struct fixture *fixture = *state;
    fixture->server.silent = true;
    make_asker(fixture, 0, 1000);
    make_asker(fixture, 1, 100);
    struct result *running = add(fixture, 0, 1);
    struct result *waiting = add(fixture, 0, 1);
    struct result *elsewhere = add(fixture, 1, 2);
    run(fixture);
    assert_int_equal(running->status, SMTP_TIMEOUT);
    assert_int_equal(waiting->status, SMTP_NOT_DONE);
    assert_int_equal(elsewhere->status, SMTP_NOT_DONE);
    assert_int_equal(fixture->server.client_count, 1);
}

/* Whoever stands in line behind a server that hangs has all of his time. */
static void test_waiting_costs_nothing(void **state)
{
    struct fixture *fixture = *state;
    uint64_t begun = loop_now_ms(fixture->server.loop);
    struct result *results[3];
    fixture->server.silent = true;
    for (unsigned i = 0; i < 3; i++) {
        make_asker(fixture, i, 800);
        results[i] = add(fixture, i, 1);
    }
    run(fixture);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(results[i]->status, SMTP_TIMEOUT);
        assert_int_equal(fixture->begun[i], 1);
    }
    assert_int_equal(fixture->server.client_count, 3);
    assert_true(loop_now_ms(fixture->server.loop) - begun >= 2400);
}

static void on_cancel(void *ctx)
{
    struct fixture *fixture = ctx;
    smtp_queue_cancel(TAKE_PTR(fixture->results[0].job)); /* runs */
    smtp_queue_cancel(TAKE_PTR(fixture->results[2].job)); /* waits */
    fixture->server.silent = false;
    fixture->ended += 2;
}

static void test_cancel(void **state)
{
    struct fixture *fixture = *state;
    struct loop_timer *timer = NULL;
    fixture->server.silent = true;
    for (unsigned i = 0; i < 4; i++)
        add(fixture, i % 2, 1);
    assert_int_equal(
        loop_timer(fixture->server.loop, 100, on_cancel, fixture, &timer), 0);
    run(fixture);
    const unsigned calls[] = {0, 1, 0, 1};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(fixture->results[i].calls, calls[i]);
    assert_int_equal(fixture->server.client_count, 3);
    assert_int_equal(fixture->server.most_at_one, 1);
}

static void test_asker_that_goes(void **state)
{
    struct fixture *fixture = *state;
    fixture->server.silent = true;
    for (unsigned i = 0; i < 8; i++)
        add(fixture, 0, 1 + i % 4);
    struct result *left = add(fixture, 1, 1);
    run_for(fixture, 100);
    fixture->server.silent = false;
    smtp_asker_free(TAKE_PTR(fixture->askers[0]));
    fixture->ended += 8;
    run(fixture);
    assert_int_equal(left->status, SMTP_GREETING_REFUSED);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(fixture->results[i].calls, 0);
}

/* No memory for a timer: the end of a probe is turn enough. */
static void test_no_timer_for_a_turn(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned i = 0; i < 4; i++)
        add(fixture, i % 2, 1);
    starved = fixture->queue;
    run(fixture);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(fixture->results[i].status, SMTP_GREETING_REFUSED);
}

static void test_free_with_work_left(void **state)
{
    struct fixture *fixture = *state;
    fixture->server.silent = true;
    for (unsigned i = 0; i < 200; i++)
        add(fixture, i % ASKERS, 1 + i % ADDRESSES);
    run_for(fixture, 100);
    assert_int_equal(fixture->ended, 0);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_at_a_time),
        TEST(test_turns),
        TEST(test_share),
        TEST(test_share_of_each),
        TEST(test_same_question),
        TEST(test_known_answer),
        TEST(test_not_too_many),
        TEST(test_few_descriptors),
        TEST(test_too_late),
        TEST(test_waiting_costs_nothing),
        TEST(test_cancel),
        TEST(test_asker_that_goes),
        TEST(test_no_timer_for_a_turn),
        TEST(test_free_with_work_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
