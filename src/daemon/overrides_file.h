/*
 * overrides_file: the site's own rules for domains, as mtasts-overrides(5)
 * has them: a line a rule.
 *
 *     # pattern         action            and why
 *     example.com       enforce           reason="agreed with them"
 *     .partner.example  exempt            reason="ticket 17" expires=2027-01-31
 *     bank.example      policy bank.txt   reason="by letter" owner=postmaster
 *
 * A file is read into a new object or not at all. The rules are plain values;
 * what they do is the engine's matter.
 */
#ifndef MTASTS_DAEMON_OVERRIDES_FILE_H
#define MTASTS_DAEMON_OVERRIDES_FILE_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

#define OVERRIDES_FILE_MAX (16u << 20)  /* octets of the file */
#define OVERRIDES_FILE_ROWS_MAX 100000u /* kept by hand */
#define OVERRIDES_FILE_TEXT_MAX 1024u   /* octets of a reason or an owner */
#define OVERRIDES_FILE_FAULTS_MAX 65536u

enum overrides_file_action {
    OVERRIDES_FILE_EXEMPT,
    OVERRIDES_FILE_ENFORCE,
    OVERRIDES_FILE_POLICY,
};

struct overrides_file_row {
    const char *pattern; /* canonical; ".example.com": all names below it */
    enum overrides_file_action action;
    const char *body; /* of the policy, which is valid; "" without one */
    size_t len;
    const char *reason; /* not "" */
    const char *owner;  /* or "" */
    int64_t expires_s;  /* seconds since 1970, from then on it does not apply:
                           the end of the day in the file, UTC; 0: never */
    unsigned line;
};

struct overrides_file {
    const struct overrides_file_row *rows; /* in the order of the file */
    size_t count;
    struct arena *arena;
};

/*
 * Every fault is a line "FILE:LINE: what; way out" in `faults`. Policies are
 * read from their files, relative to the folder of `path`. -MTASTS_EIO,
 * -MTASTS_ETOOLONG, -MTASTS_ESYNTAX, -MTASTS_ENOMEM; each with a line at
 * least.
 */
int overrides_file_load(const char *path, struct buf *faults,
                        struct overrides_file **ret_file);

/* The same of a text. */
int overrides_file_parse(const char *path, const char *text, size_t len,
                         struct buf *faults, struct overrides_file **ret_file);

void overrides_file_free(struct overrides_file *file); /* NULL is fine */

DEFINE_CLEANUP(struct overrides_file *, overrides_file_free, overrides_file)
#define _cleanup_overrides_file_ _cleanup_(cleanup_overrides_file)

#endif
