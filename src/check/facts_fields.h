/*
 * facts_fields: which member of which struct is which key of the JSON.
 *
 * One row a member; writing and reading go by the same table, so that they
 * cannot drift apart.
 */
#ifndef MTASTS_CHECK_FACTS_FIELDS_H
#define MTASTS_CHECK_FACTS_FIELDS_H

#include "check/facts_words.h"
#include <stdbool.h>
#include <stddef.h>

enum field_kind {
    FIELD_TEXT,    /* const char * */
    FIELD_OCTETS,  /* struct mtasts_bytes */
    FIELD_DATA,    /* const uint8_t *, its length in `count` */
    FIELD_BOOL,    /* bool */
    FIELD_NUMBER,  /* any integer */
    FIELD_WORD,    /* an enum, as one of `words` */
    FIELD_PART,    /* a struct inside, of `shape` */
    FIELD_LIST,    /* a pointer to structs of `shape`, number in `count` */
    FIELD_TEXTS,   /* const char *const *, number in `count` */
    FIELD_MATCHED, /* bool *: as many as the `is_tlsa` list before it has */
};

struct shape;

struct field {
    const char *key;
    enum field_kind kind;
    bool required;  /* FIELD_TEXT: NULL is refused */
    bool is_tlsa;   /* FIELD_LIST: the one that FIELD_MATCHED goes with */
    bool is_signed; /* FIELD_NUMBER */
    size_t size;    /* FIELD_NUMBER: octets */
    size_t offset;  /* in the struct */
    size_t count;   /* offset of the size_t that goes with a pointer */
    size_t max;     /* FIELD_LIST: elements; 0: as memory has room */
    const struct shape *shape;
    const struct fact_words *words;
};

struct shape {
    const struct field *fields;
    size_t count;
    size_t size; /* of the struct */
};

extern const struct shape facts_shape;

#endif
