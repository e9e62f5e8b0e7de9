/*
 * complain: one line on stderr. See complain.h.
 */
#include "cli/complain.h"

#include "cli/printable.h"
#include <mtasts/error.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int complain(const char *format, ...)
{
    char line[COMPLAINT_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (len < 0)
        return STATUS_UNKNOWN;
    _cleanup_buf_ struct buf buf =
        BUF((size_t)COMPLAINT_MAX * PRINTABLE_GROWTH + 64);
    buf_puts(&buf, "mtasts: ");
    printable(&buf, line, strlen(line), printable_utf8());
    buf_putc(&buf, '\n');
    fputs(buf_text(&buf), stderr);
    return STATUS_UNKNOWN;
}

int complain_error(const char *what, int error)
{
    return complain("%s: %s", what, mtasts_strerror(error));
}
