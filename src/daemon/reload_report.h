/*
 * reload_report: what has become of a daemon's reloads, in a file beside its
 * pid file, for whoever has asked for one and waits.
 *
 * `begun` is counted before a reload looks at anything. So who has read the
 * file, then sends SIGHUP, and then finds `ended` above the `begun` of before,
 * knows that a whole reload lies in between, whoever else has asked for one.
 *
 * The file is replaced at each change, never written over.
 */
#ifndef MTASTS_DAEMON_RELOAD_REPORT_H
#define MTASTS_DAEMON_RELOAD_REPORT_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define RELOAD_REPORT_PATH_MAX 4096u /* octets of a path, with its end */
#define RELOAD_REPORT_LINES_MAX 8192u
#define RELOAD_REPORT_FILE_MAX (16u << 10) /* octets of the whole */

struct reload_report {
    pid_t pid;
    uint64_t begun;
    uint64_t ended;                    /* less than `begun`: one is under way */
    bool refused;                      /* the last one that has ended */
    char file[RELOAD_REPORT_PATH_MAX]; /* the configuration; "": none */
    /* Why it was refused, or what waits for a restart; each ends with \n. */
    char lines[RELOAD_REPORT_LINES_MAX];
};

/* Where the program `name` has it, in a run-directory. */
void reload_report_path(const char *folder, const char *name,
                        char ret_path[RELOAD_REPORT_PATH_MAX]);

/* Adds these lines; what finds no room is left out, with a word of it. */
void reload_report_add(struct reload_report *report, const char *lines);

/* -MTASTS_EIO, errno says more; -MTASTS_ENOMEM. */
int reload_report_write(const struct reload_report *report, const char *path);

/* -MTASTS_EIO, errno says more; -MTASTS_ESYNTAX. */
int reload_report_read(const char *path, struct reload_report *ret_report);

/* Of the text of a file. -MTASTS_ESYNTAX. */
int reload_report_parse(const char *text, size_t len,
                        struct reload_report *ret_report);

#endif
