/*
 * command: the table of subcommands, and how one is found and run.
 */
#include "cli/command.h"

#include "base/cleanup.h"
#include "base/near.h"
#include "cli/help.h"
#include <mtasts/error.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
const struct command *const commands[] = {
    &command_check,
    &command_lint_policy,
    &command_lint_sts_record,
    &command_lint_tlsrpt_record,
    &command_simulate,
    &command_match,
    &command_make_policy,
    &command_make_records,
    &command_explain,
    &command_rules,
    &command_query,
    &command_cache_list,
    &command_cache_show,
    &command_cache_history,
    &command_cache_refresh,
    &command_cache_flush,
    &command_cache_dump,
    &command_cache_load,
    &command_status,
    &command_run,
    &command_reload,
    &command_config,
    &command_setup_postfix,
    &command_setup_sendmail,
    &command_setup_exim,
    &command_help,
    &command_version,
    NULL,
};
/* clang-format on */

/* How many of the words the name takes up; 0 if they do not spell it. */
static size_t spells(const char *name, const char *const *words, size_t count)
{
    size_t used = 0;
    while (used < count) {
        size_t len = strlen(words[used]);
        if (len == 0 || strncmp(name, words[used], len) != 0)
            return 0;
        used++;
        if (name[len] == '\0')
            return used;
        if (name[len] != ' ')
            return 0;
        name += len + 1;
    }
    return 0;
}

const struct command *command_find(const char *const *words, size_t count,
                                   size_t *ret_used)
{
    for (size_t i = 0; commands[i]; i++) {
        size_t used = spells(commands[i]->name, words, count);
        if (used > 0) {
            *ret_used = used;
            return commands[i];
        }
    }
    return NULL;
}

/* "lint, or lint with a second word that is none": what it can be. */
static bool complain_group(const char *group, const char *second)
{
    char options[256] = "";
    size_t len = strlen(group);
    struct near near = near_start(second ? second : "");
    for (size_t i = 0; commands[i]; i++) {
        const char *name = commands[i]->name;
        if (strncmp(name, group, len) != 0 || name[len] != ' ')
            continue;
        size_t used = strlen(options);
        snprintf(options + used, sizeof(options) - used, "%s%s",
                 used ? ", " : "", name + len + 1);
        near_try(&near, name + len + 1);
    }
    if (!options[0])
        return false;
    if (!second || second[0] == '-')
        complain("%s: of what? say one of: %s", group, options);
    else if (near_best(&near))
        complain("%s: no '%s'; did you mean '%s %s'?", group, second, group,
                 near_best(&near));
    else
        complain("%s: no '%s'; say one of: %s", group, second, options);
    return true;
}

int command_unknown(const char *const *words, size_t count)
{
    if (complain_group(words[0], count > 1 ? words[1] : NULL))
        return STATUS_UNKNOWN;
    struct near near = near_start(words[0]);
    for (size_t i = 0; commands[i]; i++)
        near_try(&near, commands[i]->name);
    if (near_best(&near))
        return complain("no command '%s'; did you mean '%s'?", words[0],
                        near_best(&near));
    if (strchr(words[0], '.'))
        return complain("no command '%s'; to check that domain: mtasts check "
                        "%s",
                        words[0], words[0]);
    return complain("no command '%s'; 'mtasts help' lists what there is",
                    words[0]);
}

/* The command's own rows with --help added; freed by the caller. */
static struct option_row *rows_with_help(const struct command *command)
{
    size_t count = 0;
    while (command->options[count].name)
        count++;
    struct option_row *rows = calloc(count + 2, sizeof(*rows));
    if (!rows)
        return NULL;
    memcpy(rows, command->options, count * sizeof(*rows));
    /* The flag lives just past the command's own values. */
    rows[count] = (struct option_row)COMMAND_HELP_ROW;
    rows[count].offset = command->values_size;
    return rows;
}

static int run(const struct command *command, const char *const *words,
               size_t count)
{
    _cleanup_free_ struct option_row *rows = rows_with_help(command);
    _cleanup_free_ char *values =
        calloc(1, command->values_size + sizeof(bool));
    if (!rows || !values)
        return complain_error(command->name, -MTASTS_ENOMEM);
    if (command->defaults)
        command->defaults(values);
    struct words rest = {0};
    int status = STATUS_UNKNOWN;
    int error = option_parse(command->name, rows, words, count, values, &rest);
    if (error == -MTASTS_ENOMEM)
        complain_error(command->name, error);
    else if (!error && values[command->values_size])
        status = help_command(command);
    else if (!error)
        status = command->run(command, values, &rest);
    option_values_clear(rows, values);
    free(rest.items);
    return status;
}

int command_dispatch(const char *const *words, size_t count)
{
    static const struct {
        const char *word;
        const struct command *command;
    } spellings[] = {{"--help", &command_help},
                     {"-h", &command_help},
                     {"--version", &command_version},
                     {"-V", &command_version}};
    if (count == 0) {
        help_overview();
        return STATUS_UNKNOWN;
    }
    for (size_t i = 0; i < ELEMENTS(spellings); i++)
        if (strcmp(words[0], spellings[i].word) == 0)
            return run(spellings[i].command, words + 1, count - 1);
    size_t used = 0;
    const struct command *command = command_find(words, count, &used);
    if (command)
        return run(command, words + used, count - used);
    if (words[0][0] == '-')
        return complain("unknown option %s; options follow the command, as "
                        "in 'mtasts check --json example.com'",
                        words[0]);
    /* `mtasts lint --help` */
    if (count > 1 &&
        (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0)) {
        int status = help_group(words[0]);
        if (status >= 0)
            return status;
    }
    return command_unknown(words, count);
}
