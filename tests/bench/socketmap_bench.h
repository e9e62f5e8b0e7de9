/*
 * socketmap_bench: what the floor and the client of the socketmap bench
 * share.
 */
#ifndef MTASTS_SOCKETMAP_BENCH_H
#define MTASTS_SOCKETMAP_BENCH_H

#include "bench.h"
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#define BENCH_FD_MAX 65536 /* descriptors are below this */

/* As many descriptors as the system lets us have. */
static inline _unused_ void bench_raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* unix:/PATH or inet:127.0.0.1:PORT; its length, or 0 if it is neither. */
static inline _unused_ socklen_t
bench_address(const char *text, struct sockaddr_storage *ret_storage)
{
    static const char inet[] = "inet:127.0.0.1:";
    *ret_storage = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    if (strncmp(text, "unix:", 5) == 0) {
        struct sockaddr_un *un = (struct sockaddr_un *)ret_storage;
        un->sun_family = AF_UNIX;
        if (strlen(text + 5) >= sizeof(un->sun_path))
            return 0;
        memcpy(un->sun_path, text + 5, strlen(text + 5) + 1);
        return sizeof(*un);
    }
    if (strncmp(text, inet, strlen(inet)) != 0)
        return 0;
    struct sockaddr_in *in = (struct sockaddr_in *)ret_storage;
    in->sin_family = AF_INET;
    in->sin_port = htons((uint16_t)bench_number(text + strlen(inet), 65535));
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return in->sin_port ? sizeof(*in) : 0;
}

#endif
