/*
 * load_client: see the header. CPU times come from schedstat, which counts
 * nanoseconds.
 */
#include "load_client.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <time.h>

_Noreturn void load_fail(const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
            strerror(errno));
    exit(1);
}

uint64_t load_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int load_connect(const struct load_address *address)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address->storage,
                          address->len) != 0)
        load_fail("cannot connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

/* ---- times ---- */

static unsigned bucket_of(uint64_t ns)
{
    if (ns < LOAD_STEPS)
        return (unsigned)ns;
    unsigned power = 63u - (unsigned)__builtin_clzll(ns);
    return (power - 4u) * LOAD_STEPS +
           (unsigned)(ns >> (power - 5u)) % LOAD_STEPS;
}

static double bucket_us(unsigned bucket)
{
    if (bucket < LOAD_STEPS)
        return bucket / 1000.0;
    unsigned power = bucket / LOAD_STEPS + 4u;
    uint64_t ns = (uint64_t)(LOAD_STEPS + bucket % LOAD_STEPS) << (power - 5u);
    return (double)ns / 1000.0;
}

void load_times_add(struct load_times *times, uint64_t ns)
{
    times->buckets[bucket_of(ns)]++;
    times->count++;
}

double load_times_us(const struct load_times *times, double share)
{
    uint64_t wanted = (uint64_t)((double)times->count * share);
    uint64_t sum = 0;
    for (unsigned i = 0; i < LOAD_BUCKETS; i++) {
        sum += times->buckets[i];
        if (sum > wanted)
            return bucket_us(i);
    }
    return 0;
}

/* ---- CPU ---- */

/* Of one thread, in seconds: the first figure of its schedstat, in ns. */
static double thread_cpu(const char *tasks, const char *thread)
{
    char path[128];
    unsigned long long ns = 0;
    snprintf(path, sizeof(path), "%s/%.32s/schedstat", tasks, thread);
    _cleanup_file_ FILE *file = fopen(path, "re");
    char text[128];
    if (!file || !fgets(text, sizeof(text), file))
        return 0; /* it has ended meanwhile */
    for (const char *at = text; *at >= '0' && *at <= '9'; at++)
        ns = 10 * ns + (unsigned long long)(*at - '0');
    return (double)ns / 1e9;
}

double load_cpu_seconds(unsigned pid)
{
    char tasks[64];
    const struct dirent *entry;
    double sum = 0;
    snprintf(tasks, sizeof(tasks), "/proc/%u/task", pid);
    DIR *folder = opendir(tasks);
    if (!folder)
        load_fail(tasks);
    while ((entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            sum += thread_cpu(tasks, entry->d_name);
    closedir(folder);
    if (sum <= 0)
        load_fail("the kernel does not tell the CPU time of threads");
    return sum;
}
