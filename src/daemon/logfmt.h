/*
 * logfmt: one message as a line of key=value pairs.
 *
 * Pure. A value stands bare where it is plain, else in double quotes with the
 * escapes of JSON: what comes out is printable ASCII whatever went in, so no
 * octets of a stranger can end a line, forge a pair or move a cursor.
 */
#ifndef MTASTS_DAEMON_LOGFMT_H
#define MTASTS_DAEMON_LOGFMT_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LOGFMT_VALUE_MAX 1024u /* octets of a value; what is longer is cut */
#define LOGFMT_FIELDS_MAX 32u  /* of a message; more are left out */

enum log_kind {
    LOG_KIND_END, /* ends a list */
    LOG_KIND_TEXT,
    LOG_KIND_SIGNED,
    LOG_KIND_UNSIGNED,
    LOG_KIND_BOOL,
};

struct log_field {
    enum log_kind kind;
    const char *key; /* lower-case letters, digits and '_' */
    const char *text;
    size_t len;
    int64_t number;
};

/* A C string; NULL: the pair is left out. */
#define LOG_TEXT(name, value) logfmt_text((name), (value))
#define LOG_OCTETS(name, value, count) logfmt_octets((name), (value), (count))
#define LOG_NUMBER(name, value)                                                \
    ((struct log_field){LOG_KIND_SIGNED, (name), NULL, 0, (int64_t)(value)})
#define LOG_COUNT(name, value)                                                 \
    ((struct log_field){LOG_KIND_UNSIGNED, (name), NULL, 0, (int64_t)(value)})
#define LOG_BOOL(name, value)                                                  \
    ((struct log_field){LOG_KIND_BOOL, (name), NULL, 0, (value) ? 1 : 0})

static inline struct log_field logfmt_octets(const char *key, const char *text,
                                             size_t len)
{
    return (struct log_field){LOG_KIND_TEXT, key, text, len, 0};
}

static inline struct log_field logfmt_text(const char *key, const char *text)
{
    return logfmt_octets(key, text, text ? strlen(text) : 0);
}

/* Appends the value, quoted if it has to be. */
void logfmt_value(struct buf *buf, const struct log_field *field);

/* Appends " key=value" for each, as LOG_KIND_END ends the list. */
void logfmt_fields(struct buf *buf, const struct log_field *fields);

#endif
