/*
 * mtasts simulate: which mail would be refused if MTA-STS were switched on,
 * and why, before it is.
 */
#include "cli/command.h"
#include "cli/help.h"
#include "cli/simulate.h"
#include "cli/terminal.h"
#include <mtasts/error.h>
#include <string.h>

struct simulate_values {
    const char *from;
    bool probe;
    bool dane;
    bool json;
    unsigned jobs;
    struct world_options world;
    bool verbose;
    unsigned colour;
};

#define AT(member) offsetof(struct simulate_values, member)

static const struct option_row simulate_options[] = {
    {.name = "from",
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .help = "take the domains from FILE: a list of domains or addresses, or "
             "the log of an MTA; - is standard input",
     .offset = AT(from)},
    {.name = "probe",
     .kind = OPTION_FLAG,
     .help = "connect to the MX hosts too: STARTTLS and certificate",
     .offset = AT(probe)},
    {.name = "dane",
     .kind = OPTION_FLAG,
     .help = "the MTA does DANE, which goes before MTA-STS",
     .offset = AT(dane)},
    {.name = "json",
     .kind = OPTION_FLAG,
     .help = "print one JSON document a line, the summary last",
     .offset = AT(json)},
    {.name = "jobs",
     .letter = 'j',
     .kind = OPTION_NUMBER,
     .argument = "N",
     .help = "ask about N domains at once, 1 to 1000; default 50",
     .min = 1,
     .max = BATCH_JOBS_MAX,
     .offset = AT(jobs)},
    WORLD_OPTION_ROWS(struct simulate_values, world),
    {.name = "verbose",
     .letter = 'v',
     .kind = OPTION_FLAG,
     .help = "name also domains for which nothing changes, and every MX host",
     .offset = AT(verbose)},
    {.name = "color",
     .kind = OPTION_CHOICE,
     .argument = "WHEN",
     .help = "auto (the default: on a terminal), always or never",
     .choices = terminal_colour_words,
     .offset = AT(colour)},
    {0},
};

static int take_words(struct recipients *recipients, const struct words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        const char *word = words->items[i];
        int error = recipients_add(recipients, "simulate", word, strlen(word));
        if (error && error != -MTASTS_ENAME)
            return complain_error("simulate", error), error;
    }
    return 0;
}

/* After a complaint -MTASTS_E... */
static int read_all(const struct simulate_values *options,
                    const struct words *words,
                    struct recipients **ret_recipients)
{
    _cleanup_recipients_ struct recipients *recipients = NULL;
    int error = recipients_new(0, &recipients);
    if (error)
        return complain_error("simulate", error), error;
    error = options->from
                ? recipients_read(recipients, "simulate", options->from)
                : take_words(recipients, words);
    if (error)
        return error;
    error = recipients_sort(recipients);
    if (error)
        return complain_error("simulate", error), error;
    *ret_recipients = TAKE_PTR(recipients);
    return 0;
}

static int complain_nothing(const struct simulate_values *options,
                            const struct recipients *recipients)
{
    const struct recipients_read *read = recipients_counts(recipients);
    if (!options->from)
        return STATUS_UNKNOWN; /* each word was complained of */
    if (read->is_log)
        return complain("simulate: --from: %s: no line tells of mail sent to "
                        "another site; give the log of Postfix, Sendmail or "
                        "Exim (its main log), or a list with a domain a line",
                        options->from);
    return complain("simulate: --from: %s: no domain in it; give the log of "
                    "an MTA, or a list with a domain a line",
                    options->from);
}

static int run_world(const struct simulate_values *options,
                     const struct recipients *recipients)
{
    const struct checker_options with = {
        .world = &options->world,
        .smtp = options->probe,
        .survey = true, /* polite to servers that are not the asker's */
    };
    const struct simulate_options simulate = {
        .forecast = {.probed = options->probe, .dane = options->dane},
        .json = options->json,
        .verbose = options->verbose,
        .colour = options->colour,
        .jobs = options->jobs ? options->jobs : SIMULATE_JOBS,
    };
    _cleanup_checker_ struct checker *checker = NULL;
    if (checker_new("simulate", &with, NULL, NULL, &checker) != 0)
        return STATUS_UNKNOWN;
    return simulate_run(&simulate, checker, recipients);
}

static int run_simulate(const struct command *command, const void *values,
                        const struct words *words)
{
    const struct simulate_values *options = values;
    _cleanup_recipients_ struct recipients *recipients = NULL;
    if (options->from && words->count > 0)
        return complain("simulate: domains both as words and --from; put them "
                        "all into one");
    if (!options->from && words->count == 0)
        return help_usage(command);
    if (read_all(options, words, &recipients) != 0)
        return STATUS_UNKNOWN;
    if (recipients_count(recipients) == 0)
        return complain_nothing(options, recipients);
    return run_world(options, recipients);
}

const struct command command_simulate = {
    .name = "simulate",
    .summary = "say which mail MTA-STS would refuse, before it is on",
    .synopsis = "--from FILE\n"
                "DOMAIN...",
    .about = "Looks up which of the domains that mail goes to have MTA-STS, "
             "and puts their MX hosts to their policies. Nothing is sent, and "
             "nothing is changed.",
    .exit_status = "0  nothing would be refused\n"
                   "1  some MX hosts would be left out\n"
                   "2  mail to some domains would be refused\n"
                   "3  could not tell, or bad usage",
    .options = simulate_options,
    .values_size = sizeof(struct simulate_values),
    .run = run_simulate,
};
