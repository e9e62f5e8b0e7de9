/*
 * idn: internationalized names at the edge (RFC 5890, 5891, UTS 46).
 *
 * Inside, names are always A-labels; U-labels are what people type and read.
 */
#ifndef MTASTS_NET_IDN_H
#define MTASTS_NET_IDN_H

#include <mtasts/name.h>
#include <stddef.h>

#define IDN_UNICODE_MAX 1024u /* octets of a name in U-labels, with its NUL */

/*
 * A name as people type it (UTF-8, any case, one final dot) -> canonical
 * A-labels. `flags` as for mtasts_name_canonical().
 * Errors: -MTASTS_ENAME (no name at all), -MTASTS_EIDN (a label that IDNA
 * forbids, or no UTF-8), -MTASTS_ENOMEM.
 */
int idn_to_ascii(const char *text, size_t len, unsigned flags,
                 char ret_name[MTASTS_NAME_MAX + 1]);

/*
 * Canonical A-labels -> UTF-8 for people. A name that cannot be converted,
 * or would not convert back to itself, is copied as it is.
 * Errors: -MTASTS_EINVAL (longer than MTASTS_NAME_MAX).
 */
int idn_to_unicode(const char *name, char ret_text[IDN_UNICODE_MAX]);

#endif
