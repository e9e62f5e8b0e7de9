/*
 * sendmail_cf: Sendmail's files, and what `sendmail -bt` prints, read.
 *
 * Pure. sendmail.cf is what runs, sendmail.mc what it is made of by m4(1).
 */
#ifndef MTASTS_CLI_SENDMAIL_CF_H
#define MTASTS_CLI_SENDMAIL_CF_H

#include "base/buf.h"
#include <stdbool.h>

#define SENDMAIL_VALUE_MAX 1024u /* octets of a value, with its end */
#define SENDMAIL_VERSION_MAX 64u

/* What "sendmail -d0.13 -bt" says of the program. */
struct sendmail_program {
    char version[SENDMAIL_VERSION_MAX]; /* "": it is no Sendmail */
    bool socketmap;
    bool starttls;
    bool sts; /* StrictTransportSecurity is built in */
};

void sendmail_program_read(const char *text,
                           struct sendmail_program *ret_program);

/* How "/map sts KEY" came out. */
enum sendmail_answer {
    SENDMAIL_FOUND,
    SENDMAIL_NONE,  /* there is no policy */
    SENDMAIL_FAILED /* no answer: mail would wait */
};

/* `line`: what it printed of that, for people. */
enum sendmail_answer sendmail_answer_read(const char *text,
                                          char ret_line[SENDMAIL_VALUE_MAX]);

/* The value of the map `sts` in sendmail.cf, "socket -d5 ..."; false: there
   is none. */
bool sendmail_cf_map(const char *text, char ret_value[SENDMAIL_VALUE_MAX]);

/* The value of an option in sendmail.cf, "O NAME=VALUE"; "": it is not set. */
void sendmail_cf_option(const char *text, const char *name,
                        char ret_value[SENDMAIL_VALUE_MAX]);

/* Whether two of them say the same: comments, which have the time and place
   of their making, and empty lines do not count. */
bool sendmail_cf_same(const char *one, const char *other);

/* Whether sendmail.mc has a FEATURE(`sts'...). */
bool sendmail_mc_has_sts(const char *text);

/*
 * Appends sendmail.mc with these lines (each with its end): before the
 * mailers, or, if a FEATURE(`sts'...) is one of them, in the place of the one
 * that is there.
 * -MTASTS_ENOTFOUND: it has no mailers; what `buf` says.
 */
int sendmail_mc_edit(const char *text, const char *lines, struct buf *buf);

#endif
