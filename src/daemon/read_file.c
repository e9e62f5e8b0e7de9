/*
 * read_file: a whole file in memory. See read_file.h.
 */
#include "daemon/read_file.h"

#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <string.h>

#define STEP 4096u /* octets read at once */

int read_file(const char *path, struct buf *buf)
{
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    char step[STEP];

    if (fd < 0)
        return -MTASTS_EIO;
    for (;;) {
        ssize_t got = read(fd, step, sizeof(step));

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -MTASTS_EIO : 0;
        if (buf_append(buf, step, (size_t)got) < 0)
            return buf->error;
    }
}

const char *read_file_why(int error)
{
    if (error == -MTASTS_EIO)
        return strerrordesc_np(errno);
    if (error == -MTASTS_ETOOLONG)
        return "far too large; not what was meant to be read";
    return mtasts_strerror(error);
}
