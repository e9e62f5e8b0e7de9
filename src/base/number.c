/*
 * number: digits as a number. See number.h.
 */
#include "base/number.h"

#include <mtasts/error.h>

static int parse(const char *text, size_t len, unsigned base, uint64_t max,
                 uint64_t *ret_number)
{
    uint64_t number = 0;

    if (len == 0)
        return -MTASTS_EINVAL;
    for (size_t i = 0; i < len; i++) {
        uint64_t digit = (uint64_t)(unsigned char)text[i] - '0';

        /* What comes before '0' has wrapped round to a large number. */
        if (digit >= base || digit > max || number > (max - digit) / base)
            return -MTASTS_EINVAL;
        number = number * base + digit;
    }
    *ret_number = number;
    return 0;
}

int number_parse(const char *text, size_t len, uint64_t max,
                 uint64_t *ret_number)
{
    return parse(text, len, 10, max, ret_number);
}

int number_parse_octal(const char *text, size_t len, uint64_t max,
                       uint64_t *ret_number)
{
    return parse(text, len, 8, max, ret_number);
}
