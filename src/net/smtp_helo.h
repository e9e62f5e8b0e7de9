/*
 * smtp_helo: what we call ourselves in EHLO (RFC 5321 4.1.1.1, 4.1.3).
 */
#ifndef MTASTS_NET_SMTP_HELO_H
#define MTASTS_NET_SMTP_HELO_H

#include "base/buf.h"

/*
 * Appends this machine's name if it is a full one, else, as the RFC wants
 * it, the address that the connected socket `fd` has here: "[192.0.2.1]".
 */
void smtp_helo_add(struct buf *line, int fd);

#endif
