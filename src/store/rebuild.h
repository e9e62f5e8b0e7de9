/*
 * rebuild: a new file in the place of a damaged one.
 *
 * What can be read (salvage.h) goes into FILE.rebuild; then the damaged file
 * is moved to FILE.corrupt-TIME, with its write-ahead log, and the new one
 * takes its place. At whatever moment the process is killed, nothing is lost
 * that was not lost before: rebuild_settle() goes on from there.
 *
 * Nothing is ever deleted of the damaged file: that is for people to do.
 *
 * Threads: one at a time, with no connection that writes to the file open.
 * Readers may be: they go on reading the file that was moved.
 */
#ifndef MTASTS_STORE_REBUILD_H
#define MTASTS_STORE_REBUILD_H

#include "store/salvage.h"

#define REBUILD_PATH_MAX 1024u /* octets of a file's name here */

struct rebuilt {
    struct salvaged salvaged;
    char aside[REBUILD_PATH_MAX]; /* where the damaged file is now */
};

/*
 * `now`: seconds since 1970 UTC, for the name. Errors as salvage() has them,
 * and -MTASTS_ENOTFOUND: there is no file. The damaged one is then where it
 * was.
 */
int rebuild(const char *path, int64_t now, const atomic_bool *stop,
            struct rebuilt *ret_rebuilt, struct store_fault *fault);

/* Before a file is opened to be written: ends what was interrupted. */
void rebuild_settle(const char *path);

#endif
