/*
 * read_file: a whole file in memory, up to a stated maximum.
 */
#ifndef MTASTS_DAEMON_READ_FILE_H
#define MTASTS_DAEMON_READ_FILE_H

#include "base/buf.h"

/*
 * Appends the file to `buf`, whose maximum is the limit. -MTASTS_EIO: errno
 * says more; -MTASTS_ETOOLONG, -MTASTS_ENOMEM.
 */
int read_file(const char *path, struct buf *buf);

/* Why it failed, for people. `error` is what read_file() has returned. */
const char *read_file_why(int error);

#endif
