/*
 * buf: a growing run of octets with a stated maximum.
 *
 * Errors are sticky: once an append failed (memory, or the maximum) every
 * later one fails too, so that a writer asks once at the end. The contents
 * are always terminated by a NUL that is not counted.
 */
#ifndef MTASTS_BASE_BUF_H
#define MTASTS_BASE_BUF_H

#include "base/cleanup.h"
#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *data; /* NULL while empty */
    size_t len;
    size_t size; /* allocated */
    size_t max;  /* octets at most; set by BUF and buf_init */
    int error;   /* 0 or the negative error that stuck */
};

/* An empty one of `most` octets at most, as an initialiser. */
#define BUF(most)                                                              \
    {                                                                          \
        .max = (most)                                                          \
    }

void buf_init(struct buf *buf, size_t max);

/* Frees the contents; `buf` may be used again with the same maximum. */
void buf_clear(struct buf *buf);

int buf_append(struct buf *buf, const void *data, size_t len);
int buf_puts(struct buf *buf, const char *text);
int buf_putc(struct buf *buf, char c);
int buf_printf(struct buf *buf, const char *format, ...) _printf_(2, 3);

/* Drops the first `len` octets (at most all). */
void buf_consume(struct buf *buf, size_t len);

/* The contents as a C string: "" while empty. */
const char *buf_text(const struct buf *buf);

static inline _unused_ void cleanup_buf(struct buf *buf)
{
    buf_clear(buf);
}
#define _cleanup_buf_ _cleanup_(cleanup_buf)

#endif
