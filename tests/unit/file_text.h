/* A whole file as text, for tests that go by tables in files. */
#ifndef MTASTS_TESTS_FILE_TEXT_H
#define MTASTS_TESTS_FILE_TEXT_H

#include "base/buf.h"

#define FILE_TEXT_MAX (16u << 20)

/* Appends the file to `buf`; -1 if it cannot be read. */
static inline int file_text(const char *path, struct buf *buf)
{
    _cleanup_file_ FILE *file = fopen(path, "re");
    char piece[4096];
    size_t got = 0;

    if (!file)
        return -1;
    while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
        buf_append(buf, piece, got);
    return ferror(file) || buf->error ? -1 : 0;
}

#endif
