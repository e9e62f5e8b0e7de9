/*
 * fetch: what becomes of addresses that were given to libcurl's cache, seen
 * by the list that each transfer is given. All else is in tests/integration,
 * with real servers.
 */
#include "unit.h"

#include "base/cleanup.h"
#include "net/fetch.h"
#include <curl/curl.h>
#include <mtasts/error.h>
#include <sys/socket.h>

#define LIST_MAX 2048u

/* The last CURLOPT_RESOLVE, as one text. */
static char resolve[LIST_MAX];

CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...);
CURLcode __real_curl_easy_setopt(CURL *easy, CURLoption option, ...);

static void take_list(const struct curl_slist *list)
{
    size_t len = 0;
    resolve[0] = '\0';
    for (; list; list = list->next) {
        len += (size_t)snprintf(resolve + len, sizeof(resolve) - len, "%s ",
                                list->data);
        assert_true(len < sizeof(resolve));
    }
}

/* Long and pointer are passed alike wherever this runs. */
_Static_assert(sizeof(long) == sizeof(void *), "setopt's argument");

CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    va_list args;
    va_start(args, option);
    void *value = va_arg(args, void *);
    va_end(args);
    if (option == CURLOPT_RESOLVE)
        take_list(value);
    return __real_curl_easy_setopt(easy, option, value);
}

struct fixture {
    struct loop *loop;
    struct fetcher *fetcher;
    struct address_guard guard;
    struct arena *arena;
    X509_STORE *store;
    uint16_t port; /* nobody listens there */
    unsigned calls;
};

static uint16_t closed_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    close(fd);
    return ntohs(at.sin_port);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->guard.allow_all = true;
    fixture->store = X509_STORE_new();
    fixture->port = closed_port();
    const struct fetcher_options options = {.store = fixture->store,
                                            .guard = &fixture->guard};
    assert_int_equal(arena_new(1 << 20, &fixture->arena), 0);
    assert_int_equal(loop_new(&fixture->loop), 0);
    assert_int_equal(fetcher_new(fixture->loop, &options, &fixture->fetcher),
                     0);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    fetcher_free(fixture->fetcher);
    loop_free(fixture->loop);
    arena_free(fixture->arena);
    X509_STORE_free(fixture->store);
    free(fixture);
    return 0;
}

static void on_fact(void *ctx, const struct fact_fetch *fact)
{
    struct fixture *fixture = ctx;
    fixture->calls++;
    assert_int_equal(fact->status, FETCH_CONNECT_REFUSED);
    loop_stop(fixture->loop);
}

static struct fetch *start(struct fixture *fixture, const char *host)
{
    struct fetch *fetch = NULL;
    const struct fact_address address = {.text = "127.0.0.1", .allowed = true};
    const struct fetch_request request = {.host = host,
                                          .port = fixture->port,
                                          .addresses = &address,
                                          .address_count = 1,
                                          .deadline_ms = 10000,
                                          .arena = fixture->arena};
    assert_int_equal(
        fetch_start(fixture->fetcher, &request, on_fact, fixture, &fetch), 0);
    return fetch;
}

static void fetch_all(struct fixture *fixture, const char *host)
{
    start(fixture, host);
    loop_run(fixture->loop);
}

static bool told(const struct fixture *fixture, const char *sign,
                 const char *host)
{
    char entry[LIST_MAX];
    snprintf(entry, sizeof(entry), "%s%s:%u", sign, host, fixture->port);
    return strstr(resolve, entry) != NULL;
}

static void test_taken_out_by_the_next(void **state)
{
    struct fixture *fixture = *state;
    fetch_all(fixture, "a.example");
    assert_true(told(fixture, "+", "a.example"));
    fetch_all(fixture, "b.example");
    assert_true(told(fixture, "-", "a.example"));
    fetch_all(fixture, "c.example");
    assert_true(told(fixture, "-", "b.example"));
    assert_false(told(fixture, "-", "a.example"));
    assert_int_equal(fixture->calls, 3);
}

/* Cancelled before libcurl has looked at its list: the next one has it all. */
static void test_not_lost_by_a_cancel(void **state)
{
    struct fixture *fixture = *state;
    fetch_all(fixture, "a.example");
    fetch_cancel(start(fixture, "b.example"));
    fetch_cancel(start(fixture, "c.example"));
    fetch_all(fixture, "d.example");
    assert_true(told(fixture, "-", "a.example"));
    fetch_all(fixture, "e.example");
    assert_true(told(fixture, "-", "d.example"));
    assert_false(told(fixture, "-", "a.example"));
    assert_int_equal(fixture->calls, 3);
}

#define TEST(function)                                                         \
    cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_taken_out_by_the_next),
        TEST(test_not_lost_by_a_cancel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
