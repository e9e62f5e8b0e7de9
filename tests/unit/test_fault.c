/*
 * Words for errors and faults: every one has its own.
 */
#include "unit.h"
#include <limits.h>
#include <mtasts/mtasts.h>

static void test_every_fault_has_its_words(void **state)
{
    (void)state;
    for (int i = 1; i < MTASTS_FAULT_CODES; i++) {
        const char *name = mtasts_fault_name((enum mtasts_fault_code)i);

        assert_non_null(name);
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
                         strlen(name));
        assert_true(strlen(mtasts_fault_text((enum mtasts_fault_code)i)) > 0);
        assert_string_not_equal(mtasts_fault_text((enum mtasts_fault_code)i),
                                "unknown fault");
        for (int j = 1; j < i; j++)
            assert_string_not_equal(
                name, mtasts_fault_name((enum mtasts_fault_code)j));
    }
}

static void test_no_such_fault(void **state)
{
    (void)state;
    static const int codes[] = {0, -1, MTASTS_FAULT_CODES, INT_MAX};

    for (size_t i = 0; i < 4; i++) {
        assert_null(mtasts_fault_name((enum mtasts_fault_code)codes[i]));
        assert_string_equal(mtasts_fault_text((enum mtasts_fault_code)codes[i]),
                            "unknown fault");
    }
}

static void test_errors(void **state)
{
    (void)state;
    for (int i = 0; i <= MTASTS_ESYSTEM; i++) {
        assert_string_not_equal(mtasts_strerror(i), "Unknown error");
        assert_string_equal(mtasts_strerror(-i), mtasts_strerror(i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(mtasts_strerror(i), mtasts_strerror(j));
    }
    assert_string_equal(mtasts_strerror(MTASTS_ESYSTEM + 1), "Unknown error");
    assert_string_equal(mtasts_strerror(INT_MIN), "Unknown error");
    assert_string_equal(mtasts_strerror(INT_MAX), "Unknown error");
}

static void test_version(void **state)
{
    (void)state;
    assert_string_equal(mtasts_version(), MTASTS_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_fault_has_its_words),
        cmocka_unit_test(test_no_such_fault),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_version),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
