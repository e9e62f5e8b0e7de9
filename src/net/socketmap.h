/*
 * socketmap: the protocol of Postfix's socketmap and of Sendmail's socket
 * map: netstrings, "<map> <key>" one way and "<STATUS> <data>" the other.
 *
 * Pure, and nothing is copied: a request points into the octets that it was
 * parsed from.
 */
#ifndef MTASTS_NET_SOCKETMAP_H
#define MTASTS_NET_SOCKETMAP_H

#include <mtasts/fault.h>
#include <stdbool.h>

#define SOCKETMAP_REQUEST_MAX 10000u /* octets of map, blank and key */
#define SOCKETMAP_REPLY_MAX                                                    \
    100000u /* octets of status, blank and data:                               \
               Postfix takes no more */
#define SOCKETMAP_FRAME_MAX (sizeof("10000:,") - 1) /* around a request */
#define SOCKETMAP_HEAD_MAX sizeof("100000:NOTFOUND ")
#define SOCKETMAP_TAIL ","

struct socketmap_request {
    struct mtasts_bytes map; /* any octets but a blank, may be empty */
    struct mtasts_bytes key; /* any octets, may be empty */
};

enum socketmap_parsed {
    SOCKETMAP_WHOLE,      /* a request */
    SOCKETMAP_PARTIAL,    /* good so far; the rest has yet to come */
    SOCKETMAP_NO_BLANK,   /* a whole netstring, but no map and key */
    SOCKETMAP_BAD_LENGTH, /* no netstring: from here on nothing is certain */
    SOCKETMAP_TOO_LONG,   /* more than SOCKETMAP_REQUEST_MAX is announced */
    SOCKETMAP_NO_COMMA,   /* where the netstring should end */
    SOCKETMAP_PARSED_COUNT
};

enum socketmap_status {
    SOCKETMAP_OK,
    SOCKETMAP_NOTFOUND,
    SOCKETMAP_TEMP, /* Postfix defers the mail; after the next two as well */
    SOCKETMAP_TIMEOUT,
    SOCKETMAP_PERM,
};

/*
 * Looks for a request at the start of `data`. WHOLE and NO_BLANK write
 * `ret_used`, the octets that it took; WHOLE writes `ret_request`, too.
 */
enum socketmap_parsed socketmap_parse(const char *data, size_t len,
                                      struct socketmap_request *ret_request,
                                      size_t *ret_used);

/* For people: what is wrong; NULL for WHOLE and PARTIAL. */
const char *socketmap_fault(enum socketmap_parsed parsed);

/* Octets of data that a reply of this status has room for. */
size_t socketmap_data_max(enum socketmap_status status);

/*
 * What goes before `data_len` octets of data, at most socketmap_data_max();
 * after them comes SOCKETMAP_TAIL. Returns its length. Not terminated.
 */
size_t socketmap_head(enum socketmap_status status, size_t data_len,
                      char ret_head[SOCKETMAP_HEAD_MAX]);

#endif
