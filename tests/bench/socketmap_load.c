/*
 * socketmap_load ADDRESS CONNECTIONS DEPTH MILLISECONDS PID MAP KEY: asks a
 * socketmap server the same question over and over.
 *
 * Every connection has DEPTH questions outstanding and asks the next one when
 * an answer comes. Prints one line: answers a second, the median and the 99th
 * percentile of the time to an answer in microseconds, and the CPU time of
 * process PID, user and system, all its threads, for an answer in
 * microseconds. A tenth of the time before that is not counted. Every answer
 * must be the same and begin with OK; anything else ends the program with
 * exit status 1.
 *
 *     socketmap_load --idle ADDRESS COUNT: opens so many connections, prints
 *     "ready", and holds them until its stdin ends.
 */
#include "bench.h"
#include "socketmap_bench.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <time.h>

#define CONNECTIONS_MAX 20000u
#define DEPTH_MAX 128u
#define MS_MAX 600000u
#define PID_MAX_HERE 4194304u /* the kernel's own limit */
#define EVENTS_MAX 256
#define REQUEST_MAX 1000u
#define REPLY_MAX 100016u /* octets of the longest netstring */
#define INPUT_MAX (REPLY_MAX + 65536u)

/* Times in buckets: 32 to each power of two, which is 3 %. */
#define STEPS 32u
#define BUCKETS (64u * STEPS)

struct connection {
    int fd;
    size_t left; /* octets of a reply that is not whole */
    uint64_t sent[DEPTH_MAX];
    unsigned first; /* of those in `sent` */
};

struct load {
    int epoll;
    struct sockaddr_storage storage;
    socklen_t storage_len;
    struct connection *connections;
    unsigned count;
    unsigned depth;
    unsigned pid;
    char request[REQUEST_MAX];
    size_t request_len;
    char *reply; /* what every answer must be; its length is 0 before one */
    size_t reply_len;
    uint64_t answers;
    uint64_t buckets[BUCKETS];
    bool counting;
};

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "socketmap_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- times ---- */

static unsigned bucket_of(uint64_t ns)
{
    if (ns < STEPS)
        return (unsigned)ns;
    unsigned power = 63u - (unsigned)__builtin_clzll(ns);
    return (power - 4u) * STEPS + (unsigned)(ns >> (power - 5u)) % STEPS;
}

static double bucket_us(unsigned bucket)
{
    if (bucket < STEPS)
        return bucket / 1000.0;
    unsigned power = bucket / STEPS + 4u;
    uint64_t ns = (uint64_t)(STEPS + bucket % STEPS) << (power - 5u);
    return (double)ns / 1000.0;
}

static double percentile(const struct load *load, double share)
{
    uint64_t wanted = (uint64_t)((double)load->answers * share);
    uint64_t sum = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        sum += load->buckets[i];
        if (sum > wanted)
            return bucket_us(i);
    }
    return 0;
}

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

/* Of all threads of a process. The ticks of its stat are too coarse. */
static double cpu_seconds(unsigned pid)
{
    char tasks[64];
    const struct dirent *entry;
    double sum = 0;
    snprintf(tasks, sizeof(tasks), "/proc/%u/task", pid);
    DIR *folder = opendir(tasks);
    if (!folder)
        fail(tasks);
    while ((entry = readdir(folder)))
        if (entry->d_name[0] != '.')
            sum += thread_cpu(tasks, entry->d_name);
    closedir(folder);
    if (sum <= 0)
        fail("the kernel does not tell the CPU time of threads");
    return sum;
}

/* ---- questions and answers ---- */

static void ask(const struct load *load, struct connection *connection,
                unsigned count)
{
    char data[DEPTH_MAX * REQUEST_MAX];
    for (unsigned i = 0; i < count; i++)
        memcpy(data + i * load->request_len, load->request, load->request_len);
    size_t len = count * load->request_len;
    if (send(connection->fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
        fail("cannot send");
}

static void learn(struct load *load, const char *data, size_t len)
{
    const char *colon = memchr(data, ':', len);
    size_t whole = bench_number(data, REPLY_MAX);
    if (!colon || whole == 0 || strncmp(colon, ":OK ", 4) != 0)
        fail("the answer is not OK");
    whole += (size_t)(colon + 2 - data);
    if (whole != len)
        fail("the first answer is not one whole netstring");
    memcpy(load->reply, data, len);
    load->reply_len = len;
}

static void count_answers(struct load *load, struct connection *connection,
                          unsigned count)
{
    uint64_t now = now_ns();
    for (unsigned i = 0; i < count; i++) {
        unsigned slot = connection->first++ % load->depth;
        if (load->counting) {
            load->buckets[bucket_of(now - connection->sent[slot])]++;
            load->answers++;
        }
        connection->sent[slot] = now;
    }
}

static void read_answers(struct load *load, struct connection *connection)
{
    static char input[INPUT_MAX];
    ssize_t got = recv(connection->fd, input, sizeof(input), 0);
    if (got <= 0)
        fail("the server has hung up");
    size_t left = connection->left;
    size_t len = (size_t)got;
    for (size_t at = 0; at < len;) {
        size_t part = load->reply_len - left;
        part = MIN_OF(part, len - at);
        if (memcmp(input + at, load->reply + left, part) != 0)
            fail("an answer is not like the first");
        at += part;
        left = (left + part) % load->reply_len;
    }
    unsigned count = (unsigned)((connection->left + len) / load->reply_len);
    connection->left = left;
    count_answers(load, connection, count);
    if (count > 0)
        ask(load, connection, count);
}

/* ---- runs ---- */

static int connect_one(const struct load *load)
{
    int fd = socket(load->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&load->storage,
                          load->storage_len) != 0)
        fail("cannot connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return fd;
}

/* One question and answer alone, to know what all of them must be like. */
static void first_answer(struct load *load)
{
    struct connection connection = {.fd = connect_one(load)};
    ask(load, &connection, 1);
    char *input = load->reply + REPLY_MAX;
    ssize_t len = recv(connection.fd, input, REPLY_MAX, 0);
    if (len <= 0)
        fail("no answer");
    learn(load, input, (size_t)len);
    close(connection.fd);
}

static void open_all(struct load *load)
{
    for (unsigned i = 0; i < load->count; i++) {
        struct connection *connection = &load->connections[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        *connection = (struct connection){.fd = connect_one(load)};
        if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0)
            fail("epoll");
        uint64_t now = now_ns();
        for (unsigned k = 0; k < load->depth; k++)
            connection->sent[k] = now;
        ask(load, connection, load->depth);
    }
}

static void run_for(struct load *load, uint64_t ns)
{
    uint64_t end = now_ns() + ns;
    struct epoll_event events[EVENTS_MAX];
    while (now_ns() < end) {
        int count = epoll_wait(load->epoll, events, EVENTS_MAX, 1000);
        for (int i = 0; i < count; i++)
            read_answers(load, events[i].data.ptr);
    }
}

static void measure(struct load *load, unsigned ms)
{
    uint64_t ns = (uint64_t)ms * 1000000u;
    first_answer(load);
    open_all(load);
    run_for(load, ns / 10);
    double cpu = cpu_seconds(load->pid);
    uint64_t begun = now_ns();
    load->counting = true;
    run_for(load, ns);
    double seconds = (double)(now_ns() - begun) / 1e9;
    cpu = cpu_seconds(load->pid) - cpu;
    if (load->answers == 0)
        fail("no answers");
    printf("%.0f %.1f %.1f %.3f\n", (double)load->answers / seconds,
           percentile(load, 0.50), percentile(load, 0.99),
           cpu * 1e6 / (double)load->answers);
}

static int hold(struct load *load, const char *address, unsigned count)
{
    load->storage_len = bench_address(address, &load->storage);
    if (load->storage_len == 0 || count == 0)
        return 1;
    /* They are held until the process ends. */
    for (unsigned i = 0; i < count; i++)
        /* cppcheck-suppress leakReturnValNotUsed */
        connect_one(load);
    printf("ready\n");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}

static bool read_arguments(struct load *load, char **argv)
{
    size_t payload = strlen(argv[6]) + 1 + strlen(argv[7]);
    load->storage_len = bench_address(argv[1], &load->storage);
    load->count = bench_number(argv[2], CONNECTIONS_MAX);
    load->depth = bench_number(argv[3], DEPTH_MAX);
    load->pid = bench_number(argv[5], PID_MAX_HERE);
    int len = snprintf(load->request, REQUEST_MAX, "%zu:%s %s,", payload,
                       argv[6], argv[7]);
    load->request_len = (size_t)len;
    return load->storage_len && load->count && load->depth && load->pid &&
           load->request_len < REQUEST_MAX;
}

int main(int argc, char **argv)
{
    static struct load load;
    bench_raise_descriptors();
    if (argc == 4 && strcmp(argv[1], "--idle") == 0)
        return hold(&load, argv[2], bench_number(argv[3], CONNECTIONS_MAX));
    unsigned ms = argc == 8 ? bench_number(argv[4], MS_MAX) : 0;
    if (ms == 0 || !read_arguments(&load, argv)) {
        fprintf(stderr, "usage: socketmap_load ADDRESS CONNECTIONS DEPTH"
                        " MILLISECONDS PID MAP KEY\n");
        return 1;
    }
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.connections = calloc(load.count, sizeof(*load.connections));
    load.reply = malloc(2 * (size_t)REPLY_MAX);
    if (load.epoll < 0 || !load.connections || !load.reply)
        fail("no memory");
    measure(&load, ms);
    return 0;
}
