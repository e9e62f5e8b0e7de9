/*
 * fetch_response: what the header section of an HTTP answer says of the
 * body, line by line (RFC 9110, RFC 9112 section 6). Pure.
 */
#ifndef MTASTS_NET_FETCH_RESPONSE_H
#define MTASTS_NET_FETCH_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FETCH_HEADERS_MAX                                                      \
    65536u                    /* octets of all header lines, with those of     \
                                 interim answers and trailers */
#define FETCH_VALUE_MAX 1024u /* octets kept of one value */

struct fetch_response {
    size_t octets; /* of header lines so far */
    bool complete; /* the blank line has come; what follows are trailers */
    bool has_length;
    uint64_t length; /* Content-Length; UINT64_MAX if larger */
    bool chunked;
    bool contradictory; /* lengths that differ, or make no sense */
    bool has_type;
    bool type_ok; /* text/plain, in every Content-Type line */
    /* Printable: other octets are `?`. "" if the line was not there. */
    char type[FETCH_VALUE_MAX + 1];
    char location[FETCH_VALUE_MAX + 1];
};

/* Takes a line, with or without its CRLF. A status line begins anew. */
void fetch_response_line(struct fetch_response *response, const char *line,
                         size_t len);

/* Whether only the end of the connection ends the body. */
bool fetch_response_ends_by_close(const struct fetch_response *response);

/* Copies octets as printable text. */
void fetch_printable(char *ret_text, size_t size, const char *text, size_t len);

#endif
