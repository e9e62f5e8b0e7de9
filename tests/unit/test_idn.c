/* idn: names as people type them, to A-labels and back. */
#include "net/idn.h"

#include "base/cleanup.h"
#include <mtasts/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_to_ascii(void **state)
{
    static const struct {
        const char *text;
        int error;
        const char *name;
    } rows[] = {
        {"example.com", 0, "example.com"},
        {"EXAMPLE.com.", 0, "example.com"},
        {"b\xc3\xbc"
         "cher.example",
         0, "xn--bcher-kva.example"},
        {"B\xc3\x9c"
         "CHER.Example",
         0, "xn--bcher-kva.example"},
        /* a decomposed u-umlaut is the same name */
        {"bu\xcc\x88"
         "cher.example",
         0, "xn--bcher-kva.example"},
        /* nontransitional: the sharp s stays itself */
        {"fa\xc3\x9f.example", 0, "xn--fa-hia.example"},
        /* ideographic full stop */
        {"\xe4\xbe\x8b\xe5\xad\x90\xe3\x80\x82"
         "com",
         0, "xn--fsqu00a.com"},
        {"xn--bcher-kva.example", 0, "xn--bcher-kva.example"},
        {"", -MTASTS_ENAME, NULL},
        {"a..b", -MTASTS_ENAME, NULL},
        {"-a.example", -MTASTS_ENAME, NULL},
        {"a b", -MTASTS_ENAME, NULL},
        {"\xff.example", -MTASTS_EIDN, NULL},
        /* a disallowed code point: U+2603 is no letter */
        {"\xe2\x98\x83.example", -MTASTS_EIDN, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        char name[MTASTS_NAME_MAX + 1] = "untouched";
        int error = idn_to_ascii(rows[i].text, strlen(rows[i].text), 0, name);
        if (error != rows[i].error)
            fail_msg("row %zu: error %d", i, error);
        assert_string_equal(name, rows[i].name ? rows[i].name : "untouched");
    }
}

static void test_octets_and_length(void **state)
{
    char name[MTASTS_NAME_MAX + 1];
    char text[4096];
    (void)state;
    assert_int_equal(idn_to_ascii("a\0b", 3, 0, name), -MTASTS_ENAME);
    assert_int_equal(idn_to_ascii("\xc3\xbc\0b", 4, 0, name), -MTASTS_ENAME);
    for (size_t i = 0; i < sizeof(text); i += 2)
        memcpy(text + i, "\xc3\xbc", 2);
    assert_true(idn_to_ascii(text, sizeof(text), 0, name) < 0);
    assert_true(idn_to_ascii(text, 300, 0, name) < 0);
    assert_int_equal(idn_to_ascii("_a.example", 10, 0, name), -MTASTS_ENAME);
    assert_int_equal(
        idn_to_ascii("_a.example", 10, MTASTS_NAME_UNDERSCORE, name), 0);
}

static void test_to_unicode(void **state)
{
    static const char *const rows[][2] = {
        {"example.com", "example.com"},
        {"xn--bcher-kva.example", "b\xc3\xbc"
                                  "cher.example"},
        {"_mta-sts.xn--bcher-kva.example", "_mta-sts.b\xc3\xbc"
                                           "cher.example"},
        /* no punycode, or not of any name: as it is */
        {"xn--a.example", "xn--a.example"},
        {"xn--.example", "xn--.example"},
        {"xn--example-.com", "xn--example-.com"},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        char text[IDN_UNICODE_MAX];
        assert_int_equal(idn_to_unicode(rows[i][0], text), 0);
        assert_string_equal(text, rows[i][1]);
    }
    char longest[MTASTS_NAME_MAX + 2];
    char text[IDN_UNICODE_MAX];
    memset(longest, 'a', sizeof(longest));
    longest[MTASTS_NAME_MAX + 1] = '\0';
    assert_int_equal(idn_to_unicode(longest, text), -MTASTS_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_ascii),
        cmocka_unit_test(test_octets_and_length),
        cmocka_unit_test(test_to_unicode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
