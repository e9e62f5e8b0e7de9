/*
 * Generic URIs (RFC 3986), taken apart on text that is not terminated.
 */
#ifndef MTASTS_CORE_URI_H
#define MTASTS_CORE_URI_H

#include <mtasts/fault.h>
#include <stdbool.h>
#include <stddef.h>

/* Slices of the URI; `data` NULL: the part is absent. */
struct uri {
    struct mtasts_bytes scheme;   /* without ":" */
    struct mtasts_bytes userinfo; /* without "@" */
    struct mtasts_bytes host;     /* with the brackets of an IP literal */
    struct mtasts_bytes port;     /* digits, maybe none; without ":" */
    struct mtasts_bytes path;     /* never absent, maybe empty */
    struct mtasts_bytes rest;     /* query and fragment, with "?" and "#";
                                     never absent, maybe empty */
};

/* Whether all of `text` is a URI (RFC 3986 section 3, not a reference). */
bool uri_parse(const char *text, size_t len, struct uri *ret_uri);

#endif
