/*
 * scarce: what this machine has no more of. See scarce.h.
 */
#include "scarce.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/socket.h>

static unsigned sockets = UINT_MAX;
static unsigned sends = UINT_MAX;

int __wrap_socket(int domain, int type, int protocol);
int __real_socket(int domain, int type, int protocol);
ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);
ssize_t __real_send(int fd, const void *data, size_t len, int flags);

/* Takes one of them; false, with errno, if there is none left. */
static bool take(unsigned *left, int error)
{
    if (*left == 0) {
        errno = error;
        return false;
    }
    if (*left < UINT_MAX)
        (*left)--;
    return true;
}

int __wrap_socket(int domain, int type, int protocol)
{
    return take(&sockets, EMFILE) ? __real_socket(domain, type, protocol) : -1;
}

ssize_t __wrap_send(int fd, const void *data, size_t len, int flags)
{
    return take(&sends, ENOBUFS) ? __real_send(fd, data, len, flags) : -1;
}

void scarce_sockets(unsigned count)
{
    sockets = count;
}

void scarce_sends(unsigned count)
{
    sends = count;
}
