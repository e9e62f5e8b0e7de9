/*
 * text: words of messages, made in an arena.
 *
 * Whatever came from outside goes through text_quote() or text_name(), so
 * that a message is printable ASCII and of bounded length. All of these give
 * "" and never NULL when the arena is full.
 */
#ifndef MTASTS_CHECK_TEXT_H
#define MTASTS_CHECK_TEXT_H

#include "base/arena.h"
#include <stddef.h>
#include <stdint.h>

#define TEXT_QUOTE_MAX 120u /* octets of outside text shown in one place */
#define TEXT_NAME_MAX 255u  /* of a name, or what a library says */
#define TEXT_LIST_MAX 5u    /* items of a list shown */

/* `"text"`, other than printable ASCII as \xNN, cut with `...`. */
const char *text_quote(struct arena *arena, const char *data, size_t len);

/* As above without the quotes, of a C string, which is cut later; NULL gives
   "?". */
const char *text_name(struct arena *arena, const char *text);

/* "a, b, c and 4 more"; NULL items are left out. */
const char *text_list(struct arena *arena, const char *const *items,
                      size_t count);

const char *text_printf(struct arena *arena, const char *format, ...)
    _printf_(2, 3);

/* "2 weeks" is "14 days": "24 hours", "36 hours", "90 seconds". */
#define TEXT_SPAN_MAX 32u
void text_span(int64_t seconds, char ret_text[TEXT_SPAN_MAX]);

/* The same in the arena. */
const char *text_duration(struct arena *arena, int64_t seconds);

/* Seconds since 1970 UTC as "2026-01-31 14:05 UTC". */
const char *text_time(struct arena *arena, int64_t time);

/* As "2026-01-31T14:05:09Z" (RFC 3339), and as "20260131140509". */
const char *text_rfc3339(struct arena *arena, int64_t time);
const char *text_digits(struct arena *arena, int64_t time);

/* "s" unless `count` is 1. */
const char *text_plural(size_t count);

/* "2 of 3 MX hosts", "1 of 1 MX host". */
const char *text_part(struct arena *arena, size_t count, size_t total,
                      const char *noun);

#endif
