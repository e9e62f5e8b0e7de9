/*
 * Near misses: `Mode`, `max-age`, `maxage`, `nmx`, `mxs`, `vesion`. An
 * unknown field is legal (RFC 8461 section 3.2), so that a slip in a name
 * silently takes the field away; this is what tells the owner.
 */
#include "core/near_miss.h"

#include "base/ascii.h"
#include "base/cleanup.h"

/* One more than the longest known name. */
#define KEY_NEAR_MAX 8

static bool is_separator(char c)
{
    return c == '-' || c == '_' || c == '.' || c == ' ' || c == '\t';
}

/* Equal but for letter case and separators. */
static bool same_letters(const char *key, size_t len, const char *known)
{
    size_t i = 0;

    for (;; i++, known++) {
        while (i < len && is_separator(key[i]))
            i++;
        while (is_separator(*known))
            known++;
        if (i == len || *known == '\0')
            return i == len && *known == '\0';
        if (ascii_lower(key[i]) != *known)
            return false;
    }
}

/* Octets that `a` and `b` have in common at their beginning. */
static size_t common_prefix(const char *a, size_t a_len, const char *b,
                            size_t b_len)
{
    size_t i = 0;

    while (i < a_len && i < b_len && a[i] == b[i])
        i++;
    return i;
}

/* One character too many, too few, or other, or two swapped. */
static bool one_slip(const char *key, size_t len, const char *known,
                     size_t known_len)
{
    size_t same = common_prefix(key, len, known, known_len);
    size_t rest = len - same;
    size_t known_rest = known_len - same;
    const char *a = key + same;
    const char *b = known + same;

    if (rest == known_rest + 1)
        return memcmp(a + 1, b, known_rest) == 0;
    if (known_len <= 2) /* of a two-letter name too little would be left */
        return false;
    if (rest + 1 == known_rest)
        return memcmp(a, b + 1, rest) == 0;
    if (rest != known_rest || rest == 0)
        return false;
    return memcmp(a + 1, b + 1, rest - 1) == 0 ||
           (rest >= 2 && a[0] == b[1] && a[1] == b[0] &&
            memcmp(a + 2, b + 2, rest - 2) == 0);
}

bool near_miss(const char *key, size_t len)
{
    static const char *const known[] = {"version", "mode", "max_age", "mx"};

    for (size_t i = 0; i < ELEMENTS(known); i++)
        if (same_letters(key, len, known[i]) ||
            (len <= KEY_NEAR_MAX &&
             one_slip(key, len, known[i], strlen(known[i]))))
            return true;
    return false;
}
