/*
 * root_hints: what a file of root hints (a zone file such as InterNIC's
 * named.root) says of where its servers are. libunbound reads the rest.
 */
#ifndef MTASTS_NET_ROOT_HINTS_H
#define MTASTS_NET_ROOT_HINTS_H

#include <stdbool.h>
#include <stddef.h>

/* Octets read of a file: the real one has 3 k. */
#define ROOT_HINTS_MAX 65536u

/* Whether a server named in `text` is on this machine. */
bool root_hints_local(const char *text, size_t len);

/* The same of a file; false where it cannot be read. */
bool root_hints_file_local(const char *file);

#endif
