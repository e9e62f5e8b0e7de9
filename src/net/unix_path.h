/*
 * unix_path: the file of a listening UNIX socket.
 */
#ifndef MTASTS_NET_UNIX_PATH_H
#define MTASTS_NET_UNIX_PATH_H

#include "net/listen_address.h"
#include <sys/stat.h>

struct unix_path {
    char path[LISTEN_PATH_MAX]; /* "": none */
    dev_t device;
    ino_t inode;
};

/*
 * Binds `fd` to `path` and gives the file its mode, owner and group (names or
 * numbers; NULL or "": unchanged), in time for listen(). A socket file that
 * nobody listens on is replaced. On failure nothing of ours is left and `why`
 * has a sentence: -MTASTS_ENOTFOUND (a folder, user or group), _ELIMIT
 * (somebody listens there), _EINVAL (the file is no socket), _ESYSTEM.
 *
 * Two programs that replace the same dead file in the same microseconds are
 * not kept apart: whoever was first then listens on a file that is gone.
 */
int unix_path_bind(int fd, const char *path, unsigned mode, const char *owner,
                   const char *group, struct unix_path *ret_path,
                   char why[LISTEN_WHY_MAX]);

/* Removes the file, unless it is another's by now. */
void unix_path_remove(struct unix_path *path);

#endif
