/*
 * inherited: sockets that systemd opened before it started us
 * (sd_listen_fds(3)), by the FileDescriptorName= of their units.
 */
#ifndef MTASTS_NET_INHERITED_H
#define MTASTS_NET_INHERITED_H

#include "base/cleanup.h"
#include <stddef.h>

struct inherited;

/*
 * Takes over what was handed to this process, which may be nothing, and
 * removes it from the environment: programs that we start do not get it.
 * -MTASTS_ENOMEM, -MTASTS_ESYSTEM.
 */
int inherited_new(struct inherited **ret_inherited);

/* Closes them. NULL is fine. */
void inherited_free(struct inherited *inherited);

/*
 * The socket number `nth` (from 0) of this name, -MTASTS_ENOTFOUND past the
 * last one. It stays open, and inherited's; NULL has none.
 */
int inherited_fd(const struct inherited *inherited, const char *name,
                 size_t nth);

DEFINE_CLEANUP(struct inherited *, inherited_free, inherited)
#define _cleanup_inherited_ _cleanup_(cleanup_inherited)

#endif
