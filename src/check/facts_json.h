/*
 * facts_json: facts as JSON and back, to store and replay a check.
 *
 * What is absent (NULL, 0, false, the first word of an enum, an empty list)
 * is left out. Octets that are no UTF-8, or hold a NUL, are written as
 * {"base64": "..."}. Reading gives back exactly what was written; unknown
 * names are refused, since a version number says what there can be.
 */
#ifndef MTASTS_CHECK_FACTS_JSON_H
#define MTASTS_CHECK_FACTS_JSON_H

#include "check/facts.h"
#include "json/json.h"

#define FACTS_VERSION 1
#define FACTS_VERSION_KEY "facts_version"
#define FACTS_BASE64_KEY "base64"

/* The caller frees *ret_json. Errors: -MTASTS_ENOMEM. */
int facts_to_json(const struct facts *facts, struct json **ret_json);

/*
 * The caller frees *ret_facts, which keeps nothing of `json`. `fault` may be
 * NULL; its text says where in the document something is wrong.
 * Errors: -MTASTS_ESYNTAX (not facts of this version), -MTASTS_ETOOLONG (a
 * limit of facts.h), -MTASTS_ENOMEM (or past FACTS_MAX).
 */
int facts_from_json(const struct json *json, struct json_fault *fault,
                    struct facts **ret_facts);

/* json_parse() and facts_from_json() in one. */
int facts_parse(const char *text, size_t len, struct json_fault *fault,
                struct facts **ret_facts);

#endif
