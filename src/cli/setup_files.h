/*
 * setup_files: a configuration file changed so that nothing is lost: a copy
 * beside it first, then the new text in one step.
 */
#ifndef MTASTS_CLI_SETUP_FILES_H
#define MTASTS_CLI_SETUP_FILES_H

#include "base/buf.h"

#define SETUP_PATH_MAX 4096u /* octets of a path, with its end */

/*
 * Copies `path` to PATH.mtasts-YYYYMMDDhhmmss (UTC), with its mode and owner;
 * a file that is there already is left alone. `was` is what it is known to say
 * (NULL: it may say anything). -MTASTS_ECANCELED: it says something else by
 * now; -MTASTS_EIO: errno says more; -MTASTS_ETOOLONG.
 */
int setup_backup(const char *path, const struct buf *was,
                 char ret_copy[SETUP_PATH_MAX]);

/*
 * Puts a file in the place of `path`, with the mode and owner of that. A
 * symbolic link stays, and what it names is replaced. -MTASTS_EIO,
 * -MTASTS_ETOOLONG.
 */
int setup_replace(const char *path, const char *text, size_t len);

/*
 * Makes a file that is not there yet, readable by all, and the folder that it
 * is in. What is there by now, be it a link to nowhere, is left alone:
 * -MTASTS_EIO, EEXIST. -MTASTS_ETOOLONG.
 */
int setup_create(const char *path, const char *text, size_t len);

/* For people, right after one of these has failed. */
const char *setup_files_why(int error);

#endif
