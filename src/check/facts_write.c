/*
 * facts_write: facts as JSON, by the table of facts_fields.c. See
 * facts_json.h.
 *
 * Members go in the table's order, so that the TLSA RRs of a host, whose
 * number a session's `matched` needs, come before its sessions.
 */
#include "check/facts_json.h"

#include "check/facts_fields.h"
#include "json/octets.h"
#include <string.h>

static const void *at_offset(const void *base, size_t offset)
{
    return (const char *)base + offset;
}

static size_t count_at(const void *base, const struct field *field)
{
    size_t count = 0;
    memcpy(&count, at_offset(base, field->count), sizeof(count));
    return count;
}

static const void *pointer_at(const void *base, const struct field *field)
{
    const void *pointer = NULL;
    memcpy(&pointer, at_offset(base, field->offset), sizeof(pointer));
    return pointer;
}

/* One struct on its way into one object. */
struct writer {
    struct json_builder to;
    size_t *tlsa_count; /* of the host that is being written */
};

static struct json *write_struct(const struct shape *shape, const void *base,
                                 size_t *tlsa_count);

/* A string, or {"base64": ...} if JSON has none for these octets. */
static void add_octets(struct json_builder *to, const char *key,
                       const char *data, size_t len)
{
    if (len == 0 || (utf8_valid(data, len) && !memchr(data, '\0', len))) {
        json_add_octets(to, key, data, len);
        return;
    }
    _cleanup_buf_ struct buf text = BUF(base64_encoded_len(len));
    base64_encode(&text, data, len);
    to->failed |= text.error != 0;

    struct json_builder object = json_build_object();
    json_add_octets(&object, FACTS_BASE64_KEY, buf_text(&text), text.len);
    json_add(to, key, json_built(&object));
}

static void write_text(struct writer *writer, const struct field *field,
                       const void *base)
{
    const char *text = pointer_at(base, field);
    if (text)
        add_octets(&writer->to, field->key, text, strlen(text));
}

static void write_octets(struct writer *writer, const struct field *field,
                         const void *base)
{
    const struct mtasts_bytes *octets = at_offset(base, field->offset);
    if (octets->len > 0)
        add_octets(&writer->to, field->key, octets->data, octets->len);
}

static void write_data(struct writer *writer, const struct field *field,
                       const void *base)
{
    size_t len = count_at(base, field);
    if (len > 0)
        add_octets(&writer->to, field->key, pointer_at(base, field), len);
}

static void write_bool(struct writer *writer, const struct field *field,
                       const void *base)
{
    if (*(const bool *)at_offset(base, field->offset))
        json_add_bool(&writer->to, field->key, true);
}

static int64_t number_at(const void *base, const struct field *field)
{
    const void *from = at_offset(base, field->offset);
    uint64_t large = 0;

    switch (field->size) {
    case sizeof(uint8_t): return *(const uint8_t *)from;
    case sizeof(uint16_t): return *(const uint16_t *)from;
    case sizeof(uint32_t):
        return field->is_signed ? *(const int32_t *)from
                                : (int64_t) * (const uint32_t *)from;
    default:
        memcpy(&large, from, sizeof(large));
        if (!field->is_signed)
            large = MIN_OF(large, (uint64_t)INT64_MAX);
        return (int64_t)large;
    }
}

static void write_number(struct writer *writer, const struct field *field,
                         const void *base)
{
    int64_t number = number_at(base, field);
    if (number != 0)
        json_add_int(&writer->to, field->key, number);
}

static void write_word(struct writer *writer, const struct field *field,
                       const void *base)
{
    unsigned value = 0;
    memcpy(&value, at_offset(base, field->offset), sizeof(value));
    if (value > 0 && value < field->words->count)
        json_add_string(&writer->to, field->key,
                        field->words->items[value].name);
}

static void write_part(struct writer *writer, const struct field *field,
                       const void *base)
{
    struct json *part = write_struct(
        field->shape, at_offset(base, field->offset), writer->tlsa_count);
    if (part && json_count(part) == 0)
        json_free(part);
    else
        json_add(&writer->to, field->key, part);
}

static void write_list(struct writer *writer, const struct field *field,
                       const void *base)
{
    const char *items = pointer_at(base, field);
    size_t count = count_at(base, field);
    struct json_builder list = json_build_array();

    if (field->is_tlsa)
        *writer->tlsa_count = count;
    for (size_t i = 0; i < count; i++)
        json_add(&list, NULL,
                 write_struct(field->shape, items + i * field->shape->size,
                              writer->tlsa_count));
    if (count > 0)
        json_add(&writer->to, field->key, json_built(&list));
    json_build_clear(&list);
}

static void write_texts(struct writer *writer, const struct field *field,
                        const void *base)
{
    const char *const *items = pointer_at(base, field);
    size_t count = count_at(base, field);
    if (count == 0)
        return;

    struct json_builder list = json_build_array();
    for (size_t i = 0; i < count; i++)
        add_octets(&list, NULL, items[i], strlen(items[i]));
    json_add(&writer->to, field->key, json_built(&list));
}

static void write_matched(struct writer *writer, const struct field *field,
                          const void *base)
{
    const bool *matched = pointer_at(base, field);
    if (!matched)
        return;

    struct json_builder list = json_build_array();
    for (size_t i = 0; i < *writer->tlsa_count; i++)
        json_add_bool(&list, NULL, matched[i]);
    json_add(&writer->to, field->key, json_built(&list));
}

typedef void write_fn(struct writer *writer, const struct field *field,
                      const void *base);

static write_fn *const writers[] = {
    [FIELD_TEXT] = write_text,     [FIELD_OCTETS] = write_octets,
    [FIELD_DATA] = write_data,     [FIELD_BOOL] = write_bool,
    [FIELD_NUMBER] = write_number, [FIELD_WORD] = write_word,
    [FIELD_PART] = write_part,     [FIELD_LIST] = write_list,
    [FIELD_TEXTS] = write_texts,   [FIELD_MATCHED] = write_matched,
};

static void write_fields(struct writer *writer, const struct shape *shape,
                         const void *base)
{
    for (size_t i = 0; i < shape->count; i++)
        writers[shape->fields[i].kind](writer, &shape->fields[i], base);
}

static struct json *write_struct(const struct shape *shape, const void *base,
                                 size_t *tlsa_count)
{
    struct writer writer = {json_build_object(), tlsa_count};

    write_fields(&writer, shape, base);
    return json_built(&writer.to);
}

int facts_to_json(const struct facts *facts, struct json **ret_json)
{
    size_t tlsa_count = 0;
    struct writer writer = {json_build_object(), &tlsa_count};

    json_add_int(&writer.to, FACTS_VERSION_KEY, FACTS_VERSION);
    write_fields(&writer, &facts_shape, facts);
    struct json *json = json_built(&writer.to);
    if (!json)
        return -MTASTS_ENOMEM;
    *ret_json = json;
    return 0;
}
