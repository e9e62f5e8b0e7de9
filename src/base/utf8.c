/*
 * UTF-8 by the grammar of RFC 3629 section 4, which leaves out overlong
 * forms and surrogates by narrowing the range of the second octet.
 */
#include "base/utf8.h"

#include <stdbool.h>

static bool in_range(unsigned char c, unsigned char low, unsigned char high)
{
    return c >= low && c <= high;
}

static bool second_fits(unsigned char first, unsigned char second)
{
    switch (first) {
    case 0xe0: return in_range(second, 0xa0, 0xbf);
    case 0xed: return in_range(second, 0x80, 0x9f);
    case 0xf0: return in_range(second, 0x90, 0xbf);
    case 0xf4: return in_range(second, 0x80, 0x8f);
    default: return in_range(second, 0x80, 0xbf);
    }
}

static size_t expected_len(unsigned char first)
{
    if (in_range(first, 0xc2, 0xdf))
        return 2;
    if (in_range(first, 0xe0, 0xef))
        return 3;
    if (in_range(first, 0xf0, 0xf4))
        return 4;
    return 0;
}

size_t utf8_sequence(const char *text, size_t len)
{
    const unsigned char *octets = (const unsigned char *)text;
    size_t expected = len > 0 ? expected_len(octets[0]) : 0;

    if (expected == 0 || expected > len || !second_fits(octets[0], octets[1]))
        return 0;
    for (size_t i = 2; i < expected; i++)
        if (!in_range(octets[i], 0x80, 0xbf))
            return 0;
    return expected;
}
