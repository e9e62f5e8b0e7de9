/*
 * smtp_helo: what we call ourselves in EHLO (RFC 5321 4.1.1.1, 4.1.3). See
 * smtp_helo.h.
 */
#include "net/smtp_helo.h"

#include "net/address.h"

#include <string.h>

static void add_literal(struct buf *line, int fd)
{
    struct sockaddr_storage own = {0};
    socklen_t len = sizeof(own);
    struct address address = {0};
    char text[ADDRESS_TEXT_MAX] = "127.0.0.1";
    if (getsockname(fd, (struct sockaddr *)&own, &len) == 0 &&
        address_from_sockaddr((struct sockaddr *)&own, &address) == 0)
        address_text(&address, text);
    buf_printf(line, "[%s%s]", address.ipv6 ? "IPv6:" : "", text);
}

void smtp_helo_add(struct buf *line, int fd)
{
    char host[MTASTS_NAME_MAX + 2] = "";
    char name[MTASTS_NAME_MAX + 1];
    if (gethostname(host, sizeof(host) - 1) == 0 && strchr(host, '.') &&
        mtasts_name_canonical(host, strlen(host), 0, name, NULL) == 0)
        buf_puts(line, name);
    else
        add_literal(line, fd);
}
