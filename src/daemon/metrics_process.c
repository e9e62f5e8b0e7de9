/*
 * metrics_process: what every process tells of itself. See metrics.h.
 *
 * The names are those of Prometheus' own client libraries.
 */
#include "base/number.h"
#include "daemon/metrics.h"
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define STAT_MAX 4096u
#define STAT_START 22u /* which field of /proc/self/stat is the start */
#define STATM_RESIDENT 2u
#define NAMES_MAX 32768u /* octets of names read at once */

static void put(struct buf *buf, const char *name, const char *kind,
                const char *help, double value)
{
    buf_printf(buf, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name,
               kind, name, value);
}

/*
 * Field `index` (from 1) of a file of numbers apart by blanks; `after` is a
 * character whose last place comes before field 3, or 0. False: not to be had.
 */
static bool read_field(const char *path, char after, unsigned index,
                       uint64_t *ret_number)
{
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[STAT_MAX];
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    const char *at = text;

    if (got <= 0)
        return false;
    text[got] = '\0';
    if (after) {
        at = strrchr(text, after);
        if (!at)
            return false;
        index--; /* the place itself ends field 2 */
    }
    for (; index > 1 && at; index--) {
        at = strchr(at, ' ');
        at = at ? at + 1 : NULL;
    }
    return at &&
           number_parse(at, strcspn(at, " \n"), UINT64_MAX, ret_number) == 0;
}

static void put_cpu(struct buf *buf)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) < 0)
        return;
    put(buf, "process_cpu_seconds_total", "counter",
        "Time of processors used, user and system",
        (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
            (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
}

static void put_memory(struct buf *buf)
{
    uint64_t pages;

    if (read_field("/proc/self/statm", 0, STATM_RESIDENT, &pages))
        put(buf, "process_resident_memory_bytes", "gauge",
            "Memory that is resident",
            (double)pages * (double)sysconf(_SC_PAGESIZE));
}

/* The names in a folder; 0 if it cannot be read. */
static unsigned count_names(const char *path)
{
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_free_ char *room = malloc(NAMES_MAX);
    unsigned count = 0;
    ssize_t got;

    if (fd < 0 || !room)
        return 0;
    while ((got = getdents64(fd, room, NAMES_MAX)) > 0) {
        for (ssize_t at = 0; at < got; count++) {
            const struct dirent64 *name = (const void *)(room + at);

            at += name->d_reclen;
        }
    }
    return count;
}

static void put_descriptors(struct buf *buf)
{
    unsigned count = count_names("/proc/self/fd");
    struct rlimit limit;

    /* Less the one that was open for it, and the names "." and "..". */
    if (count > 3)
        put(buf, "process_open_fds", "gauge", "Descriptors that are open",
            count - 3);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        put(buf, "process_max_fds", "gauge", "Descriptors at most",
            (double)limit.rlim_cur);
}

/* The start is told in ticks since the machine came up. */
static void put_start(struct buf *buf)
{
    struct timespec wall;
    struct timespec up;
    uint64_t ticks;

    if (!read_field("/proc/self/stat", ')', STAT_START, &ticks) ||
        clock_gettime(CLOCK_REALTIME, &wall) < 0 ||
        clock_gettime(CLOCK_BOOTTIME, &up) < 0)
        return;
    put(buf, "process_start_time_seconds", "gauge",
        "When it was started, in seconds since 1970",
        (double)(wall.tv_sec - up.tv_sec) +
            (double)ticks / (double)sysconf(_SC_CLK_TCK));
}

int metrics_write_process(struct buf *buf)
{
    put_cpu(buf);
    put_memory(buf);
    put_descriptors(buf);
    put_start(buf);
    return buf->error;
}
