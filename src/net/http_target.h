/*
 * http_target: what the target of an HTTP request says (RFC 9112 section
 * 3.2), and whom its Host header names.
 *
 * Pure. Only the origin form, "/PATH?QUERY".
 */
#ifndef MTASTS_NET_HTTP_TARGET_H
#define MTASTS_NET_HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_NAME_MAX 256u /* octets, with the terminator: a domain has 253 */

/*
 * Whether the path of `target` is `route`. A route that ends in "/" takes one
 * more segment, which is not empty: *ret_name is it, percent-decoded; for
 * others it is "". 1 or 0; -MTASTS_ESYNTAX: the segment cannot be decoded, or
 * holds control characters; -MTASTS_ETOOLONG.
 */
int http_target_match(const char *target, const char *route,
                      char ret_name[HTTP_NAME_MAX]);

/*
 * The first value of `key` in the query of `target`, decoded ("+" is a
 * blank); a key alone has the value "". 1, or 0 if it is not there; errors as
 * above. `key` is compared as it stands.
 */
int http_target_query(const char *target, const char *key, char *value,
                      size_t size);

/*
 * Whether a Host header, without its port, is `name`: letter case and a dot
 * at the end make no difference. `name` is a host name or an address, an IPv6
 * address in brackets.
 */
bool http_host_is(const char *header, const char *name);

#endif
