/*
 * mtasts match PATTERN HOST: RFC 8461 section 4.1 on the command line.
 */
#include "cli/command.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/paper.h"
#include "cli/terminal.h"
#include <mtasts/mtasts.h>
#include <string.h>

struct match_values {
    bool quiet;
};

static const struct option_row match_options[] = {
    {.name = "quiet",
     .letter = 'q',
     .kind = OPTION_FLAG,
     .help = "print nothing, the exit status says it",
     .offset = offsetof(struct match_values, quiet)},
    {0},
};

/* Why there is no match, for people. */
static const char *reason(const char *pattern, const char *host)
{
    char name[MTASTS_NAME_MAX + 1];
    if (!mtasts_mx_pattern_valid(pattern, strlen(pattern)))
        return "the pattern is not a host name, with or without \"*.\" in "
               "front, so it matches nothing";
    if (mtasts_name_canonical(host, strlen(host), MTASTS_NAME_UNDERSCORE, name,
                              NULL) != 0)
        return "the host is not a host name";
    if (pattern[0] == '*')
        return "\"*\" stands for exactly one label, the left-most";
    return "the names differ";
}

static int print_answer(const char *pattern, const char *host, bool match)
{
    _cleanup_paper_ struct paper paper;
    paper_for_stdout(&paper, COLOUR_AUTO);
    if (match)
        paper_printf(&paper, 0, "%s matches %s.", host, pattern);
    else
        paper_printf(&paper, 0, "%s does not match %s: %s.", host, pattern,
                     reason(pattern, host));
    paper_line_end(&paper);
    return paper_print(&paper);
}

static int run_match(const struct command *command, const void *values,
                     const struct words *words)
{
    const struct match_values *options = values;
    if (words->count != 2)
        return help_usage(command);
    const char *pattern = words->items[0];
    const char *host = words->items[1];
    bool match = mtasts_mx_match(pattern, strlen(pattern), host, strlen(host));
    int status =
        options->quiet ? STATUS_FINE : print_answer(pattern, host, match);
    if (status != STATUS_FINE)
        return status;
    return match ? STATUS_FINE : STATUS_NO_MATCH;
}

const struct command command_match = {
    .name = "match",
    .summary = "does an mx pattern of a policy match a host",
    .synopsis = "[--] PATTERN HOST",
    .about = "PATTERN is the value of an mx line: a host name, or \"*.\" and "
             "a domain, where the star stands for exactly one label "
             "(RFC 8461 section 4.1). HOST is the name in an MX record. "
             "Quote the pattern, or the shell may take the star for itself.",
    .exit_status = "0  it matches\n1  it does not\n3  bad usage",
    .options = match_options,
    .values_size = sizeof(struct match_values),
    .run = run_match,
};
