/*
 * scarce: sockets that this machine has no more of. See scarce.h.
 */
#include "scarce.h"

#include <errno.h>
#include <limits.h>
#include <sys/socket.h>

static unsigned left = UINT_MAX;

int __wrap_socket(int domain, int type, int protocol);
int __real_socket(int domain, int type, int protocol);

int __wrap_socket(int domain, int type, int protocol)
{
    if (left == 0) {
        errno = EMFILE;
        return -1;
    }
    if (left < UINT_MAX)
        left--;
    return __real_socket(domain, type, protocol);
}

void scarce_sockets(unsigned count)
{
    left = count;
}
