/*
 * mtasts config: mtasts.conf(5) looked at before a daemon does, written out
 * in full, or as a file to start from.
 *
 * Nothing is asked of the network and nothing is changed. Whether an address
 * can be bound or a certificate be read shows at the start only.
 */
#include "cli/command.h"
#include "cli/daemons.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/places.h"
#include "cli/slurp.h"
#include <mtasts/error.h>
#include <string.h>

#define STDIN_NAME "standard input"

struct config_values {
    bool check;
    bool dump;
    bool sample;
};

static const struct option_row config_options[] = {
    {.name = "check",
     .kind = OPTION_FLAG,
     .help = "say what is wrong with the file, or that nothing is",
     .offset = offsetof(struct config_values, check)},
    {.name = "dump",
     .kind = OPTION_FLAG,
     .help = "print every option with the value that is in force",
     .offset = offsetof(struct config_values, dump)},
    {.name = "sample",
     .kind = OPTION_FLAG,
     .help = "print a file to start from: every default, as a comment",
     .offset = offsetof(struct config_values, sample)},
    {0},
};

static int load_stdin(struct config **ret_config)
{
    _cleanup_buf_ struct buf text = BUF(CONFIG_FILE_MAX);
    int error;

    error = slurp("config", "-", &text);
    return error ? error
                 : places_parse("config", STDIN_NAME, buf_text(&text), text.len,
                                PLACES_FIND, ret_config);
}

/* FILE, "-" or, with NULL, the usual one. */
static int load(const char *file, struct config **ret_config)
{
    return file && strcmp(file, "-") == 0
               ? load_stdin(ret_config)
               : places_load("config", file, PLACES_FIND, ret_config);
}

/* Of a file that cannot be read nothing is known. */
static int status_of(int error)
{
    return error == -MTASTS_ESYNTAX ? STATUS_ERROR : STATUS_UNKNOWN;
}

static int check(const struct config *config)
{
    char line[COMPLAINT_MAX];
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);
    int len;

    if (daemons_check(config, &faults) < 0) {
        places_tell_faults(&faults);
        return STATUS_ERROR;
    }
    len = snprintf(line, sizeof(line), "%s: fine\n", places_name(config));
    return output_write(line, MIN_OF((size_t)len, sizeof(line) - 1));
}

static int print(int error, const struct buf *buf)
{
    return error ? complain_error("config", error)
                 : output_write(buf_text(buf), buf->len);
}

static int run_config(const struct command *command, const void *values,
                      const struct words *words)
{
    const struct config_values *options = values;
    const char *file = words->count > 0 ? words->items[0] : NULL;
    _cleanup_config_ struct config *config = NULL;
    _cleanup_buf_ struct buf buf = BUF(CONFIG_DUMP_MAX);
    int error;

    if (options->check + options->dump + options->sample > 1)
        return complain("config: --check, --dump and --sample exclude each "
                        "other; take one");
    if (words->count > 1 || (options->sample && file) ||
        !(options->check || options->dump || options->sample))
        return help_usage(command);
    if (options->sample)
        return print(config_sample(&buf), &buf);
    error = load(file, &config);
    if (error)
        return status_of(error);
    return options->check ? check(config)
                          : print(config_dump(config, &buf), &buf);
}

const struct command command_config = {
    .name = "config",
    .summary = "look at the configuration of the daemons, or write one",
    .synopsis = "--check [FILE]\n--dump [FILE]\n--sample",
    .about = "FILE is in the form of mtasts.conf(5), - is standard input. "
             "Without FILE it is that of the user, if there is one "
             "(~/.config/mtasts/mtasts.conf), or else "
             "/etc/mtasts/mtasts.conf; without that all options have their "
             "defaults.",
    .exit_status = "0  fine, printed\n2  the file has faults\n"
                   "3  it cannot be read, or bad usage",
    .options = config_options,
    .values_size = sizeof(struct config_values),
    .run = run_config,
};
