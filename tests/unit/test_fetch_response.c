/*
 * Header lines of policy hosts: where the body ends, of what type it is.
 */
#include "base/cleanup.h"
#include "net/fetch.h"
#include "net/fetch_response.h"
#include "unit.h"

struct type_row {
    const char *value;
    bool ok;
};

/* RFC 8461 3.2: text/plain, whatever parameters; RFC 9110 8.3. */
static const struct type_row TYPES[] = {
    {"text/plain", true},
    {"TEXT/PLAIN", true},
    {"Text/Plain; Charset=UTF-8", true},
    {"text/plain;charset=us-ascii", true},
    {"text/plain; charset=\"UTF-8\"", true},
    {"text/plain ; charset=utf-8", true},
    {"text/plain;", true},
    {" text/plain\t", true},
    {"text/plain; charset=iso-8859-1; format=flowed", true},
    {"text/plain;;;", true},
    {NULL, false},
    {"", false},
    {" ", false},
    {"text", false},
    {"text/", false},
    {"text/plai", false},
    {"text/plainx", false},
    {"text/plain-x", false},
    {"text/plain/x", false},
    {"text/plain, text/html", false},
    {"text/plain charset=utf-8", false},
    {"text /plain", false},
    {"text/ plain", false},
    {"text/html", false},
    {"text/html; text/plain", false},
    {"application/octet-stream", false},
    {"*/*", false},
    {"\"text/plain\"", false},
};

static void test_content_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(TYPES); i++)
        if (fetch_content_type_ok(TYPES[i].value) != TYPES[i].ok)
            fail_msg("row %zu: %s", i, TYPES[i].value);
}

#define LINES_MAX 8

struct lines_row {
    const char *lines[LINES_MAX];
    bool contradictory;
    bool by_close; /* only the end of the connection ends the body */
    bool type_ok;
    uint64_t length;
};

static const struct lines_row ROWS[] = {
    {{"HTTP/1.1 200 OK\r\n", "Content-Type: text/plain\r\n",
      "Content-Length: 120\r\n", "\r\n"},
     false,
     false,
     true,
     120},
    {{"HTTP/1.1 200 OK\r\n", "content-type:text/plain\r\n",
      "CONTENT-LENGTH:120\r\n", "\r\n"},
     false,
     false,
     true,
     120},
    {{"HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n", "Content-Length: 5\r\n"},
     false,
     false,
     false,
     5},
    {{"HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n", "Content-Length: 6\r\n"},
     true,
     false,
     false,
     6},
    {{"HTTP/1.1 200 OK\r\n", "Content-Length: 120, 80\r\n"},
     true,
     true,
     false,
     0},
    {{"HTTP/1.1 200 OK\r\n", "Content-Length: 80, 80\r\n"},
     true,
     true,
     false,
     0},
    {{"HTTP/1.1 200 OK\r\n", "Content-Length: -1\r\n"}, true, true, false, 0},
    {{"HTTP/1.1 200 OK\r\n", "Content-Length: +1\r\n"}, true, true, false, 0},
    {{"HTTP/1.1 200 OK\r\n", "Content-Length: 0x10\r\n"}, true, true, false, 0},
    {{"HTTP/1.1 200 OK\r\n", "Content-Length: 1 2\r\n"}, true, true, false, 0},
    {{"HTTP/1.1 200 OK\r\n", "Content-Length:\r\n"}, true, false, false, 0},
    {{"HTTP/1.1 200 OK\r\n", "Content-Length: 0000\r\n"},
     false,
     false,
     false,
     0},
    {{"HTTP/1.1 200 OK\r\n", "Content-Length: 18446744073709551615\r\n"},
     false,
     false,
     false,
     UINT64_MAX},
    {{"HTTP/1.1 200 OK\r\n", "Content-Length: 18446744073709551616\r\n"},
     false,
     false,
     false,
     UINT64_MAX},
    {{"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n"},
     false,
     false,
     false,
     0},
    {{"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: Chunked \r\n"},
     false,
     false,
     false,
     0},
    {{"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: gzip\r\n"},
     true,
     false,
     false,
     0},
    {{"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: gzip, chunked\r\n"},
     true,
     false,
     false,
     0},
    {{"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\n"},
     true,
     false,
     false,
     0},
    {{"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n",
      "Content-Length: 5\r\n"},
     true,
     false,
     false,
     5},
    {{"HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n",
      "Transfer-Encoding: chunked\r\n"},
     true,
     false,
     false,
     5},
    {{"HTTP/1.0 200 OK\r\n", "Content-Type: text/plain\r\n", "\r\n"},
     false,
     true,
     true,
     0},
    {{"HTTP/1.1 200 OK\r\n", "Content-Type: text/plain\r\n",
      "Content-Type: text/html\r\n"},
     false,
     true,
     false,
     0},
    {{"HTTP/1.1 200 OK\r\n", "Content-Type: text/html\r\n",
      "Content-Type: text/plain\r\n"},
     false,
     true,
     false,
     0},
    {{"HTTP/1.1 200 OK\r\n", "Content-Type: text/plain\r\n",
      "Content-Type: text/plain; charset=utf-8\r\n"},
     false,
     true,
     true,
     0},
    /* an interim answer is another one */
    {{"HTTP/1.1 103 Early Hints\r\n", "Content-Length: 9\r\n",
      "Content-Type: text/html\r\n", "\r\n", "HTTP/1.1 200 OK\r\n",
      "Content-Length: 5\r\n", "Content-Type: text/plain\r\n", "\r\n"},
     false,
     false,
     true,
     5},
    /* trailers say nothing */
    {{"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n",
      "Content-Type: text/plain\r\n", "\r\n", "Content-Length: 7\r\n",
      "Content-Type: text/html\r\n"},
     false,
     false,
     true,
     0},
    /* what is no field is passed over */
    {{"HTTP/1.1 200 OK\r\n", "Content-Length 5\r\n", ": 5\r\n",
      " Content-Length: 5\r\n", "XContent-Length: 5\r\n",
      "Content-Length : 5\r\n", "Content-Type: text/plain\n"},
     false,
     true,
     true,
     0},
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(ROWS); i++) {
        const struct lines_row *row = &ROWS[i];
        struct fetch_response response = {0};
        for (size_t j = 0; j < LINES_MAX && row->lines[j]; j++)
            fetch_response_line(&response, row->lines[j],
                                strlen(row->lines[j]));
        if (response.contradictory != row->contradictory ||
            fetch_response_ends_by_close(&response) != row->by_close ||
            response.type_ok != row->type_ok || response.length != row->length)
            fail_msg("row %zu", i);
    }
}

static void feed(struct fetch_response *response, const char *line)
{
    fetch_response_line(response, line, strlen(line));
}

static void test_values(void **state)
{
    struct fetch_response response = {0};

    (void)state;
    feed(&response, "HTTP/1.1 302 Found\r\n");
    feed(&response, "Location: \thttps://a.example/\033[2J \r\n");
    feed(&response, "Location: https://b.example/\r\n");
    feed(&response, "Content-Type: te\377xt\r\n");
    assert_false(response.complete);
    feed(&response, "\r\n");
    assert_true(response.complete);
    assert_string_equal(response.location, "https://a.example/?[2J");
    assert_string_equal(response.type, "te?xt");
    assert_int_equal(response.octets, 20 + 36 + 30 + 21 + 2);
}

/* The type shown is the one that is not good. */
static void test_bad_type_is_shown(void **state)
{
    struct fetch_response response = {0};

    (void)state;
    feed(&response, "HTTP/1.1 200 OK\r\n");
    feed(&response, "Content-Type: text/plain\r\n");
    feed(&response, "Content-Type: text/html\r\n");
    feed(&response, "Content-Type: text/plain\r\n");
    assert_string_equal(response.type, "text/html");
}

/* Interim answers count: endless ones come to an end. */
static void test_octets_add_up(void **state)
{
    struct fetch_response response = {0};

    (void)state;
    feed(&response, "HTTP/1.1 100 Continue\r\n");
    feed(&response, "\r\n");
    feed(&response, "HTTP/1.1 200 OK\r\n");
    assert_int_equal(response.octets, 23 + 2 + 17);
    assert_false(response.complete);
}

static void test_long_value(void **state)
{
    char line[FETCH_VALUE_MAX * 3];
    struct fetch_response response = {0};

    (void)state;
    snprintf(line, sizeof(line), "Location: %0*d", (int)FETCH_VALUE_MAX * 2, 0);
    feed(&response, line);
    assert_int_equal(strlen(response.location), FETCH_VALUE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_content_type),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_bad_type_is_shown),
        cmocka_unit_test(test_octets_add_up),
        cmocka_unit_test(test_long_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
