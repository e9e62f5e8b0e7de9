/*
 * rua: where a TLS report goes, read from a URI of a TLSRPT record (RFC
 * 8460 section 3, RFC 6068, RFC 9110 section 4.2).
 */
#ifndef MTASTS_CORE_RUA_H
#define MTASTS_CORE_RUA_H

#include "core/uri.h"
#include <mtasts/name.h>

struct rua_target {
    bool https;
    /* mailto: the address's domain; https: the host. Canonical; "" for a
       host that is an IP address. */
    char domain[MTASTS_NAME_MAX + 1];
    uint16_t port; /* https; 443 unless the URI says another */
};

/*
 * Whether a report can be sent to the URI: a mailto URI with one mail
 * address and nothing in it that could write a header field or an SMTP
 * command, or an https URI with a host, a port if any, and no credentials.
 */
bool rua_read(const struct uri *uri, struct rua_target *ret_target);

/* The same for text; false too if it is no URI. */
bool rua_parse(const char *text, size_t len, struct rua_target *ret_target);

#endif
