/*
 * driver: what the programs that tests drive have in common: KEY=VALUE words,
 * JSON on stdout, and an end with status 2 where they are used wrongly.
 */
#ifndef MTASTS_TESTS_DRIVER_H
#define MTASTS_TESTS_DRIVER_H

#include "json/json.h"

#include <stdint.h>

/* Says so on stderr and ends the program. */
__attribute__((noreturn)) void driver_fail(const char *what);

/* Digits, up to UINT32_MAX; anything else is a failure. */
uint32_t driver_number(const char *text);

/* The value of the word KEY=VALUE; NULL if it is of another key. */
const char *driver_value(const char *word, const char *key);

/* Writes one document and a line's end, at once. Frees `json`. */
void driver_print(struct json *json, enum json_layout layout);

#endif
