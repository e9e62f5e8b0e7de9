/*
 * buf: the maximum to the octet, whatever is allocated; errors that stick.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include <mtasts/error.h>
#include <string.h>

/* Around what is allocated first, and doubled. */
static const size_t maxima[] = {0, 1, 254, 255, 256, 257, 510, 511, 512, 513};

static void test_octet_by_octet(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(maxima); i++) {
        _cleanup_buf_ struct buf buf = BUF(maxima[i]);
        for (size_t len = 0; len < maxima[i]; len++) {
            assert_int_equal(buf_putc(&buf, (char)('a' + len % 26)), 0);
            assert_int_equal(strlen(buf_text(&buf)), len + 1);
        }
        assert_int_equal(buf_putc(&buf, 'z'), -MTASTS_ETOOLONG);
        assert_int_equal(buf.len, maxima[i]);
        for (size_t at = 0; at < maxima[i]; at++)
            assert_int_equal(buf.data[at], 'a' + at % 26);
    }
}

static void test_at_once(void **state)
{
    static const char text[600] = "";
    (void)state;
    for (size_t i = 0; i < ELEMENTS(maxima); i++) {
        _cleanup_buf_ struct buf buf = BUF(maxima[i]);
        assert_int_equal(buf_append(&buf, text, maxima[i] + 1),
                         -MTASTS_ETOOLONG);
        buf_clear(&buf);
        assert_int_equal(buf_append(&buf, text, maxima[i]), 0);
        assert_int_equal(buf.len, maxima[i]);
        assert_int_equal(buf.data[buf.len], '\0');
        assert_int_equal(buf_append(&buf, text, 1), -MTASTS_ETOOLONG);
    }
}

static void test_error_sticks(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf buf = BUF(4);
    buf_puts(&buf, "abc");
    assert_int_equal(buf_puts(&buf, "de"), -MTASTS_ETOOLONG);
    assert_int_equal(buf_putc(&buf, 'd'), -MTASTS_ETOOLONG);
    assert_int_equal(buf_printf(&buf, "%d", 1), -MTASTS_ETOOLONG);
    assert_int_equal(buf_append(&buf, NULL, 0), -MTASTS_ETOOLONG);
    assert_string_equal(buf_text(&buf), "abc");
    buf_clear(&buf);
    assert_string_equal(buf_text(&buf), "");
    assert_int_equal(buf_printf(&buf, "%04d", 12), 0);
    assert_string_equal(buf_text(&buf), "0012");
}

static void test_nothing_is_text_too(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf buf = BUF(0);
    assert_int_equal(buf_append(&buf, NULL, 0), 0);
    assert_non_null(buf.data);
    assert_string_equal(buf.data, "");
}

static void test_consume(void **state)
{
    (void)state;
    _cleanup_buf_ struct buf buf = BUF(8);
    buf_puts(&buf, "12345678");
    buf_consume(&buf, 3);
    assert_string_equal(buf_text(&buf), "45678");
    assert_int_equal(buf_puts(&buf, "9ab"), 0);
    assert_int_equal(buf_putc(&buf, 'c'), -MTASTS_ETOOLONG);
    buf_consume(&buf, 100);
    assert_string_equal(buf_text(&buf), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_octet_by_octet),
        cmocka_unit_test(test_at_once),
        cmocka_unit_test(test_error_sticks),
        cmocka_unit_test(test_nothing_is_text_too),
        cmocka_unit_test(test_consume),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
