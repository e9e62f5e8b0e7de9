/* http_target: paths, queries and Host headers, the good and the others. */
#include "unit.h"

#include "base/cleanup.h"
#include "net/http_target.h"
#include <mtasts/error.h>

static void test_match(void **state)
{
    static const struct {
        const char *target;
        const char *route;
        int match;
        const char *name;
    } rows[] = {
        {"/metrics", "/metrics", 1, ""},
        {"/metrics?x=/y", "/metrics", 1, ""},
        {"/metrics#x", "/metrics", 1, ""},
        {"/", "/", 1, ""},
        {"/?a=b", "/", 1, ""},
        {"/metrics/", "/metrics", 0, NULL},
        {"/metric", "/metrics", 0, NULL},
        {"/metricsx", "/metrics", 0, NULL},
        {"/Metrics", "/metrics", 0, NULL},
        {"/%6detrics", "/metrics", 0, NULL},
        {"//metrics", "/metrics", 0, NULL},
        {"/x", "/", 0, NULL},
        {"", "/", 0, NULL},
        {"?/", "/", 0, NULL},

        {"/v1/policy/example.com", "/v1/policy/", 1, "example.com"},
        {"/v1/policy/example.com?x", "/v1/policy/", 1, "example.com"},
        {"/v1/policy/b%C3%bccher", "/v1/policy/", 1,
         "b\xc3\xbc"
         "cher"},
        {"/v1/policy/a+b%20c", "/v1/policy/", 1, "a+b c"},
        {"/v1/policy/..", "/v1/policy/", 1, ".."},
        {"/v1/policy/a%2Fb", "/v1/policy/", 1, "a/b"},
        {"/v1/policy/", "/v1/policy/", 0, NULL},
        {"/v1/policy/?x", "/v1/policy/", 0, NULL},
        {"/v1/policy", "/v1/policy/", 0, NULL},
        {"/v1/policy/a/b", "/v1/policy/", 0, NULL},
        {"/v1/policy/a/", "/v1/policy/", 0, NULL},
        {"/v1/policy//a", "/v1/policy/", 0, NULL},
        {"/v1/policy/%", "/v1/policy/", -MTASTS_ESYNTAX, NULL},
        {"/v1/policy/%2", "/v1/policy/", -MTASTS_ESYNTAX, NULL},
        {"/v1/policy/%2?0", "/v1/policy/", -MTASTS_ESYNTAX, NULL},
        {"/v1/policy/%g0", "/v1/policy/", -MTASTS_ESYNTAX, NULL},
        {"/v1/policy/a%00b", "/v1/policy/", -MTASTS_ESYNTAX, NULL},
        {"/v1/policy/a%0ab", "/v1/policy/", -MTASTS_ESYNTAX, NULL},
        {"/v1/policy/a%7f", "/v1/policy/", -MTASTS_ESYNTAX, NULL},
        {"/v1/policy/a\tb", "/v1/policy/", -MTASTS_ESYNTAX, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        char name[HTTP_NAME_MAX] = "kept";
        int match = http_target_match(rows[i].target, rows[i].route, name);

        if (match != rows[i].match)
            fail_msg("%s: %d, not %d", rows[i].target, match, rows[i].match);
        assert_string_equal(name, match == 1 ? rows[i].name : "kept");
    }
}

static void test_long_name(void **state)
{
    char target[3 + 3 * HTTP_NAME_MAX] = "/n/";
    char name[HTTP_NAME_MAX];

    (void)state;
    for (size_t i = 0; i + 1 < HTTP_NAME_MAX; i++)
        memcpy(target + 3 + 3 * i, "%41", 3);
    assert_int_equal(http_target_match(target, "/n/", name), 1);
    assert_int_equal(strlen(name), HTTP_NAME_MAX - 1);
    target[3 + 3 * (HTTP_NAME_MAX - 1)] = 'x';
    assert_int_equal(http_target_match(target, "/n/", name), -MTASTS_ETOOLONG);
}

static void test_query(void **state)
{
    static const struct {
        const char *target;
        int found;
        const char *value;
    } rows[] = {
        {"/p?k=v", 1, "v"},
        {"/p?a=b&k=v&k=w", 1, "v"},
        {"/p?k=v#k=w", 1, "v"},
        {"/p?k", 1, ""},
        {"/p?k=", 1, ""},
        {"/p?k&a", 1, ""},
        {"/p?&&k=a=b", 1, "a=b"},
        {"/p?k=a+b%2bc", 1, "a b+c"},
        {"/p?k=?", 1, "?"},
        {"/p", 0, NULL},
        {"/p?", 0, NULL},
        {"/p?kk=v", 0, NULL},
        {"/p?K=v", 0, NULL},
        {"/p?=k", 0, NULL},
        {"/k=v", 0, NULL},
        {"/p#?k=v", 0, NULL},
        {"/p?k=%zz", -MTASTS_ESYNTAX, NULL},
        {"/p?k=%01", -MTASTS_ESYNTAX, NULL},
        {"/p?k=123456789", -MTASTS_ETOOLONG, NULL},
        {"/p?k=1234567", 1, "1234567"},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        char value[8] = "kept";
        int found = http_target_query(rows[i].target, "k", value, 8);

        if (found != rows[i].found)
            fail_msg("%s: %d, not %d", rows[i].target, found, rows[i].found);
        if (found == 1)
            assert_string_equal(value, rows[i].value);
    }
}

static void test_host(void **state)
{
    static const struct {
        const char *header;
        const char *name;
        bool same;
    } rows[] = {
        {"localhost", "localhost", true},
        {"LocalHost", "localhost", true},
        {"localhost.", "localhost", true},
        {"localhost:8080", "localhost", true},
        {"localhost.:8080", "localhost", true},
        {"localhost:", "localhost", true},
        {"127.0.0.1:8080", "127.0.0.1", true},
        {"[::1]", "[::1]", true},
        {"[::1]:80", "[::1]", true},
        {"", "localhost", false},
        {".", "localhost", false},
        {":80", "localhost", false},
        {"localhost:80x", "localhost", false},
        {"localhost:80:80", "localhost", false},
        {"localhost..", "localhost", false},
        {"localhost.evil.example", "localhost", false},
        {"evil.example:localhost", "localhost", false},
        {"user@localhost", "localhost", false},
        {"127.0.0.10", "127.0.0.1", false},
        {"::1", "[::1]", false},
        {"[::1", "[::1]", false},
        {"[::1]x", "[::1]", false},
        {"[::1]evil:80", "[::1]", false},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        if (http_host_is(rows[i].header, rows[i].name) != rows[i].same)
            fail_msg("\"%s\"", rows[i].header);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_match),
        cmocka_unit_test(test_long_name),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
