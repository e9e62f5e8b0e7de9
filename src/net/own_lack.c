/*
 * own_lack: errors that are this machine's. See own_lack.h.
 *
 * EACCES is none: an ICMPv6 message of a far firewall becomes it.
 */
#include "net/own_lack.h"

#include <errno.h>

bool own_lack(int error)
{
    switch (error) {
    case EMFILE:        /* descriptors of the process */
    case ENFILE:        /* of the system */
    case ENOBUFS:       /* buffers of the network */
    case ENOMEM:        /* memory */
    case EADDRNOTAVAIL: /* local ports, or an address to connect from */
        return true;
    default: return false;
    }
}
