/*
 * ca_look: the certificate authorities that an MTA would verify by: whether
 * there are any, seen as the MTA sees them.
 *
 * Files are read by the MTA before it goes into its chroot, folders while it
 * is in there, file by file, as its own user.
 */
#ifndef MTASTS_CLI_CA_LOOK_H
#define MTASTS_CLI_CA_LOOK_H

#include "cli/tool.h"

#define CA_FILE_MAX (16u << 20) /* octets looked at of a bundle */

/* Fewer than this are a site's own authorities, not those of the Web: the
   smallest collections of those have about a hundred. */
#define CA_FEW 10u

struct ca_seen {
    unsigned count; /* certificates */
    int error;      /* errno: why it cannot be read; 0: it can */
};

/* A PEM file. */
void ca_look_file(const char *path, struct ca_seen *ret_seen);

/* How many certificates PEM text holds. Pure. */
unsigned ca_count(const char *text, size_t len);

/* Whether it is a name that OpenSSL finds a certificate by: eight hexadecimal
   digits, a dot and a number. Pure. */
bool ca_is_hash(const char *name);

/*
 * A folder of such names; those that can be opened count. As `user`, unless
 * NULL, and in the chroot `root`, unless NULL: both take root. -MTASTS_ESYSTEM:
 * that could not be done.
 */
int ca_look_folder(const char *path, const char *root,
                   const struct tool_user *user, struct ca_seen *ret_seen);

#endif
