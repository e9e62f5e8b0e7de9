/*
 * setup_conf: mtasts.conf(5) for `mtasts setup`: read, options of its section
 * policyd set in its text, and the daemon that runs by it asked.
 */
#ifndef MTASTS_CLI_SETUP_CONF_H
#define MTASTS_CLI_SETUP_CONF_H

#include "base/buf.h"
#include "cli/setup_findings.h"
#include "daemon/config.h"

/* As places_load(); but a file that is not there yet is an empty one. */
int setup_conf_load(const char *who, const char *file,
                    struct config **ret_config);

/* What people are told that it is. */
const char *setup_conf_name(const struct config *config);

/* The file that is meant: that of `config`, or else the system's. */
const char *setup_conf_path(const struct config *config);

/*
 * Appends the text of the file to `before`, if it is there, and to `buf` that
 * with the changes, once it was read as a configuration that differs in them
 * and in nothing else. Errors after a complaint.
 */
int setup_conf_text(const char *who, const char *path,
                    const struct setup_changes *changes, bool *ret_there,
                    struct buf *before, struct buf *buf);

/* A domain of which the running daemon holds a policy in enforce mode; false:
   it names none. */
bool setup_conf_domain(const struct config *config, char *ret_domain,
                       size_t size);

/* Whether it runs by its file as that was before it was changed; false: it
   does not, or does not say. */
bool setup_conf_is_stale(const struct config *config);

#endif
