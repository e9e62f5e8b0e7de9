/*
 * Domain names and next-hop forms.
 */
#include "base/cleanup.h"
#include "unit.h"
#include <mtasts/error.h>
#include <mtasts/name.h>

#define L63 "a23456789-b23456789-c23456789-d23456789-e23456789-f23456789-g23"
#define L61 "a23456789-b23456789-c23456789-d23456789-e23456789-f23456789-g"
#define DOMAIN_253 L63 "." L63 "." L63 "." L61

static void test_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned flags;
        int result;
        const char *name;
    } names[] = {
        {"Example.COM", 0, 0, "example.com"},
        {"example.com.", 0, 0, "example.com"},
        {"example.com..", 0, -MTASTS_ENAME, NULL},
        {".", 0, -MTASTS_ENAME, NULL},
        {"..", 0, -MTASTS_ENAME, NULL},
        {"", 0, -MTASTS_ENAME, NULL},
        {".example", 0, -MTASTS_ENAME, NULL},
        {"a..b", 0, -MTASTS_ENAME, NULL},
        {"localhost", 0, 0, "localhost"},
        {"1.2.3.4", 0, 0, "1.2.3.4"},
        {"xn--bcher-kva.example", 0, 0, "xn--bcher-kva.example"},
        {"b\xc3\xbc"
         "cher.example",
         0, -MTASTS_EIDN, NULL},
        {"a b\xff", 0, -MTASTS_EIDN, NULL},
        {"a b", 0, -MTASTS_ENAME, NULL},
        {"a\x7f", 0, -MTASTS_ENAME, NULL},
        {"-a", 0, -MTASTS_ENAME, NULL},
        {"a-", 0, -MTASTS_ENAME, NULL},
        {"a.-b.c", 0, -MTASTS_ENAME, NULL},
        {"a-.b", 0, -MTASTS_ENAME, NULL},
        {"a--b", 0, 0, "a--b"},
        {"*.a", 0, -MTASTS_ENAME, NULL},
        {"_dmarc.a", 0, -MTASTS_ENAME, NULL},
        {"_Dmarc.a_", MTASTS_NAME_UNDERSCORE, 0, "_dmarc.a_"},
        {"_.a", MTASTS_NAME_UNDERSCORE, 0, "_.a"},
        {"-_.a", MTASTS_NAME_UNDERSCORE, -MTASTS_ENAME, NULL},
        {L63, 0, 0, L63},
        {L63 "h", 0, -MTASTS_ENAME, NULL},
        {DOMAIN_253, 0, 0, DOMAIN_253},
        {DOMAIN_253 ".", 0, 0, DOMAIN_253},
        {DOMAIN_253 "h", 0, -MTASTS_ENAME, NULL},
    };

    for (size_t i = 0; i < ELEMENTS(names); i++) {
        char name[MTASTS_NAME_MAX + 1] = "untouched";
        size_t len = 42;
        int r = mtasts_name_canonical(names[i].text, strlen(names[i].text),
                                      names[i].flags, name, &len);

        if (r != names[i].result)
            fail_msg("%s: %s", names[i].text, mtasts_strerror(r));
        assert_string_equal(name, r == 0 ? names[i].name : "untouched");
        assert_int_equal(len, r == 0 ? strlen(name) : 42);
    }
}

static void test_canonical_sees_nul(void **state)
{
    (void)state;
    char name[MTASTS_NAME_MAX + 1];

    assert_int_equal(mtasts_name_canonical("a.example\0", 10, 0, name, NULL),
                     -MTASTS_ENAME);
    assert_int_equal(mtasts_name_canonical("a\0b", 3, 0, name, NULL),
                     -MTASTS_ENAME);
    assert_int_equal(mtasts_name_canonical(NULL, 0, 0, name, NULL),
                     -MTASTS_ENAME);
}

#define DOMAIN_KIND MTASTS_NEXT_HOP_DOMAIN
#define HOST MTASTS_NEXT_HOP_HOST
#define LITERAL MTASTS_NEXT_HOP_LITERAL
#define PARENT MTASTS_NEXT_HOP_PARENT
#define ENAME -MTASTS_ENAME
#define EIDN -MTASTS_EIDN
#define ESYNTAX -MTASTS_ESYNTAX

static const struct hop {
    const char *text;
    int result;
    enum mtasts_next_hop_kind kind;
    const char *name;
    uint16_t port;
} hops[] = {
    {"Example.com", 0, DOMAIN_KIND, "example.com", 0},
    {"example.com.", 0, DOMAIN_KIND, "example.com", 0},
    {"example.com:25", 0, DOMAIN_KIND, "example.com", 25},
    {"example.com.:25", 0, DOMAIN_KIND, "example.com", 25},
    {"example.com:0025", 0, DOMAIN_KIND, "example.com", 25},
    {"example.com:65535", 0, DOMAIN_KIND, "example.com", 65535},
    {"example.com:65536", ESYNTAX, 0, NULL, 0},
    {"example.com:99999999999999999999", ESYNTAX, 0, NULL, 0},
    {"example.com:0", ESYNTAX, 0, NULL, 0},
    {"example.com:", ESYNTAX, 0, NULL, 0},
    {"example.com:smtp", 0, DOMAIN_KIND, "example.com", 0},
    {"example.com:x-25", 0, DOMAIN_KIND, "example.com", 0},
    {"example.com:25x", 0, DOMAIN_KIND, "example.com", 0},
    {"example.com:sixteen-letters-", ESYNTAX, 0, NULL, 0},
    {"example.com:-1:", ESYNTAX, 0, NULL, 0},
    {"example.com:25:25", ESYNTAX, 0, NULL, 0},
    {"example.com: 25", ESYNTAX, 0, NULL, 0},
    {":25", ENAME, 0, NULL, 0},
    {"", ENAME, 0, NULL, 0},
    {"a_b.example", ENAME, 0, NULL, 0},
    {"a b", ENAME, 0, NULL, 0},
    {"user@example.com", ENAME, 0, NULL, 0},
    {"b\xc3\xbc"
     "cher.example:25",
     EIDN, 0, NULL, 0},
    {DOMAIN_253, 0, DOMAIN_KIND, DOMAIN_253, 0},
    {DOMAIN_253 "h", ENAME, 0, NULL, 0},
    {"[Mail.example.com]", 0, HOST, "mail.example.com", 0},
    {"[mail.example.com.]:587", 0, HOST, "mail.example.com", 587},
    {"[my_mail.example.com]", 0, HOST, "my_mail.example.com", 0},
    {"[mail.example.com]:submission", 0, HOST, "mail.example.com", 0},
    {"[mail.example.com", ESYNTAX, 0, NULL, 0},
    {"[mail.example.com]25", ESYNTAX, 0, NULL, 0},
    {"[mail.example.com]:", ESYNTAX, 0, NULL, 0},
    {"[mail.example.com]:0", ESYNTAX, 0, NULL, 0},
    {"[mail.example.com:25]", ENAME, 0, NULL, 0},
    {"[]", ENAME, 0, NULL, 0},
    {"[", ESYNTAX, 0, NULL, 0},
    {"[a]]", ESYNTAX, 0, NULL, 0},
    {"[[a]]", ESYNTAX, 0, NULL, 0},
    {"[192.0.2.1]", 0, LITERAL, "192.0.2.1", 0},
    {"[192.0.2.1]:25", 0, LITERAL, "192.0.2.1", 25},
    {"192.0.2.1", 0, LITERAL, "192.0.2.1", 0},
    {"192.0.2.1:25", 0, LITERAL, "192.0.2.1", 25},
    {"192.0.2.1.", 0, LITERAL, "192.0.2.1", 0},
    {"[192.0.2.1.]:25", 0, LITERAL, "192.0.2.1", 25},
    {"192.0.2.256", 0, DOMAIN_KIND, "192.0.2.256", 0},
    {"[IPv6:2001:DB8::1]", 0, LITERAL, "2001:db8::1", 0},
    {"[ipv6:2001:db8:0:0:0:0:0:1]:25", 0, LITERAL, "2001:db8::1", 25},
    {"[2001:db8::1]", 0, LITERAL, "2001:db8::1", 0},
    {"2001:db8::1", 0, LITERAL, "2001:db8::1", 0},
    {"::1", 0, LITERAL, "::1", 0},
    {"[IPv6:192.0.2.1]", ENAME, 0, NULL, 0},
    {"[IPv6:]", ENAME, 0, NULL, 0},
    {"[IPv6:::1%lo]", ENAME, 0, NULL, 0},
    {"[::g]", ENAME, 0, NULL, 0},
    {".Example.com", 0, PARENT, "example.com", 0},
    {".com", 0, PARENT, "com", 0},
    {"._tcp.example", 0, PARENT, "_tcp.example", 0},
    {".", ENAME, 0, NULL, 0},
    {"..com", ENAME, 0, NULL, 0},
    {".example.com:25", ENAME, 0, NULL, 0},
};

static void test_next_hops(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(hops); i++) {
        struct mtasts_next_hop hop = {.port = 4242};
        int r = mtasts_next_hop_parse(hops[i].text, strlen(hops[i].text), &hop);

        if (r != hops[i].result)
            fail_msg("%s: %s", hops[i].text, mtasts_strerror(r));
        if (r < 0) {
            assert_int_equal(hop.port, 4242);
            continue;
        }
        if (hop.kind != hops[i].kind)
            fail_msg("%s: kind %d", hops[i].text, (int)hop.kind);
        assert_string_equal(hop.name, hops[i].name);
        assert_int_equal(hop.port, hops[i].port);
    }
}

static void test_next_hop_sees_nul(void **state)
{
    (void)state;
    struct mtasts_next_hop hop;

    assert_int_equal(mtasts_next_hop_parse("192.0.2.1\0", 10, &hop), ENAME);
    assert_int_equal(mtasts_next_hop_parse("[::1\0]", 6, &hop), ENAME);
    assert_int_equal(mtasts_next_hop_parse("a:25\0", 5, &hop), ESYNTAX);
    assert_int_equal(mtasts_next_hop_parse(NULL, 0, &hop), ENAME);
}

/* `_mta-sts.` and the longest policy domain make the longest name. */
static void test_policy_domain_max(void **state)
{
    (void)state;
    assert_int_equal(strlen("_mta-sts.") + MTASTS_POLICY_DOMAIN_MAX,
                     MTASTS_NAME_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_canonical_sees_nul),
        cmocka_unit_test(test_next_hops),
        cmocka_unit_test(test_next_hop_sees_nul),
        cmocka_unit_test(test_policy_domain_max),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
