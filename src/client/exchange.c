/*
 * exchange: a socket that never blocks, and poll() before each step, so that
 * the deadline holds whatever the peer does. No signal: SIGPIPE is turned
 * off for each send, and one that interrupts makes the step begin anew.
 */
#include "client/exchange.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include <errno.h>
#include <mtasts/error.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#define LENGTH_DIGITS 6u /* of EXCHANGE_REPLY_MAX */
#define FRAME_MAX (EXCHANGE_REPLY_MAX + LENGTH_DIGITS + sizeof(":"))
#define FIRST_READ 4096u /* octets: most replies are shorter */
/* A full backlog cannot be waited for: connect() is tried again so often. */
#define BACKLOG_MS 10

int64_t exchange_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits until `fd` (-1: none) has `events`, and for `most_ms` at most. */
static int wait_for(int fd, short events, int64_t deadline_ms, int most_ms)
{
    for (;;) {
        int64_t left = deadline_ms - exchange_now_ms();
        struct pollfd poll_fd = {.fd = fd, .events = events};
        int n;

        if (left <= 0)
            return -MTASTS_ETIMEDOUT;
        n = poll(&poll_fd, 1, (int)MIN_OF(left, (int64_t)most_ms));
        if (n > 0 || (n == 0 && most_ms < INT32_MAX))
            return 0;
        if (n < 0 && errno != EINTR)
            return -MTASTS_EIO;
    }
}

static int wait_io(int fd, short events, int64_t deadline_ms)
{
    return wait_for(fd, events, deadline_ms, INT32_MAX);
}

static int connect_to(int fd, const struct sockaddr_un *address,
                      int64_t deadline_ms)
{
    while (connect(fd, (const struct sockaddr *)address, sizeof(*address)) <
           0) {
        int error = 0;

        if (errno == EISCONN)
            return 0;
        if (errno == EAGAIN)
            error = wait_for(-1, 0, deadline_ms, BACKLOG_MS);
        else if (errno == EINPROGRESS || errno == EALREADY)
            error = wait_io(fd, POLLOUT, deadline_ms);
        else if (errno != EINTR)
            error = -MTASTS_EIO;
        if (error)
            return error;
    }
    return 0;
}

static int open_socket(const char *path, int64_t deadline_ms, int *ret_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    _cleanup_fd_ int fd = -1;
    int error;

    if (len >= sizeof(address.sun_path))
        return -MTASTS_ETOOLONG;
    memcpy(address.sun_path, path, len + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -MTASTS_EIO;
    error = connect_to(fd, &address, deadline_ms);
    if (error)
        return error;
    *ret_fd = fd;
    fd = -1; /* NOLINT(clang-analyzer-deadcode.DeadStores): its cleanup */
    return 0;
}

static int send_all(int fd, const char *data, size_t len, int64_t deadline_ms)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        int error = 0;

        if (n >= 0) {
            data += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            error = wait_io(fd, POLLOUT, deadline_ms);
        } else if (errno != EINTR) {
            error = -MTASTS_EIO;
        }
        if (error)
            return error;
    }
    return 0;
}

/* What has come is behind `buf` then, perhaps nothing. */
static int receive(int fd, char *buf, size_t size, int64_t deadline_ms,
                   size_t *len)
{
    ssize_t n = recv(fd, buf + *len, size - *len, 0);

    if (n > 0) {
        *len += (size_t)n;
        return 0;
    }
    if (n == 0) {
        errno = ECONNRESET; /* the daemon went away */
        return -MTASTS_EIO;
    }
    if (errno == EAGAIN)
        return wait_io(fd, POLLIN, deadline_ms);
    return errno == EINTR ? 0 : -MTASTS_EIO;
}

int exchange_parse(const char *data, size_t len, const char **ret_reply,
                   size_t *ret_len)
{
    size_t length = 0;
    size_t digits = 0;

    while (digits < len && ascii_is_digit(data[digits])) {
        if (digits == LENGTH_DIGITS || (digits > 0 && length == 0))
            return -MTASTS_ESYSTEM;
        length = 10 * length + (size_t)(data[digits++] - '0');
    }
    if (length > EXCHANGE_REPLY_MAX)
        return -MTASTS_ESYSTEM;
    if (digits == len)
        return 0;
    if (digits == 0 || data[digits] != ':')
        return -MTASTS_ESYSTEM;
    if (len - digits - 1 <= length)
        return 0;
    if (data[digits + 1 + length] != ',')
        return -MTASTS_ESYSTEM;
    *ret_reply = data + digits + 1;
    *ret_len = length;
    return 1;
}

/* Room for a usual reply first, then for the longest. */
static int make_room(char **buf, size_t *size, size_t len)
{
    size_t larger = *size ? FRAME_MAX : FIRST_READ;
    char *grown;

    if (len < *size)
        return 0;
    grown = realloc(*buf, larger);
    if (!grown)
        return -MTASTS_ENOMEM;
    *buf = grown;
    *size = larger;
    return 0;
}

static int receive_reply(int fd, int64_t deadline_ms, char **ret_reply,
                         size_t *ret_len)
{
    _cleanup_free_ char *buf = NULL;
    size_t size = 0;
    size_t len = 0;
    const char *reply = NULL;
    int r = make_room(&buf, &size, len);

    if (r < 0)
        return r;
    while ((r = exchange_parse(buf, len, &reply, ret_len)) == 0) {
        r = receive(fd, buf, size, deadline_ms, &len);
        if (r == 0)
            r = make_room(&buf, &size, len);
        if (r < 0)
            return r;
    }
    if (r < 0)
        return r;
    memmove(buf, reply, *ret_len);
    buf[*ret_len] = '\0'; /* where at least the comma was */
    *ret_reply = TAKE_PTR(buf);
    return 0;
}

int exchange(const char *path, const char *request, size_t len,
             int64_t deadline_ms, char **ret_reply, size_t *ret_len)
{
    _cleanup_fd_ int fd = -1;
    int error = open_socket(path, deadline_ms, &fd);

    if (!error)
        error = send_all(fd, request, len, deadline_ms);
    if (error)
        return error;
    return receive_reply(fd, deadline_ms, ret_reply, ret_len);
}
