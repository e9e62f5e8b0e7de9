/*
 * forwarders: the name servers that we forward to: given one by one, or as a
 * machine has them (resolv.conf(5)).
 */
#ifndef MTASTS_NET_FORWARDERS_H
#define MTASTS_NET_FORWARDERS_H

#include "net/address.h"
#include <stddef.h>

#define FORWARDERS_MAX 8u      /* more than the C library's 3, and enough */
#define FORWARDER_ZONE_MAX 16u /* IFNAMSIZ */
#define FORWARDER_TEXT_MAX 80u /* an IPv6 address, a zone id and a port */
#define FORWARDERS_NAMES_MAX   /* all of them in a sentence */                 \
    (FORWARDERS_MAX * (FORWARDER_TEXT_MAX + sizeof(" and ")) +                 \
     sizeof("the resolvers "))
#define RESOLV_CONF_MAX 65536u /* octets read of the file */

/* As libunbound takes them: "ADDR" or "ADDR@PORT". */
struct forwarders {
    char text[FORWARDERS_MAX][FORWARDER_TEXT_MAX];
    size_t count;
};

struct forwarder_address {
    struct address address;
    char zone[FORWARDER_ZONE_MAX]; /* "eth0" of fe80::1%eth0; "": none */
    uint16_t port;
};

/*
 * "ADDR" or "ADDR@PORT", an IPv6 address perhaps with the interface that it
 * is behind (RFC 4007 11: fe80::1%eth0); -MTASTS_EINVAL.
 */
int forwarder_address_parse(const char *text,
                            struct forwarder_address *ret_address);

/* The address without its port, for people. */
void forwarder_address_text(const struct forwarder_address *address,
                            char ret_text[FORWARDER_TEXT_MAX]);

/* Fills a socket address; returns its length. An interface that is not there
   is left out. */
socklen_t forwarder_address_sockaddr(const struct forwarder_address *address,
                                     struct sockaddr_storage *ret_sockaddr);

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

/* "the resolver 192.0.2.1", "the resolvers 192.0.2.1, ::1 and 192.0.2.2" */
void forwarders_names(const struct forwarders *forwarders,
                      char ret_names[FORWARDERS_NAMES_MAX]);

#endif
