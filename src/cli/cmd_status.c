/*
 * mtasts status: how the running daemon does.
 */
#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/paper.h"
#include "cli/policy_paper.h"
#include "cli/terminal.h"

struct status_values {
    struct daemon_options daemon;
    bool json;
};

static const struct option_row status_options[] = {
    {.name = "json",
     .kind = OPTION_FLAG,
     .help = "print the daemon's JSON document",
     .offset = offsetof(struct status_values, json)},
    DAEMON_OPTION_ROWS(struct status_values, daemon),
    {0},
};

static int64_t number(const struct json *object, const char *key)
{
    int64_t value = 0;

    json_int(json_get(object, key), &value);
    return value;
}

/* What an administrator should look at. */
static enum exit_status judge(const struct json *json)
{
    bool failing = false;
    bool dnssec = true;
    bool changed = false;

    json_bool(json_get(json_get(json, "store"), "failing"), &failing);
    json_bool(json_get(json, "dnssec"), &dnssec);
    json_bool(json_get(json, "configuration_changed"), &changed);
    if (failing)
        return STATUS_ERROR;
    return number(json_get(json, "cache"), "failing") > 0 || !dnssec || changed
               ? STATUS_WARNING
               : STATUS_FINE;
}

static int run_status(const struct command *command, const void *values,
                      const struct words *words)
{
    const struct status_values *options = values;
    _cleanup_json_ struct json *json = NULL;
    _cleanup_paper_ struct paper paper = {0};
    int status;

    if (words->count > 0)
        return help_usage(command);
    if (daemon_get("status", &options->daemon, "/v1/status", &json) < 0)
        return STATUS_UNKNOWN;
    paper_for_stdout(&paper, COLOUR_AUTO);
    policy_paper_status(&paper, json);
    status =
        options->json ? output_json(json, JSON_INDENTED) : paper_print(&paper);
    return status == STATUS_FINE ? (int)judge(json) : status;
}

const struct command command_status = {
    .name = "status",
    .summary = "how the running daemon does",
    .synopsis = "",
    .about = "What mtasts-policyd knows, what fails, and whether its database "
             "can be written.",
    .exit_status = "0  all is well\n1  a refresh fails, DNSSEC is not "
                   "validated, or the configuration\n   has changed since it "
                   "was read\n2  the database cannot be written\n3  it does "
                   "not answer, or bad usage",
    .options = status_options,
    .values_size = sizeof(struct status_values),
    .run = run_status,
};
