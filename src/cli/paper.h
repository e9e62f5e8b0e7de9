/*
 * paper: where text for people is laid out: wrapped by display width,
 * indented, coloured. Everything put on it is made harmless first.
 */
#ifndef MTASTS_CLI_PAPER_H
#define MTASTS_CLI_PAPER_H

#include "base/buf.h"
#include <stdbool.h>

#define PAPER_MAX                                                              \
    (16u << 20) /* octets of one report: far above FINDINGS_MAX                \
                   findings of usual length */

enum style {
    STYLE_PLAIN,
    STYLE_BOLD,
    STYLE_DIM,
    STYLE_RED,
    STYLE_YELLOW,
    STYLE_GREEN,
    STYLE_BLUE,
    STYLE_CYAN,
};

struct paper {
    struct buf buf;
    unsigned width; /* columns */
    bool colour;
    bool utf8;
    unsigned column; /* where the next word goes, from 0 */
    bool space;      /* the next word is to be set off by one */
};

void paper_init(struct paper *paper, unsigned width, bool colour, bool utf8);

/* For stdout as it is, with --color's choice. */
void paper_for_stdout(struct paper *paper, unsigned colour_choice);

void paper_clear(struct paper *paper);

/* Words of `text`, from the current column on; further lines are indented
   by `indent`. A word longer than a line stands alone, uncut. A line end in
   `text` begins a new line; a space at its end sets off what comes next. */
void paper_words(struct paper *paper, unsigned indent, const char *text);
void paper_printf(struct paper *paper, unsigned indent, const char *format, ...)
    _printf_(3, 4);

/* `text` as it is, without wrapping, in a style. */
void paper_styled(struct paper *paper, enum style style, const char *text);

/* Words in a style. */
void paper_styled_words(struct paper *paper, enum style style, unsigned indent,
                        const char *text);

/* The same, but the text is not broken: it goes to the next line as a whole
   if it does not fit. */
void paper_styled_whole(struct paper *paper, enum style style, unsigned indent,
                        const char *text);

/* A block to paste: each line as it is, indented by `indent`. */
void paper_block(struct paper *paper, unsigned indent, const char *text);

/* Spaces up to `column`, or one if the text has passed it. */
void paper_tab(struct paper *paper, unsigned column);

void paper_line_end(struct paper *paper);

/* An empty line. */
void paper_gap(struct paper *paper);

/* Takes back what was put after the buffer held `len` octets: whole lines. */
void paper_rewind(struct paper *paper, size_t len);

/* Writes what is on it to stdout and clears it. Returns an exit status:
   STATUS_FINE, or STATUS_UNKNOWN after a complaint. */
int paper_print(struct paper *paper);

static inline _unused_ void cleanup_paper(struct paper *paper)
{
    paper_clear(paper);
}
#define _cleanup_paper_ _cleanup_(cleanup_paper)

#endif
