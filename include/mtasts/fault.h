/*
 * Faults: what a parser found in bytes from outside.
 *
 * Every parser of libmtasts takes an optional `struct mtasts_faults`, an
 * array that the caller owns. The parser appends what it finds and never
 * allocates; past `max` it only counts. The faults are the same whatever the
 * flags: a parse is accepted strictly if it adds neither MTASTS_QUIRK nor
 * MTASTS_FATAL, tolerantly if it adds no MTASTS_FATAL. Begin with a list that
 * is all zero but for `items` and `max`.
 */
#ifndef MTASTS_FAULT_H
#define MTASTS_FAULT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Bytes that someone else owns; not terminated, may hold any octet. */
struct mtasts_bytes {
    const char *data;
    size_t len;
};

/* What a fault does to the verdict. */
enum mtasts_weight {
    MTASTS_NOTE,  /* legal by the RFC, worth telling */
    MTASTS_QUIRK, /* against the grammar: strict refuses, tolerant accepts */
    MTASTS_FATAL, /* both refuse */
};

enum mtasts_fault_code {
    /* any TXT record */
    MTASTS_FAULT_UNRELATED_TXT = 1,      /* note: another TXT RR beside it */
    MTASTS_FAULT_MULTIPLE,               /* more than one record */
    MTASTS_FAULT_RECORD_VERSION,         /* version not first or not exact */
    MTASTS_FAULT_SPACE_BEFORE_SEMICOLON, /* note: legal, but breaks senders */
    MTASTS_FAULT_FIELD_EMPTY,            /* `;;` */
    MTASTS_FAULT_FIELD_SYNTAX,           /* not name=value */
    MTASTS_FAULT_FIELD_NAME,             /* extension name off the grammar */
    MTASTS_FAULT_FIELD_VALUE,            /* extension value off the grammar */
    MTASTS_FAULT_FIELD_UNKNOWN,          /* note: a valid unknown field */
    MTASTS_FAULT_FIELD_DUPLICATE, /* note: all but the first are ignored */
    MTASTS_FAULT_TRAILING_SPACE,  /* white space after the last field */
    MTASTS_FAULT_LEADING_SPACE,   /* white space before the version */
    /* `_mta-sts` */
    MTASTS_FAULT_ID_MISSING,
    MTASTS_FAULT_ID_EMPTY,
    MTASTS_FAULT_ID_LONG,      /* more than 32 characters */
    MTASTS_FAULT_ID_CHARACTER, /* not ALPHA / DIGIT */
    /* `_smtp._tls` */
    MTASTS_FAULT_RUA_MISSING,
    MTASTS_FAULT_RUA_EMPTY,     /* no URI at all, or between commas */
    MTASTS_FAULT_RUA_URI,       /* not a URI (RFC 3986) */
    MTASTS_FAULT_RUA_UNENCODED, /* `!` raw: must be %21 (also , ;) */
    MTASTS_FAULT_RUA_SPACE,     /* white space around `=` */
    MTASTS_FAULT_RUA_SCHEME,    /* note: neither mailto nor https */
    MTASTS_FAULT_RUA_MAILTO,    /* note: mailto, but no usable address */
    MTASTS_FAULT_RUA_HTTPS,     /* note: https, but no usable host or port */
    MTASTS_FAULT_RUA_DUPLICATE, /* note: the same URI twice */
    MTASTS_FAULT_RUA_MANY,      /* note: more than one URI */
    /* policy body */
    MTASTS_FAULT_POLICY_EMPTY,
    MTASTS_FAULT_BOM,     /* UTF-8 byte-order mark */
    MTASTS_FAULT_CONTROL, /* control byte, NUL, bare CR */
    MTASTS_FAULT_UTF8,    /* not UTF-8 */
    MTASTS_FAULT_BLANK_LINE,
    MTASTS_FAULT_LINE_SPACE, /* white space at the line's start */
    MTASTS_FAULT_COLON_MISSING,
    MTASTS_FAULT_COLON_SPACE, /* white space before `:` */
    MTASTS_FAULT_KEY,         /* field name off the grammar */
    MTASTS_FAULT_VALUE_EMPTY,
    MTASTS_FAULT_VALUE,            /* unknown field's value off the grammar */
    MTASTS_FAULT_LINE_ENDS_LF,     /* note: LF line ends */
    MTASTS_FAULT_NO_FINAL_NEWLINE, /* note */
    MTASTS_FAULT_KEY_UNKNOWN,      /* note */
    MTASTS_FAULT_KEY_NEAR_MISS,    /* note: unknown, but close to a known */
    MTASTS_FAULT_KEY_DUPLICATE,    /* note: all but the first are ignored */
    MTASTS_FAULT_VERSION_MISSING,
    MTASTS_FAULT_VERSION_VALUE,
    MTASTS_FAULT_VERSION_NOT_FIRST, /* note: some senders require it */
    MTASTS_FAULT_MODE_MISSING,
    MTASTS_FAULT_MODE_VALUE,
    MTASTS_FAULT_MAX_AGE_MISSING,
    MTASTS_FAULT_MAX_AGE_VALUE,  /* not digits */
    MTASTS_FAULT_MAX_AGE_DIGITS, /* more than 10 digits */
    MTASTS_FAULT_MAX_AGE_RANGE,  /* above 31557600 */
    MTASTS_FAULT_MX_MISSING,     /* none in enforce or testing */
    MTASTS_FAULT_MX_VALUE,       /* not ["*."] Domain */
    MTASTS_FAULT_MX_TRAILING_DOT,
    MTASTS_FAULT_MX_UNDERSCORE,
    MTASTS_FAULT_MX_ADDRESS,   /* note: four digit labels: an address? */
    MTASTS_FAULT_MX_DUPLICATE, /* note */
    MTASTS_FAULT_CODES,        /* one past the last */
};

struct mtasts_fault {
    enum mtasts_fault_code code;
    enum mtasts_weight weight;
    size_t rr;     /* records: number of the TXT RR, from 0 */
    size_t line;   /* policy: line, from 1; records: 1 */
    size_t column; /* octet in the line or record, from 1; a byte-order mark
                      at the beginning of a policy has none */
    size_t offset; /* octet in the body or record, from 0 */
    size_t len;    /* octets concerned; 0: a position, or something missing */
};

struct mtasts_faults {
    struct mtasts_fault *items; /* owned by the caller; may be NULL if max 0 */
    size_t max;                 /* room in `items` */
    size_t count;               /* found so far; may be more than `max` */
    size_t quirks;              /* of these, weight MTASTS_QUIRK */
    size_t fatal;               /* of these, weight MTASTS_FATAL */
};

/* A stable lower-case name such as "id-missing"; NULL for no such code. */
const char *mtasts_fault_name(enum mtasts_fault_code code);

/* A sentence for people; never NULL. */
const char *mtasts_fault_text(enum mtasts_fault_code code);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
