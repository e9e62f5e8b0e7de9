/*
 * slurp: a whole file, or all of stdin, in memory. See slurp.h.
 */
#include "cli/slurp.h"

#include "cli/complain.h"
#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <stdbool.h>
#include <string.h>

#define SLURP_STEP 65536u /* one read: what a pipe holds */

static int read_all(int fd, struct buf *buf)
{
    _cleanup_free_ char *step = malloc(SLURP_STEP);
    if (!step)
        return -MTASTS_ENOMEM;
    for (;;) {
        ssize_t got = read(fd, step, SLURP_STEP);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -MTASTS_EIO;
        if (got == 0)
            return 0;
        int error = buf_append(buf, step, (size_t)got);
        if (error)
            return error;
    }
}

int slurp(const char *who, const char *path, struct buf *buf)
{
    bool is_stdin = strcmp(path, "-") == 0;
    _cleanup_fd_ int opened = -1;
    if (!is_stdin) {
        opened = open(path, O_RDONLY | O_CLOEXEC);
        if (opened < 0) {
            complain("%s: %s: %s; give a file, or - for standard input", who,
                     path, strerror(errno));
            return -MTASTS_EIO;
        }
    }
    int error = read_all(is_stdin ? STDIN_FILENO : opened, buf);
    const char *name = is_stdin ? "standard input" : path;
    if (error == -MTASTS_EIO)
        complain("%s: %s: %s; give a file, or - for standard input", who, name,
                 strerror(errno));
    else if (error == -MTASTS_ETOOLONG)
        complain("%s: %s: more than %zu octets; that is not what was meant "
                 "to be read",
                 who, name, buf->max);
    else if (error)
        complain_error(who, error);
    return error;
}
