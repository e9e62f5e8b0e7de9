/*
 * Domain names as RFC 5321 section 4.1.2 spells them: letters, digits and
 * inner hyphens. Names here are text, not DNS wire form: no escapes, and an
 * octet above 0x7f is simply no letter.
 */
#include "core/domain.h"

#include "base/ascii.h"
#include <mtasts/name.h>

/* What an octet may be in a name, as bits. */
enum {
    LETTER = 1,
    DIGIT = 2,
    UNDERSCORE = 4,
    HYPHEN = 8,
    DOT = 16,
};

/* clang-format off */
static const unsigned char classes[256] = {
    ['-'] = HYPHEN,
    ['.'] = DOT,
    ['0' ... '9'] = DIGIT,
    ['A' ... 'Z'] = LETTER,
    ['_'] = UNDERSCORE,
    ['a' ... 'z'] = LETTER,
};
/* clang-format on */

static unsigned class_of(char c)
{
    return classes[(unsigned char)c];
}

/* The classes that a label may begin and end with. */
static unsigned let_dig(unsigned flags)
{
    return flags & MTASTS_NAME_UNDERSCORE ? LETTER | DIGIT | UNDERSCORE
                                          : LETTER | DIGIT;
}

bool domain_label_valid(const char *text, size_t len, unsigned flags)
{
    unsigned inner = let_dig(flags) | HYPHEN;

    if (len == 0 || len > MTASTS_LABEL_MAX)
        return false;
    if (text[0] == '-' || text[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!(class_of(text[i]) & inner))
            return false;
    return true;
}

/* Of a label whose octets are all allowed inside of one. */
static bool label_fits(const char *text, size_t start, size_t end)
{
    return end > start && end - start <= MTASTS_LABEL_MAX &&
           text[start] != '-' && text[end - 1] != '-';
}

/* One look at each octet, and little more: this is most of the work of reading
   a policy, and of answering from the cache. */
bool domain_valid(const char *text, size_t len, unsigned flags)
{
    unsigned inner = let_dig(flags) | HYPHEN;
    size_t start = 0;

    if (len == 0 || len > MTASTS_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        unsigned class = class_of(text[i]);

        if (class & inner)
            continue;
        if (class != DOT || !label_fits(text, start, i))
            return false;
        start = i + 1;
    }
    return label_fits(text, start, len);
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
