/*
 * exim_conf: Exim's printouts and Debian's files for it, read; and the lines
 * with which it includes ours.
 *
 * Pure.
 */
#ifndef MTASTS_CLI_EXIM_CONF_H
#define MTASTS_CLI_EXIM_CONF_H

#include "base/buf.h"
#include <stdbool.h>

#define EXIM_VALUE_MAX 1024u /* octets of a value, with its end */

/* What "exim -bV" says. */
struct exim_program {
    char version[EXIM_VALUE_MAX]; /* "": it is no Exim */
    unsigned major;
    unsigned minor;
    char file[EXIM_VALUE_MAX]; /* the configuration that is in force; "" */
    bool tls;
    bool event;
    bool dane;
    bool dnsdb;
};

void exim_program_read(const char *text, struct exim_program *ret_program);

/* The value of "NAME = VALUE" as "exim -bP NAME" prints it. */
bool exim_option(const char *text, const char *name,
                 char ret_value[EXIM_VALUE_MAX]);

/* The value of NAME='VALUE' in update-exim4.conf.conf(5); "": none. */
void exim_debian_option(const char *text, const char *name,
                        char ret_value[EXIM_VALUE_MAX]);

/* Whether it is what mtasts-policyd answers: `printed` is the output of
   "exim -be", which may be that it failed. */
bool exim_is_answer(const char *printed);

enum exim_part {
    EXIM_MAIN,
    EXIM_ROUTERS,
    EXIM_TRANSPORTS,
    EXIM_PARTS,
};

/* The lines of a part: it includes the file of its name in `folder`. `socket`
   is where Exim asks. */
void exim_part_lines(enum exim_part part, const char *folder,
                     const char *socket, struct buf *buf);

/* Where the part is in Debian's split configuration, "router/150_mtasts". */
const char *exim_part_file(enum exim_part part);

/*
 * Appends Debian's exim4.conf.template with all parts, each behind its
 * section's usual predecessor, in the place of those that are there.
 * -MTASTS_ENOTFOUND: it is not as Debian has it; what `buf` says.
 */
int exim_template_edit(const char *text, const char *folder, const char *socket,
                       struct buf *buf);

#endif
