/*
 * overrides_line: one line of mtasts-overrides(5), taken apart.
 *
 * Pure. Words are apart by blanks; a value may be in double quotes, where a
 * backslash takes the next character as it is. `#` begins a comment where a
 * word could begin.
 */
#ifndef MTASTS_DAEMON_OVERRIDES_LINE_H
#define MTASTS_DAEMON_OVERRIDES_LINE_H

#include "daemon/overrides_file.h"
#include <mtasts/name.h>

#define OVERRIDES_LINE_MAX 8192u /* octets of a line */
#define OVERRIDES_WHY_MAX 512u   /* octets of a sentence about it */

struct overrides_line {
    bool empty; /* nothing but blanks or a comment: the rest is not set */
    char pattern[MTASTS_NAME_MAX + 2];
    enum overrides_file_action action;
    char file[OVERRIDES_FILE_TEXT_MAX + 1]; /* of OVERRIDES_FILE_POLICY */
    char reason[OVERRIDES_FILE_TEXT_MAX + 1];
    char owner[OVERRIDES_FILE_TEXT_MAX + 1];
    int64_t expires_s;
};

/* -MTASTS_EINVAL: what is wrong, and the way out, is in `why`. */
int overrides_line_parse(const char *text, size_t len,
                         struct overrides_line *ret_line,
                         char why[OVERRIDES_WHY_MAX]);

#endif
