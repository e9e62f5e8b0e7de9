/*
 * mtasts query DOMAIN: what the running daemon tells an MTA, and why.
 */
#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/paper.h"
#include "cli/policy_paper.h"
#include "cli/terminal.h"
#include <string.h>

struct query_values {
    struct daemon_options daemon;
    bool explain;
    bool json;
};

static const struct option_row query_options[] = {
    {.name = "explain",
     .letter = 'e',
     .kind = OPTION_FLAG,
     .help = "look everything up anew and show each step and the decision",
     .offset = offsetof(struct query_values, explain)},
    {.name = "json",
     .kind = OPTION_FLAG,
     .help = "print the daemon's JSON document",
     .offset = offsetof(struct query_values, json)},
    DAEMON_OPTION_ROWS(struct query_values, daemon),
    {0},
};

/* Of DNS that could not be told there is no result type, but a reason. A rule
   of the site's own has one, too. */
static bool has_failed(const struct json *answer)
{
    const char *source = json_text(json_get(answer, "source"), NULL);

    return json_text(json_get(answer, "failure"), NULL) ||
           (json_text(json_get(answer, "why"), NULL) &&
            (!source || strcmp(source, "override") != 0));
}

/* Fine where TLS is demanded or nothing is; a warning where something failed
   on the way; an error where mail waits. */
static enum exit_status status_of(const struct json *answer)
{
    const char *demand = json_text(json_get(answer, "demand"), NULL);

    if (demand && strcmp(demand, "defer") == 0)
        return STATUS_ERROR;
    return has_failed(answer) ? STATUS_WARNING : STATUS_FINE;
}

static int print_paper(const struct json *json, bool explain)
{
    _cleanup_paper_ struct paper paper = {0};

    paper_for_stdout(&paper, COLOUR_AUTO);
    if (explain)
        policy_paper_explanation(&paper, json);
    else
        policy_paper_answer(&paper, json);
    return paper_print(&paper);
}

static int query(const struct query_values *options, const char *domain,
                 enum exit_status *ret_status)
{
    const char *route = options->explain ? "/v1/explain/" : "/v1/policy/";
    _cleanup_json_ struct json *json = NULL;
    int status;

    if (daemon_get_of("query", &options->daemon, route, domain, &json) < 0)
        return STATUS_UNKNOWN;
    status = options->json ? output_json(json, JSON_INDENTED)
                           : print_paper(json, options->explain);
    *ret_status = status_of(options->explain ? json_get(json, "answer") : json);
    return status;
}

static int run_query(const struct command *command, const void *values,
                     const struct words *words)
{
    enum exit_status worst = STATUS_FINE;

    if (words->count == 0)
        return help_usage(command);
    for (size_t i = 0; i < words->count; i++) {
        enum exit_status status = STATUS_FINE;
        if (query(values, words->items[i], &status) != STATUS_FINE)
            return STATUS_UNKNOWN;
        worst = MAX_OF(worst, status);
    }
    return (int)worst;
}

const struct command command_query = {
    .name = "query",
    .summary = "ask the running daemon what TLS a domain demands",
    .synopsis = "DOMAIN...",
    .about = "Asks mtasts-policyd as an MTA does: a domain that it does not "
             "know is looked up. With --explain everything is also looked up "
             "anew, step by step, beside what the cache holds.",
    .exit_status = "0  answered\n1  answered, but something failed on the way\n"
                   "2  mail to it has to wait\n3  no answer, or bad usage",
    .options = query_options,
    .values_size = sizeof(struct query_values),
    .run = run_query,
};
