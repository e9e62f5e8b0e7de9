/*
 * json: JSON values over jansson 2.14. See json.h.
 *
 * jansson reads and holds the values; what it leaves open is done here: a
 * pass over the text before it, which limits depth (jansson allows 2048,
 * recursively) and the number of values (its memory), the repair of octets
 * that are no UTF-8, and writing. `struct json` is jansson's json_t under a
 * name of ours, so that no other folder needs its header.
 */
#include "json/json.h"

#include "base/ascii.h"
#include "json/octets.h"
#include <jansson.h>
#include <mtasts/error.h>
#include <stdint.h>

#define INDENT 2

/* The value as jansson has it; const is cast away for its iterators. */
static json_t *inside(const struct json *json)
{
    json_t *value = NULL;
    memcpy(&value, &json, sizeof(value));
    return value;
}

static struct json *outside(json_t *value)
{
    return (struct json *)value;
}

static const struct json_limits maxima = {
    .size = JSON_SIZE_MAX,
    .depth = JSON_DEPTH_MAX,
    .values = JSON_VALUES_MAX,
};

/* ---- reading a text ---- */

/* Fills a fault at `offset`, the text counted from the beginning. */
static int refuse(struct json_fault *fault, const char *text, size_t offset,
                  const char *why)
{
    if (!fault)
        return -MTASTS_ETOOLONG;
    *fault = (struct json_fault){.line = 1, .column = 1, .offset = offset};
    for (size_t i = 0; i < offset; i++) {
        fault->column++;
        if (text[i] != '\n')
            continue;
        fault->line++;
        fault->column = 1;
    }
    snprintf(fault->text, sizeof(fault->text), "%s", why);
    return -MTASTS_ETOOLONG;
}

/* The position past the string that begins at `at`, or the end. */
static size_t skip_string(const char *text, size_t len, size_t at)
{
    for (at++; at < len && text[at] != '"'; at++)
        if (text[at] == '\\')
            at++;
    return at;
}

/* Every value but the first of its container has a comma before it. */
static int check_limits(const char *text, size_t len,
                        const struct json_limits *limits,
                        struct json_fault *fault)
{
    size_t depth = 0;
    size_t values = 1;

    if (len > limits->size)
        return refuse(fault, text, 0, "the text is too large");
    for (size_t at = 0; at < len; at++) {
        switch (text[at]) {
        case '"': at = skip_string(text, len, at); break;
        case '{':
        case '[':
            if (++depth > limits->depth)
                return refuse(fault, text, at, "nested too deeply");
            values++;
            break;
        case '}':
        case ']': depth -= depth > 0; break;
        case ',': values++; break;
        default: break;
        }
        if (values > limits->values)
            return refuse(fault, text, at, "too many values");
    }
    return 0;
}

/* jansson's words quote the text: only printable ASCII is taken over. */
static void copy_fault(struct json_fault *fault, const json_error_t *error)
{
    size_t i = 0;

    *fault = (struct json_fault){
        .line = error->line > 0 ? (size_t)error->line : 0,
        .column = error->column > 0 ? (size_t)error->column : 1,
        .offset = error->position > 0 ? (size_t)error->position : 0,
    };
    for (; error->text[i] && i + 1 < sizeof(fault->text); i++) {
        char c = error->text[i];
        fault->text[i] = c >= 0x20 && c < 0x7f ? c : '?';
    }
    fault->text[i] = '\0';
}

int json_parse(const char *text, size_t len, const struct json_limits *limits,
               struct json_fault *fault, struct json **ret_json)
{
    json_error_t error;
    int limited = check_limits(text, len, limits ? limits : &maxima, fault);
    if (limited)
        return limited;
    /* jansson refuses NULL, which an empty text may well be. */
    json_t *value =
        json_loadb(len > 0 ? text : "", len, JSON_REJECT_DUPLICATES, &error);
    if (!value) {
        if (fault)
            copy_fault(fault, &error);
        return json_error_code(&error) == json_error_out_of_memory
                   ? -MTASTS_ENOMEM
                   : -MTASTS_ESYNTAX;
    }
    *ret_json = outside(value);
    return 0;
}

void json_free(struct json *json)
{
    json_decref(inside(json));
}

struct json *json_share(const struct json *json)
{
    return outside(json_incref(inside(json)));
}

/* ---- looking at a value ---- */

enum json_kind json_kind(const struct json *json)
{
    if (!json)
        return JSON_IS_NULL;
    switch (json_typeof(inside(json))) {
    case JSON_OBJECT: return JSON_IS_OBJECT;
    case JSON_ARRAY: return JSON_IS_ARRAY;
    case JSON_STRING: return JSON_IS_STRING;
    case JSON_INTEGER: return JSON_IS_INTEGER;
    case JSON_REAL: return JSON_IS_REAL;
    case JSON_TRUE:
    case JSON_FALSE: return JSON_IS_BOOL;
    default: return JSON_IS_NULL;
    }
}

const struct json *json_get(const struct json *json, const char *key)
{
    return outside(json_object_get(inside(json), key));
}

const struct json *json_at(const struct json *json, size_t index)
{
    return outside(json_array_get(inside(json), index));
}

size_t json_count(const struct json *json)
{
    if (json_kind(json) == JSON_IS_ARRAY)
        return json_array_size(inside(json));
    return json_object_size(inside(json));
}

const char *json_text(const struct json *json, size_t *ret_len)
{
    const char *text = json_string_value(inside(json));
    if (text && ret_len)
        *ret_len = json_string_length(inside(json));
    return text;
}

int json_int(const struct json *json, int64_t *ret_value)
{
    if (json_kind(json) != JSON_IS_INTEGER)
        return -MTASTS_EINVAL;
    *ret_value = (int64_t)json_integer_value(inside(json));
    return 0;
}

int json_bool(const struct json *json, bool *ret_value)
{
    if (json_kind(json) != JSON_IS_BOOL)
        return -MTASTS_EINVAL;
    *ret_value = json_is_true(inside(json));
    return 0;
}

bool json_next(const struct json *object, struct json_member *member)
{
    json_t *value = inside(object);

    member->at = member->at ? json_object_iter_next(value, member->at)
                            : json_object_iter(value);
    if (!member->at)
        return false;
    member->key = json_object_iter_key(member->at);
    member->value = outside(json_object_iter_value(member->at));
    return true;
}

/* ---- building ---- */

static struct json_builder builder_of(json_t *value)
{
    return (struct json_builder){outside(value), !value};
}

struct json_builder json_build_object(void)
{
    return builder_of(json_object());
}

struct json_builder json_build_array(void)
{
    return builder_of(json_array());
}

void json_add(struct json_builder *builder, const char *key, struct json *value)
{
    json_t *container = inside(builder->value);
    int error = key ? json_object_set_new_nocheck(container, key, inside(value))
                    : json_array_append_new(container, inside(value));
    builder->failed |= error != 0;
}

void json_add_null(struct json_builder *builder, const char *key)
{
    json_add(builder, key, outside(json_null()));
}

void json_add_bool(struct json_builder *builder, const char *key, bool value)
{
    json_add(builder, key, outside(json_boolean(value)));
}

void json_add_int(struct json_builder *builder, const char *key, int64_t value)
{
    json_add(builder, key, outside(json_integer((json_int_t)value)));
}

void json_add_string(struct json_builder *builder, const char *key,
                     const char *text)
{
    if (text)
        json_add_octets(builder, key, text, strlen(text));
    else
        json_add_null(builder, key);
}

void json_add_octets(struct json_builder *builder, const char *key,
                     const char *data, size_t len)
{
    _cleanup_buf_ struct buf repaired =
        BUF(len * 3); /* U+FFFD takes three octets */

    if (!utf8_valid(data, len)) {
        builder->failed |= utf8_repair(&repaired, data, len) != 0;
        data = buf_text(&repaired);
        len = repaired.len;
    }
    json_add(builder, key,
             outside(json_stringn_nocheck(len > 0 ? data : "", len)));
}

struct json *json_built(struct json_builder *builder)
{
    struct json *value = TAKE_PTR(builder->value);
    if (!builder->failed)
        return value;
    json_free(value);
    return NULL;
}

void json_build_clear(struct json_builder *builder)
{
    json_free(TAKE_PTR(builder->value));
}

/* ---- writing ---- */

/*
 * Not jansson's: that one looks for cycles, which immutable values cannot
 * have, and takes most of the time of a check's output with it. Values are
 * as deep as they were built or read.
 */
struct writer {
    struct buf *buf;
    enum json_layout layout;
    size_t depth;
};

/* NOLINTBEGIN(misc-no-recursion): as deep as json_parse() or we allow */
static void write_value(struct writer *writer, json_t *value);

/* The escape of a character that cannot stand for itself; its length in the
   text, or 0 if it can. C1 controls and DEL are legal, but not for terminals.
 */
static size_t escape_of(const char *text, size_t len, char ret_escape[8])
{
    static const char letters[] = "btn\0fr"; /* of 8, 9, 10, 12, 13 */
    unsigned char c = (unsigned char)text[0];

    if (c == '"' || c == '\\') {
        snprintf(ret_escape, 8, "\\%c", c);
        return 1;
    }
    if (c >= 8 && c <= 13 && letters[c - 8]) {
        snprintf(ret_escape, 8, "\\%c", letters[c - 8]);
        return 1;
    }
    if (c < 0x20 || c == 0x7f) {
        snprintf(ret_escape, 8, "\\u%04x", c);
        return 1;
    }
    if (c != 0xc2 || len < 2 || (unsigned char)text[1] >= 0xa0)
        return 0;
    snprintf(ret_escape, 8, "\\u%04x", (unsigned char)text[1]);
    return 2;
}

/* What may begin an escape; nearly all octets do not. */
static const bool is_special[UINT8_MAX + 1] = {
    [0 ... 0x1f] = true, ['"'] = true,  ['\\'] = true,
    [0x7f] = true,       [0xc2] = true,
};

static size_t plain_prefix(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len && !is_special[(unsigned char)text[at]])
        at++;
    return at;
}

static void write_string(struct buf *buf, const char *text, size_t len)
{
    char escape[8];

    buf_putc(buf, '"');
    for (;;) {
        size_t plain = plain_prefix(text, len);
        buf_append(buf, text, plain);
        text += plain;
        len -= plain;
        if (len == 0)
            break;
        size_t taken = escape_of(text, len, escape);
        if (taken > 0)
            buf_puts(buf, escape);
        else
            buf_putc(buf, *text);
        text += MAX_OF(taken, (size_t)1);
        len -= MAX_OF(taken, (size_t)1);
    }
    buf_putc(buf, '"');
}

static void write_line_start(struct writer *writer)
{
    if (writer->layout == JSON_ONE_LINE)
        return;
    buf_putc(writer->buf, '\n');
    for (size_t i = 0; i < writer->depth * INDENT; i++)
        buf_putc(writer->buf, ' ');
}

static void write_array(struct writer *writer, const json_t *array)
{
    size_t count = json_array_size(array);

    buf_putc(writer->buf, '[');
    writer->depth++;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_putc(writer->buf, ',');
        write_line_start(writer);
        write_value(writer, json_array_get(array, i));
    }
    writer->depth--;
    if (count > 0)
        write_line_start(writer);
    buf_putc(writer->buf, ']');
}

static void write_object(struct writer *writer, json_t *object)
{
    struct json_member member = {0};
    bool first = true;

    buf_putc(writer->buf, '{');
    writer->depth++;
    for (; json_next(outside(object), &member); first = false) {
        if (!first)
            buf_putc(writer->buf, ',');
        write_line_start(writer);
        write_string(writer->buf, member.key, strlen(member.key));
        buf_puts(writer->buf, writer->layout == JSON_ONE_LINE ? ":" : ": ");
        write_value(writer, inside(member.value));
    }
    writer->depth--;
    if (!first)
        write_line_start(writer);
    buf_putc(writer->buf, '}');
}

static void write_integer(struct buf *buf, const json_t *integer)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%lld",
                       (long long)json_integer_value(integer));

    buf_append(buf, text, (size_t)len);
}

/* jansson writes reals so that they come back the same in any locale. */
static void write_real(struct buf *buf, const json_t *real)
{
    char text[64];
    size_t len = json_dumpb(real, text, sizeof(text), JSON_ENCODE_ANY);

    buf_append(buf, text, MIN_OF(len, sizeof(text)));
}

static void write_value(struct writer *writer, json_t *value)
{
    struct buf *buf = writer->buf;

    switch (json_kind(outside(value))) {
    case JSON_IS_OBJECT: write_object(writer, value); break;
    case JSON_IS_ARRAY: write_array(writer, value); break;
    case JSON_IS_STRING:
        write_string(buf, json_string_value(value), json_string_length(value));
        break;
    case JSON_IS_INTEGER: write_integer(buf, value); break;
    case JSON_IS_REAL: write_real(buf, value); break;
    case JSON_IS_BOOL:
        buf_puts(buf, json_is_true(value) ? "true" : "false");
        break;
    case JSON_IS_NULL: buf_puts(buf, "null"); break;
    }
}
/* NOLINTEND(misc-no-recursion) */

int json_write(const struct json *json, enum json_layout layout,
               struct buf *buf)
{
    struct writer writer = {.buf = buf, .layout = layout};

    write_value(&writer, inside(json));
    return buf->error;
}
