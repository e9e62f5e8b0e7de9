/*
 * buf: a growing run of octets with a stated maximum. See buf.h.
 */
#include "base/buf.h"

#include <mtasts/error.h>
#include <stdio.h>
#include <string.h>

#define BUF_FIRST 256u /* first allocation: most lines fit */

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_clear(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->max);
}

static int fail(struct buf *buf, int error)
{
    buf->error = error;
    return error;
}

static int grow(struct buf *buf, size_t more)
{
    if (buf->error)
        return buf->error;
    if (more > buf->max - buf->len)
        return fail(buf, -MTASTS_ETOOLONG);
    size_t need = buf->len + more + 1;
    if (need <= buf->size)
        return 0;
    size_t size = MAX_OF(buf->size, (size_t)BUF_FIRST);
    while (size < need)
        size *= 2;
    char *data = realloc(buf->data, size);
    if (!data)
        return fail(buf, -MTASTS_ENOMEM);
    buf->data = data;
    buf->size = size;
    return 0;
}

/* Octets there is room for as it is, beside the NUL. */
static inline size_t room(const struct buf *buf)
{
    if (buf->error || buf->size == 0)
        return 0;
    return MIN_OF(buf->size - 1, buf->max) - buf->len;
}

static inline int reserve(struct buf *buf, size_t more)
{
    return more < room(buf) ? 0 : grow(buf, more);
}

int buf_append(struct buf *buf, const void *data, size_t len)
{
    int error = reserve(buf, len);
    if (error)
        return error;
    if (len > 0)
        memcpy(buf->data + buf->len, data, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
    return 0;
}

int buf_puts(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

int buf_putc(struct buf *buf, char c)
{
    int error = reserve(buf, 1);
    if (error)
        return error;
    buf->data[buf->len++] = c;
    buf->data[buf->len] = '\0';
    return 0;
}

int buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return fail(buf, -MTASTS_EINVAL);
    int error = reserve(buf, (size_t)len);
    if (error)
        return error;
    va_start(args, format);
    vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
    return 0;
}

void buf_consume(struct buf *buf, size_t len)
{
    if (len == 0 || buf->len == 0)
        return;
    size_t drop = MIN_OF(len, buf->len);
    memmove(buf->data, buf->data + drop, buf->len - drop + 1);
    buf->len -= drop;
}

const char *buf_text(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}
