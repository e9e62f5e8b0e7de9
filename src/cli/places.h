/*
 * places: where a configuration is, and the folders of daemons, for whoever
 * runs the program.
 *
 * root has those of the system: /etc/mtasts/mtasts.conf, and the defaults of
 * the options state-directory and run-directory. Another user may have a file
 * of his own, which then counts, and folders of his own:
 *
 *     $XDG_CONFIG_HOME/mtasts/mtasts.conf   or ~/.config/mtasts/mtasts.conf
 *     $XDG_STATE_HOME/mtasts                or ~/.local/state/mtasts
 *     $XDG_RUNTIME_DIR/mtasts
 *
 * What a configuration says of folders goes before all of them. They are
 * handed on as systemd hands over its own, in STATE_DIRECTORY and
 * RUNTIME_DIRECTORY; daemons that are started from here inherit them.
 */
#ifndef MTASTS_CLI_PLACES_H
#define MTASTS_CLI_PLACES_H

#include "daemon/config.h"

enum places_use {
    PLACES_FIND, /* a user's own folders where they are there already, since
                    he may look for daemons of the system as well */
    PLACES_MAKE, /* for daemons to be started: his own in any case */
};

/*
 * Loads `file`; NULL: the usual one; "": none, the defaults. Its path is that
 * of the configuration, "" without one. Errors after a complaint, which has a
 * line "FILE:LINE: what; way out" for every fault: -MTASTS_EIO (cannot be
 * read), -MTASTS_ETOOLONG, -MTASTS_ESYNTAX, -MTASTS_ENOMEM.
 */
int places_load(const char *who, const char *file, enum places_use use,
                struct config **ret_config);

/* The same of a text, which complaints call `name`. */
int places_parse(const char *who, const char *name, const char *text,
                 size_t len, enum places_use use, struct config **ret_config);

/* Faults as they are told: a line each on stderr, made harmless. */
void places_tell_faults(const struct buf *faults);

/* What people are told that it is: "FILE", or that there is none. */
const char *places_name(const struct config *config);

#endif
