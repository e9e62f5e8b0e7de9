/*
 * Keys as MTAs send them, and the policy domain that they mean, if any.
 */
#include "policyd/question.h"

#include "base/cleanup.h"
#include "unit.h"

static void test_keys(void **state)
{
    static const struct {
        const char *key;
        const char *domain; /* NULL: none */
    } rows[] = {
        {"example.com", "example.com"},
        {"Example.COM", "example.com"},
        {"example.com.", "example.com"},
        {"example.com:25", "example.com"},
        {"example.com:submission", "example.com"},
        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
        {"b\xc3\xbc"
         "cher.example",
         "xn--bcher-kva.example"},
        {"B\xc3\x9c"
         "CHER.example:25",
         "xn--bcher-kva.example"},
        {"localhost", "localhost"},
        /* RFC 8461 section 3.4: no domain, no policy */
        {"[mail.example.com]", NULL},
        {"[mail.example.com]:587", NULL},
        {"[b\xc3\xbc"
         "cher.example]",
         NULL},
        {"[192.0.2.1]", NULL},
        {"[IPv6:2001:db8::1]", NULL},
        {"192.0.2.1", NULL},
        {".example.com", NULL},
        {".b\xc3\xbc"
         "cher.example",
         NULL},
        {"", NULL},
        {".", NULL},
        {"exa mple.com", NULL},
        {"example..com", NULL},
        {"-example.com", NULL},
        {"user@example.com", NULL},
        {"\xff\xfe.example", NULL},
        {"example.com\n", NULL},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        char domain[MTASTS_NAME_MAX + 1];
        bool found = question_domain(rows[i].key, strlen(rows[i].key), domain);
        if (found != (rows[i].domain != NULL))
            fail_msg("%s: %s", rows[i].key, found ? domain : "none");
        if (found)
            assert_string_equal(domain, rows[i].domain);
    }
}

/* A name that leaves no room for "_mta-sts." before it (RFC 8461 3.1). */
static void test_long(void **state)
{
    char key[MTASTS_NAME_MAX + 2];
    char domain[MTASTS_NAME_MAX + 1];

    (void)state;
    memset(key, 'a', sizeof(key));
    for (size_t i = 50; i < sizeof(key); i += 50)
        key[i] = '.';
    assert_true(question_domain(key, MTASTS_POLICY_DOMAIN_MAX, domain));
    assert_false(question_domain(key, MTASTS_POLICY_DOMAIN_MAX + 1, domain));
    assert_false(question_domain(key, MTASTS_NAME_MAX + 1, domain));
}

/* Octets behind the key's end are not looked at. */
static void test_not_terminated(void **state)
{
    const char key[] = {'a', '.', 'b', 'c'};
    char domain[MTASTS_NAME_MAX + 1];

    (void)state;
    assert_true(question_domain(key, 3, domain));
    assert_string_equal(domain, "a.b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_not_terminated),
    };

    return cmocka_run_group_tests_name("question", tests, NULL, NULL);
}
