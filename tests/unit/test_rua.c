/* rua: which URIs of TLSRPT records lead somewhere, and where. */
#include "unit.h"

#include "base/cleanup.h"
#include "core/rua.h"
#include "vectors.h"

static bool case_passes(const json_t *test)
{
    struct rua_target target = {.domain = "untouched"};
    json_t *member = json_object_get(test, "uri");
    const char *domain = vectors_text(test, "domain");
    json_int_t port = json_integer_value(json_object_get(test, "port"));
    bool usable = json_is_true(json_object_get(test, "usable"));

    if (!usable)
        domain = "untouched";
    return rua_parse(json_string_value(member), json_string_length(member),
                     &target) == usable &&
           strcmp(target.domain, domain) == 0 && target.port == port &&
           target.https == (port != 0);
}

static void test_vectors(void **state)
{
    json_t *cases = vectors_load("rua.json", 90);
    size_t failures = 0;
    size_t index;
    json_t *test;

    (void)state;
    json_array_foreach(cases, index, test)
    {
        if (case_passes(test))
            continue;
        print_error("%s\n", vectors_text(test, "name"));
        failures++;
    }
    json_decref(cases);
    assert_int_equal(failures, 0);
}

/* Each octet, raw and encoded, in a local part with and without quotes. */
static void test_every_octet_of_a_local_part(void **state)
{
    static const char atext[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789!#$%&'*+-/=?^_`{|}~.";
    struct rua_target target;
    char uri[64];

    (void)state;
    for (unsigned octet = 0; octet < 256; octet++) {
        bool printable = octet >= 0x20 && octet < 0x7f;
        bool fits =
            octet && (strchr(atext, (int)octet) || strchr(",;@", (int)octet));
        snprintf(uri, sizeof(uri), "mailto:a%%%02xb@c.example", octet);
        if (rua_parse(uri, strlen(uri), &target) != fits)
            fail_msg("%s", uri);
        /* a quote ends the string too early, a backslash takes the next */
        snprintf(uri, sizeof(uri), "mailto:%%22%%%02Xb%%22@c.example", octet);
        if (rua_parse(uri, strlen(uri), &target) != (printable && octet != '"'))
            fail_msg("%s", uri);
        snprintf(uri, sizeof(uri), "mailto:%%22%%5C%%%02X%%22@c.example",
                 octet);
        if (rua_parse(uri, strlen(uri), &target) != printable)
            fail_msg("%s", uri);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_every_octet_of_a_local_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
