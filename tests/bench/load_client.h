/*
 * load_client: what the clients of the socketmap bench share: times to an
 * answer, the CPU time of the server, connections.
 */
#ifndef MTASTS_LOAD_CLIENT_H
#define MTASTS_LOAD_CLIENT_H

#include "socketmap_bench.h"
#include <stdint.h>

/* Times in buckets: 32 to each power of two, which is 3 %. */
#define LOAD_STEPS 32u
#define LOAD_BUCKETS (64u * LOAD_STEPS)

struct load_times {
    uint64_t count;
    uint64_t buckets[LOAD_BUCKETS];
};

void load_times_add(struct load_times *times, uint64_t ns);

/* Microseconds within which `share` (0 to 1) of the answers came. */
double load_times_us(const struct load_times *times, double share);

uint64_t load_now_ns(void); /* monotonic */

/* User and system, of all threads of a process so far. The ticks of its stat
   are too coarse. */
double load_cpu_seconds(unsigned pid);

/* Where to ask. */
struct load_address {
    struct sockaddr_storage storage;
    socklen_t len;
};

int load_connect(const struct load_address *address);

/* Ends the program with exit status 1 and a line that has errno's text. */
_Noreturn void load_fail(const char *what);

#endif
