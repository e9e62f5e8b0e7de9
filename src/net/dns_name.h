/*
 * dns_name: domain names as DNS has them (RFC 1035 section 3.1).
 */
#ifndef MTASTS_NET_DNS_NAME_H
#define MTASTS_NET_DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_WIRE_MAX 255u  /* octets of a name on the wire */
#define DNS_NAME_TEXT_MAX 1004u /* the same as text, each octet escaped */

/* A name in wire format, lower-case, not compressed. */
struct dns_name {
    uint8_t octets[DNS_NAME_WIRE_MAX];
    size_t len; /* 1 for the root */
};

/* Text of a name, escaped as in RFC 1035 5.1, no final dot; root: ".". */
void dns_name_text(const struct dns_name *name,
                   char ret_text[DNS_NAME_TEXT_MAX + 1]);

/* "example.com": any octets but dots, a final dot allowed, no escapes; "." is
   the root. -MTASTS_ENAME. */
int dns_name_parse(const char *text, struct dns_name *ret_name);

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b);

/* Adds one label in lower case; the last one has no octets. False if the
   name would get too long. */
bool dns_name_add_label(struct dns_name *name, const uint8_t *label,
                        size_t len);

#endif
