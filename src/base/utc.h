/*
 * utc: dates and times as text (RFC 3339, in UTC), strictly.
 */
#ifndef MTASTS_BASE_UTC_H
#define MTASTS_BASE_UTC_H

#include <stddef.h>
#include <stdint.h>

/* "2027-01-31", from 1970 to 9999: its first second since 1970.
   -MTASTS_EINVAL: no such day, or something around it. */
int utc_parse_day(const char *text, size_t len, int64_t *ret_seconds);

/* "2027-01-31T12:30:00Z" likewise; no leap seconds. */
int utc_parse_time(const char *text, size_t len, int64_t *ret_seconds);

#endif
