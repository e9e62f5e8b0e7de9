/*
 * mtasts setup: an MTA made to ask mtasts-policyd, and the proof that it does.
 */
#include "cli/command.h"
#include "cli/help.h"
#include "cli/setup.h"
#include "cli/terminal.h"
#include "net/listen_address.h"
#include <mtasts/error.h>

#define AT(member) offsetof(struct setup_options, member)

#define APPLY_ROW                                                              \
    {                                                                          \
        .name = "apply", .kind = OPTION_FLAG,                                  \
        .help = "make the changes, with a copy of each file before",           \
        .offset = AT(apply)                                                    \
    }

#define CONFIG_ROW                                                             \
    {                                                                          \
        .name = "config", .letter = 'c', .kind = OPTION_TEXT,                  \
        .argument = "FILE",                                                    \
        .help = "the mtasts.conf of the daemon, if not the usual one",         \
        .offset = AT(config)                                                   \
    }

#define CONFIG_DIR_ROW(usual)                                                  \
    {                                                                          \
        .name = "config-dir", .kind = OPTION_TEXT, .argument = "DIR",          \
        .help = "the folder of the MTA's configuration; without it " usual,    \
        .offset = AT(config_dir)                                               \
    }

#define SOCKET_ROW                                                             \
    {                                                                          \
        .name = "socket", .letter = 's', .kind = OPTION_TEXT,                  \
        .argument = "ADDRESS",                                                 \
        .help = "where the MTA is to ask, if not where mtasts.conf says",      \
        .offset = AT(socket)                                                   \
    }

#define DOMAIN_ROW                                                             \
    {                                                                          \
        .name = "domain", .kind = OPTION_TEXT, .argument = "DOMAIN",           \
        .help = "ask for this domain in the proof", .offset = AT(domain)       \
    }

#define COLOUR_ROW                                                             \
    {                                                                          \
        .name = "color", .kind = OPTION_CHOICE, .argument = "WHEN",            \
        .help = "auto (the default: on a terminal), always or never",          \
        .choices = terminal_colour_words, .offset = AT(colour)                 \
    }

#define STATUSES                                                               \
    "0  the MTA asks, and gets answers\n"                                      \
    "1  there is something to do, or to be warned of\n"                        \
    "2  mail would wait, or go unprotected\n"                                  \
    "3  could not tell, or bad usage"

#define TRUST_ROW                                                              \
    {                                                                          \
        .name = "trust-resolver", .kind = OPTION_FLAG,                         \
        .help = "believe a resolver on another machine that validates",        \
        .offset = AT(trust_resolver)                                           \
    }

static const struct option_row postfix_options[] = {
    APPLY_ROW,
    CONFIG_ROW,
    CONFIG_DIR_ROW("that of postconf"),
    SOCKET_ROW,
    DOMAIN_ROW,
    {.name = "dane",
     .kind = OPTION_FLAG,
     .help = "have Postfix do DANE, if its resolver validates",
     .offset = AT(dane)},
    TRUST_ROW,
    COLOUR_ROW,
    {0},
};

static const struct option_row sendmail_options[] = {
    APPLY_ROW,  CONFIG_ROW, CONFIG_DIR_ROW("/etc/mail"), SOCKET_ROW, DOMAIN_ROW,
    COLOUR_ROW, {0},
};

static const struct option_row exim_options[] = {
    APPLY_ROW,  CONFIG_ROW, CONFIG_DIR_ROW("/etc/exim4"),
    SOCKET_ROW, DOMAIN_ROW, TRUST_ROW,
    COLOUR_ROW, {0},
};

/* False after a complaint. */
static bool is_socket(const char *who, const char *text)
{
    struct listen_address address;
    char why[LISTEN_WHY_MAX];
    if (!text)
        return true;
    int error = listen_address_parse(text, &address, why);
    if (error)
        complain("%s: --socket: %s", who, why);
    else if (address.kind == LISTEN_SYSTEMD)
        complain("%s: --socket: '%s' is a name of systemd's; give unix:/PATH "
                 "or inet:ADDRESS:PORT",
                 who, text);
    return !error && address.kind != LISTEN_SYSTEMD;
}

static int run(const struct command *command, const void *values,
               const struct words *words,
               int (*function)(const struct setup_options *options))
{
    const struct setup_options *options = values;
    if (words->count > 0)
        return help_usage(command);
    return is_socket(command->name, options->socket) ? function(options)
                                                     : STATUS_UNKNOWN;
}

static int run_postfix(const struct command *command, const void *values,
                       const struct words *words)
{
    return run(command, values, words, setup_postfix);
}

static int run_sendmail(const struct command *command, const void *values,
                        const struct words *words)
{
    return run(command, values, words, setup_sendmail);
}

static int run_exim(const struct command *command, const void *values,
                    const struct words *words)
{
    return run(command, values, words, setup_exim);
}

const struct command command_setup_postfix = {
    .name = "setup postfix",
    .summary = "have Postfix ask the daemon, and see that it does",
    .synopsis = "",
    .about = "Says what of Postfix is in order for MTA-STS and what is not, "
             "and what has to be in main.cf and mtasts.conf; with --apply "
             "writes it there. Then asks the daemon by postmap, as Postfix's "
             "own user. Without --apply nothing is changed.",
    .exit_status = STATUSES,
    .options = postfix_options,
    .values_size = sizeof(struct setup_options),
    .run = run_postfix,
};

const struct command command_setup_sendmail = {
    .name = "setup sendmail",
    .summary = "have Sendmail ask the daemon, and see that it does",
    .synopsis = "",
    .about = "Says whether this Sendmail can do MTA-STS and what has to be in "
             "sendmail.mc; with --apply writes it there and makes sendmail.cf "
             "of it. Then asks the daemon by sendmail -bt. Without --apply "
             "nothing is changed.",
    .exit_status = STATUSES,
    .options = sendmail_options,
    .values_size = sizeof(struct setup_options),
    .run = run_sendmail,
};

const struct command command_setup_exim = {
    .name = "setup exim",
    .summary = "have Exim ask the daemon, and see that it does",
    .synopsis = "",
    .about = "Says whether this Exim can do MTA-STS and where our routers and "
             "transports have to be included; with --apply does so in "
             "Debian's configuration. Then asks the daemon by exim -be. "
             "Without --apply nothing is changed.",
    .exit_status = STATUSES,
    .options = exim_options,
    .values_size = sizeof(struct setup_options),
    .run = run_exim,
};
