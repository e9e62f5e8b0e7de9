/*
 * facts_read: facts from JSON, by the table of facts_fields.c. See
 * facts_json.h.
 *
 * Members are asked for in the table's order, whatever order the document
 * has: the number of TLSA RRs of a host must be known before its sessions.
 * Everything is copied into the arena of the facts, whose maximum bounds
 * what a hostile document can take.
 */
#include "check/facts_json.h"

#include "base/ascii.h"
#include "check/facts_fields.h"
#include "json/octets.h"
#include <string.h>

#define TRAIL_MAX 16u /* the shapes are nested 8 deep */

/* Where in the document we are, for the fault's words. */
struct step {
    const char *key;
    size_t index; /* of a list's element; SIZE_MAX: none */
};

struct reader {
    struct arena *arena;
    struct json_fault *fault; /* may be NULL */
    struct step trail[TRAIL_MAX];
    size_t depth;
    size_t tlsa_count; /* of the host that is being read */
};

static int read_struct(struct reader *reader, const struct shape *shape,
                       const struct json *json, char *base);

/* Fills the fault once: "mx.hosts[1].name: why". */
static int refuse(struct reader *reader, int error, const char *why)
{
    struct json_fault *fault = reader->fault;
    _cleanup_buf_ struct buf text = BUF(sizeof(fault->text) - 1);

    if (!fault || fault->text[0])
        return error;
    for (size_t i = 0; i < reader->depth; i++) {
        const struct step *step = &reader->trail[i];
        buf_printf(&text, "%s%s", i > 0 ? "." : "", step->key);
        if (step->index != SIZE_MAX)
            buf_printf(&text, "[%zu]", step->index);
    }
    buf_printf(&text, "%s%s", reader->depth > 0 ? ": " : "", why);
    memcpy(fault->text, buf_text(&text), text.len + 1);
    return error;
}

static int refuse_syntax(struct reader *reader, const char *why)
{
    return refuse(reader, -MTASTS_ESYNTAX, why);
}

static int no_memory(struct reader *reader)
{
    return refuse(reader, -MTASTS_ENOMEM, "more than memory has room for");
}

static void *field_at(char *base, size_t offset)
{
    return base + offset;
}

static void put_pointer(char *base, const struct field *field,
                        const void *pointer)
{
    memcpy(field_at(base, field->offset), &pointer, sizeof(pointer));
}

static void put_count(char *base, const struct field *field, size_t count)
{
    memcpy(field_at(base, field->count), &count, sizeof(count));
}

static int decode_base64(struct reader *reader, const struct json *json,
                         struct mtasts_bytes *ret_octets)
{
    size_t len = 0;
    const char *text = json_text(json_get(json, FACTS_BASE64_KEY), &len);
    _cleanup_buf_ struct buf octets = BUF(FACTS_MAX);

    if (!text || json_count(json) != 1)
        return refuse_syntax(reader, "neither a string nor base64");
    int error = base64_decode(&octets, text, len);
    if (error == -MTASTS_ESYNTAX)
        return refuse_syntax(reader, "not Base64");
    char *copy = arena_copy(reader->arena, buf_text(&octets), octets.len);
    if (error || !copy)
        return no_memory(reader);
    *ret_octets = (struct mtasts_bytes){copy, octets.len};
    return 0;
}

/* What add_octets() wrote, copied and terminated. */
static int read_any_octets(struct reader *reader, const struct json *json,
                           struct mtasts_bytes *ret_octets)
{
    size_t len = 0;
    const char *text = json_text(json, &len);
    if (!text)
        return decode_base64(reader, json, ret_octets);
    char *copy = arena_copy(reader->arena, text, len);
    if (!copy)
        return no_memory(reader);
    *ret_octets = (struct mtasts_bytes){copy, len};
    return 0;
}

/* As above, for a C string: it ends at its NUL. */
static int read_any_text(struct reader *reader, const struct json *json,
                         const char **ret_text)
{
    struct mtasts_bytes octets = {"", 0};
    int error = read_any_octets(reader, json, &octets);
    if (error)
        return error;
    if (octets.len != strlen(octets.data))
        return refuse_syntax(reader, "a NUL in a text");
    *ret_text = octets.data;
    return 0;
}

static int read_text(struct reader *reader, const struct field *field,
                     const struct json *json, char *base)
{
    const char *text = NULL;
    int error = read_any_text(reader, json, &text);
    if (!error)
        put_pointer(base, field, text);
    return error;
}

static int read_octets(struct reader *reader, const struct field *field,
                       const struct json *json, char *base)
{
    return read_any_octets(reader, json, field_at(base, field->offset));
}

static int read_data(struct reader *reader, const struct field *field,
                     const struct json *json, char *base)
{
    struct mtasts_bytes octets = {"", 0};
    int error = read_any_octets(reader, json, &octets);
    if (error)
        return error;
    put_pointer(base, field, octets.data);
    put_count(base, field, octets.len);
    return 0;
}

static int read_bool(struct reader *reader, const struct field *field,
                     const struct json *json, char *base)
{
    if (json_bool(json, field_at(base, field->offset)) < 0)
        return refuse_syntax(reader, "neither true nor false");
    return 0;
}

static bool number_fits(const struct field *field, int64_t number)
{
    if (field->size == sizeof(int64_t))
        return field->is_signed || number >= 0;
    int64_t values = (int64_t)1 << (field->size * 8);
    int64_t low = field->is_signed ? -values / 2 : 0;
    return number >= low && number < low + values;
}

static int read_number(struct reader *reader, const struct field *field,
                       const struct json *json, char *base)
{
    void *to = field_at(base, field->offset);
    int64_t number = 0;

    if (json_int(json, &number) < 0 || !number_fits(field, number))
        return refuse_syntax(reader, "not a number of its range");
    switch (field->size) {
    case sizeof(uint8_t): *(uint8_t *)to = (uint8_t)number; break;
    case sizeof(uint16_t): *(uint16_t *)to = (uint16_t)number; break;
    case sizeof(uint32_t): *(uint32_t *)to = (uint32_t)number; break;
    default: *(uint64_t *)to = (uint64_t)number; break;
    }
    return 0;
}

static int read_word(struct reader *reader, const struct field *field,
                     const struct json *json, char *base)
{
    size_t len = 0;
    const char *text = json_text(json, &len);

    for (unsigned i = 0; text && i < field->words->count; i++) {
        if (!ascii_is(text, len, field->words->items[i].name))
            continue;
        memcpy(field_at(base, field->offset), &i, sizeof(i));
        return 0;
    }
    return refuse_syntax(reader, "no such word");
}

static int read_part(struct reader *reader, const struct field *field,
                     const struct json *json, char *base)
{
    return read_struct(reader, field->shape, json,
                       field_at(base, field->offset));
}

static int check_list(struct reader *reader, const struct field *field,
                      const struct json *json)
{
    if (json_kind(json) != JSON_IS_ARRAY)
        return refuse_syntax(reader, "not an array");
    if (field->max > 0 && json_count(json) > field->max)
        return refuse(reader, -MTASTS_ETOOLONG, "too many elements");
    return 0;
}

static int read_list(struct reader *reader, const struct field *field,
                     const struct json *json, char *base)
{
    size_t count = json_count(json);
    int error = check_list(reader, field, json);
    if (error || count == 0)
        return error;
    char *items = arena_array(reader->arena, count, field->shape->size);
    if (!items)
        return no_memory(reader);
    put_pointer(base, field, items);
    put_count(base, field, count);
    if (field->is_tlsa)
        reader->tlsa_count = count;
    for (size_t i = 0; i < count && !error; i++) {
        reader->trail[reader->depth - 1].index = i;
        error = read_struct(reader, field->shape, json_at(json, i),
                            items + i * field->shape->size);
    }
    return error;
}

static int read_texts(struct reader *reader, const struct field *field,
                      const struct json *json, char *base)
{
    size_t count = json_count(json);
    int error = check_list(reader, field, json);
    if (error || count == 0)
        return error;
    const char **items = arena_array_of(reader->arena, count, const char *);
    if (!items)
        return no_memory(reader);
    put_pointer(base, field, items);
    put_count(base, field, count);
    for (size_t i = 0; i < count && !error; i++) {
        reader->trail[reader->depth - 1].index = i;
        error = read_any_text(reader, json_at(json, i), &items[i]);
    }
    return error;
}

static int read_matched(struct reader *reader, const struct field *field,
                        const struct json *json, char *base)
{
    int error = check_list(reader, field, json);
    if (error)
        return error;
    if (json_count(json) != reader->tlsa_count)
        return refuse_syntax(reader, "not one flag for each TLSA record");
    bool *matched = arena_array_of(reader->arena, reader->tlsa_count, bool);
    if (!matched)
        return no_memory(reader);
    put_pointer(base, field, matched);
    for (size_t i = 0; i < reader->tlsa_count; i++)
        if (json_bool(json_at(json, i), &matched[i]) < 0)
            return refuse_syntax(reader, "neither true nor false");
    return 0;
}

typedef int read_fn(struct reader *reader, const struct field *field,
                    const struct json *json, char *base);

static read_fn *const readers[] = {
    [FIELD_TEXT] = read_text,     [FIELD_OCTETS] = read_octets,
    [FIELD_DATA] = read_data,     [FIELD_BOOL] = read_bool,
    [FIELD_NUMBER] = read_number, [FIELD_WORD] = read_word,
    [FIELD_PART] = read_part,     [FIELD_LIST] = read_list,
    [FIELD_TEXTS] = read_texts,   [FIELD_MATCHED] = read_matched,
};

/* A member that is not there is zero already. */
static int read_field(struct reader *reader, const struct field *field,
                      const struct json *json, char *base)
{
    if (reader->depth == TRAIL_MAX)
        return refuse_syntax(reader, "nested too deeply");
    if (field->is_tlsa)
        reader->tlsa_count = 0; /* whether there are any now or not */
    reader->trail[reader->depth++] = (struct step){field->key, SIZE_MAX};
    int error = 0;
    if (json)
        error = readers[field->kind](reader, field, json, base);
    else if (field->required)
        error = refuse_syntax(reader, "missing");
    reader->depth--;
    return error;
}

static int read_fields(struct reader *reader, const struct shape *shape,
                       const struct json *json, char *base, size_t known)
{
    int error = 0;

    for (size_t i = 0; i < shape->count && !error; i++) {
        const struct json *member = json_get(json, shape->fields[i].key);
        known += member != NULL;
        error = read_field(reader, &shape->fields[i], member, base);
    }
    if (!error && known != json_count(json))
        error = refuse_syntax(reader, "an unknown name in it");
    return error;
}

static int read_struct(struct reader *reader, const struct shape *shape,
                       const struct json *json, char *base)
{
    if (json_kind(json) != JSON_IS_OBJECT)
        return refuse_syntax(reader, "not an object");
    return read_fields(reader, shape, json, base, 0);
}

/* Messages quote the domain as it is. */
static bool is_canonical(const char *domain)
{
    char name[MTASTS_NAME_MAX + 1];
    return mtasts_name_canonical(domain, strlen(domain), MTASTS_NAME_UNDERSCORE,
                                 name, NULL) == 0 &&
           strcmp(domain, name) == 0;
}

static int read_facts(struct reader *reader, const struct json *json,
                      struct facts *facts)
{
    int64_t version = 0;

    if (json_kind(json) != JSON_IS_OBJECT)
        return refuse_syntax(reader, "not an object");
    if (json_int(json_get(json, FACTS_VERSION_KEY), &version) < 0 ||
        version != FACTS_VERSION)
        return refuse_syntax(reader, FACTS_VERSION_KEY " is not 1");
    int error = read_fields(reader, &facts_shape, json, (char *)facts, 1);
    if (!error && !is_canonical(facts->domain))
        error = refuse_syntax(reader, "domain is not a canonical name");
    return error;
}

int facts_from_json(const struct json *json, struct json_fault *fault,
                    struct facts **ret_facts)
{
    struct facts *facts = NULL;
    int error = facts_new("", &facts);
    if (error)
        return error;
    if (fault)
        *fault = (struct json_fault){0};
    struct reader reader = {.arena = facts->arena, .fault = fault};
    error = read_facts(&reader, json, facts);
    if (error)
        facts_free(facts);
    else
        *ret_facts = facts;
    return error;
}

int facts_parse(const char *text, size_t len, struct json_fault *fault,
                struct facts **ret_facts)
{
    _cleanup_json_ struct json *json = NULL;
    int error = json_parse(text, len, NULL, fault, &json);
    if (error)
        return error;
    return facts_from_json(json, fault, ret_facts);
}
