/*
 * listener: the sockets of one address. See listener.h.
 */
#include "net/listener.h"

#include "net/unix_path.h"
#include "net/why.h"
#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

/* Of connections that the kernel holds for us; it cuts this to somaxconn. */
#define BACKLOG 4096

/* Accepted in one turn of the loop: others want their turn too. */
#define ACCEPT_MAX 64u

struct door {
    int fd;
    struct loop_watch *watch;
    struct listener *listener;
};

struct listener {
    char *text;
    bool borrowed; /* the descriptors are systemd's */
    struct unix_path file;
    struct door doors[LISTENER_SOCKETS_MAX];
    size_t count;
    struct loop *loop; /* NULL: not started */
    struct loop_timer *back_off;
    struct listener_user user;
    void *ctx;
    struct listener_stats stats;
};

/* ---- opening ---- */

static int failed(const struct listener *listener, const char *what,
                  char why[LISTEN_WHY_MAX])
{
    int error = errno == EADDRINUSE ? -MTASTS_ELIMIT : -MTASTS_ESYSTEM;

    return why_say(why, error, "cannot %s %s: %s", what, listener->text,
                   strerrordesc_np(errno));
}

static void set_option(int fd, int level, int option)
{
    setsockopt(fd, level, option, &(int){1}, sizeof(int));
}

/* Connections inherit these from the socket that they come in by. Without
   TCP_NODELAY a second answer waits for the first one's ACK, 40 ms. */
static void set_tcp(int fd)
{
    set_option(fd, IPPROTO_TCP, TCP_NODELAY);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE);
}

static struct door *add_door(struct listener *listener, int fd)
{
    struct door *door = &listener->doors[listener->count++];

    *door = (struct door){.fd = fd, .listener = listener};
    return door;
}

static int open_inet(struct listener *listener,
                     const struct listen_address *address,
                     char why[LISTEN_WHY_MAX])
{
    struct sockaddr_storage storage;
    socklen_t len =
        address_sockaddr(&address->address, address->port, &storage);
    int fd = socket(storage.ss_family,
                    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return failed(listener, "open", why);
    add_door(listener, fd);
    set_option(fd, SOL_SOCKET, SO_REUSEADDR);
    if (address->address.ipv6)
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    set_tcp(fd);
    if (bind(fd, (const struct sockaddr *)&storage, len) < 0 ||
        listen(fd, BACKLOG) < 0)
        return failed(listener, "listen on", why);
    return 0;
}

static int open_unix(struct listener *listener, const char *path,
                     const struct listener_options *options,
                     char why[LISTEN_WHY_MAX])
{
    unsigned mode = options && options->mode ? options->mode : LISTENER_MODE;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return failed(listener, "open", why);
    add_door(listener, fd);
    int error =
        unix_path_bind(fd, path, mode, options ? options->owner : NULL,
                       options ? options->group : NULL, &listener->file, why);
    if (error)
        return error;
    return listen(fd, BACKLOG) < 0 ? failed(listener, "listen on", why) : 0;
}

static int family_of(int fd)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(storage);

    getsockname(fd, (struct sockaddr *)&storage, &len);
    return storage.ss_family;
}

static bool is_listening_stream(int fd)
{
    int type = 0, listening = 0;
    socklen_t len = sizeof(int);

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
           type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 &&
           listening;
}

static int borrow(struct listener *listener, const char *name,
                  const struct inherited *inherited, char why[LISTEN_WHY_MAX])
{
    int fd;

    listener->borrowed = true;
    while (listener->count < LISTENER_SOCKETS_MAX &&
           (fd = inherited_fd(inherited, name, listener->count)) >= 0) {
        int flags = fcntl(fd, F_GETFL);
        if (!is_listening_stream(fd) || flags < 0 ||
            fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
            return why_say(why, -MTASTS_EINVAL,
                           "what systemd gave us as %s is not a listening "
                           "stream socket: use ListenStream= with Accept=no",
                           name);
        if (family_of(fd) != AF_UNIX)
            set_tcp(fd);
        add_door(listener, fd);
    }
    if (listener->count > 0)
        return 0;
    return why_say(why, -MTASTS_ENOTFOUND,
                   "systemd gave us no socket named %s: a socket unit with "
                   "FileDescriptorName=%s must be started first",
                   name, name);
}

int listener_open(const char *text, const struct listener_options *options,
                  const struct inherited *inherited,
                  struct listener **ret_listener, char why[LISTEN_WHY_MAX])
{
    _cleanup_listener_ struct listener *listener = NULL;
    struct listen_address address;
    int error = listen_address_parse(text, &address, why);

    if (error)
        return error;
    listener = calloc(1, sizeof(*listener));
    if (!listener || !(listener->text = strdup(text)))
        return why_say(why, -MTASTS_ENOMEM, "%s",
                       mtasts_strerror(MTASTS_ENOMEM));
    switch (address.kind) {
    case LISTEN_INET: error = open_inet(listener, &address, why); break;
    case LISTEN_UNIX:
        error = open_unix(listener, address.name, options, why);
        break;
    case LISTEN_SYSTEMD:
        error = borrow(listener, address.name, inherited, why);
        break;
    }
    if (!error)
        *ret_listener = TAKE_PTR(listener);
    return error;
}

void listener_free(struct listener *listener)
{
    if (!listener)
        return;
    loop_timer_cancel(listener->back_off);
    /* The file first: whoever finds it gone knows that it is meant. */
    unix_path_remove(&listener->file);
    for (size_t i = 0; i < listener->count; i++) {
        loop_watch_cancel(listener->doors[i].watch);
        if (!listener->borrowed)
            close(listener->doors[i].fd);
    }
    free(listener->text);
    free(listener);
}

/* ---- accepting ---- */

static void watch_all(struct listener *listener, unsigned events)
{
    for (size_t i = 0; i < listener->count; i++)
        loop_watch_change(listener->doors[i].watch, events);
}

static void on_back_off(void *ctx)
{
    struct listener *listener = ctx;

    listener->back_off = NULL;
    watch_all(listener, LOOP_READ);
}

/* Lets connections wait in the kernel's queue for a while. Without memory
   for a timer we try again at once: better to spin than to be deaf. */
static void back_off(struct listener *listener)
{
    listener->stats.back_offs++;
    if (loop_timer(listener->loop, LISTENER_BACK_OFF_MS, on_back_off, listener,
                   &listener->back_off) == 0)
        watch_all(listener, 0);
}

/* Without descriptors accept() fails whether anybody waits or not. */
static bool is_anybody_there(int fd)
{
    struct pollfd pollfd = {.fd = fd, .events = POLLIN};

    return poll(&pollfd, 1, 0) > 0;
}

/* After a failure: whether to try again at once. */
static bool go_on(struct listener *listener, int fd)
{
    switch (errno) {
    case EAGAIN: return false;
    case EINTR:
    case ECONNABORTED: return true;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        if (!is_anybody_there(fd))
            return false;
        if (listener->user.relieve(listener->ctx))
            return true;
        break;
    default: break; /* of the network: accept(2) lists a dozen */
    }
    back_off(listener);
    return false;
}

static void on_readable(void *ctx, int fd, unsigned events)
{
    const struct door *door = ctx;
    struct listener *listener = door->listener;

    (void)events;
    for (unsigned i = 0; i < ACCEPT_MAX; i++) {
        if (!listener->user.room(listener->ctx)) {
            back_off(listener);
            return;
        }
        int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
            listener->stats.accepted++;
            listener->user.accepted(listener->ctx, accepted);
        } else if (!go_on(listener, fd)) {
            return;
        }
    }
}

int listener_start(struct listener *listener, struct loop *loop,
                   const struct listener_user *user, void *ctx)
{
    listener->loop = loop;
    listener->user = *user;
    listener->ctx = ctx;
    for (size_t i = 0; i < listener->count; i++) {
        struct door *door = &listener->doors[i];
        int error = loop_watch(loop, door->fd, LOOP_READ, on_readable, door,
                               &door->watch);
        if (error)
            return error;
    }
    return 0;
}

/* ---- asking ---- */

const char *listener_text(const struct listener *listener)
{
    return listener->text;
}

size_t listener_count(const struct listener *listener)
{
    return listener->count;
}

int listener_fd(const struct listener *listener, size_t index)
{
    return listener->doors[index].fd;
}

uint16_t listener_port(const struct listener *listener)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(storage);

    getsockname(listener->doors[0].fd, (struct sockaddr *)&storage, &len);
    if (storage.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&storage)->sin_port);
    if (storage.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&storage)->sin6_port);
    return 0;
}

static bool is_loopback(int fd)
{
    static const uint8_t loopback6[16] = {[15] = 1};
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(storage);
    struct address address;

    if (getsockname(fd, (struct sockaddr *)&storage, &len) < 0 ||
        address_from_sockaddr((const struct sockaddr *)&storage, &address) < 0)
        return false;
    return address.ipv6 ? memcmp(address.octets, loopback6, 16) == 0
                        : address.octets[0] == IN_LOOPBACKNET;
}

bool listener_is_local(const struct listener *listener)
{
    for (size_t i = 0; i < listener->count; i++)
        if (family_of(listener->doors[i].fd) != AF_UNIX &&
            !is_loopback(listener->doors[i].fd))
            return false;
    return true;
}

bool listener_is_unix(const struct listener *listener)
{
    for (size_t i = 0; i < listener->count; i++)
        if (family_of(listener->doors[i].fd) != AF_UNIX)
            return false;
    return true;
}

void listener_stats(const struct listener *listener,
                    struct listener_stats *ret_stats)
{
    *ret_stats = listener->stats;
}
