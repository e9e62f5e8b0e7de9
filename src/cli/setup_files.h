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
 * a file that is there already is left alone. -MTASTS_EIO: errno says more;
 * -MTASTS_ETOOLONG.
 */
int setup_backup(const char *path, char ret_copy[SETUP_PATH_MAX]);

/*
 * Puts a file in the place of `path`, or makes it: readable by all, or with
 * the mode and owner of the one that was there. A symbolic link stays, and
 * what it names is replaced. -MTASTS_EIO, -MTASTS_ETOOLONG.
 */
int setup_replace(const char *path, const char *text, size_t len);

#endif
