/*
 * Addresses: text both ways, what is private, exceptions.
 */
#include "net/address.h"
#include "unit.h"

#include "base/cleanup.h"
#include <arpa/inet.h>
#include <mtasts/error.h>

struct text_row {
    const char *in;
    const char *out; /* NULL: no address */
};

static const struct text_row TEXTS[] = {
    {"192.0.2.1", "192.0.2.1"},
    {"0.0.0.0", "0.0.0.0"},
    {"255.255.255.255", "255.255.255.255"},
    {"::", "::"},
    {"::1", "::1"},
    /* RFC 5952 section 4 */
    {"2001:0db8::0001", "2001:db8::1"},
    {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
    {"2001:DB8::ABCD:EF", "2001:db8::abcd:ef"},
    {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
    {"::FFFF:c000:201", "::ffff:192.0.2.1"},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    {"", NULL},
    {"192.0.2", NULL},
    {"192.0.2.1.", NULL},
    {"192.0.2.256", NULL},
    {"192.0.2.01", NULL},
    {"0xc0000201", NULL},
    {"3221225985", NULL},
    {" 192.0.2.1", NULL},
    {"192.0.2.1/32", NULL},
    {"[::1]", NULL},
    {"fe80::1%lo", NULL},
    {"1:2:3:4:5:6:7:8:9", NULL},
    {"::1::", NULL},
    {"localhost", NULL},
};

static void test_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(TEXTS); i++) {
        struct address address = {0};
        char text[ADDRESS_TEXT_MAX] = "";
        int error = address_parse(TEXTS[i].in, &address);
        if (!TEXTS[i].out) {
            assert_int_equal(error, -MTASTS_EINVAL);
            continue;
        }
        assert_int_equal(error, 0);
        address_text(&address, text);
        assert_string_equal(text, TEXTS[i].out);
    }
}

struct class_row {
    const char *text;
    enum address_class class;
};

/* The first and the last of each range, and their neighbours. */
static const struct class_row CLASSES[] = {
    {"0.0.0.0", ADDRESS_PRIVATE},
    {"0.255.255.255", ADDRESS_PRIVATE},
    {"1.0.0.0", ADDRESS_GLOBAL},
    {"9.255.255.255", ADDRESS_GLOBAL},
    {"10.0.0.0", ADDRESS_PRIVATE},
    {"10.255.255.255", ADDRESS_PRIVATE},
    {"11.0.0.0", ADDRESS_GLOBAL},
    {"100.63.255.255", ADDRESS_GLOBAL},
    {"100.64.0.0", ADDRESS_PRIVATE},
    {"100.127.255.255", ADDRESS_PRIVATE},
    {"100.128.0.0", ADDRESS_GLOBAL},
    {"126.255.255.255", ADDRESS_GLOBAL},
    {"127.0.0.0", ADDRESS_PRIVATE},
    {"127.255.255.255", ADDRESS_PRIVATE},
    {"128.0.0.0", ADDRESS_GLOBAL},
    {"169.253.255.255", ADDRESS_GLOBAL},
    {"169.254.0.0", ADDRESS_PRIVATE},
    {"169.254.169.254", ADDRESS_PRIVATE},
    {"169.255.0.0", ADDRESS_GLOBAL},
    {"172.15.255.255", ADDRESS_GLOBAL},
    {"172.16.0.0", ADDRESS_PRIVATE},
    {"172.31.255.255", ADDRESS_PRIVATE},
    {"172.32.0.0", ADDRESS_GLOBAL},
    {"191.255.255.255", ADDRESS_GLOBAL},
    {"192.0.0.0", ADDRESS_PRIVATE},
    {"192.0.0.255", ADDRESS_PRIVATE},
    {"192.0.1.0", ADDRESS_GLOBAL},
    {"192.0.2.0", ADDRESS_PRIVATE},
    {"192.0.2.255", ADDRESS_PRIVATE},
    {"192.0.3.0", ADDRESS_GLOBAL},
    {"192.31.196.1", ADDRESS_GLOBAL}, /* AS112: in the registry, but global */
    {"192.88.98.255", ADDRESS_GLOBAL},
    {"192.88.99.1", ADDRESS_PRIVATE},
    {"192.88.100.0", ADDRESS_GLOBAL},
    {"192.167.255.255", ADDRESS_GLOBAL},
    {"192.168.0.0", ADDRESS_PRIVATE},
    {"192.168.255.255", ADDRESS_PRIVATE},
    {"192.169.0.0", ADDRESS_GLOBAL},
    {"198.17.255.255", ADDRESS_GLOBAL},
    {"198.18.0.0", ADDRESS_PRIVATE},
    {"198.19.255.255", ADDRESS_PRIVATE},
    {"198.20.0.0", ADDRESS_GLOBAL},
    {"198.51.100.1", ADDRESS_PRIVATE},
    {"198.51.101.0", ADDRESS_GLOBAL},
    {"203.0.112.255", ADDRESS_GLOBAL},
    {"203.0.113.1", ADDRESS_PRIVATE},
    {"203.0.114.0", ADDRESS_GLOBAL},
    {"223.255.255.255", ADDRESS_GLOBAL},
    {"224.0.0.0", ADDRESS_PRIVATE},
    {"239.255.255.255", ADDRESS_PRIVATE},
    {"240.0.0.0", ADDRESS_PRIVATE},
    {"255.255.255.255", ADDRESS_PRIVATE},

    {"::", ADDRESS_PRIVATE},
    {"::1", ADDRESS_PRIVATE},
    {"::8.8.8.8", ADDRESS_PRIVATE}, /* IPv4-compatible: withdrawn */
    {"64:ff9b:1::1", ADDRESS_PRIVATE},
    {"100::1", ADDRESS_PRIVATE},
    {"1fff:ffff::1", ADDRESS_PRIVATE},
    {"2000::1", ADDRESS_GLOBAL},
    {"2001::1", ADDRESS_PRIVATE}, /* Teredo */
    {"2001:1::1", ADDRESS_PRIVATE},
    {"2001:10::1", ADDRESS_PRIVATE},
    {"2001:20::1", ADDRESS_PRIVATE},
    {"2001:1ff:ffff::1", ADDRESS_PRIVATE},
    {"2001:200::1", ADDRESS_GLOBAL},
    {"2001:4860:4860::8888", ADDRESS_GLOBAL},
    {"2001:db7:ffff::1", ADDRESS_GLOBAL},
    {"2001:db8::1", ADDRESS_PRIVATE},
    {"2001:db9::1", ADDRESS_GLOBAL},
    {"2620:4f:8000::1", ADDRESS_GLOBAL}, /* AS112 */
    {"3ffe:ffff::1", ADDRESS_GLOBAL},
    {"3fff::1", ADDRESS_PRIVATE},
    {"3fff:fff:ffff::1", ADDRESS_PRIVATE},
    {"3fff:1000::1", ADDRESS_GLOBAL},
    {"4000::1", ADDRESS_PRIVATE},
    {"5f00::1", ADDRESS_PRIVATE},
    {"fc00::1", ADDRESS_PRIVATE},
    {"fdff:ffff::1", ADDRESS_PRIVATE},
    {"fe80::1", ADDRESS_PRIVATE},
    {"febf::1", ADDRESS_PRIVATE},
    {"fec0::1", ADDRESS_PRIVATE},
    {"ff02::1", ADDRESS_PRIVATE},

    /* as good as the address inside */
    {"::ffff:8.8.8.8", ADDRESS_GLOBAL},
    {"::ffff:127.0.0.1", ADDRESS_PRIVATE},
    {"::ffff:10.0.0.1", ADDRESS_PRIVATE},
    {"64:ff9b::8.8.8.8", ADDRESS_GLOBAL},
    {"64:ff9b::192.168.0.1", ADDRESS_PRIVATE},
    {"2002:808:808::1", ADDRESS_GLOBAL},
    {"2002:7f00:1::1", ADDRESS_PRIVATE},
    {"2002:a00:1::8.8.8.8", ADDRESS_PRIVATE},
};

static struct address parsed(const char *text)
{
    struct address address = {0};

    assert_int_equal(address_parse(text, &address), 0);
    return address;
}

static void test_classes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(CLASSES); i++) {
        struct address address = parsed(CLASSES[i].text);
        if (address_classify(&address) != CLASSES[i].class)
            fail_msg("%s is of the wrong class", CLASSES[i].text);
    }
}

struct cidr_row {
    const char *text;
    int error;
    unsigned bits;
};

static const struct cidr_row CIDRS[] = {
    {"192.0.2.0/24", 0, 24},
    {"192.0.2.1", 0, 32},
    {"0.0.0.0/0", 0, 0},
    {"::/0", 0, 0},
    {"2001:db8::/32", 0, 32},
    {"2001:db8::1", 0, 128},
    {"::1/128", 0, 128},
    {"192.0.2.0/33", -MTASTS_EINVAL, 0},
    {"::/129", -MTASTS_EINVAL, 0},
    {"192.0.2.0/", -MTASTS_EINVAL, 0},
    {"192.0.2.0/-1", -MTASTS_EINVAL, 0},
    {"192.0.2.0/+8", -MTASTS_EINVAL, 0},
    {"192.0.2.0/8 ", -MTASTS_EINVAL, 0},
    {"192.0.2.0/0008", -MTASTS_EINVAL, 0},
    {"192.0.2.0/8/8", -MTASTS_EINVAL, 0},
    {"192.0.2/24", -MTASTS_EINVAL, 0},
    {"/8", -MTASTS_EINVAL, 0},
    {"", -MTASTS_EINVAL, 0},
    {"example.com/8", -MTASTS_EINVAL, 0},
    {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa/64", -MTASTS_EINVAL, 0},
};

static void test_loopback(void **state)
{
    static const struct {
        const char *text;
        bool loopback;
    } rows[] = {
        {"127.0.0.1", true},
        {"127.255.255.255", true},
        {"126.255.255.255", false},
        {"128.0.0.0", false},
        {"0.0.0.0", false},
        {"::1", true},
        {"::", false},
        {"::2", false},
        {"::ffff:127.0.0.1", true},
        {"::ffff:192.0.2.1", false},
        {"fe80::1", false},
        {"2001:db8::1", false},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct address address = parsed(rows[i].text);
        assert_int_equal(address_is_loopback(&address), rows[i].loopback);
    }
}

static void test_cidr(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(CIDRS); i++) {
        struct address_cidr cidr = {.bits = 999};
        int error = address_cidr_parse(CIDRS[i].text, &cidr);
        assert_int_equal(error, CIDRS[i].error);
        assert_int_equal(cidr.bits, error ? 999 : CIDRS[i].bits);
    }
}

struct guard_row {
    const char *exceptions[2];
    const char *address;
    bool all;
    bool allowed;
};

static const struct guard_row GUARDS[] = {
    {{NULL}, "8.8.8.8", false, true},
    {{NULL}, "10.0.0.1", false, false},
    {{NULL}, "10.0.0.1", true, true},
    {{NULL}, "::1", true, true},
    {{"10.0.0.0/8"}, "10.0.0.1", false, true},
    {{"10.9.9.9/8"}, "10.0.0.1", false, true}, /* host bits do not matter */
    {{"10.0.0.0/8"}, "11.0.0.1", false, true},
    {{"10.0.0.0/8"}, "127.0.0.1", false, false},
    {{"10.0.0.0/9"}, "10.127.255.255", false, true},
    {{"10.0.0.0/9"}, "10.128.0.0", false, false},
    {{"10.0.0.0/31"}, "10.0.0.1", false, true},
    {{"10.0.0.0/31"}, "10.0.0.2", false, false},
    {{"127.0.0.1"}, "127.0.0.1", false, true},
    {{"127.0.0.1"}, "127.0.0.2", false, false},
    {{"127.0.0.1", "fd00::/8"}, "fd12::1", false, true},
    {{"127.0.0.1", "fd00::/8"}, "fc12::1", false, false},
    {{"0.0.0.0/0"}, "10.0.0.1", false, true},
    {{"0.0.0.0/0"}, "fd00::1", false, false},
    {{"::/0"}, "fd00::1", false, true},
    {{"::/0"}, "10.0.0.1", false, false},
    /* the kernel connects to the address inside */
    {{"10.0.0.0/8"}, "::ffff:10.0.0.1", false, true},
    {{"::ffff:10.0.0.0/104"}, "::ffff:10.0.0.1", false, true},
    {{"10.0.0.0/8"}, "::ffff:127.0.0.1", false, false},
    {{"10.0.0.0/8"}, "64:ff9b::10.0.0.1", false, false},
};

static void test_guard(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(GUARDS); i++) {
        const struct guard_row *row = &GUARDS[i];
        struct address_guard guard = {.allow_all = row->all};
        struct address address = parsed(row->address);
        for (size_t j = 0; j < 2 && row->exceptions[j]; j++)
            assert_int_equal(
                address_cidr_parse(row->exceptions[j],
                                   &guard.exceptions[guard.exception_count++]),
                0);
        if (address_allowed(&guard, &address) != row->allowed)
            fail_msg("row %zu: %s", i, row->address);
    }
}

static void test_no_guard(void **state)
{
    struct address private = parsed("127.0.0.1");
    struct address global = parsed("8.8.8.8");

    (void)state;
    assert_false(address_allowed(NULL, &private));
    assert_true(address_allowed(NULL, &global));
}

static void test_sockaddr(void **state)
{
    static const char *const texts[] = {"192.0.2.1", "2001:db8::1"};

    (void)state;
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        struct address address = parsed(texts[i]);
        struct address back = {0};
        struct sockaddr_storage storage;
        socklen_t len = address_sockaddr(&address, 25, &storage);
        assert_int_equal(len, address.ipv6 ? sizeof(struct sockaddr_in6)
                                           : sizeof(struct sockaddr_in));
        assert_int_equal(
            address_from_sockaddr((struct sockaddr *)&storage, &back), 0);
        assert_memory_equal(&back, &address, sizeof(back));
    }
}

static void test_other_family(void **state)
{
    struct sockaddr sockaddr = {.sa_family = AF_UNIX};
    struct address address;

    (void)state;
    assert_int_equal(address_from_sockaddr(&sockaddr, &address),
                     -MTASTS_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),     cmocka_unit_test(test_classes),
        cmocka_unit_test(test_loopback), cmocka_unit_test(test_cidr),
        cmocka_unit_test(test_guard),    cmocka_unit_test(test_no_guard),
        cmocka_unit_test(test_sockaddr), cmocka_unit_test(test_other_family),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
