/*
 * doors: the sockets that policyd listens on, each with the protocol behind
 * it.
 *
 * They are opened while the daemon still may, and let nobody in before they
 * are started.
 */
#ifndef MTASTS_POLICYD_DOORS_H
#define MTASTS_POLICYD_DOORS_H

#include "daemon/config.h"
#include "net/listener.h"

struct doors;
struct policyd;

enum door_kind {
    DOOR_SOCKETMAP,
    DOOR_EXIM,
    DOOR_HTTP,
    DOOR_KINDS,
};

/* Errors are logged. */
int doors_open(const struct config *config, const struct inherited *inherited,
               struct doors **ret_doors);
void doors_free(struct doors *doors); /* NULL is fine */

/* Whoever stands behind the doors of one kind. */
typedef int door_fn(void *ctx, struct listener *listener);

/* Lets them in at all doors of `kind`. Errors are logged. */
int doors_start(struct doors *doors, enum door_kind kind, door_fn *fn,
                void *ctx);

/* Whether the configuration wants other doors than these. */
bool doors_differ(const struct doors *doors, const struct config *config);

#endif
