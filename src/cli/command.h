/*
 * command: the subcommands of `mtasts`, one row and one file each.
 */
#ifndef MTASTS_CLI_COMMAND_H
#define MTASTS_CLI_COMMAND_H

#include "cli/complain.h"
#include "cli/option.h"

struct command {
    const char *name;        /* one word, or two: "lint policy" */
    const char *summary;     /* a phrase, for the list of commands */
    const char *synopsis;    /* what follows the options, e.g. "DOMAIN...";
                                one form a line; or "" */
    const char *about;       /* a few sentences, for the help of this one */
    const char *exit_status; /* one line a status: "0  valid\n2  not" */
    const struct option_row *options;
    size_t values_size; /* of the struct that the options fill */
    /* Sets what an option has when it is not given; NULL: all zero. */
    void (*defaults)(void *values);
    /* Returns the exit status. `words` is what was no option. */
    int (*run)(const struct command *command, const void *values,
               const struct words *words);
};

extern const struct command command_check;
extern const struct command command_lint_policy;
extern const struct command command_lint_sts_record;
extern const struct command command_lint_tlsrpt_record;
extern const struct command command_simulate;
extern const struct command command_match;
extern const struct command command_make_policy;
extern const struct command command_make_records;
extern const struct command command_explain;
extern const struct command command_rules;
extern const struct command command_query;
extern const struct command command_cache_list;
extern const struct command command_cache_show;
extern const struct command command_cache_history;
extern const struct command command_cache_refresh;
extern const struct command command_cache_flush;
extern const struct command command_cache_dump;
extern const struct command command_cache_load;
extern const struct command command_status;
extern const struct command command_run;
extern const struct command command_reload;
extern const struct command command_config;
extern const struct command command_setup_postfix;
extern const struct command command_setup_sendmail;
extern const struct command command_setup_exim;
extern const struct command command_help;
extern const struct command command_version;

/* All of them, in the order of help; NULL ends the table. */
extern const struct command *const commands[];

/*
 * The command that the first words name ("lint", "policy"); *ret_used is how
 * many words that took. NULL if there is none.
 */
const struct command *command_find(const char *const *words, size_t count,
                                   size_t *ret_used);

/* Runs what the command line (without the program's name) asks for; returns
   the exit status. */
int command_dispatch(const char *const *words, size_t count);

/* Complains that the words name no command, with the way out. */
int command_unknown(const char *const *words, size_t count);

/* Every command has it, without a row in its own table. */
#define COMMAND_HELP_ROW                                                       \
    {                                                                          \
        .name = "help", .letter = 'h', .kind = OPTION_FLAG,                    \
        .help = "show this help and exit"                                      \
    }

#endif
