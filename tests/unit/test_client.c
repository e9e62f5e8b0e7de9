/*
 * mtasts_query() against servers that behave, and that do not: a thread
 * plays its part on a UNIX socket.
 */
#include "base/cleanup.h"
#include "client/answer.h"
#include "client/exchange.h"
#include "unit.h"
#include <errno.h>
#include <mtasts/client.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

/* Far more than anything here takes on a machine at rest. */
#define PATIENCE_MS 20000
#define SHORT_MS 100

#define FORM "mtasts 1\nanswer policy\nttl 60\nhost covered mx.example.com\n\n"
#define POLICY                                                                 \
    "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 600\n"

enum manner {
    WHOLE,
    OCTETS, /* one at a time */
    DRIP,   /* one, and nothing after it */
    SILENT, /* reads, never answers */
    LEAVES, /* as soon as it is connected to */
    ABSENT, /* listens, never accepts */
};

struct server {
    char folder[32];
    char path[64];
    int fd;
    enum manner manner;
    const char *reply; /* with its frame */
    size_t len;
    char asked[512];
    pthread_t thread;
};

static void wait_for_the_end(int fd)
{
    char octets[64];

    while (recv(fd, octets, sizeof(octets), 0) > 0)
        ;
}

static void play(struct server *server, int fd)
{
    size_t step = server->manner == OCTETS ? 1 : server->len;
    ssize_t got;

    if (server->manner == LEAVES)
        return;
    got = recv(fd, server->asked, sizeof(server->asked) - 1, 0);
    server->asked[got > 0 ? got : 0] = '\0';
    if (server->manner == DRIP)
        send(fd, server->reply, 1, MSG_NOSIGNAL);
    else if (server->manner != SILENT)
        for (size_t at = 0; at < server->len; at += step)
            send(fd, server->reply + at, step, MSG_NOSIGNAL);
    wait_for_the_end(fd);
}

static void *serve(void *arg)
{
    struct server *server = arg;
    _cleanup_fd_ int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);

    assert_true(fd >= 0);
    play(server, fd);
    return NULL;
}

static void server_start(struct server *server, enum manner manner,
                         const char *reply, size_t len)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *server = (struct server){.folder = "/tmp/mtasts-client-XXXXXX",
                              .manner = manner,
                              .reply = reply,
                              .len = len};
    assert_non_null(mkdtemp(server->folder));
    snprintf(server->path, sizeof(server->path), "%s/socket", server->folder);
    memcpy(address.sun_path, server->path, strlen(server->path) + 1);
    server->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->fd >= 0);
    assert_int_equal(
        bind(server->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(server->fd, 0), 0);
    if (manner != ABSENT)
        assert_int_equal(pthread_create(&server->thread, NULL, serve, server),
                         0);
}

static void server_stop(struct server *server)
{
    if (server->manner != ABSENT)
        assert_int_equal(pthread_join(server->thread, NULL), 0);
    close(server->fd);
    unlink(server->path);
    rmdir(server->folder);
}

/* Asks a server that says this; the error of the call. */
static int ask(enum manner manner, const char *data, unsigned deadline_ms,
               struct mtasts_answer **ret_answer)
{
    struct server server;
    _cleanup_free_ char *frame = NULL;
    int len = asprintf(&frame, "%zu:%s,", strlen(data), data);
    int r;

    assert_true(len > 0);
    server_start(&server, manner, frame, (size_t)len);
    r = mtasts_query(server.path, "Example.COM", deadline_ms, ret_answer);
    server_stop(&server);
    if (manner != LEAVES)
        assert_string_equal(server.asked, "18:client example.com,");
    return r;
}

static void test_answer(void **state)
{
    (void)state;
    for (unsigned manner = WHOLE; manner <= OCTETS; manner++) {
        struct mtasts_answer *answer = NULL;

        assert_int_equal(
            ask((enum manner)manner, "OK " FORM POLICY, PATIENCE_MS, &answer),
            0);
        assert_int_equal(answer->kind, MTASTS_ANSWER_POLICY);
        assert_int_equal(mtasts_sts_policy_mode(answer->policy),
                         MTASTS_MODE_ENFORCE);
        assert_int_equal(answer->ttl, 60);
        assert_int_equal(answer->host_count, 1);
        assert_true(answer->hosts[0].covered);
        assert_false(answer->dane);
        assert_string_equal(answer->id, "");
        assert_string_equal(answer->reason, "");
        mtasts_answer_free(answer);
    }
}

/* The longest reply that there is. */
static void test_long_answer(void **state)
{
    (void)state;
    static char text[EXCHANGE_REPLY_MAX + 2];
    static const char head[] = "OK mtasts 1\nanswer none\nx ";
    struct mtasts_answer *answer = NULL;

    memset(text, 'x', EXCHANGE_REPLY_MAX + 1);
    memcpy(text, head, sizeof(head) - 1);
    text[EXCHANGE_REPLY_MAX - 1] = '\n';
    text[EXCHANGE_REPLY_MAX] = '\0';
    assert_int_equal(ask(WHOLE, text, PATIENCE_MS, &answer), 0);
    assert_int_equal(answer->kind, MTASTS_ANSWER_NONE);
    mtasts_answer_free(answer);
    answer = NULL;
    text[EXCHANGE_REPLY_MAX] = '\n';
    assert_int_equal(ask(WHOLE, text, PATIENCE_MS, &answer), -MTASTS_ESYSTEM);
    assert_null(answer);
}

/* What a caller does with it: no more than the header says. */
static void test_decision(void **state)
{
    (void)state;
    struct mtasts_answer *answer = NULL;
    struct mtasts_decision decision;

    assert_int_equal(ask(WHOLE, "OK " FORM POLICY, PATIENCE_MS, &answer), 0);
    assert_int_equal(mtasts_delivery_before(answer->policy, "evil.example", 12,
                                            MTASTS_DANE_NONE, 0, &decision),
                     0);
    assert_int_equal(decision.action, MTASTS_ACTION_TRY_NEXT);
    mtasts_answer_free(answer);
}

static void test_statuses(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        int error;
        enum mtasts_answer_kind kind;
        const char *reason;
    } rows[] = {
        {"NOTFOUND ", 0, MTASTS_ANSWER_NONE, ""},
        {"TEMP too busy", 0, MTASTS_ANSWER_DEFER, "too busy"},
        {"TEMP too\nbusy", 0, MTASTS_ANSWER_DEFER, "too busy"},
        {"TIMEOUT ", 0, MTASTS_ANSWER_DEFER, ""},
        {"TEMP", 0, MTASTS_ANSWER_DEFER, ""},
        {"PERM no such map", -MTASTS_ESYSTEM, 0, NULL},
        {"", -MTASTS_ESYSTEM, 0, NULL},
        {"OK", -MTASTS_ESYSTEM, 0, NULL},
        {"OKAY mtasts 1\nanswer none\n", -MTASTS_ESYSTEM, 0, NULL},
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct mtasts_answer *answer = NULL;

        assert_int_equal(ask(WHOLE, rows[i].data, PATIENCE_MS, &answer),
                         rows[i].error);
        if (rows[i].error) {
            assert_null(answer);
            continue;
        }
        assert_int_equal(answer->kind, rows[i].kind);
        assert_string_equal(answer->reason, rows[i].reason);
        assert_null(answer->policy);
        mtasts_answer_free(answer);
    }
}

static void test_deadline(void **state)
{
    (void)state;
    static const enum manner manners[] = {SILENT, DRIP};

    for (size_t i = 0; i < ELEMENTS(manners); i++) {
        struct mtasts_answer *answer = NULL;
        int64_t start = exchange_now_ms();

        assert_int_equal(ask(manners[i], "OK " FORM POLICY, SHORT_MS, &answer),
                         -MTASTS_ETIMEDOUT);
        assert_in_range(exchange_now_ms() - start, SHORT_MS, PATIENCE_MS);
        assert_null(answer);
    }
}

/* A backlog that is full does not let poll() wait: it is tried again. */
static void test_full_backlog(void **state)
{
    (void)state;
    struct server server;
    struct mtasts_answer *answer = NULL;

    server_start(&server, ABSENT, "", 0);
    /* the first is queued, and then waits for its reply */
    for (unsigned i = 0; i < 3; i++) {
        int64_t start = exchange_now_ms();

        assert_int_equal(
            mtasts_query(server.path, "example.com", SHORT_MS, &answer),
            -MTASTS_ETIMEDOUT);
        assert_in_range(exchange_now_ms() - start, SHORT_MS, PATIENCE_MS);
    }
    server_stop(&server);
}

static void test_server_leaves(void **state)
{
    (void)state;
    struct mtasts_answer *answer = NULL;

    /* were it not for MSG_NOSIGNAL this could end the program */
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(ask(LEAVES, "", PATIENCE_MS, &answer), -MTASTS_EIO);
}

static void test_no_server(void **state)
{
    (void)state;
    struct mtasts_answer *answer = NULL;
    char longest[sizeof(struct sockaddr_un)];

    assert_int_equal(mtasts_query("/nonexistent/socket", "example.com",
                                  PATIENCE_MS, &answer),
                     -MTASTS_EIO);
    assert_int_equal(errno, ENOENT);
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_int_equal(mtasts_query(longest, "example.com", PATIENCE_MS, &answer),
                     -MTASTS_ETOOLONG);
}

static void on_signal(int number)
{
    (void)number;
}

static void *interrupt(void *arg)
{
    const pthread_t *thread = arg;

    for (unsigned i = 0; i < 20; i++) {
        poll(NULL, 0, 5);
        pthread_kill(*thread, SIGUSR1);
    }
    return NULL;
}

/* Signals neither end the wait nor make it longer. */
static void test_signals(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction before;
    pthread_t self = pthread_self();
    pthread_t thread;
    struct mtasts_answer *answer = NULL;
    int64_t start = exchange_now_ms();

    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    assert_int_equal(pthread_create(&thread, NULL, interrupt, &self), 0);
    assert_int_equal(ask(SILENT, "", 2 * SHORT_MS, &answer), -MTASTS_ETIMEDOUT);
    assert_in_range(exchange_now_ms() - start, 2 * SHORT_MS, PATIENCE_MS);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

/* What can have no policy is answered without a daemon. */
static void test_next_hops(void **state)
{
    (void)state;
    static const struct {
        const char *domain;
        int error;
    } rows[] = {
        {"[mx.example.com]", 0},
        {"[192.0.2.1]:25", 0},
        {"192.0.2.1", 0},
        {".example.com", 0},
        {"example.com:25", -MTASTS_EIO},
        {"b\xc3\xbc.example", -MTASTS_EIDN},
        {"", -MTASTS_ENAME},
        {"a b", -MTASTS_ENAME},
        {"[mx", -MTASTS_ESYNTAX},
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct mtasts_answer *answer = NULL;

        assert_int_equal(
            mtasts_query("/nonexistent", rows[i].domain, PATIENCE_MS, &answer),
            rows[i].error);
        if (rows[i].error == 0)
            assert_int_equal(answer->kind, MTASTS_ANSWER_NONE);
        mtasts_answer_free(answer);
    }
    struct mtasts_answer *answer = NULL;
    assert_int_equal(mtasts_query(NULL, NULL, 0, &answer), -MTASTS_EINVAL);
    assert_int_equal(mtasts_query(NULL, "a", 0, NULL), -MTASTS_EINVAL);
    mtasts_answer_free(NULL);
}

/* ---- the parsers ---- */

static void test_frames(void **state)
{
    (void)state;
    static const struct {
        const char *data;
        int result;
        size_t len;
    } rows[] = {
        {"", 0, 0},
        {"1", 0, 0},
        {"12:", 0, 0},
        {"2:ab", 0, 0},
        {"2:ab,", 1, 2},
        {"0:,", 1, 0},
        {"2:ab,junk", 1, 2},
        {"100000:", 0, 0},
        {"2:abc", -MTASTS_ESYSTEM, 0},
        {"100001:", -MTASTS_ESYSTEM, 0},
        {"999999", -MTASTS_ESYSTEM, 0},
        {"0000002:ab,", -MTASTS_ESYSTEM, 0},
        {"02:ab,", -MTASTS_ESYSTEM, 0},
        {":,", -MTASTS_ESYSTEM, 0},
        {"-1:,", -MTASTS_ESYSTEM, 0},
        {"HTTP/1.1 400", -MTASTS_ESYSTEM, 0},
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        const char *reply = NULL;
        size_t len = 0;

        assert_int_equal(
            exchange_parse(rows[i].data, strlen(rows[i].data), &reply, &len),
            rows[i].result);
        assert_int_equal(len, rows[i].len);
    }
}

static void test_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int error;
    } rows[] = {
        {"OK mtasts 1\nanswer none\n", 0},
        {"OK mtasts 1\nanswer none\nnews of tomorrow\n", 0},
        {"OK mtasts 1\nfailure of-tomorrow\nanswer none\n", 0},
        {"OK " FORM POLICY, 0},
        /* another version, none, cut off */
        {"OK mtasts 2\nanswer none\n", -MTASTS_ESYSTEM},
        {"OK answer none\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nttl 1\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer none", -MTASTS_ESYSTEM},
        /* lines */
        {"OK mtasts 1\nanswer none\nword\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer maybe\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer none\nanswer none\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer none\nttl 4294967296\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer none\nttl -1\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer none\nttl \n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer none\ndane no\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer none\nhosts some\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer none\nhost perhaps a\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer none\nhost covered\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer none\nhost covered a b\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer none\nhost covered A\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer none\nreason \xc3\xbc\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer none\nreason \t\n", -MTASTS_ESYSTEM},
        /* a policy where there should be none, none where there should be */
        {"OK mtasts 1\nanswer none\n\n" POLICY, -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer policy\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer policy\n\n", -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer policy\n\nversion: STSv1\nmode: none\n"
         "max_age: 1\n",
         -MTASTS_ESYSTEM},
        {"OK mtasts 1\nanswer policy\n\nversion: STSv1\nmode: enforce\n"
         "mx: a:b\nmax_age: 1\n",
         -MTASTS_ESYSTEM},
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct mtasts_answer *answer = NULL;

        assert_int_equal(
            answer_parse(rows[i].text, strlen(rows[i].text), &answer),
            rows[i].error);
        assert_int_equal(answer == NULL, rows[i].error != 0);
        mtasts_answer_free(answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),
        cmocka_unit_test(test_long_answer),
        cmocka_unit_test(test_decision),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_full_backlog),
        cmocka_unit_test(test_server_leaves),
        cmocka_unit_test(test_no_server),
        cmocka_unit_test(test_signals),
        cmocka_unit_test(test_next_hops),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
