/*
 * Changing a JSON value in one place: for tables of cases that say what is
 * different from a base document.
 */
#ifndef MTASTS_TESTS_JSON_SET_H
#define MTASTS_TESTS_JSON_SET_H

#include "json/json.h"

/*
 * A copy of `json` in which `pointer` (RFC 6901 without escapes, "-" for the
 * end of an array) is `value`; a member set to null is left out. Missing
 * objects on the way are made. The caller frees it; NULL: no such place.
 */
struct json *json_set(const struct json *json, const char *pointer,
                      const struct json *value);

#endif
