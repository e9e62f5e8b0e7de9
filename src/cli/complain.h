/*
 * complain: one line on stderr, `mtasts: what: why; way out`.
 *
 * What came from outside is made harmless, so that no file name, argument
 * or answer can move the cursor or forge a line.
 */
#ifndef MTASTS_CLI_COMPLAIN_H
#define MTASTS_CLI_COMPLAIN_H

#include "base/buf.h"

#define COMPLAINT_MAX 4096u /* octets; what is longer is cut */

/* Exit statuses, as monitoring plugins have them. */
enum exit_status {
    STATUS_FINE = 0,
    STATUS_WARNING = 1,
    STATUS_ERROR = 2,
    STATUS_UNKNOWN = 3,  /* could not tell, or bad usage */
    STATUS_NO_MATCH = 1, /* mtasts match */
};

/* Always returns STATUS_UNKNOWN, so that `return complain(...)` ends a
   command. */
int complain(const char *format, ...) _printf_(1, 2);

/* For -MTASTS_E... that needs no more words than its own. */
int complain_error(const char *what, int error);

#endif
