/*
 * forwarders: the name servers that we forward to: given one by one, or as a
 * machine has them (resolv.conf(5)).
 */
#ifndef MTASTS_NET_FORWARDERS_H
#define MTASTS_NET_FORWARDERS_H

#include "net/address.h"
#include <stddef.h>

#define FORWARDERS_MAX 8u      /* more than the C library's 3, and enough */
#define FORWARDER_TEXT_MAX 80u /* an IPv6 address, a zone id and a port */
#define RESOLV_CONF_MAX 65536u /* octets read of the file */

/* As libunbound takes them: "ADDR" or "ADDR@PORT". */
struct forwarders {
    char text[FORWARDERS_MAX][FORWARDER_TEXT_MAX];
    size_t count;
};

struct forwarder_address {
    struct address address;
    uint16_t port;
};

/* "ADDR" or "ADDR@PORT"; -MTASTS_EINVAL. No zone ids (fe80::1%eth0). */
int forwarder_address_parse(const char *text,
                            struct forwarder_address *ret_address);

/* The one forwarder `text`; -MTASTS_EINVAL. */
int forwarders_one(const char *text, struct forwarders *ret_forwarders);

/*
 * The nameserver lines of `file`; what is no address is passed over. None
 * in it, or no such file: this machine, 127.0.0.1, as the C library has it.
 * -MTASTS_EIO: cannot be read.
 */
int forwarders_read(const char *file, struct forwarders *ret_forwarders);

/* The same of text in memory. */
void forwarders_parse(const char *text, size_t len,
                      struct forwarders *ret_forwarders);

#endif
