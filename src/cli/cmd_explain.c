/*
 * mtasts explain RULE: what a finding means, from the table of rules.
 */
#include "base/near.h"
#include "check/check.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/paper.h"
#include "cli/rule_text.h"
#include "cli/terminal.h"

static const struct option_row explain_options[] = {{0}};

#define LABEL_COLUMN 13u /* where what follows a label begins */

static void put_field(struct paper *paper, const char *label, const char *text)
{
    paper_styled(paper, STYLE_BOLD, label);
    paper_tab(paper, LABEL_COLUMN);
    paper_words(paper, LABEL_COLUMN, text);
    paper_line_end(paper);
}

static void put_rule(struct paper *paper, const struct rule *rule)
{
    char severities[RULE_SEVERITIES_MAX];
    rule_severities(rule, severities);
    paper_styled(paper, STYLE_BOLD, rule->id);
    paper_words(paper, 0, ": ");
    paper_words(paper, 2, rule->title);
    paper_line_end(paper);
    paper_line_end(paper);
    put_field(paper, "Section", section_title(rule->section));
    put_field(paper, "Severity", severities);
    put_field(paper, "Standard", rule->rfc);
    paper_line_end(paper);
    put_field(paper, "Why", rule->why);
    put_field(paper, "Fix", rule->fix);
}

static int unknown_rule(const char *id)
{
    size_t count = 0;
    const struct rule *rules = rules_all(&count);
    struct near near = near_start(id);
    for (size_t i = 0; i < count; i++)
        near_try(&near, rules[i].id);
    if (near_best(&near))
        return complain("explain: no rule '%s'; did you mean %s?", id,
                        near_best(&near));
    return complain("explain: no rule '%s'; 'mtasts rules' lists all %zu", id,
                    count);
}

static int run_explain(const struct command *command, const void *values,
                       const struct words *words)
{
    (void)values;
    if (words->count == 0)
        return help_usage(command);
    _cleanup_paper_ struct paper paper = {0};
    paper_for_stdout(&paper, COLOUR_AUTO);
    for (size_t i = 0; i < words->count; i++) {
        const struct rule *rule = rule_find(words->items[i]);
        if (!rule)
            return unknown_rule(words->items[i]);
        paper_gap(&paper);
        put_rule(&paper, rule);
    }
    return paper_print(&paper);
}

const struct command command_explain = {
    .name = "explain",
    .summary = "say what a rule means, why it matters and how to mend it",
    .synopsis = "RULE...",
    .about = "RULE is the identifier of a finding, such as mx-not-in-policy. "
             "'mtasts rules' lists all of them.",
    .exit_status = "0  explained\n3  there is no such rule, or bad usage",
    .options = explain_options,
    .values_size = 0,
    .run = run_explain,
};
