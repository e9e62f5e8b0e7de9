/* suffix: patterns that cover a whole public suffix. */
#include "unit.h"

#include "base/cleanup.h"
#include "net/suffix.h"
#include <mtasts/error.h>

#define POLICY(mx) "version: STSv1\nmode: enforce\nmax_age: 86400\n" mx

static void test_bodies(void **state)
{
    static const struct {
        const char *body;
        size_t count;
        const char *first;
    } rows[] = {
        {POLICY("mx: mx.example.com\n"), 0, NULL},
        {POLICY("mx: *.example.com\n"), 0, NULL},
        {POLICY("mx: *.com\n"), 1, "*.com"},
        {POLICY("mx: *.CO.UK\n"), 1, "*.co.uk"},
        {POLICY("mx: *.example.co.uk\n"), 0, NULL},
        /* no wildcard: one host, however it is called */
        {POLICY("mx: co.uk\n"), 0, NULL},
        /* a private suffix belongs to strangers too */
        {POLICY("mx: *.github.io\n"), 1, "*.github.io"},
        /* every name of the second level under *.ck is one, but www.ck */
        {POLICY("mx: *.anything.ck\n"), 1, "*.anything.ck"},
        {POLICY("mx: *.www.ck\n"), 0, NULL},
        /* a top-level domain that the list does not know */
        {POLICY("mx: *.lab-of-mtasts\n"), 1, "*.lab-of-mtasts"},
        {POLICY("mx: *.a.lab-of-mtasts\n"), 0, NULL},
        /* in A-labels: .xn--p1ai is Russia's */
        {POLICY("mx: *.xn--p1ai\n"), 1, "*.xn--p1ai"},
        {POLICY("mx: *.com\nmx: mx.example.com\nmx: *.com\nmx: *.net\n"), 2,
         "*.com"},
        {"no policy", 0, NULL},
        {"", 0, NULL},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        _cleanup_arena_ struct arena *arena = NULL;
        const char *const *patterns = NULL;
        size_t count = 99;
        assert_int_equal(arena_new(1 << 16, &arena), 0);
        assert_int_equal(suffix_find_in_body(arena, rows[i].body,
                                             strlen(rows[i].body), &patterns,
                                             &count),
                         0);
        if (count != rows[i].count)
            fail_msg("row %zu: %zu", i, count);
        if (count > 0)
            assert_string_equal(patterns[0], rows[i].first);
    }
}

static void test_no_memory(void **state)
{
    static const char body[] = POLICY("mx: *.com\n");
    _cleanup_arena_ struct arena *arena = NULL;
    const char *const *patterns = NULL;
    size_t count = 99;
    (void)state;
    assert_int_equal(arena_new(0, &arena), 0);
    assert_int_equal(
        suffix_find_in_body(arena, body, sizeof(body) - 1, &patterns, &count),
        -MTASTS_ENOMEM);
    assert_int_equal(count, 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
