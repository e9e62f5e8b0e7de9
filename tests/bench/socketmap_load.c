/*
 * socketmap_load ADDRESS CONNECTIONS DEPTH MILLISECONDS PID MAP KEY REPLY:
 * asks a socketmap server the same question over and over.
 *
 * Every connection has DEPTH questions outstanding and asks the next one when
 * an answer comes. Prints one line: answers a second, the median and the 99th
 * percentile of the time to an answer in microseconds, and the CPU time of
 * process PID, user and system, all its threads, for an answer in
 * microseconds. A tenth of the time before that is not counted. Every answer
 * must be REPLY; anything else ends the program with exit status 1.
 *
 *     socketmap_load --idle ADDRESS COUNT: opens so many connections, prints
 *     "ready", and holds them until its stdin ends.
 */
#include "load_client.h"

#include <sys/epoll.h>

#define CONNECTIONS_MAX 20000u
#define DEPTH_MAX 128u
#define MS_MAX 600000u
#define PID_MAX_HERE 4194304u /* the kernel's own limit */
#define EVENTS_MAX 256
#define REQUEST_MAX 1000u
#define REPLY_MAX 2000u
#define INPUT_MAX 65536u

struct connection {
    int fd;
    size_t left; /* octets of a reply that is not whole */
    uint64_t sent[DEPTH_MAX];
    unsigned first; /* of those in `sent` */
};

struct load {
    int epoll;
    struct load_address address;
    struct connection *connections;
    unsigned count;
    unsigned depth;
    unsigned pid;
    char request[REQUEST_MAX];
    size_t request_len;
    char reply[REPLY_MAX]; /* what every answer must be */
    size_t reply_len;
    struct load_times times;
    bool counting;
};

/* ---- questions and answers ---- */

static void ask(const struct load *load, struct connection *connection,
                unsigned count)
{
    char data[DEPTH_MAX * REQUEST_MAX];
    for (unsigned i = 0; i < count; i++)
        memcpy(data + i * load->request_len, load->request, load->request_len);
    size_t len = count * load->request_len;
    if (send(connection->fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
        load_fail("cannot send");
}

static void count_answers(struct load *load, struct connection *connection,
                          unsigned count)
{
    uint64_t now = load_now_ns();
    for (unsigned i = 0; i < count; i++) {
        unsigned slot = connection->first++ % load->depth;
        if (load->counting)
            load_times_add(&load->times, now - connection->sent[slot]);
        connection->sent[slot] = now;
    }
}

static void read_answers(struct load *load, struct connection *connection)
{
    static char input[INPUT_MAX];
    ssize_t got = recv(connection->fd, input, sizeof(input), 0);
    if (got <= 0)
        load_fail("the server has hung up");
    size_t left = connection->left;
    size_t len = (size_t)got;
    for (size_t at = 0; at < len;) {
        size_t part = load->reply_len - left;
        part = MIN_OF(part, len - at);
        if (memcmp(input + at, load->reply + left, part) != 0)
            load_fail("an answer is not as it should be");
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

static void open_all(struct load *load)
{
    for (unsigned i = 0; i < load->count; i++) {
        struct connection *connection = &load->connections[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        *connection = (struct connection){.fd = load_connect(&load->address)};
        if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, connection->fd, &event) != 0)
            load_fail("epoll");
        uint64_t now = load_now_ns();
        for (unsigned k = 0; k < load->depth; k++)
            connection->sent[k] = now;
        ask(load, connection, load->depth);
    }
}

static void run_for(struct load *load, uint64_t ns)
{
    uint64_t end = load_now_ns() + ns;
    struct epoll_event events[EVENTS_MAX];
    while (load_now_ns() < end) {
        int count = epoll_wait(load->epoll, events, EVENTS_MAX, 1000);
        for (int i = 0; i < count; i++)
            read_answers(load, events[i].data.ptr);
    }
}

static void measure(struct load *load, unsigned ms)
{
    uint64_t ns = (uint64_t)ms * 1000000u;
    open_all(load);
    run_for(load, ns / 10);
    double cpu = load_cpu_seconds(load->pid);
    uint64_t begun = load_now_ns();
    load->counting = true;
    run_for(load, ns);
    double seconds = (double)(load_now_ns() - begun) / 1e9;
    cpu = load_cpu_seconds(load->pid) - cpu;
    if (load->times.count == 0)
        load_fail("no answers");
    printf("%.0f %.1f %.1f %.3f\n", (double)load->times.count / seconds,
           load_times_us(&load->times, 0.50), load_times_us(&load->times, 0.99),
           cpu * 1e6 / (double)load->times.count);
}

static int hold(struct load *load, const char *address, unsigned count)
{
    load->address.len = bench_address(address, &load->address.storage);
    if (load->address.len == 0 || count == 0)
        return 1;
    /* They are held until the process ends. */
    for (unsigned i = 0; i < count; i++)
        /* cppcheck-suppress leakReturnValNotUsed */
        load_connect(&load->address);
    printf("ready\n");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return 0;
}

static bool read_arguments(struct load *load, char **argv)
{
    size_t payload = strlen(argv[6]) + 1 + strlen(argv[7]);
    load->address.len = bench_address(argv[1], &load->address.storage);
    load->count = bench_number(argv[2], CONNECTIONS_MAX);
    load->depth = bench_number(argv[3], DEPTH_MAX);
    load->pid = bench_number(argv[5], PID_MAX_HERE);
    int len = snprintf(load->request, REQUEST_MAX, "%zu:%s %s,", payload,
                       argv[6], argv[7]);
    load->request_len = (size_t)len;
    len = snprintf(load->reply, REPLY_MAX, "%zu:%s,", strlen(argv[8]), argv[8]);
    load->reply_len = (size_t)len;
    return load->address.len && load->count && load->depth && load->pid &&
           load->request_len < REQUEST_MAX && load->reply_len < REPLY_MAX;
}

int main(int argc, char **argv)
{
    static struct load load;
    bench_raise_descriptors();
    if (argc == 4 && strcmp(argv[1], "--idle") == 0)
        return hold(&load, argv[2], bench_number(argv[3], CONNECTIONS_MAX));
    unsigned ms = argc == 9 ? bench_number(argv[4], MS_MAX) : 0;
    if (ms == 0 || !read_arguments(&load, argv)) {
        fprintf(stderr, "usage: socketmap_load ADDRESS CONNECTIONS DEPTH"
                        " MILLISECONDS PID MAP KEY REPLY\n");
        return 1;
    }
    load.epoll = epoll_create1(EPOLL_CLOEXEC);
    load.connections = calloc(load.count, sizeof(*load.connections));
    if (load.epoll < 0 || !load.connections)
        load_fail("no memory");
    measure(&load, ms);
    return 0;
}
