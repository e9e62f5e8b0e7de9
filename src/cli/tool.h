/*
 * tool: a program of the MTA, run to its end for what it prints.
 *
 * No shell: an argument vector. It gets a deadline, as much output as the
 * buffers hold, and, for who is root, another user to be: what a tool may
 * open then is what the MTA may.
 */
#ifndef MTASTS_CLI_TOOL_H
#define MTASTS_CLI_TOOL_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define TOOL_OUTPUT_MAX (1u << 20) /* octets: postconf prints 60,000 */
#define TOOL_MS 30000u             /* most take some milliseconds */
#define TOOL_PATH_MAX 4096u        /* octets of a program's path */
#define TOOL_GROUPS_MAX 256        /* of one user */
#define TOOL_WORDS_MAX 64u         /* of a command */

/* Whom a tool runs as, looked up before. */
struct tool_user {
    uid_t uid;
    gid_t gid;
    gid_t groups[TOOL_GROUPS_MAX];
    int group_count;
};

struct tool {
    const char *const *argv;      /* NULL ends it; argv[0] is looked for */
    const char *input;            /* what it reads on stdin; NULL: nothing */
    const struct tool_user *user; /* NULL: ourselves */
    const char *folder;           /* where it is to be; NULL: where we are */
    uint32_t deadline_ms;         /* 0: TOOL_MS */
};

struct tool_output {
    struct buf out;
    struct buf err;
    int status; /* its exit status, 128 + the signal that ended it */
};

#define TOOL_OUTPUT                                                            \
    {                                                                          \
        .out = BUF(TOOL_OUTPUT_MAX), .err = BUF(TOOL_OUTPUT_MAX)               \
    }

/*
 * -MTASTS_ENOTFOUND: no such program; -MTASTS_ETIMEDOUT; -MTASTS_ETOOLONG: it
 * prints more than the buffers hold; -MTASTS_ESYSTEM: it could not be
 * started, or not as that user. Whatever its exit status, 0. `ret_output` is
 * cleared first.
 */
int tool_run(const struct tool *tool, struct tool_output *ret_output);

/* Where a program is: in $PATH, or else where system tools are. A name with a
   slash is a path. -MTASTS_ENOTFOUND. */
int tool_find(const char *name, char ret_path[TOOL_PATH_MAX]);

/* -MTASTS_ENOTFOUND: no such user; -MTASTS_ETOOLONG: in too many groups. */
int tool_user_find(const char *name, struct tool_user *ret_user);

/* What it said on stderr, or else that it ended with its status: without a
   line end, cut to `size`. */
void tool_why(const struct tool_output *output, char *ret_why, size_t size);

void tool_output_clear(struct tool_output *output);

static inline _unused_ void cleanup_tool_output(struct tool_output *output)
{
    tool_output_clear(output);
}
#define _cleanup_tool_output_ _cleanup_(cleanup_tool_output)

#endif
