/*
 * mtasts help [COMMAND], mtasts version.
 */
#include "cli/command.h"
#include "cli/help.h"
#include "cli/output.h"
#include <mtasts/mtasts.h>
#include <stdio.h>
#include <string.h>

struct help_values {
    bool table;
};

static const struct option_row help_options[] = {
    {.name = OPTION_INTERNAL "table",
     .kind = OPTION_FLAG,
     .help = "every option of every command, tab-separated",
     .offset = offsetof(struct help_values, table)},
    {0},
};

static int run_help(const struct command *command, const void *values,
                    const struct words *words)
{
    (void)command;
    const struct help_values *help = values;
    if (help->table)
        return help_table();
    if (words->count == 0)
        return help_overview();
    size_t used = 0;
    const char *const *names = words->items;
    const struct command *found = command_find(names, words->count, &used);
    if (found && used == words->count)
        return help_command(found);
    if (found)
        return complain("help: '%s' belongs to no command; say 'mtasts help "
                        "%s'",
                        names[used], found->name);
    int status = words->count == 1 ? help_group(names[0]) : -1;
    return status >= 0 ? status : command_unknown(names, words->count);
}

const struct command command_help = {
    .name = "help",
    .summary = "say how a command is used",
    .synopsis = "[COMMAND]",
    .about = "Without a command, lists all of them.",
    .exit_status = "0  shown\n3  there is no such command",
    .options = help_options,
    .values_size = sizeof(struct help_values),
    .run = run_help,
};

static const struct option_row version_options[] = {{0}};

static int run_version(const struct command *command, const void *values,
                       const struct words *words)
{
    (void)values;
    char line[64];
    if (words->count > 0)
        return help_usage(command);
    int len = snprintf(line, sizeof(line), "mtasts %s\n", mtasts_version());
    return output_write(line, (size_t)len);
}

const struct command command_version = {
    .name = "version",
    .summary = "say which version this is",
    .synopsis = "",
    .about = "The same as 'mtasts --version'.",
    .exit_status = "0  said\n3  bad usage",
    .options = version_options,
    .values_size = 0,
    .run = run_version,
};
