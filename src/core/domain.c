/*
 * Domain names as RFC 5321 section 4.1.2 spells them: letters, digits and
 * inner hyphens. Names here are text, not DNS wire form: no escapes, and an
 * octet above 0x7f is simply no letter.
 */
#include "core/domain.h"

#include "base/ascii.h"
#include <mtasts/name.h>

static bool is_let_dig(char c, unsigned flags)
{
    return ascii_is_alnum(c) || (c == '_' && (flags & MTASTS_NAME_UNDERSCORE));
}

bool domain_label_valid(const char *text, size_t len, unsigned flags)
{
    if (len == 0 || len > MTASTS_LABEL_MAX)
        return false;
    if (text[0] == '-' || text[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_let_dig(text[i], flags) && text[i] != '-')
            return false;
    return true;
}

bool domain_valid(const char *text, size_t len, unsigned flags)
{
    size_t start = 0;

    if (len == 0 || len > MTASTS_NAME_MAX)
        return false;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && text[i] != '.')
            continue;
        if (!domain_label_valid(text + start, i - start, flags))
            return false;
        start = i + 1;
    }
    return true;
}

size_t domain_digit_labels(const char *text, size_t len)
{
    size_t labels = 1;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.')
            labels++;
        else if (!ascii_is_digit(text[i]))
            return 0;
    }
    return labels;
}

bool domain_ends_in_digits(const char *text, size_t len)
{
    size_t i = len;

    while (i > 0 && ascii_is_digit(text[i - 1]))
        i--;
    return i < len && (i == 0 || text[i - 1] == '.');
}

void domain_lower(char *to, const char *from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = ascii_lower(from[i]);
}
