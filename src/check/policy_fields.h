/*
 * policy_fields: the lines of a policy body as fields, whether senders can
 * read it or not. Lines end at LF, as for the parser of libmtasts.
 */
#ifndef MTASTS_CHECK_POLICY_FIELDS_H
#define MTASTS_CHECK_POLICY_FIELDS_H

#include "check/judge.h"

/* Where the next line begins. */
struct policy_fields {
    struct mtasts_bytes rest;
    size_t line; /* lines taken */
};

/* Slices of the body, without white space and CR around. */
struct policy_field {
    struct mtasts_bytes key;
    struct mtasts_bytes value;
    struct place place; /* of the value */
};

/* Nothing if no policy is judged. */
struct policy_fields policy_fields_of(const struct judge *judge);

/* The next line that has a colon; false at the end. */
bool policy_fields_next(struct policy_fields *fields,
                        struct policy_field *ret_field);

#endif
