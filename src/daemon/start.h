/*
 * start: the life of a daemon, from main() to its end.
 *
 *     read the configuration        as who started it (often root)
 *     role->open                    sockets, and what only root may open
 *     become the user, for good
 *     enter the sandbox
 *     role->start                   files, look-ups, threads
 *     tell systemd; turn the loop   SIGHUP: role->reload
 *     role->stop                    SIGTERM, SIGINT
 *
 * The role says what the daemon is; all else is the same for all of them.
 * Nothing forks into the background: systemd or `mtasts run` holds it.
 */
#ifndef MTASTS_DAEMON_START_H
#define MTASTS_DAEMON_START_H

#include "daemon/config.h"
#include "daemon/sandbox.h"
#include "net/loop.h"

/* Exit statuses. systemd is told not to start again what has no use. */
enum daemon_exit {
    DAEMON_EXIT_FINE = 0,
    DAEMON_EXIT_FAILED = 1,
    DAEMON_EXIT_USAGE = 2,
    DAEMON_EXIT_CONFIG = 78, /* EX_CONFIG: the configuration has faults */
};

#define DAEMON_CONFIG_PATH "/etc/mtasts/mtasts.conf"

struct daemon;

/*
 * What a daemon does. Those that can fail return 0 or a negative error, after
 * they have logged what went wrong with the details that they have. NULL:
 * there is nothing to do.
 */
struct daemon_role {
    const char *name;    /* of the program: "mtasts-policyd" */
    const char *summary; /* a phrase, for --help */

    /* Looks at the files that a configuration names, for --check: each fault
       is a line in `faults`. */
    int (*check)(const struct config *config, struct buf *faults);

    /* Adds files and folders of its own to what the sandbox leaves. */
    void (*grant)(const struct config *config, struct sandbox *sandbox);

    /* Opens what the user will not be able to; *ret_state is handed to the
       others. No threads, no look-ups, nothing written. On failure it has
       freed what it had. */
    int (*open)(struct daemon *daemon, void **ret_state);

    /* Begins to work. What it has begun goes on in the loop. On failure stop
       is called. */
    int (*start)(void *state);

    /* Goes over to another configuration, wholly or not at all: on failure
       the old one stays in force and `config` goes. On success pointers into
       the old one are dead once it has returned. */
    int (*reload)(void *state, const struct config *config);

    /* A sentence of what it is doing, for `systemctl status`. */
    void (*status)(void *state, struct buf *buf);

    /* Ends and frees all, *ret_state included. */
    void (*stop)(void *state);
};

/* The whole of main(): returns the exit status. */
int daemon_main(const struct daemon_role *role, int argc, char **argv);

/* For the functions of the role. */
struct loop *daemon_loop(const struct daemon *daemon);

/* What is in force; another one after a reload. */
const struct config *daemon_config(const struct daemon *daemon);

/* Sockets from systemd, for listener_open(). */
struct inherited;
const struct inherited *daemon_inherited(const struct daemon *daemon);

/* Ends it after the callback that is running; `failed`: with status 1. */
void daemon_stop(struct daemon *daemon, bool failed);

/*
 * For the role's reload: why a configuration will not do, a sentence or lines
 * of them. Logged, and told to who has asked by `mtasts reload`.
 */
void daemon_refuse(struct daemon *daemon, const char *why);

/* For the role's reload: an option that it takes at its start only. If the
   values differ that is logged, and told as above. */
void daemon_waits(struct daemon *daemon, const char *option, const char *was,
                  const char *is);

/* As SIGHUP does. */
void daemon_reload(struct daemon *daemon);

#endif
