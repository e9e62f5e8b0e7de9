/*
 * number: digits as a number, with nothing around them.
 *
 * No sign, no blank, no locale, no overflow.
 */
#ifndef MTASTS_BASE_NUMBER_H
#define MTASTS_BASE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Decimal. -MTASTS_EINVAL for what is no number, and for one above `max`. */
int number_parse(const char *text, size_t len, uint64_t max,
                 uint64_t *ret_number);

/* The same for octal digits, as in the mode of a file. */
int number_parse_octal(const char *text, size_t len, uint64_t max,
                       uint64_t *ret_number);

#endif
