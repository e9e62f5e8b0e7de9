/* listen_address: what the configuration may say, and what it is told. */
#include "unit.h"

#include "base/cleanup.h"
#include "net/listen_address.h"
#include <mtasts/error.h>

#define PATH_107                                                               \
    "/345678901234567890123456789012345678901234567890123456789"               \
    "0123456789012345678901234567890123456789012345678"

struct row {
    const char *text;
    int error;
    enum listen_kind kind;
    const char *name; /* or of the address */
    unsigned port;
    const char *why; /* is said */
};

static const struct row ROWS[] = {
    {"inet:127.0.0.1:8461", 0, LISTEN_INET, "127.0.0.1", 8461, NULL},
    {"inet:0.0.0.0:0", 0, LISTEN_INET, "0.0.0.0", 0, NULL},
    {"inet:[::1]:65535", 0, LISTEN_INET, "::1", 65535, NULL},
    {"inet:[::]:1", 0, LISTEN_INET, "::", 1, NULL},
    {"unix:/a", 0, LISTEN_UNIX, "/a", 0, NULL},
    {"unix:/run/mtasts/x:y.sock", 0, LISTEN_UNIX, "/run/mtasts/x:y.sock", 0,
     NULL},
    {"unix:" PATH_107, 0, LISTEN_UNIX, PATH_107, 0, NULL},
    {"systemd:socketmap", 0, LISTEN_SYSTEMD, "socketmap", 0, NULL},

    {"", -MTASTS_EINVAL, 0, NULL, 0, "nothing to listen on"},
    {"8461", -MTASTS_EINVAL, 0, NULL, 0, "8461 is nothing to listen on"},
    {"tcp:127.0.0.1:1", -MTASTS_EINVAL, 0, NULL, 0, "write inet:"},
    {"INET:127.0.0.1:1", -MTASTS_EINVAL, 0, NULL, 0, "write inet:"},
    {"inet:", -MTASTS_EINVAL, 0, NULL, 0, "port"},
    {"inet:127.0.0.1", -MTASTS_EINVAL, 0, NULL, 0, "port"},
    {"inet:127.0.0.1:", -MTASTS_EINVAL, 0, NULL, 0, "port"},
    {"inet:127.0.0.1:65536", -MTASTS_EINVAL, 0, NULL, 0, "port"},
    {"inet:127.0.0.1:+1", -MTASTS_EINVAL, 0, NULL, 0, "port"},
    {"inet:127.0.0.1:smtp", -MTASTS_EINVAL, 0, NULL, 0, "port"},
    {"inet::8461", -MTASTS_EINVAL, 0, NULL, 0, "IP address"},
    {"inet:localhost:8461", -MTASTS_EINVAL, 0, NULL, 0, "IP address"},
    {"inet:::1:8461", -MTASTS_EINVAL, 0, NULL, 0, "[IPV6]"},
    {"inet:[127.0.0.1]:8461", -MTASTS_EINVAL, 0, NULL, 0, "IP address"},
    {"inet:[]:8461", -MTASTS_EINVAL, 0, NULL, 0, "IP address"},
    {"inet:[::1:8461", -MTASTS_EINVAL, 0, NULL, 0, "IP address"},
    {"inet:127.1:8461", -MTASTS_EINVAL, 0, NULL, 0, "IP address"},
    {"inet:" PATH_107 ":1", -MTASTS_EINVAL, 0, NULL, 0, "IP address"},
    {"unix:", -MTASTS_EINVAL, 0, NULL, 0, "whole path"},
    {"unix:run/x", -MTASTS_EINVAL, 0, NULL, 0, "whole path"},
    {"unix:/run/", -MTASTS_EINVAL, 0, NULL, 0, "whole path"},
    {"unix:" PATH_107 "x", -MTASTS_ETOOLONG, 0, NULL, 0,
     "at most 107 octets, and this one has 108"},
    {"systemd:", -MTASTS_EINVAL, 0, NULL, 0, "FileDescriptorName="},
};

static void judge(const struct row *row)
{
    struct listen_address address = {.port = 7};
    char why[LISTEN_WHY_MAX] = "";
    char text[ADDRESS_TEXT_MAX];
    int error = listen_address_parse(row->text, &address, why);

    if (error != row->error)
        fail_msg("%s: error %d, %s", row->text, error, why);
    if (error) {
        if (!strstr(why, row->why))
            fail_msg("%s: \"%s\"", row->text, why);
        assert_int_equal(address.port, 7);
        return;
    }
    assert_int_equal(address.kind, row->kind);
    assert_int_equal(address.port, row->port);
    if (row->kind != LISTEN_INET) {
        assert_string_equal(address.name, row->name);
        return;
    }
    address_text(&address.address, text);
    assert_string_equal(text, row->name);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(ROWS); i++)
        judge(&ROWS[i]);
}

static void test_long_text(void **state)
{
    char text[4 * LISTEN_WHY_MAX] = "unix:/";
    char why[LISTEN_WHY_MAX];
    struct listen_address address;

    (void)state;
    memset(text + 6, 'x', sizeof(text) - 7);
    text[sizeof(text) - 1] = '\0';
    assert_int_equal(listen_address_parse(text, &address, why),
                     -MTASTS_ETOOLONG);
    assert_int_equal(strlen(why), LISTEN_WHY_MAX - 1);
    memcpy(text, "systemd:", 8);
    assert_int_equal(listen_address_parse(text, &address, why), -MTASTS_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_long_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
