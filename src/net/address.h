/*
 * address: IP addresses as text and as values, and which of them the world
 * cannot reach (the SSRF guard).
 */
#ifndef MTASTS_NET_ADDRESS_H
#define MTASTS_NET_ADDRESS_H

#include "check/facts.h"
#include <netinet/in.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_MAX 46u       /* INET6_ADDRSTRLEN */
#define ADDRESS_EXCEPTIONS_MAX 64u /* CIDR exceptions in one guard */

struct address {
    bool ipv6;
    uint8_t octets[16]; /* 4 used for IPv4; network order */
};

struct address_cidr {
    struct address address;
    unsigned bits;
};

/* Which private addresses may be connected to all the same. */
struct address_guard {
    bool allow_all;
    struct address_cidr exceptions[ADDRESS_EXCEPTIONS_MAX];
    size_t exception_count;
};

int address_parse(const char *text, struct address *ret_address);
void address_text(const struct address *address,
                  char ret_text[ADDRESS_TEXT_MAX]); /* RFC 5952 */
enum address_class address_classify(const struct address *address);
/* This machine, by itself or inside another address. */
bool address_is_loopback(const struct address *address);
bool address_allowed(const struct address_guard *guard,
                     const struct address *address);
/* "192.0.2.0/24", "2001:db8::/32", or one address. */
int address_cidr_parse(const char *text, struct address_cidr *ret_cidr);
/* Fills a socket address; returns its length. */
socklen_t address_sockaddr(const struct address *address, uint16_t port,
                           struct sockaddr_storage *ret_sockaddr);
/* -MTASTS_EINVAL for another family than IPv4 and IPv6. */
int address_from_sockaddr(const struct sockaddr *sockaddr,
                          struct address *ret_address);

#endif
