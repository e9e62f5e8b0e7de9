/* map_list, map_address: the tables of smtp_tls_policy_maps, and where we
   answer. */
#include "cli/map_list.h"

#include "cli/map_address.h"
#include "unit.h"
#include <mtasts/error.h>

#define MAX 4096u
#define OURS "socketmap:inet:127.0.0.1:8461:postfix"

static const struct map_addresses addresses = {
    {"inet:127.0.0.1:8461", "unix:/run/mtasts/socketmap.sock",
     "inet:[::1]:8461"},
    3};

static void test_read(void **state)
{
    static const struct {
        const char *list;
        int error;
        size_t ours;
        const char *entry;
        const char *name;
        size_t before;
        size_t after;
        const char *rival;
    } rows[] = {
        {"", 0, 0, "", "", 0, 0, ""},
        {" , ,", 0, 0, "", "", 0, 0, ""},
        {"hash:/a", 0, 0, "", "", 1, 0, ""},
        {OURS, 0, 1, OURS, "postfix", 0, 0, ""},
        {"hash:/a, " OURS, 0, 1, OURS, "postfix", 1, 0, ""},
        {OURS " hash:/a", 0, 1, OURS, "postfix", 0, 1, ""},
        {"hash:/a,\tcdb:/b , " OURS "-tlsrpt,x:y", 0, 1, OURS "-tlsrpt",
         "postfix-tlsrpt", 2, 1, ""},
        {OURS "," OURS, 0, 2, OURS, "postfix", 0, 0, ""},
        {"proxy:" OURS, 0, 1, "proxy:" OURS, "postfix", 0, 0, ""},
        {"socketmap:inet:localhost:8461:postfix", 0, 1,
         "socketmap:inet:localhost:8461:postfix", "postfix", 0, 0, ""},
        {"socketmap:unix:/run/mtasts/socketmap.sock:x", 0, 1,
         "socketmap:unix:/run/mtasts/socketmap.sock:x", "x", 0, 0, ""},
        {"socketmap:inet:[::1]:8461:postfix", 0, 1,
         "socketmap:inet:[::1]:8461:postfix", "postfix", 0, 0, ""},
        {"socketmap:inet:127.0.0.1:8462:postfix", 0, 0, "", "", 1, 0,
         "socketmap:inet:127.0.0.1:8462:postfix"},
        {"inline:{ a=b, {c = secure match=d} } " OURS, 0, 1, OURS, "postfix", 1,
         0, ""},
        {"inline:{ " OURS " }", 0, 0, "", "", 1, 0, ""},
        {"inline:{ a=b", -MTASTS_ESYNTAX, 0, "", "", 0, 0, ""},
        {"socketmap:x", 0, 0, "", "", 1, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct map_list list = {0};
        int error = map_list_read(rows[i].list, &addresses, &list);

        if (error != rows[i].error || list.ours != rows[i].ours ||
            strcmp(list.entry, rows[i].entry) != 0 ||
            strcmp(list.name, rows[i].name) != 0 ||
            list.before != rows[i].before || list.after != rows[i].after ||
            strcmp(list.rival, rows[i].rival) != 0)
            fail_msg("row %zu: %d, %zu, '%s', '%s', %zu, %zu, '%s'", i, error,
                     list.ours, list.entry, list.name, list.before, list.after,
                     list.rival);
    }
}

static void test_make(void **state)
{
    static const struct {
        const char *list;
        const char *expected;
    } rows[] = {
        {"", OURS},
        {"hash:/a", "hash:/a, " OURS},
        {OURS, OURS},
        {OURS " hash:/a", "hash:/a, " OURS},
        {OURS "-tlsrpt, hash:/a," OURS, "hash:/a, " OURS},
        {"inline:{ {a b} = c, d=e }, $more", "inline:{ {a b} = c, d=e }, $more"
                                             ", " OURS},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_buf_ struct buf buf = BUF(MAX);

        assert_int_equal(map_list_make(rows[i].list, &addresses, OURS, &buf),
                         0);
        assert_string_equal(buf_text(&buf), rows[i].expected);
    }
    _cleanup_buf_ struct buf open = BUF(MAX);
    assert_int_equal(map_list_make("a:{", &addresses, OURS, &open),
                     -MTASTS_ESYNTAX);
    _cleanup_buf_ struct buf small = BUF(10);
    assert_int_equal(map_list_make("", &addresses, OURS, &small),
                     -MTASTS_ETOOLONG);
}

static void test_addresses(void **state)
{
    static const char *const listeners[] = {
        "unix:/var/spool/postfix/mtasts/map.sock",
        "unix:/run/mtasts/socketmap.sock",
        "unix:/var/spool/postfixes/map.sock",
        "inet:0.0.0.0:8461",
        "inet:[::]:8461",
        "inet:127.0.0.1:1",
        "inet:[2001:db8::1]:2",
        "systemd:socketmap",
    };
    static const struct {
        const char *text;
        bool in_chroot;
    } expected[] = {
        {"unix:mtasts/map.sock", true},
        {"unix:/var/spool/postfix/mtasts/map.sock", false},
        {"unix:/run/mtasts/socketmap.sock", false},
        {"unix:/var/spool/postfixes/map.sock", false},
        {"inet:127.0.0.1:8461", true},
        {"inet:[::1]:8461", true},
        {"inet:127.0.0.1:1", true},
        {"inet:[2001:db8::1]:2", true},
    };
    const struct config_list list = {listeners, ELEMENTS(listeners)};
    struct map_address_list found;

    (void)state;
    map_addresses_of(&list, "/var/spool/postfix", &found);
    assert_true(found.inherited);
    assert_int_equal(found.count, ELEMENTS(expected));
    for (size_t i = 0; i < found.count; i++) {
        assert_string_equal(found.items[i].text, expected[i].text);
        assert_int_equal(map_address_in_chroot(&found.items[i]),
                         expected[i].in_chroot);
    }
    assert_string_equal(found.items[0].path,
                        "/var/spool/postfix/mtasts/map.sock");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_make),
        cmocka_unit_test(test_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
