/* number: digits as a number. */
#include "base/number.h"

#include "unit.h"
#include <mtasts/error.h>

static void test_decimal(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        uint64_t number; /* UINT64_MAX - 1: refused */
    } rows[] = {
        {"0", 0, 0},
        {"007", 10, 7},
        {"10", 10, 10},
        {"11", 10, UINT64_MAX - 1},
        {"9", 8, UINT64_MAX - 1},
        {"18446744073709551615", UINT64_MAX, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, UINT64_MAX - 1},
        {"99999999999999999999", UINT64_MAX, UINT64_MAX - 1},
        {"", 10, UINT64_MAX - 1},
        {"-1", 10, UINT64_MAX - 1},
        {"+1", 10, UINT64_MAX - 1},
        {" 1", 10, UINT64_MAX - 1},
        {"1 ", 10, UINT64_MAX - 1},
        {"1x", 10, UINT64_MAX - 1},
        {"0x1", 10, UINT64_MAX - 1},
        {"/", 100, UINT64_MAX - 1},
        {":", 100, UINT64_MAX - 1},
        {"\xb1", 100, UINT64_MAX - 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t number = UINT64_MAX - 1;
        int error = number_parse(rows[i].text, strlen(rows[i].text),
                                 rows[i].max, &number);

        assert_int_equal(number, rows[i].number);
        assert_int_equal(error,
                         rows[i].number == UINT64_MAX - 1 ? -MTASTS_EINVAL : 0);
    }
}

static void test_octal(void **state)
{
    uint64_t number = 0;

    (void)state;
    assert_int_equal(number_parse_octal("0660", 4, 0777, &number), 0);
    assert_int_equal(number, 0660);
    assert_int_equal(number_parse_octal("1000", 4, 0777, &number),
                     -MTASTS_EINVAL);
    assert_int_equal(number_parse_octal("8", 1, 0777, &number), -MTASTS_EINVAL);
}

/* Only so many octets are looked at. */
static void test_length(void **state)
{
    uint64_t number = 0;

    (void)state;
    assert_int_equal(number_parse("123", 2, 100, &number), 0);
    assert_int_equal(number, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimal),
        cmocka_unit_test(test_octal),
        cmocka_unit_test(test_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
