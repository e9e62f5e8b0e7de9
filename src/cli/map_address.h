/*
 * map_address: where Postfix and Sendmail can ask mtasts-policyd, by what
 * mtasts.conf(5) says of its listeners.
 */
#ifndef MTASTS_CLI_MAP_ADDRESS_H
#define MTASTS_CLI_MAP_ADDRESS_H

#include "daemon/config.h"

#define MAP_ADDRESS_MAX 256u /* octets, with the end */

struct map_address {
    char text[MAP_ADDRESS_MAX]; /* "inet:127.0.0.1:8461", "unix:/PATH" */
    char path[MAP_ADDRESS_MAX]; /* of a UNIX socket, from /; or "" */
};

struct map_address_list {
    struct map_address items[CONFIG_LIST_MAX * 2];
    size_t count;
    bool inherited; /* there is a socket of systemd, which has no address
                       here */
};

/*
 * Those of `listeners`, as Postfix writes them: all-zero addresses as those of
 * this machine. A UNIX socket below `queue` ("": nothing is) is there twice,
 * first relative to it: that is where Postfix's programs are, in a chroot or
 * not.
 */
void map_addresses_of(const struct config_list *listeners, const char *queue,
                      struct map_address_list *ret_list);

/* Whether a program in a chroot at the queue gets there. */
bool map_address_in_chroot(const struct map_address *address);

#endif
