/*
 * rua: where a TLS report goes, read from the URI of a TLSRPT record (RFC
 * 8460 section 3, RFC 6068, RFC 9110 section 4.2.2).
 */
#ifndef MTASTS_NET_RUA_H
#define MTASTS_NET_RUA_H

#include <mtasts/mtasts.h>
#include <stdbool.h>

struct rua_target {
    bool https;
    /* mailto: the address's domain; https: the host. Canonical. */
    char domain[MTASTS_NAME_MAX + 1];
    uint16_t port; /* https; 443 unless the URI says another */
};

/*
 * Takes a usable URI (of mtasts_tlsrpt_record_parse()) apart. Of several
 * mailto addresses the first counts.
 * Errors: -MTASTS_ESYNTAX (no address, no host, a bad port or a scheme that
 * is neither), -MTASTS_ENAME (an IP address, or no domain name),
 * -MTASTS_EIDN (a name in U-labels).
 */
int rua_parse(const char *uri, size_t len, struct rua_target *ret_target);

#endif
