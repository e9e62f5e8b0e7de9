/*
 * help: what `--help` and `mtasts help` print. See help.h.
 */
#include "cli/help.h"

#include "cli/output.h"
#include "cli/paper.h"
#include "cli/terminal.h"
#include <string.h>

#define OPTION_COLUMN 28u /* where the help of an option begins */
#define COMMAND_COLUMN 22u

static void put_heading(struct paper *paper, const char *text)
{
    paper_gap(paper);
    paper_styled(paper, STYLE_BOLD, text);
    paper_line_end(paper);
}

static void put_command_line(struct paper *paper, const struct command *command)
{
    paper_tab(paper, 2);
    paper_styled(paper, STYLE_CYAN, command->name);
    paper_tab(paper, COMMAND_COLUMN);
    paper_words(paper, COMMAND_COLUMN, command->summary);
    paper_line_end(paper);
}

int help_overview(void)
{
    _cleanup_paper_ struct paper paper = {0};
    paper_for_stdout(&paper, COLOUR_AUTO);
    paper_words(&paper, 0,
                "mtasts: is mail to a domain protected by TLS, and how to "
                "mend it if not (MTA-STS, RFC 8461; TLS reporting, RFC 8460; "
                "DANE, RFC 7672).");
    put_heading(&paper, "Usage");
    paper_block(&paper, 2,
                "mtasts COMMAND [OPTION...] [WORD...]\n"
                "mtasts check example.com");
    put_heading(&paper, "Commands");
    for (size_t i = 0; commands[i]; i++)
        put_command_line(&paper, commands[i]);
    paper_gap(&paper);
    paper_words(&paper, 0,
                "'mtasts help COMMAND' or 'mtasts COMMAND --help' says more "
                "of each; so do the manual pages, beginning with mtasts(1).");
    paper_line_end(&paper);
    return paper_print(&paper);
}

static void put_option_name(struct paper *paper, const struct option_row *row)
{
    _cleanup_buf_ struct buf buf = BUF(COMPLAINT_MAX);
    if (row->letter)
        buf_printf(&buf, "-%c, --%s", row->letter, row->name);
    else
        buf_printf(&buf, "    --%s", row->name);
    if (row->kind == OPTION_OPTIONAL)
        buf_printf(&buf, "[=%s]", row->argument);
    else if (option_has_value(row))
        buf_printf(&buf, " %s", row->argument);
    paper_tab(paper, 2);
    paper_styled(paper, STYLE_CYAN, buf_text(&buf));
}

static void put_option(struct paper *paper, const struct option_row *row)
{
    put_option_name(paper, row);
    if (paper->column >= OPTION_COLUMN)
        paper_line_end(paper);
    paper_tab(paper, OPTION_COLUMN);
    paper_words(paper, OPTION_COLUMN, row->help);
    paper_line_end(paper);
}

/* Appends the forms of the synopsis, each with `before` in front of it. */
static void put_forms(struct buf *buf, const struct command *command,
                      const char *before, const char *between)
{
    const char *at = command->synopsis;
    do {
        size_t len = strcspn(at, "\n");
        buf_puts(buf, before);
        buf_puts(buf, len > 0 ? " " : "");
        buf_append(buf, at, len);
        at += len + (at[len] == '\n');
        buf_puts(buf, *at ? between : "");
    } while (*at);
}

static void put_usage(struct paper *paper, const struct command *command)
{
    char start[64];
    _cleanup_buf_ struct buf buf = BUF(COMPLAINT_MAX);
    snprintf(start, sizeof(start), "mtasts %s [OPTION...]", command->name);
    put_forms(&buf, command, start, "\n");
    paper_block(paper, 2, buf_text(&buf));
}

int help_command(const struct command *command)
{
    static const struct option_row help_row = COMMAND_HELP_ROW;
    _cleanup_paper_ struct paper paper = {0};
    paper_for_stdout(&paper, COLOUR_AUTO);
    paper_printf(&paper, 0, "mtasts %s: %s.", command->name, command->summary);
    put_heading(&paper, "Usage");
    put_usage(&paper, command);
    paper_gap(&paper);
    paper_words(&paper, 0, command->about);
    put_heading(&paper, "Options");
    for (const struct option_row *row = command->options; row->name; row++)
        if (!option_is_internal(row))
            put_option(&paper, row);
    put_option(&paper, &help_row);
    put_heading(&paper, "Exit status");
    paper_block(&paper, 2, command->exit_status);
    return paper_print(&paper);
}

static bool in_group(const struct command *command, const char *group)
{
    size_t len = strlen(group);
    return strncmp(command->name, group, len) == 0 && command->name[len] == ' ';
}

int help_group(const char *group)
{
    _cleanup_paper_ struct paper paper = {0};
    paper_for_stdout(&paper, COLOUR_AUTO);
    for (size_t i = 0; commands[i]; i++)
        if (in_group(commands[i], group))
            put_command_line(&paper, commands[i]);
    if (paper.buf.len == 0)
        return -1;
    paper_gap(&paper);
    paper_printf(&paper, 0, "'mtasts help %s WORD' says more of each.", group);
    paper_line_end(&paper);
    return paper_print(&paper);
}

static void put_row(struct buf *buf, const char *command,
                    const struct option_row *row)
{
    buf_printf(buf, "%s\t--%s\t", command, row->name);
    if (row->letter)
        buf_printf(buf, "-%c", row->letter);
    buf_printf(buf, "\t%s\t", option_has_value(row) ? row->argument : "");
    for (size_t i = 0; row->kind == OPTION_CHOICE && row->choices[i]; i++)
        buf_printf(buf, "%s%s", i ? " " : "", row->choices[i]);
    buf_printf(buf, "\t%s\n", row->help);
}

int help_table(void)
{
    static const struct option_row help_row = COMMAND_HELP_ROW;
    _cleanup_buf_ struct buf buf = BUF(PAPER_MAX);
    for (size_t i = 0; commands[i]; i++) {
        const struct option_row *row = commands[i]->options;
        for (; row->name; row++)
            if (!option_is_internal(row))
                put_row(&buf, commands[i]->name, row);
        put_row(&buf, commands[i]->name, &help_row);
    }
    if (buf.error)
        return complain_error("help", buf.error);
    return output_write(buf_text(&buf), buf.len);
}

int help_usage(const struct command *command)
{
    _cleanup_buf_ struct buf buf = BUF(COMPLAINT_MAX);
    put_forms(&buf, command, "", " |");
    return complain("usage: mtasts %s [OPTION...]%s; 'mtasts help %s' says "
                    "more",
                    command->name, buf_text(&buf), command->name);
}
