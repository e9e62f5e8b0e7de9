/*
 * source: the domains to look at, one after the other: words of the command
 * line, or lines of a file or of stdin, streamed, so that a million of them
 * take no more memory than ten.
 *
 * In a file, blank lines and what follows `#` (at a line's start or after
 * white space) are comments; CRLF line ends, white space around and a
 * byte-order mark are fine.
 */
#ifndef MTASTS_CLI_SOURCE_H
#define MTASTS_CLI_SOURCE_H

#include "cli/option.h"
#include "net/loop.h"

#define SOURCE_LINE_MAX 1024u /* octets: a name of 253 and room for notes */

struct source;

struct source_line {
    const char *text; /* lives until the next call; any octets */
    size_t len;
    size_t number; /* of the line, or of the word, from 1 */
    bool too_long; /* longer than SOURCE_LINE_MAX: `text` is its beginning */
};

enum source_state {
    SOURCE_LINE, /* *ret_line is filled */
    SOURCE_WAIT, /* nothing there yet: the ready callback will say */
    SOURCE_END,
    SOURCE_FAILED, /* reading failed, after a complaint */
};

/* The words must outlive the source. */
int source_of_words(const struct words *words, struct source **ret_source);

/* A file, or "-" for stdin; `ready` runs after SOURCE_WAIT, once there is
   more. Errors (after a complaint): -MTASTS_EIO, -MTASTS_ENOMEM. */
int source_of_file(struct loop *loop, const char *path, loop_fn *ready,
                   void *ctx, struct source **ret_source);

void source_free(struct source *source); /* NULL is fine */

enum source_state source_next(struct source *source,
                              struct source_line *ret_line);

/* How much of it has been handed out, 0 to 1; negative if that cannot be
   known (a pipe). */
double source_fraction(const struct source *source);

DEFINE_CLEANUP(struct source *, source_free, source)
#define _cleanup_source_ _cleanup_(cleanup_source)

#endif
