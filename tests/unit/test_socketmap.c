/* socketmap: requests whole, in pieces and broken; the heads of replies. */
#include "unit.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include "net/socketmap.h"

struct row {
    const char *input;
    enum socketmap_parsed parsed;
    const char *map;
    const char *key;
    const char *rest; /* not taken */
};

static const struct row ROWS[] = {
    {"19:postfix example.com,", SOCKETMAP_WHOLE, "postfix", "example.com", ""},
    {"5:a b c,", SOCKETMAP_WHOLE, "a", "b c", ""},
    {"3:a b,3:c d,", SOCKETMAP_WHOLE, "a", "b", "3:c d,"},
    {"3:a b,x", SOCKETMAP_WHOLE, "a", "b", "x"},
    {"2:a ,", SOCKETMAP_WHOLE, "a", "", ""},
    {"2: b,", SOCKETMAP_WHOLE, "", "b", ""},
    {"1: ,", SOCKETMAP_WHOLE, "", "", ""},
    {"5:a ,,,,", SOCKETMAP_WHOLE, "a", ",,,", ""},
    {"9:a \xc3\xbc\xff\n\r\t1,", SOCKETMAP_WHOLE, "a", "\xc3\xbc\xff\n\r\t1",
     ""},

    {"", SOCKETMAP_PARTIAL, NULL, NULL, NULL},
    {"1", SOCKETMAP_PARTIAL, NULL, NULL, NULL},
    {"10000", SOCKETMAP_PARTIAL, NULL, NULL, NULL},
    {"10000:", SOCKETMAP_PARTIAL, NULL, NULL, NULL},
    {"0", SOCKETMAP_PARTIAL, NULL, NULL, NULL},
    {"0:", SOCKETMAP_PARTIAL, NULL, NULL, NULL},
    {"3:", SOCKETMAP_PARTIAL, NULL, NULL, NULL},
    {"3:a b", SOCKETMAP_PARTIAL, NULL, NULL, NULL},

    {"0:,", SOCKETMAP_NO_BLANK, NULL, NULL, ""},
    {"3:abc,rest", SOCKETMAP_NO_BLANK, NULL, NULL, "rest"},
    {"3:a\tb,", SOCKETMAP_NO_BLANK, NULL, NULL, ""},

    {":", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {":,", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {"a", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {" 3:a b,", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {"+3:a b,", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {"-3:a b,", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {"3 :a b,", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {"3;a b,", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {"0x3:a b,", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {"03:a b,", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {"00:,", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {"000000000000000", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {"GET / HTTP/1.1\r\n", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {"get example.com\n", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},
    {"\n", SOCKETMAP_BAD_LENGTH, NULL, NULL, NULL},

    /* said before all the digits have come */
    {"10001", SOCKETMAP_TOO_LONG, NULL, NULL, NULL},
    {"10001:", SOCKETMAP_TOO_LONG, NULL, NULL, NULL},
    {"99999999999999999999999:", SOCKETMAP_TOO_LONG, NULL, NULL, NULL},
    {"18446744073709551617:a", SOCKETMAP_TOO_LONG, NULL, NULL, NULL},

    {"3:a bc", SOCKETMAP_NO_COMMA, NULL, NULL, NULL},
    {"3:a b\n", SOCKETMAP_NO_COMMA, NULL, NULL, NULL},
    {"2:a b,", SOCKETMAP_NO_COMMA, NULL, NULL, NULL},
    {"0:x", SOCKETMAP_NO_COMMA, NULL, NULL, NULL},
};

static bool same(const struct mtasts_bytes *bytes, const char *text)
{
    return ascii_is(bytes->data, bytes->len, text);
}

static void judge(const struct row *row)
{
    struct socketmap_request request = {{NULL, 7}, {NULL, 7}};
    size_t used = 77;
    enum socketmap_parsed parsed =
        socketmap_parse(row->input, strlen(row->input), &request, &used);

    if (parsed != row->parsed)
        fail_msg("\"%s\": %d, not %d", row->input, parsed, row->parsed);
    if (row->rest)
        assert_string_equal(row->input + used, row->rest);
    else
        assert_int_equal(used, 77);
    if (parsed != SOCKETMAP_WHOLE) {
        assert_int_equal(request.map.len, 7);
        return;
    }
    assert_true(same(&request.map, row->map));
    assert_true(same(&request.key, row->key));
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(ROWS); i++)
        judge(&ROWS[i]);
}

/* Every start of a good request is a partial one. */
static void test_pieces(void **state)
{
    struct socketmap_request request;
    size_t used;

    (void)state;
    for (size_t i = 0; i < ELEMENTS(ROWS); i++) {
        size_t len = strlen(ROWS[i].input);

        if (ROWS[i].parsed != SOCKETMAP_WHOLE)
            continue;
        len -= strlen(ROWS[i].rest);
        for (size_t piece = 0; piece < len; piece++)
            assert_int_equal(
                socketmap_parse(ROWS[i].input, piece, &request, &used),
                SOCKETMAP_PARTIAL);
    }
}

static void test_longest(void **state)
{
    enum { WHOLE = SOCKETMAP_FRAME_MAX + SOCKETMAP_REQUEST_MAX };
    _cleanup_free_ char *data = malloc(WHOLE);
    struct socketmap_request request;
    size_t used;

    (void)state;
    assert_non_null(data);
    memset(data, 'x', WHOLE);
    memcpy(data, "10000:m ", 8);
    data[WHOLE - 1] = ',';
    assert_int_equal(socketmap_parse(data, WHOLE, &request, &used),
                     SOCKETMAP_WHOLE);
    assert_int_equal(used, WHOLE);
    assert_int_equal(request.key.len, SOCKETMAP_REQUEST_MAX - 2);
    assert_int_equal(socketmap_parse(data, WHOLE - 1, &request, &used),
                     SOCKETMAP_PARTIAL);
}

/* A NUL is an octet like others. */
static void test_nul(void **state)
{
    struct socketmap_request request;
    size_t used;

    (void)state;
    assert_int_equal(socketmap_parse("5:a\0 b\0,", 9, &request, &used),
                     SOCKETMAP_WHOLE);
    assert_int_equal(request.map.len, 2);
    assert_int_equal(request.key.len, 2);
}

static void test_faults(void **state)
{
    (void)state;
    for (int i = 0; i < SOCKETMAP_PARSED_COUNT; i++) {
        bool fine = i == SOCKETMAP_WHOLE || i == SOCKETMAP_PARTIAL;

        assert_true((socketmap_fault((enum socketmap_parsed)i) == NULL) ==
                    fine);
    }
}

static void test_heads(void **state)
{
    static const struct {
        enum socketmap_status status;
        size_t data_len;
        const char *head;
    } rows[] = {
        {SOCKETMAP_NOTFOUND, 0, "9:NOTFOUND "},
        {SOCKETMAP_OK, 0, "3:OK "},
        {SOCKETMAP_OK, 6, "9:OK "},
        {SOCKETMAP_OK, 7, "10:OK "},
        {SOCKETMAP_TEMP, 95, "100:TEMP "},
        {SOCKETMAP_TIMEOUT, 991, "999:TIMEOUT "},
        {SOCKETMAP_PERM, 12340, "12345:PERM "},
        {SOCKETMAP_OK, 99997, "100000:OK "},
        {SOCKETMAP_NOTFOUND, 99991, "100000:NOTFOUND "},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        char head[SOCKETMAP_HEAD_MAX];
        size_t len = socketmap_head(rows[i].status, rows[i].data_len, head);

        assert_true(ascii_is(head, len, rows[i].head));
    }
    assert_int_equal(socketmap_data_max(SOCKETMAP_OK), 99997);
    assert_int_equal(socketmap_data_max(SOCKETMAP_NOTFOUND), 99991);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_longest), cmocka_unit_test(test_nul),
        cmocka_unit_test(test_faults),  cmocka_unit_test(test_heads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
