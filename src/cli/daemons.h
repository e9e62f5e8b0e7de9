/*
 * daemons: the daemons of mtasts as a table; one row adds one.
 */
#ifndef MTASTS_CLI_DAEMONS_H
#define MTASTS_CLI_DAEMONS_H

#include "daemon/config.h"

struct daemon_row {
    const char *name;    /* of its section, and in the log of `mtasts run` */
    const char *program; /* also what its pid file is called by */
    size_t enabled;      /* offset of a bool in struct config */
    /* Looks at the files that the configuration names: a line in `faults` for
       each fault. As config_load(). NULL: it names none. */
    int (*check)(const struct config *config, struct buf *faults);
};

extern const struct daemon_row daemon_rows[];
extern const size_t daemon_row_count;

static inline bool daemon_is_enabled(const struct daemon_row *row,
                                     const struct config *config)
{
    return *(const bool *)((const char *)config + row->enabled);
}

/* All of their checks: the last error, after a line in `faults` for every
   fault. */
int daemons_check(const struct config *config, struct buf *faults);

#define DAEMON_PATH_MAX 4096u /* octets of a path, with its end */

/*
 * Finds a program beside our own, or from there in ../sbin or ../libexec.
 * -MTASTS_ENOTFOUND; then *ret_path is our own folder. -MTASTS_ESYSTEM.
 */
int daemon_find(const char *program, char ret_path[DAEMON_PATH_MAX]);

#endif
