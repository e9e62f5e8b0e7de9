/*
 * policy_fields: the lines of a policy body as fields. See policy_fields.h.
 */
#include "check/policy_fields.h"

#include "base/ascii.h"
#include <string.h>

struct policy_fields policy_fields_of(const struct judge *judge)
{
    if (!judge->policy_parsed.texts)
        return (struct policy_fields){0};
    return (struct policy_fields){.rest = judge->body};
}

static struct mtasts_bytes take_line(struct policy_fields *fields)
{
    struct mtasts_bytes *rest = &fields->rest;
    const char *end = memchr(rest->data, '\n', rest->len);
    struct mtasts_bytes line = {rest->data,
                                end ? (size_t)(end - rest->data) : rest->len};
    size_t step = line.len + (end != NULL);

    rest->data += step;
    rest->len -= step;
    fields->line++;
    return line;
}

static struct mtasts_bytes trimmed(const char *text, size_t len)
{
    while (len > 0 && ascii_is_wsp(text[0])) {
        text++;
        len--;
    }
    while (len > 0 && (ascii_is_wsp(text[len - 1]) || text[len - 1] == '\r'))
        len--;
    return (struct mtasts_bytes){text, len};
}

bool policy_fields_next(struct policy_fields *fields,
                        struct policy_field *ret_field)
{
    while (fields->rest.len > 0) {
        struct mtasts_bytes line = take_line(fields);
        const char *colon = memchr(line.data, ':', line.len);
        if (!colon)
            continue;
        size_t key_len = (size_t)(colon - line.data);
        struct mtasts_bytes value = trimmed(colon + 1, line.len - key_len - 1);
        *ret_field = (struct policy_field){
            .key = trimmed(line.data, key_len),
            .value = value,
            .place = {fields->line, (size_t)(value.data - line.data) + 1},
        };
        return true;
    }
    return false;
}

/* One final dot is what the tolerant reading takes off. */
static bool is_value(const struct mtasts_bytes *text, const char *value)
{
    size_t len = text->len;

    if (len > 1 && text->data[len - 1] == '.')
        len--;
    return !value || ascii_is_nocase(text->data, len, value);
}

struct place policy_place(const struct judge *judge, const char *key,
                          const char *value)
{
    struct policy_fields fields = policy_fields_of(judge);
    struct policy_field field;

    while (policy_fields_next(&fields, &field))
        if (ascii_is(field.key.data, field.key.len, key) &&
            is_value(&field.value, value))
            return field.place;
    return (struct place){0};
}
