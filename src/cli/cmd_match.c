/*
 * mtasts match PATTERN HOST: RFC 8461 section 4.1 on the command line.
 */
#include "cli/command.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/paper.h"
#include "cli/terminal.h"
#include <mtasts/error.h>
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

/* Why a pattern that is none matches nothing. */
static const char *pattern_reason(const char *pattern)
{
    size_t len = strlen(pattern);
    if (len > 1 && mtasts_mx_pattern_valid(pattern, len - 1))
        return "the pattern ends with a dot, which no mx does, so it matches "
               "nothing; leave the dot out";
    for (; *pattern; pattern++)
        if ((unsigned char)*pattern > 0x7f)
            return "the pattern has letters beyond ASCII, so it matches "
                   "nothing; write it in its xn-- form";
    return "the pattern is not a host name, with or without \"*.\" in front, "
           "so it matches nothing";
}

/* Why there is no match, for people. */
static const char *reason(const char *pattern, const char *host)
{
    char name[MTASTS_NAME_MAX + 1];
    if (!mtasts_mx_pattern_valid(pattern, strlen(pattern)))
        return pattern_reason(pattern);
    int error = mtasts_name_canonical(host, strlen(host),
                                      MTASTS_NAME_UNDERSCORE, name, NULL);
    if (error == -MTASTS_EIDN)
        return "the host has letters beyond ASCII; write it in its xn-- form";
    if (error)
        return "the host is not a host name";
    if (pattern[0] == '*')
        return "\"*\" stands for exactly one label, the left-most";
    return "the names differ";
}

/* An empty word would not be seen. */
static const char *shown(const char *word)
{
    return *word ? word : "\"\"";
}

static int print_answer(const char *pattern, const char *host, bool match)
{
    _cleanup_paper_ struct paper paper = {0};
    paper_for_stdout(&paper, COLOUR_AUTO);
    if (match)
        paper_printf(&paper, 0, "%s matches %s.", host, pattern);
    else
        paper_printf(&paper, 0, "%s does not match %s: %s.", shown(host),
                     shown(pattern), reason(pattern, host));
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
