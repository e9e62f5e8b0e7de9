/*
 * Domain names and next-hop forms (RFC 5321 section 4.1.2, RFC 5890).
 *
 * Names are ASCII: A-labels. Conversion from U-labels is done outside the
 * library (with libidn2), since libmtasts needs libc only.
 */
#ifndef MTASTS_NAME_H
#define MTASTS_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

#define MTASTS_NAME_MAX 253 /* octets of a name as text, no final dot */
#define MTASTS_LABEL_MAX 63 /* octets of one label */

/* Longest policy domain for which `_mta-sts.` + domain is still a name. */
#define MTASTS_POLICY_DOMAIN_MAX (MTASTS_NAME_MAX - 9)

enum mtasts_name_flags {
    MTASTS_NAME_UNDERSCORE = 1, /* `_` counts as a letter, as in DNS */
};

/*
 * Writes `text` lower-cased and without one final dot to `ret_name`, which
 * is terminated. Labels are Let-dig [Ldh-str] of 1 to 63 octets.
 * Errors: -MTASTS_EIDN for an octet above 0x7f, -MTASTS_ENAME for any other
 * fault. `ret_len` may be NULL.
 */
int mtasts_name_canonical(const char *text, size_t len, unsigned flags,
                          char ret_name[MTASTS_NAME_MAX + 1], size_t *ret_len);

enum mtasts_next_hop_kind {
    MTASTS_NEXT_HOP_DOMAIN,  /* example.com, example.com:25: has a policy */
    MTASTS_NEXT_HOP_HOST,    /* [mail.example.com]: no MX look-up, no policy */
    MTASTS_NEXT_HOP_LITERAL, /* [192.0.2.1], [IPv6:2001:db8::1], bare too */
    MTASTS_NEXT_HOP_PARENT,  /* .example.com: Postfix's parent look-up */
};

struct mtasts_next_hop {
    enum mtasts_next_hop_kind kind;
    char name[MTASTS_NAME_MAX + 1]; /* canonical, without brackets and dot */
    uint16_t port;                  /* 0: none, or given by service name */
};

/*
 * Takes apart what an MTA calls a next hop: `domain`, `domain:port`,
 * `[host]`, `[host]:port`, an address literal or `.parent`.
 * Only MTASTS_NEXT_HOP_DOMAIN can have an MTA-STS policy (RFC 8461 3.4).
 * Errors: -MTASTS_EIDN, -MTASTS_ENAME, -MTASTS_ESYNTAX (brackets or port).
 */
int mtasts_next_hop_parse(const char *text, size_t len,
                          struct mtasts_next_hop *ret_hop);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
