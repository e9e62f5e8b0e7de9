/*
 * output: stdout, with every failure to write noticed. See output.h.
 *
 * write(2) and no stdio: nothing lingers in a buffer whose flush at exit
 * could fail unnoticed.
 */
#include "cli/output.h"

#include "cli/complain.h"
#include <errno.h>
#include <mtasts/error.h>
#include <string.h>
#include <unistd.h>

#define OUTPUT_JSON_MAX (256u << 20) /* octets: facts of FACTS_MAX, escaped */

int output_failed(int error_number)
{
    if (error_number == EPIPE)
        return STATUS_UNKNOWN;
    return complain("standard output: %s; what was printed is not complete",
                    strerror(error_number));
}

int output_write(const char *data, size_t len)
{
    while (len > 0) {
        ssize_t written = write(STDOUT_FILENO, data, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return output_failed(errno);
        data += written;
        len -= (size_t)written;
    }
    return STATUS_FINE;
}

int output_json(const struct json *json, enum json_layout layout)
{
    _cleanup_buf_ struct buf buf = BUF(OUTPUT_JSON_MAX);
    int error = json ? json_write(json, layout, &buf) : -MTASTS_ENOMEM;
    if (!error)
        error = buf_putc(&buf, '\n');
    if (error)
        return complain_error("standard output", error);
    return output_write(buf_text(&buf), buf.len);
}
