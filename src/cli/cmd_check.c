/*
 * mtasts check DOMAIN...: is mail to a domain protected, what is wrong, how
 * to mend it.
 *
 * Gathers facts (net/gather), judges them (check) and prints them
 * (document). This file is the options and what they exclude.
 */
#include "cli/bulk.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/replay.h"
#include "cli/terminal.h"
#include <string.h>

static const char *const fail_on_words[] = {"warning", "error", NULL};

struct check_values {
    const char *from;
    unsigned jobs;
    bool json;
    bool ndjson;
    bool dump_facts;
    const char *facts;
    bool no_smtp;
    bool thorough;
    unsigned fail_on; /* index into fail_on_words */
    struct world_options world;
    bool verbose;
    unsigned colour;
};

#define AT(member) offsetof(struct check_values, member)

static const struct option_row check_options[] = {
    {.name = "from",
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .help = "take the domains from FILE, one a line; - is standard input",
     .offset = AT(from)},
    {.name = "jobs",
     .letter = 'j',
     .kind = OPTION_NUMBER,
     .argument = "N",
     .help = "check N domains at once, 1 to 1000; default 50 for --from, "
             "else up to 10",
     .min = 1,
     .max = BATCH_JOBS_MAX,
     .offset = AT(jobs)},
    {.name = "json",
     .kind = OPTION_FLAG,
     .help = "print one JSON document (one domain)",
     .offset = AT(json)},
    {.name = "ndjson",
     .kind = OPTION_FLAG,
     .help = "print one JSON document a line, each as soon as it is ready",
     .offset = AT(ndjson)},
    {.name = "no-smtp",
     .kind = OPTION_FLAG,
     .help = "do not connect to the MX hosts",
     .offset = AT(no_smtp)},
    {.name = "thorough",
     .kind = OPTION_FLAG,
     .help = "with --from: ask the servers all that a single check asks them",
     .offset = AT(thorough)},
    {.name = "fail-on",
     .kind = OPTION_CHOICE,
     .argument = "SEVERITY",
     .help = "'warning' (the default): warnings give exit status 1; 'error': "
             "they give 0",
     .choices = fail_on_words,
     .offset = AT(fail_on)},
    WORLD_OPTION_ROWS(struct check_values, world),
    {.name = "verbose",
     .letter = 'v',
     .kind = OPTION_FLAG,
     .help = "show also what is fine, and each step with its time",
     .offset = AT(verbose)},
    {.name = "color",
     .kind = OPTION_CHOICE,
     .argument = "WHEN",
     .help = "auto (the default: on a terminal), always or never",
     .choices = terminal_colour_words,
     .offset = AT(colour)},
    {.name = "dump-facts",
     .kind = OPTION_FLAG,
     .help = "print what was found out, as one line of JSON a domain, and "
             "judge nothing",
     .offset = AT(dump_facts)},
    {.name = "facts",
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .help = "judge what --dump-facts printed, without touching the network",
     .offset = AT(facts)},
    {0},
};

/* The first option given that only asking the world heeds, or NULL. */
static const char *worldly(const struct check_values *options)
{
    const struct {
        bool given;
        const char *name;
    } rows[] = {
        {options->jobs > 0, "jobs"},
        {options->no_smtp, "no-smtp"},
        {options->thorough, "thorough"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        if (rows[i].given)
            return rows[i].name;
    return world_options_given(&options->world);
}

/* What does not go together. Returns a complaint's status, or 0. */
static int check_conflicts(const struct command *command,
                           const struct check_values *options,
                           const struct words *words)
{
    if (options->json + options->ndjson + options->dump_facts > 1)
        return complain("check: --json, --ndjson and --dump-facts exclude "
                        "each other; take one");
    if (options->facts && (options->from || words->count > 0))
        return complain("check: --facts names its domains itself; leave "
                        "others out");
    if (options->facts && worldly(options))
        return complain("check: --%s has no effect with --facts, which asks "
                        "nothing of the network; leave it out",
                        worldly(options));
    if (options->thorough && !options->from)
        return complain("check: --thorough has no effect without --from: "
                        "what is not a list is always checked so; leave it "
                        "out");
    if (options->from && words->count > 0)
        return complain("check: domains both as words and --from; put them "
                        "all into one");
    if (!options->facts && !options->from && words->count == 0)
        return help_usage(command);
    if (options->json && (options->from || words->count > 1))
        return complain("check: --json is one document for one domain; for "
                        "several say --ndjson");
    return 0;
}

static enum document_form form_of(const struct check_values *options)
{
    if (options->json)
        return DOCUMENT_JSON;
    if (options->ndjson)
        return DOCUMENT_NDJSON;
    return options->dump_facts ? DOCUMENT_FACTS : DOCUMENT_TEXT;
}

static unsigned jobs_of(const struct check_values *options,
                        const struct words *words, bool in_turn)
{
    if (in_turn)
        return 1;
    if (options->jobs)
        return options->jobs;
    if (options->from)
        return BULK_JOBS_FILE;
    return (unsigned)MIN_OF(words->count, (size_t)BULK_JOBS_WORDS);
}

static int run_world(const struct check_values *options,
                     const struct words *words,
                     const struct document_options *document)
{
    /* Steps can be told apart only if domains take turns. */
    bool in_turn = options->verbose;
    const struct bulk_options bulk = {.document = *document,
                                      .words = words,
                                      .from = options->from,
                                      .jobs = jobs_of(options, words, in_turn)};
    /* A survey of a list is quick, and polite to many servers that are not
       the asker's: one fetch, and one session with an MX address. */
    bool survey = options->from && !options->thorough;
    const struct checker_options with = {
        .world = &options->world,
        .smtp = !options->no_smtp,
        .survey = survey,
    };
    struct bulk_steps steps = {0};
    _cleanup_checker_ struct checker *checker = NULL;
    if (options->verbose && document->form == DOCUMENT_TEXT &&
        trace_new(&steps.trace) != 0)
        return complain_error("check", -MTASTS_ENOMEM);
    int status = STATUS_UNKNOWN;
    if (checker_new("check", &with, options->verbose ? bulk_step : NULL, &steps,
                    &checker) == 0)
        status = bulk_run(&bulk, checker, &steps);
    trace_free(steps.trace);
    return status;
}

static int run_check(const struct command *command, const void *values,
                     const struct words *words)
{
    const struct check_values *options = values;
    int status = check_conflicts(command, options, words);
    if (status)
        return status;
    const struct document_options document = {
        .form = form_of(options),
        .colour = options->colour,
        .verbose = options->verbose,
        .warnings_pass = options->fail_on == 1,
    };
    if (options->facts)
        return replay_run(&document, options->facts);
    return run_world(options, words, &document);
}

const struct command command_check = {
    .name = "check",
    .summary = "is mail to a domain protected, and how to mend it if not",
    .synopsis = "DOMAIN...\n"
                "--from FILE\n"
                "--facts FILE",
    .about = "Looks at everything that MTA-STS, TLS reporting and DANE need: "
             "DNS, the policy host, the policy, the MX hosts over SMTP. Says "
             "what is wrong, why it matters and what to publish instead. "
             "With several domains the exit status is the worst: 2, else 1, "
             "else 3, else 0.",
    .exit_status = "0  fine\n"
                   "1  warnings\n"
                   "2  errors\n"
                   "3  could not tell, or bad usage",
    .options = check_options,
    .values_size = sizeof(struct check_values),
    .run = run_check,
};
