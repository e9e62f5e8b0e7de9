/*
 * listener: the sockets of one address to listen on, and the connections
 * that come in there.
 *
 * TCP: SO_REUSEADDR, IPv6 without IPv4 in it, TCP_NODELAY and SO_KEEPALIVE
 * for every connection. UNIX: mode, owner and group are set before anybody
 * can connect; a socket file that nobody listens on any more is replaced, one
 * that is alive never; the file goes when the listener does. Sockets from
 * systemd are used as they are.
 *
 * When the system has no descriptor left, connections wait in the kernel's
 * queue and are tried for again after a while; nothing spins.
 */
#ifndef MTASTS_NET_LISTENER_H
#define MTASTS_NET_LISTENER_H

#include "net/inherited.h"
#include "net/listen_address.h"
#include "net/loop.h"

#define LISTENER_MODE 0660u       /* of a UNIX socket, if nothing is said */
#define LISTENER_SOCKETS_MAX 16u  /* of one name from systemd */
#define LISTENER_BACK_OFF_MS 100u /* before the next try to accept */

struct listener;

struct listener_options {
    unsigned mode;     /* of a UNIX socket; 0: LISTENER_MODE */
    const char *owner; /* name or number; NULL, "": whoever makes it */
    const char *group;
};

struct listener_user {
    /* Whether one more connection can be taken. On false it is asked again
       after LISTENER_BACK_OFF_MS. */
    bool (*room)(void *ctx);
    /* The system has no descriptor left: closes one, if it can spare one. */
    bool (*relieve)(void *ctx);
    /* Takes the descriptor over: non-blocking, close-on-exec. */
    void (*accepted)(void *ctx, int fd);
};

struct listener_stats {
    uint64_t accepted;
    uint64_t back_offs; /* how often connections had to wait for room */
};

/*
 * Opens what `text` says (listen_address.h); connections wait until it is
 * started. On failure `why` has a sentence: -MTASTS_EINVAL, _ETOOLONG (the
 * address), _ENOTFOUND (a directory, user, group or socket of systemd that is
 * not there), _ELIMIT (somebody listens there), _ESYSTEM, _ENOMEM.
 * `options` and `inherited` may be NULL; the latter outlives the listener.
 */
int listener_open(const char *text, const struct listener_options *options,
                  const struct inherited *inherited,
                  struct listener **ret_listener, char why[LISTEN_WHY_MAX]);

/* Begins to accept. `user` is copied. Once. */
int listener_start(struct listener *listener, struct loop *loop,
                   const struct listener_user *user, void *ctx);

/* Connections that were accepted are not touched. NULL is fine. */
void listener_free(struct listener *listener);

/* What listener_open() was given. */
const char *listener_text(const struct listener *listener);

/* The number of descriptors, and each of them. They stay the listener's. */
size_t listener_count(const struct listener *listener);
int listener_fd(const struct listener *listener, size_t index);

/* The TCP port of the first socket; 0: it has none. */
uint16_t listener_port(const struct listener *listener);

/* Whether only this machine reaches it: UNIX or loopback. */
bool listener_is_local(const struct listener *listener);

/* Whether it is UNIX throughout: who connects needs leave of its mode. */
bool listener_is_unix(const struct listener *listener);

void listener_stats(const struct listener *listener,
                    struct listener_stats *ret_stats);

DEFINE_CLEANUP(struct listener *, listener_free, listener)
#define _cleanup_listener_ _cleanup_(cleanup_listener)

#endif
