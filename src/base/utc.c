/*
 * utc: dates and times as text. See utc.h.
 */
#include "base/utc.h"

#include "base/number.h"
#include <mtasts/error.h>
#include <time.h>

#define DAY_LEN 10u  /* "2027-01-31" */
#define TIME_LEN 20u /* "2027-01-31T12:30:00Z" */

int utc_parse_day(const char *text, size_t len, int64_t *ret_seconds)
{
    uint64_t year;
    uint64_t month;
    uint64_t day;
    struct tm tm = {0};
    struct tm back;
    time_t begin;

    if (len != DAY_LEN || text[4] != '-' || text[7] != '-' ||
        number_parse(text, 4, 9999, &year) < 0 ||
        number_parse(text + 5, 2, 12, &month) < 0 ||
        number_parse(text + 8, 2, 31, &day) < 0 || year < 1970 || month < 1)
        return -MTASTS_EINVAL;
    tm.tm_year = (int)year - 1900;
    tm.tm_mon = (int)month - 1;
    tm.tm_mday = (int)day;
    begin = timegm(&tm);
    /* February has no 30th, and no month a 0th. */
    if (!gmtime_r(&begin, &back) || back.tm_mday != (int)day)
        return -MTASTS_EINVAL;
    *ret_seconds = (int64_t)begin;
    return 0;
}

int utc_parse_time(const char *text, size_t len, int64_t *ret_seconds)
{
    uint64_t hour;
    uint64_t minute;
    uint64_t second;
    int64_t day;

    if (len != TIME_LEN || utc_parse_day(text, DAY_LEN, &day) < 0 ||
        text[10] != 'T' || text[13] != ':' || text[16] != ':' ||
        text[19] != 'Z' || number_parse(text + 11, 2, 23, &hour) < 0 ||
        number_parse(text + 14, 2, 59, &minute) < 0 ||
        number_parse(text + 17, 2, 59, &second) < 0)
        return -MTASTS_EINVAL;
    *ret_seconds = day + (int64_t)(hour * 3600 + minute * 60 + second);
    return 0;
}
