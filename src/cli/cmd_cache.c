/*
 * mtasts cache ...: what the running daemon knows of domains.
 */
#include "cli/command.h"
#include "cli/daemon_client.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/paper.h"
#include "cli/policy_paper.h"
#include "cli/terminal.h"
#include <mtasts/error.h>
#include <string.h>

#define TARGET_PAGE "/v1/cache?limit=1000&after="
#define TARGET_MAX 256u /* octets: with a number behind it */

struct cache_values {
    struct daemon_options daemon;
    bool json;
};

static const struct option_row cache_options[] = {
    {.name = "json",
     .kind = OPTION_FLAG,
     .help = "print JSON: a document, or a line a domain",
     .offset = offsetof(struct cache_values, json)},
    DAEMON_OPTION_ROWS(struct cache_values, daemon),
    {0},
};

typedef void put_fn(struct paper *paper, const struct json *json);

static int print(const struct json *json, bool as_json, put_fn *put)
{
    _cleanup_paper_ struct paper paper = {0};

    if (as_json)
        return output_json(json, JSON_INDENTED);
    paper_for_stdout(&paper, COLOUR_AUTO);
    put(&paper, json);
    return paper_print(&paper);
}

/* One route for each domain named. */
static int each(const struct command *command, const void *values,
                const struct words *words, const char *route, put_fn *put)
{
    const struct cache_values *options = values;

    if (words->count == 0)
        return help_usage(command);
    for (size_t i = 0; i < words->count; i++) {
        _cleanup_json_ struct json *json = NULL;
        int status;
        if (daemon_get_of(command->name, &options->daemon, route,
                          words->items[i], &json) < 0)
            return STATUS_UNKNOWN;
        status = print(json, options->json, put);
        if (status != STATUS_FINE)
            return status;
    }
    return STATUS_FINE;
}

/* ---- show, history ---- */

static int run_show(const struct command *command, const void *values,
                    const struct words *words)
{
    return each(command, values, words, "/v1/cache/", policy_paper_view);
}

static int run_history(const struct command *command, const void *values,
                       const struct words *words)
{
    return each(command, values, words, "/v1/history/", policy_paper_history);
}

/* ---- list, dump ---- */

typedef int page_fn(const struct json *domains, const void *values);

/* All pages, one after the other; the cache may change meanwhile. */
static int all_pages(const char *who, const struct cache_values *options,
                     page_fn *fn)
{
    char target[TARGET_MAX] = TARGET_PAGE "0";

    for (;;) {
        _cleanup_json_ struct json *json = NULL;
        const char *after;
        int status;
        if (daemon_get(who, &options->daemon, target, &json) < 0)
            return STATUS_UNKNOWN;
        status = fn(json_get(json, "domains"), options);
        after = json_text(json_get(json, "after"), NULL);
        if (status != STATUS_FINE || !after)
            return status;
        snprintf(target, sizeof(target), TARGET_PAGE "%s", after);
    }
}

static int list_page(const struct json *domains, const void *values)
{
    const struct cache_values *options = values;
    _cleanup_paper_ struct paper paper = {0};
    int status = STATUS_FINE;

    paper_for_stdout(&paper, COLOUR_AUTO);
    for (size_t i = 0; status == STATUS_FINE && i < json_count(domains); i++)
        if (options->json)
            status = output_json(json_at(domains, i), JSON_ONE_LINE);
        else
            policy_paper_line(&paper, json_at(domains, i));
    return options->json ? status : paper_print(&paper);
}

static int run_list(const struct command *command, const void *values,
                    const struct words *words)
{
    return words->count ? help_usage(command)
                        : all_pages(command->name, values, list_page);
}

/* Policies alone, as `cache load` takes them. */
static int dump_page(const struct json *domains, const void *values)
{
    int status = STATUS_FINE;

    (void)values;
    for (size_t i = 0; status == STATUS_FINE && i < json_count(domains); i++) {
        const struct json *view = json_at(domains, i);
        if (json_kind(json_get(view, "policy")) == JSON_IS_OBJECT)
            status = output_json(view, JSON_ONE_LINE);
    }
    return status;
}

static int run_dump(const struct command *command, const void *values,
                    const struct words *words)
{
    return words->count ? help_usage(command)
                        : all_pages(command->name, values, dump_page);
}

/* ---- refresh, flush, load ---- */

static int post_each(const struct command *command, const void *values,
                     const struct words *words, const char *route)
{
    const struct cache_values *options = values;

    if (words->count == 0)
        return help_usage(command);
    for (size_t i = 0; i < words->count; i++) {
        _cleanup_json_ struct json *json = NULL;
        if (daemon_post_of(command->name, &options->daemon, route,
                           words->items[i], &json) < 0)
            return STATUS_UNKNOWN;
        int status =
            options->json ? output_json(json, JSON_INDENTED) : STATUS_FINE;
        if (status != STATUS_FINE)
            return status;
    }
    return STATUS_FINE;
}

static int run_refresh(const struct command *command, const void *values,
                       const struct words *words)
{
    return post_each(command, values, words, "/v1/refresh/");
}

static int run_flush(const struct command *command, const void *values,
                     const struct words *words)
{
    return post_each(command, values, words, "/v1/flush/");
}

const struct command command_cache_list = {
    .name = "cache list",
    .summary = "list the domains that the running daemon knows",
    .synopsis = "",
    .about = "A line a domain: its policy's mode and until when it is in "
             "force, or a dash where it has none; and what fails.",
    .exit_status = "0  listed\n3  the daemon does not answer, or bad usage",
    .options = cache_options,
    .values_size = sizeof(struct cache_values),
    .run = run_list,
};

const struct command command_cache_show = {
    .name = "cache show",
    .summary = "show what the running daemon knows of a domain",
    .synopsis = "DOMAIN...",
    .about = "Nothing is looked up: 'mtasts query' does that.",
    .exit_status = "0  shown\n3  nothing is known of it, the daemon does not "
                   "answer, or bad usage",
    .options = cache_options,
    .values_size = sizeof(struct cache_values),
    .run = run_show,
};

const struct command command_cache_history = {
    .name = "cache history",
    .summary = "show what happened to a domain's policy",
    .synopsis = "DOMAIN...",
    .about = "Newest first: found, changed, weakened, expired; refreshes that "
             "failed; MX hosts that the policy lacks.",
    .exit_status = "0  shown\n3  the daemon does not answer, or bad usage",
    .options = cache_options,
    .values_size = sizeof(struct cache_values),
    .run = run_history,
};

const struct command command_cache_refresh = {
    .name = "cache refresh",
    .summary = "have the running daemon fetch a policy anew",
    .synopsis = "DOMAIN...",
    .about = "It is fetched now, whatever is known, and replaces what is held "
             "only if it is a policy.",
    .exit_status = "0  begun\n3  the daemon does not answer, or bad usage",
    .options = cache_options,
    .values_size = sizeof(struct cache_values),
    .run = run_refresh,
};

const struct command command_cache_flush = {
    .name = "cache flush",
    .summary = "have the running daemon forget a domain",
    .synopsis = "DOMAIN...",
    .about = "Its policy is dropped, from the database too, and with it the "
             "protection that it gave, until it is found again. To fetch it "
             "anew without that, use 'mtasts cache refresh'.",
    .exit_status = "0  forgotten\n3  nothing is known of it, the daemon does "
                   "not answer, or bad usage",
    .options = cache_options,
    .values_size = sizeof(struct cache_values),
    .run = run_flush,
};

const struct command command_cache_dump = {
    .name = "cache dump",
    .summary = "print all policies that the running daemon holds",
    .synopsis = "",
    .about = "A line of JSON a domain with a policy, to be kept or taken to "
             "another machine: 'mtasts cache load' reads it.",
    .exit_status = "0  printed\n3  the daemon does not answer, or bad usage",
    .options = cache_options,
    .values_size = sizeof(struct cache_values),
    .run = run_dump,
};
