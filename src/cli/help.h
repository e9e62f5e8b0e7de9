/*
 * help: what `--help` and `mtasts help` print, made from the tables.
 */
#ifndef MTASTS_CLI_HELP_H
#define MTASTS_CLI_HELP_H

#include "cli/command.h"

/* The list of commands. Returns an exit status. */
int help_overview(void);

/* One command. Returns an exit status. */
int help_command(const struct command *command);

/* The commands that begin with the word `group`, e.g. "lint". */
int help_group(const char *group);

/* Every option of every command, one a line, tab-separated: command, option,
   letter, argument, help. For tests of man pages and completions. */
int help_table(void);

/* One line on stderr: how the command is called. */
int help_usage(const struct command *command);

#endif
