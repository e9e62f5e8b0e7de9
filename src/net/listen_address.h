/*
 * listen_address: where a server listens, as the configuration says it.
 *
 *     inet:IPV4:PORT  inet:[IPV6]:PORT
 *     unix:/PATH
 *     systemd:NAME      sockets that systemd opened for us, by the
 *                       FileDescriptorName= of their unit
 *
 * Pure. Names of hosts are not looked up: what a daemon listens on must not
 * hang on a resolver.
 */
#ifndef MTASTS_NET_LISTEN_ADDRESS_H
#define MTASTS_NET_LISTEN_ADDRESS_H

#include "net/address.h"
#include <sys/un.h>

#define LISTEN_WHY_MAX 512u /* octets of a sentence that says what is wrong */
#define LISTEN_PATH_MAX sizeof(((struct sockaddr_un *)NULL)->sun_path)
#define LISTEN_NAME_MAX 256u /* a FileDescriptorName has at most 255 octets */

enum listen_kind {
    LISTEN_INET,
    LISTEN_UNIX,
    LISTEN_SYSTEMD,
};

struct listen_address {
    enum listen_kind kind;
    struct address address;     /* inet */
    uint16_t port;              /* inet; 0: any that is free */
    char name[LISTEN_NAME_MAX]; /* unix: the path, which fits; systemd */
};

/*
 * -MTASTS_EINVAL: not an address, -MTASTS_ETOOLONG: a path that no UNIX
 * socket can have; `why` then has a sentence.
 */
int listen_address_parse(const char *text, struct listen_address *ret_address,
                         char why[LISTEN_WHY_MAX]);

#endif
