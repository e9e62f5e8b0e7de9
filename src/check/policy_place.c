/*
 * policy_place: where in the body a field is, for findings about what a
 * policy says rather than how it is written. Lines end at LF, as for the
 * parser of libmtasts.
 */
#include "check/judge.h"

#include "base/ascii.h"
#include <string.h>

static struct mtasts_bytes trimmed(const char *text, size_t len)
{
    while (len > 0 && (ascii_is_wsp(text[0]))) {
        text++;
        len--;
    }
    while (len > 0 && (ascii_is_wsp(text[len - 1]) || text[len - 1] == '\r'))
        len--;
    return (struct mtasts_bytes){text, len};
}

/* One final dot is what the tolerant reading takes off. */
static bool is_value(const struct mtasts_bytes *text, const char *value)
{
    size_t len = text->len;

    if (len > 1 && text->data[len - 1] == '.')
        len--;
    return !value || ascii_is_nocase(text->data, len, value);
}

static bool line_has(const char *line, size_t len, const char *key,
                     const char *value, size_t *ret_column)
{
    const char *colon = memchr(line, ':', len);

    if (!colon)
        return false;
    size_t key_len = (size_t)(colon - line);
    struct mtasts_bytes name = trimmed(line, key_len);
    struct mtasts_bytes text = trimmed(colon + 1, len - key_len - 1);
    if (!ascii_is(name.data, name.len, key) || !is_value(&text, value))
        return false;
    *ret_column = (size_t)(text.data - line) + 1;
    return true;
}

struct place policy_place(const struct judge *judge, const char *key,
                          const char *value)
{
    const char *at = judge->body.data;
    size_t left = judge->policy_parsed.texts ? judge->body.len : 0;
    struct place place = {0};

    for (size_t number = 1; left > 0; number++) {
        const char *end = memchr(at, '\n', left);
        size_t len = end ? (size_t)(end - at) : left;
        if (line_has(at, len, key, value, &place.column)) {
            place.line = number;
            return place;
        }
        size_t step = end ? len + 1 : len;
        at += step;
        left -= step;
    }
    return place;
}
