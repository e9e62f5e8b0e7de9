/*
 * excerpt: a line of a policy or record, with a caret under the place.
 */
#ifndef MTASTS_CLI_EXCERPT_H
#define MTASTS_CLI_EXCERPT_H

#include "cli/paper.h"
#include <mtasts/fault.h>

/* Line `number`, from 1, of `text`, without its line end; empty past the
   last one. */
struct mtasts_bytes excerpt_line(const char *text, size_t len, size_t number);

/*
 * Puts `line`, indented, and below it a caret under octet `column` (from 1;
 * past the end: behind it). Of a line that is too long the part around the
 * place is shown.
 */
void excerpt_put(struct paper *paper, unsigned indent, struct mtasts_bytes line,
                 size_t column);

#endif
