/*
 * line_reader: the lines of a file or of stdin. See line_reader.h.
 */
#include "cli/line_reader.h"

#include "base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <string.h>

int line_reader_open(struct line_reader *reader, const char *path)
{
    reader->opened = strcmp(path, "-") != 0;
    reader->name = reader->opened ? path : "standard input";
    reader->fd = STDIN_FILENO;
    reader->ended = false;
    reader->skipping = false;
    reader->start = 0;
    reader->end = 0;
    if (!reader->opened)
        return 0;
    reader->fd = open(path, O_RDONLY | O_CLOEXEC);
    return reader->fd < 0 ? -MTASTS_EIO : 0;
}

void line_reader_close(struct line_reader *reader)
{
    if (reader->opened && reader->fd >= 0)
        close(reader->fd);
    reader->fd = -1;
}

/* Reads more behind what is left. */
static int fill(struct line_reader *reader)
{
    memmove(reader->buffer, reader->buffer + reader->start,
            reader->end - reader->start);
    reader->end -= reader->start;
    reader->start = 0;
    for (;;) {
        ssize_t got = read(reader->fd, reader->buffer + reader->end,
                           sizeof(reader->buffer) - reader->end);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -MTASTS_EIO;
        reader->ended = got == 0;
        reader->end += (size_t)got;
        return 0;
    }
}

/* Takes `len` octets and the line end off; whether they are a line. */
static bool take(struct line_reader *reader, size_t len, bool has_end,
                 struct mtasts_bytes *line)
{
    bool skipped = reader->skipping;
    *line = (struct mtasts_bytes){reader->buffer + reader->start,
                                  MIN_OF(len, (size_t)LINE_READER_LINE_MAX)};
    if (line->len > 0 && line->data[line->len - 1] == '\r')
        line->len--;
    reader->start += len + has_end;
    reader->skipping = !has_end && !reader->ended;
    return !skipped;
}

int line_reader_next(struct line_reader *reader, struct mtasts_bytes *ret_line)
{
    for (;;) {
        const char *at = reader->buffer + reader->start;
        size_t left = reader->end - reader->start;
        const char *end = memchr(at, '\n', left);
        if (end || (reader->ended && left > 0) || left > LINE_READER_LINE_MAX) {
            size_t len = end ? (size_t)(end - at) : left;
            if (take(reader, len, end != NULL, ret_line))
                return 0;
            continue;
        }
        if (reader->ended)
            return -MTASTS_ENOTFOUND;
        int error = fill(reader);
        if (error)
            return error;
    }
}
