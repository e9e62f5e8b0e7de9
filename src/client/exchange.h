/*
 * exchange: one netstring out, one netstring in, over a UNIX socket, before
 * a deadline.
 */
#ifndef MTASTS_CLIENT_EXCHANGE_H
#define MTASTS_CLIENT_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#define EXCHANGE_REPLY_MAX 100000u /* octets of what a reply holds */

/* Milliseconds of a clock that only goes forward. */
int64_t exchange_now_ms(void);

/*
 * *ret_reply is what the reply's netstring holds, terminated; the caller
 * frees it. -MTASTS_ETOOLONG (`path`), -MTASTS_ENOMEM, -MTASTS_EIO (errno),
 * -MTASTS_ETIMEDOUT, -MTASTS_ESYSTEM (no netstring, or too long).
 */
int exchange(const char *path, const char *request, size_t len,
             int64_t deadline_ms, char **ret_reply, size_t *ret_len);

/*
 * The pure part: the netstring that `data` begins with. 0 if it may have
 * more to come, 1 with its contents, -MTASTS_ESYSTEM if it is none or holds
 * more than EXCHANGE_REPLY_MAX.
 */
int exchange_parse(const char *data, size_t len, const char **ret_reply,
                   size_t *ret_len);

#endif
