/*
 * Forwarders: addresses with ports, and resolv.conf(5) as people write it.
 */
#include "base/cleanup.h"
#include "net/forwarders.h"
#include "unit.h"

#include <mtasts/error.h>
#include <net/if.h>

struct address_row {
    const char *text;
    const char *address; /* as people read it */
    int error;
    uint16_t port;
};

static const struct address_row ADDRESSES[] = {
    {"192.0.2.1", "192.0.2.1", 0, 53},
    {"192.0.2.1@5353", "192.0.2.1", 0, 5353},
    {"192.0.2.1@65535", "192.0.2.1", 0, 65535},
    {"2001:db8::1", "2001:db8::1", 0, 53},
    {"::1@1", "::1", 0, 1},
    {"fe80::1%eth0", "fe80::1%eth0", 0, 53},
    {"fe80::1%eth0.2:3@5353", "fe80::1%eth0.2:3", 0, 5353},
    {"FE80:0::1%2", "fe80::1%2", 0, 53},
    {"2001:0db8::1%abcdefghijklmno", "2001:db8::1%abcdefghijklmno", 0, 53},
    {"fe80::1%", NULL, -MTASTS_EINVAL, 0},
    {"fe80::1%@53", NULL, -MTASTS_EINVAL, 0},
    {"fe80::1%abcdefghijklmnop", NULL, -MTASTS_EINVAL, 0}, /* 16 octets */
    {"fe80::1%eth0%eth1", NULL, -MTASTS_EINVAL, 0},
    {"fe80::1%eth/0", NULL, -MTASTS_EINVAL, 0},
    {"fe80::1%eth 0", NULL, -MTASTS_EINVAL, 0},
    {"fe80::1%eth\xc3\xa9", NULL, -MTASTS_EINVAL, 0},
    {"fe80::1@53%eth0", NULL, -MTASTS_EINVAL, 0},
    {"192.0.2.1%eth0", NULL, -MTASTS_EINVAL, 0},
    {"resolver%eth0", NULL, -MTASTS_EINVAL, 0},
    {"%eth0", NULL, -MTASTS_EINVAL, 0},
    {"%", NULL, -MTASTS_EINVAL, 0},
    {"192.0.2.1@0", NULL, -MTASTS_EINVAL, 0},
    {"192.0.2.1@65536", NULL, -MTASTS_EINVAL, 0},
    {"192.0.2.1@99999", NULL, -MTASTS_EINVAL, 0},
    {"192.0.2.1@000053", NULL, -MTASTS_EINVAL, 0},
    {"192.0.2.1@", NULL, -MTASTS_EINVAL, 0},
    {"192.0.2.1@-1", NULL, -MTASTS_EINVAL, 0},
    {"192.0.2.1@53@53", NULL, -MTASTS_EINVAL, 0},
    {"192.0.2.1@domain", NULL, -MTASTS_EINVAL, 0},
    {"192.0.2.1:53", NULL, -MTASTS_EINVAL, 0},
    {"@53", NULL, -MTASTS_EINVAL, 0},
    {"", NULL, -MTASTS_EINVAL, 0},
    {"resolver.example", NULL, -MTASTS_EINVAL, 0},
};

static void test_address(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(ADDRESSES); i++) {
        const struct address_row *row = &ADDRESSES[i];
        struct forwarder_address parsed;
        struct forwarders one = {.count = 99};
        char text[FORWARDER_TEXT_MAX];
        assert_int_equal(forwarder_address_parse(row->text, &parsed),
                         row->error);
        assert_int_equal(forwarders_one(row->text, &one), row->error);
        if (row->error) {
            assert_int_equal(one.count, 99);
            continue;
        }
        forwarder_address_text(&parsed, text);
        assert_string_equal(text, row->address);
        assert_int_equal(parsed.port, row->port);
        assert_int_equal(one.count, 1);
        assert_string_equal(one.text[0], row->text);
    }
}

#define SERVERS_MAX 8

struct conf_row {
    const char *text;
    const char *servers[SERVERS_MAX];
};

static const struct conf_row CONFS[] = {
    {"nameserver 192.0.2.1\n", {"192.0.2.1"}},
    {"nameserver 192.0.2.1", {"192.0.2.1"}},
    {"nameserver\t \t192.0.2.1 # office\r\n", {"192.0.2.1"}},
    {"nameserver 192.0.2.1\nsearch example.com\nnameserver 2001:db8::1\n"
     "options edns0 trust-ad\n",
     {"192.0.2.1", "2001:db8::1"}},
    {"# nameserver 192.0.2.1\n;nameserver 192.0.2.2\n", {"127.0.0.1"}},
    {" nameserver 192.0.2.1\n", {"127.0.0.1"}}, /* as the C library has it */
    {"nameserver192.0.2.1\n", {"127.0.0.1"}},
    {"nameservers 192.0.2.1\n", {"127.0.0.1"}},
    {"nameserver\n", {"127.0.0.1"}},
    {"nameserver dns.example.com\nnameserver 192.0.2.1\n", {"192.0.2.1"}},
    {"nameserver fe80::1%eth0\n", {"fe80::1%eth0"}},
    {"nameserver 192.0.2.1%eth0\nnameserver nonsense%\nnameserver %eth0\n"
     "nameserver ::1\n",
     {"::1"}},
    {"", {"127.0.0.1"}},
    {"\n\n\n", {"127.0.0.1"}},
    {"nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
     "nameserver 192.0.2.4\nnameserver 192.0.2.5\nnameserver 192.0.2.6\n"
     "nameserver 192.0.2.7\nnameserver 192.0.2.8\nnameserver 192.0.2.9\n",
     {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5",
      "192.0.2.6", "192.0.2.7", "192.0.2.8"}},
    {"nameserver 1111:2222:3333:4444:5555:6666:7777:8888%abcdefghijklmnopqrstu"
     "vwxyz0123456789abcdefghijklmnopqrstuvwxyz\n",
     {"127.0.0.1"}}, /* longer than any */
};

static void test_conf(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(CONFS); i++) {
        struct forwarders forwarders;
        size_t count = 0;
        forwarders_parse(CONFS[i].text, strlen(CONFS[i].text), &forwarders);
        for (; count < SERVERS_MAX && CONFS[i].servers[count]; count++)
            assert_string_equal(forwarders.text[count],
                                CONFS[i].servers[count]);
        assert_int_equal(forwarders.count, count);
    }
}

static void test_sockaddr(void **state)
{
    struct sockaddr_storage storage;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&storage;
    struct forwarder_address address;

    (void)state;
    assert_int_equal(forwarder_address_parse("fe80::1%lo@5353", &address), 0);
    assert_int_equal(forwarder_address_sockaddr(&address, &storage),
                     sizeof(*in6));
    assert_int_equal(in6->sin6_scope_id, if_nametoindex("lo"));
    assert_int_equal(in6->sin6_port, htons(5353));
    assert_int_equal(forwarder_address_parse("fe80::1%7", &address), 0);
    forwarder_address_sockaddr(&address, &storage);
    assert_int_equal(in6->sin6_scope_id, 7);
    assert_int_equal(forwarder_address_parse("fe80::1%gone", &address), 0);
    forwarder_address_sockaddr(&address, &storage);
    assert_int_equal(in6->sin6_scope_id, 0);
    assert_int_equal(forwarder_address_parse("192.0.2.1", &address), 0);
    assert_int_equal(forwarder_address_sockaddr(&address, &storage),
                     sizeof(struct sockaddr_in));
}

static void test_names(void **state)
{
    static const struct {
        const char *conf;
        const char *names;
    } rows[] = {
        {"nameserver ::1\n", "the resolver ::1"},
        {"nameserver ::1\nnameserver 192.0.2.1\n",
         "the resolvers ::1 and 192.0.2.1"},
        {"nameserver ::1\nnameserver 192.0.2.1@53\nnameserver fe80::1%lo\n",
         "the resolvers ::1, 192.0.2.1@53 and fe80::1%lo"},
    };
    struct forwarders forwarders;
    char names[FORWARDERS_NAMES_MAX];

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        forwarders_parse(rows[i].conf, strlen(rows[i].conf), &forwarders);
        forwarders_names(&forwarders, names);
        assert_string_equal(names, rows[i].names);
    }
}

/* As many and as long as they can be: all of it fits. */
static void test_longest_names(void **state)
{
    static const char text[] =
        "1111:2222:3333:4444:5555:6666:7777:8888%abcdefghijklmno@65535";
    struct forwarders forwarders = {.count = FORWARDERS_MAX};
    char names[FORWARDERS_NAMES_MAX];

    (void)state;
    for (size_t i = 0; i < FORWARDERS_MAX; i++)
        memcpy(forwarders.text[i], text, sizeof(text));
    forwarders_names(&forwarders, names);
    assert_int_equal(strlen(names),
                     strlen("the resolvers ") + FORWARDERS_MAX * strlen(text) +
                         (FORWARDERS_MAX - 2) * strlen(", ") + strlen(" and "));
}

static void test_nul(void **state)
{
    static const char text[] = "nameserver 192.0.2.1\0.9\nnameserver ::1\n";
    struct forwarders forwarders;

    (void)state;
    forwarders_parse(text, sizeof(text) - 1, &forwarders);
    assert_int_equal(forwarders.count, 2);
    assert_string_equal(forwarders.text[0], "192.0.2.1");
}

static void test_file(void **state)
{
    struct forwarders forwarders = {.count = 0};

    (void)state;
    assert_int_equal(forwarders_read("/nonexistent", &forwarders), 0);
    assert_string_equal(forwarders.text[0], "127.0.0.1");
    assert_int_equal(forwarders_read("/", &forwarders), -MTASTS_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address),       cmocka_unit_test(test_conf),
        cmocka_unit_test(test_sockaddr),      cmocka_unit_test(test_names),
        cmocka_unit_test(test_longest_names), cmocka_unit_test(test_nul),
        cmocka_unit_test(test_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
