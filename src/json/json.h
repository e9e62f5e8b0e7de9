/*
 * json: JSON values (RFC 8259), read strictly and written in order.
 *
 * Reading refuses what makes two readers disagree (RFC 7493): duplicate
 * names, octets that are no UTF-8, lone surrogates, NUL in a string, numbers
 * out of range; and what is made to hurt: size, depth and number of values
 * are limited. Values are immutable once built and shared by reference, so
 * that a part may outlive the whole.
 *
 * Not for several threads at once on the same value.
 */
#ifndef MTASTS_JSON_JSON_H
#define MTASTS_JSON_JSON_H

#include "base/buf.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_SIZE_MAX (32u << 20) /* octets of a text: facts of 16 MiB fit */
#define JSON_DEPTH_MAX 32u        /* nesting: facts have 9 levels */
#define JSON_VALUES_MAX 1000000u  /* values: each takes about 60 octets */

struct json; /* a value */

enum json_kind {
    JSON_IS_NULL,
    JSON_IS_BOOL,
    JSON_IS_INTEGER, /* fits int64_t */
    JSON_IS_REAL,
    JSON_IS_STRING,
    JSON_IS_ARRAY,
    JSON_IS_OBJECT,
};

struct json_limits {
    size_t size;   /* octets */
    size_t depth;  /* arrays and objects within each other */
    size_t values; /* of any kind */
};

#define JSON_FAULT_TEXT_MAX 200

/* Why a text was refused, and where. */
struct json_fault {
    size_t line;                    /* from 1; 0: not known */
    size_t column;                  /* character from 1 */
    size_t offset;                  /* octet from 0 */
    char text[JSON_FAULT_TEXT_MAX]; /* for people, printable ASCII */
};

/*
 * Reads one object or array, with nothing but white space around it.
 * `limits` NULL: the maxima above. `fault` may be NULL; it is filled on
 * failure. The caller frees *ret_json.
 * Errors: -MTASTS_ESYNTAX, -MTASTS_ETOOLONG (a limit), -MTASTS_ENOMEM.
 */
int json_parse(const char *text, size_t len, const struct json_limits *limits,
               struct json_fault *fault, struct json **ret_json);

/* Gives a reference back; the last one frees the value. NULL is fine. */
void json_free(struct json *json);

/* One more reference, to be freed like the first. */
struct json *json_share(const struct json *json);

/* ---- reading: NULL as a value is fine everywhere and is JSON null ---- */

enum json_kind json_kind(const struct json *json);

/* A member of an object; NULL if it is not there, or `json` no object. */
const struct json *json_get(const struct json *json, const char *key);

/* An element of an array; NULL past its end, or if `json` is no array. */
const struct json *json_at(const struct json *json, size_t index);

/* Elements of an array, members of an object; 0 for all else. */
size_t json_count(const struct json *json);

/* A string, terminated; NULL if it is none. `ret_len` may be NULL. */
const char *json_text(const struct json *json, size_t *ret_len);

/* Errors of both: -MTASTS_EINVAL if the value is of another kind. */
int json_int(const struct json *json, int64_t *ret_value);
int json_bool(const struct json *json, bool *ret_value);

/* Goes over an object's members in order; begin with all zero. */
struct json_member {
    const char *key;
    const struct json *value;
    void *at; /* json's own */
};

bool json_next(const struct json *object, struct json_member *member);

/* ---- building ---- */

/*
 * An object or array being built. The error is sticky: add, add, add, then
 * ask json_built() once. `key` is NULL in an array; in an object it must be
 * UTF-8, and a second value for a key replaces the first.
 */
struct json_builder {
    struct json *value;
    bool failed; /* out of memory */
};

struct json_builder json_build_object(void);
struct json_builder json_build_array(void);

/* Takes `value`; NULL means that it could not be built for want of memory. */
void json_add(struct json_builder *builder, const char *key,
              struct json *value);
void json_add_null(struct json_builder *builder, const char *key);
void json_add_bool(struct json_builder *builder, const char *key, bool value);
void json_add_int(struct json_builder *builder, const char *key, int64_t value);

/* Octets that are no UTF-8 become U+FFFD each. NULL becomes null. */
void json_add_string(struct json_builder *builder, const char *key,
                     const char *text);
void json_add_octets(struct json_builder *builder, const char *key,
                     const char *data, size_t len);

/*
 * The finished value, which the caller frees; NULL if memory ran out. The
 * builder is empty afterwards.
 */
struct json *json_built(struct json_builder *builder);

/* Drops what was built so far. */
void json_build_clear(struct json_builder *builder);

/* ---- writing ---- */

enum json_layout {
    JSON_ONE_LINE, /* no white space at all: NDJSON */
    JSON_INDENTED, /* by two spaces */
};

/*
 * Appends `json` to `buf`, without a line end. Members in the order in which
 * they were added or read. NULL is written as null. Control characters, DEL
 * and C1 too, are escaped, so that a terminal can show it.
 * Errors: -MTASTS_ENOMEM, -MTASTS_ETOOLONG (the buffer's maximum).
 */
int json_write(const struct json *json, enum json_layout layout,
               struct buf *buf);

DEFINE_CLEANUP(struct json *, json_free, json)
#define _cleanup_json_ _cleanup_(cleanup_json)

static inline _unused_ void cleanup_json_builder(struct json_builder *builder)
{
    json_build_clear(builder);
}
#define _cleanup_json_builder_ _cleanup_(cleanup_json_builder)

#endif
