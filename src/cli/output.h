/*
 * output: stdout, with every failure to write noticed.
 */
#ifndef MTASTS_CLI_OUTPUT_H
#define MTASTS_CLI_OUTPUT_H

#include "json/json.h"
#include <stddef.h>

/*
 * Writes all of it to stdout. Returns STATUS_FINE, or STATUS_UNKNOWN: after
 * a complaint, or silently if the reader has gone (EPIPE).
 */
int output_write(const char *data, size_t len);

/* Writes a document and a line end to stdout; NULL: there was no memory for
   it. Returns an exit status like output_write(). */
int output_json(const struct json *json, enum json_layout layout);

/* The complaint (or silence) that failing with `error_number` deserves. */
int output_failed(int error_number);

#endif
