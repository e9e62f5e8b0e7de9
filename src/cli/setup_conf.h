/*
 * setup_conf: options of the section policyd in mtasts.conf(5) set, and the
 * daemon told.
 */
#ifndef MTASTS_CLI_SETUP_CONF_H
#define MTASTS_CLI_SETUP_CONF_H

#include "cli/setup_files.h"
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
 * Appends the text of the file with the changes, once it was read as a
 * configuration that differs in them and in nothing else. Errors after a
 * complaint.
 */
int setup_conf_text(const char *who, const char *path,
                    const struct setup_changes *changes, struct buf *buf);

/* Writes it, with a copy of what was there (*ret_copy "": nothing was).
   Errors after a complaint. */
int setup_conf_write(const char *who, const char *path,
                     const struct setup_changes *changes,
                     char ret_copy[SETUP_PATH_MAX]);

/* A domain of which the running daemon holds a policy in enforce mode; false:
   it names none. */
bool setup_conf_domain(const struct config *config, char *ret_domain,
                       size_t size);

#endif
