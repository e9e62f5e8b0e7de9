/*
 * bench: what the reference clients of the bench share.
 */
#ifndef MTASTS_BENCH_H
#define MTASTS_BENCH_H

#include "base/cleanup.h"
#include <stdbool.h>
#include <string.h>

#define BENCH_JOBS_MAX 1000u /* as many as fetch.h allows at once */
#define BENCH_LINE_MAX 512   /* octets of one line of work */

/* The number that `text` starts with, or 0 if it is none or above `max`. */
static inline _unused_ unsigned bench_number(const char *text, unsigned max)
{
    unsigned number = 0;
    for (; *text >= '0' && *text <= '9'; text++) {
        number = 10 * number + (unsigned)(*text - '0');
        if (number > max)
            return 0;
    }
    return number;
}

/* The next line without its end; false at the end of the file. */
static inline _unused_ bool bench_line(FILE *file, char line[BENCH_LINE_MAX])
{
    if (!fgets(line, BENCH_LINE_MAX, file))
        return false;
    line[strcspn(line, "\n")] = '\0';
    return true;
}

/* The next line "HOST ADDRESS", cut in two; false at the end of the file. */
static inline _unused_ bool bench_pair(FILE *file, char line[BENCH_LINE_MAX],
                                       const char **ret_address)
{
    while (bench_line(file, line)) {
        char *blank = strchr(line, ' ');
        if (!blank)
            continue;
        *blank = '\0';
        *ret_address = blank + 1;
        return true;
    }
    return false;
}

/* Digits of a domain's name, in no order, as strangers choose them. */
static inline _unused_ unsigned bench_mixed(unsigned n)
{
    return n * 2654435761u;
}

#endif
