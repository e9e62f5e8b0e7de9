/*
 * why: an error with a sentence for people beside it.
 */
#ifndef MTASTS_NET_WHY_H
#define MTASTS_NET_WHY_H

#include "base/cleanup.h"
#include "net/listen_address.h"
#include <stdarg.h>

/* Writes the sentence and returns `error`. */
_printf_(3, 4) static inline _unused_
    int why_say(char why[LISTEN_WHY_MAX], int error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why, LISTEN_WHY_MAX, format, args);
    va_end(args);
    return error;
}

#endif
