/*
 * mtasts rules: the table of rules, for people, machines and the manual.
 */
#include "check/check.h"
#include "cli/command.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/paper.h"
#include "cli/rule_text.h"
#include "cli/terminal.h"
#include "json/json.h"
#include <mtasts/error.h>
#include <mtasts/mtasts.h>
#include <string.h>

struct rules_values {
    bool json;
    bool names;
    bool scdoc;
};

static const struct option_row rules_options[] = {
    {.name = "json",
     .kind = OPTION_FLAG,
     .help = "print a JSON array",
     .offset = offsetof(struct rules_values, json)},
    {.name = "names",
     .kind = OPTION_FLAG,
     .help = "print the names alone, one a line",
     .offset = offsetof(struct rules_values, names)},
    {.name = OPTION_INTERNAL "scdoc",
     .kind = OPTION_FLAG,
     .help = "print the source of mtasts-rules(7)",
     .offset = offsetof(struct rules_values, scdoc)},
    {0},
};

#define RULE_COLUMN 37u /* where a title begins: behind the longest name */

static int print_text(const struct rule *rules, size_t count)
{
    _cleanup_paper_ struct paper paper = {0};
    paper_for_stdout(&paper, COLOUR_AUTO);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || rules[i].section != rules[i - 1].section) {
            paper_gap(&paper);
            paper_styled(&paper, STYLE_BOLD, section_title(rules[i].section));
            paper_line_end(&paper);
        }
        paper_tab(&paper, 2);
        paper_styled(&paper, STYLE_CYAN, rules[i].id);
        paper_tab(&paper, RULE_COLUMN);
        paper_words(&paper, RULE_COLUMN, rules[i].title);
        paper_line_end(&paper);
    }
    paper_gap(&paper);
    paper_words(&paper, 0, "'mtasts explain RULE' says more of each.");
    paper_line_end(&paper);
    return paper_print(&paper);
}

static int print_names(const struct rule *rules, size_t count)
{
    _cleanup_buf_ struct buf buf = BUF(PAPER_MAX);
    for (size_t i = 0; i < count; i++)
        buf_printf(&buf, "%s\n", rules[i].id);
    if (buf.error)
        return complain_error("rules", buf.error);
    return output_write(buf_text(&buf), buf.len);
}

static struct json *severities_json(const struct rule *rule)
{
    _cleanup_json_builder_ struct json_builder array = json_build_array();
    for (const char *at = rule->severities; *at; at++)
        if (rule_severity_of(*at) != SEVERITY_OK)
            json_add_string(&array, NULL, severity_name(rule_severity_of(*at)));
    return json_built(&array);
}

static struct json *rule_json(const struct rule *rule)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    json_add_string(&object, "rule", rule->id);
    json_add(&object, "severities", severities_json(rule));
    json_add_string(&object, "section", section_name(rule->section));
    json_add_string(&object, "rfc", rule->rfc);
    json_add_string(&object, "title", rule->title);
    json_add_string(&object, "why", rule->why);
    json_add_string(&object, "fix", rule->fix);
    return json_built(&object);
}

static int print_json(const struct rule *rules, size_t count)
{
    _cleanup_json_builder_ struct json_builder array = json_build_array();
    for (size_t i = 0; i < count; i++)
        json_add(&array, NULL, rule_json(&rules[i]));
    _cleanup_json_ struct json *json = json_built(&array);
    return output_json(json, JSON_INDENTED);
}

/* What scdoc would take for mark-up gets a backslash. */
static void put_escaped(struct buf *buf, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\*_<>[]#~+|`", *text))
            buf_putc(buf, '\\');
        buf_putc(buf, *text);
    }
}

static void put_scdoc_rule(struct buf *buf, const struct rule *rule)
{
    char severities[RULE_SEVERITIES_MAX];
    rule_severities(rule, severities);
    buf_puts(buf, "*");
    put_escaped(buf, rule->id);
    buf_printf(buf, "* (%s)\n\t", severities);
    put_escaped(buf, rule->title);
    buf_puts(buf, " (");
    put_escaped(buf, rule->rfc);
    buf_puts(buf, ").\n\n\t");
    put_escaped(buf, rule->why);
    buf_puts(buf, "\n\n\tFix: ");
    put_escaped(buf, rule->fix);
    buf_puts(buf, "\n\n");
}

static const char scdoc_head[] =
    "mtasts-rules(7)\n"
    "\n"
    "# NAME\n"
    "\n"
    "mtasts-rules - what *mtasts check* looks at\n"
    "\n"
    "# DESCRIPTION\n"
    "\n"
    "Each finding of *mtasts-check*(1) and *mtasts-lint*(1) bears the name of "
    "a rule. This page lists the rules by section, each with the severities "
    "that its findings can have:\n"
    "\n"
    "*error*\n"
    "\tMail is or will be refused, or protection is absent against the "
    "owner's intent.\n"
    "\n"
    "*warning*\n"
    "\tIt works, but not as it should or not for long.\n"
    "\n"
    "*unknown*\n"
    "\tIt could not be told: a server did not answer, for instance. This is "
    "never taken for \"absent\".\n"
    "\n"
    "*info*\n"
    "\tWorth knowing.\n"
    "\n"
    "*mtasts explain* _RULE_ prints the same of one rule. This page is "
    "made from the table in the program.\n";

static void put_scdoc_section(struct buf *buf, enum section section)
{
    buf_puts(buf, "\n# ");
    for (const char *at = section_title(section); *at; at++)
        buf_putc(buf, *at >= 'a' && *at <= 'z' ? (char)(*at - 32) : *at);
    buf_puts(buf, "\n\n");
}

static int print_scdoc(const struct rule *rules, size_t count)
{
    _cleanup_buf_ struct buf buf = BUF(PAPER_MAX);
    buf_puts(&buf, scdoc_head);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || rules[i].section != rules[i - 1].section)
            put_scdoc_section(&buf, rules[i].section);
        put_scdoc_rule(&buf, &rules[i]);
    }
    buf_puts(&buf, "# SEE ALSO\n\n*mtasts*(1), *mtasts-check*(1), "
                   "*mtasts-lint*(1), *mtasts-explain*(1)\n");
    if (buf.error)
        return complain_error("rules", buf.error);
    return output_write(buf_text(&buf), buf.len);
}

static int run_rules(const struct command *command, const void *values,
                     const struct words *words)
{
    const struct rules_values *options = values;
    size_t count = 0;
    const struct rule *rules = rules_all(&count);
    if (words->count > 0)
        return help_usage(command);
    if (options->names && options->json)
        return complain("rules: --json and --names exclude each other; take "
                        "one");
    if (options->scdoc)
        return print_scdoc(rules, count);
    if (options->names)
        return print_names(rules, count);
    return options->json ? print_json(rules, count) : print_text(rules, count);
}

const struct command command_rules = {
    .name = "rules",
    .summary = "list all rules that a domain is judged by",
    .synopsis = "",
    .about = "A rule has a stable identifier, which findings bear. The list "
             "is also mtasts-rules(7).",
    .exit_status = "0  listed\n3  bad usage",
    .options = rules_options,
    .values_size = sizeof(struct rules_values),
    .run = run_rules,
};
