/*
 * socketmap_floor ADDRESS REQUEST_OCTETS REPLY: what a socketmap server costs
 * at the least.
 *
 * One epoll, one read and one write for each connection that has something to
 * say, and for every REQUEST_OCTETS that came in the octets of REPLY go out.
 * It looks at nothing, limits nothing and waits for nobody: a client that
 * does not read is closed. ADDRESS is unix:/PATH or inet:127.0.0.1:PORT.
 * Prints "ready" once it listens.
 */
#include "bench.h"
#include "socketmap_bench.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#define BACKLOG 4096
#define EVENTS_MAX 256           /* taken from epoll in one call */
#define INPUT_MAX 16384u         /* octets read at once */
#define REQUEST_OCTETS_MAX 1000u /* of one request */

struct floor {
    int epoll;
    int listener;
    size_t request_len;
    size_t reply_len;
    char *replies; /* as many as INPUT_MAX octets can ask for */
    size_t *left;  /* octets of a request that is not whole, by descriptor */
};

static void accept_all(const struct floor *floor)
{
    for (;;) {
        int fd =
            accept4(floor->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (fd < 0)
            return;
        if (fd >= BENCH_FD_MAX) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        floor->left[fd] = 0;
        if (epoll_ctl(floor->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            exit(1);
    }
}

static void serve(const struct floor *floor, int fd)
{
    char input[INPUT_MAX];
    ssize_t len = recv(fd, input, sizeof(input), 0);
    if (len < 0 && errno == EAGAIN)
        return;
    if (len <= 0) {
        close(fd);
        return;
    }
    size_t octets = floor->left[fd] + (size_t)len;
    size_t reply_octets = octets / floor->request_len * floor->reply_len;
    floor->left[fd] = octets % floor->request_len;
    if (reply_octets > 0 && send(fd, floor->replies, reply_octets,
                                 MSG_NOSIGNAL) != (ssize_t)reply_octets)
        close(fd);
}

_Noreturn static void run(const struct floor *floor)
{
    struct epoll_event events[EVENTS_MAX];
    for (;;) {
        int count = epoll_wait(floor->epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == floor->listener)
                accept_all(floor);
            else
                serve(floor, events[i].data.fd);
        }
    }
}

static int listen_at(const char *address)
{
    struct sockaddr_storage storage;
    socklen_t len = bench_address(address, &storage);
    if (len == 0)
        return -1;
    int fd = socket(storage.ss_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, (const struct sockaddr *)&storage, len) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool prepare(struct floor *floor, const char *reply)
{
    size_t count = INPUT_MAX / floor->request_len + 1;
    floor->reply_len = strlen(reply);
    floor->replies = malloc(count * floor->reply_len + 1);
    floor->left = calloc(BENCH_FD_MAX, sizeof(*floor->left));
    floor->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (!floor->replies || !floor->left || floor->epoll < 0)
        return false;
    for (size_t i = 0; i < count; i++)
        memcpy(floor->replies + i * floor->reply_len, reply, floor->reply_len);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = floor->listener};
    return epoll_ctl(floor->epoll, EPOLL_CTL_ADD, floor->listener, &event) == 0;
}

int main(int argc, char **argv)
{
    struct floor floor = {.listener = argc == 4 ? listen_at(argv[1]) : -1};
    if (floor.listener < 0) {
        fprintf(stderr, "usage: socketmap_floor ADDRESS REQUEST_OCTETS REPLY"
                        " (or the address is taken)\n");
        return 1;
    }
    floor.request_len = bench_number(argv[2], REQUEST_OCTETS_MAX);
    if (floor.request_len == 0 || !prepare(&floor, argv[3]))
        return 1;
    printf("ready\n");
    fflush(stdout);
    run(&floor);
}
