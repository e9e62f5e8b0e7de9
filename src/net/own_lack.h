/*
 * own_lack: errors of the operating system that say something of this
 * machine and nothing of the host that was to be reached.
 */
#ifndef MTASTS_NET_OWN_LACK_H
#define MTASTS_NET_OWN_LACK_H

#include <stdbool.h>

/* `error` is an errno: too few descriptors, ports, buffers, memory. */
bool own_lack(int error);

#endif
