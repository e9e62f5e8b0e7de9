/*
 * terminal: what stdout and stderr can show.
 */
#ifndef MTASTS_CLI_TERMINAL_H
#define MTASTS_CLI_TERMINAL_H

#include <stdbool.h>

#define TERMINAL_WIDTH 80u      /* where there is no terminal to ask */
#define TERMINAL_WIDTH_MIN 40u  /* narrower ones wrap by themselves */
#define TERMINAL_WIDTH_MAX 100u /* longer lines are hard to read */

enum colour_choice {
    COLOUR_AUTO, /* on a terminal that knows colours, unless NO_COLOR */
    COLOUR_ALWAYS,
    COLOUR_NEVER,
};

/* The words of --color, in the order of enum colour_choice. */
extern const char *const terminal_colour_words[];

bool terminal_colour(int fd, enum colour_choice choice);

/* Columns to lay text out in, within the limits above. */
unsigned terminal_width(int fd);

/* Columns of the terminal as they are; 0 if `fd` is none. */
unsigned terminal_columns(int fd);

/* Whether `fd` is a terminal where a line can be drawn over. */
bool terminal_redraws(int fd);

#endif
