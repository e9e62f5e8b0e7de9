/*
 * report: the findings about one domain, for people. See report.h.
 */
#include "cli/report.h"

#include "cli/printable.h"
#include <stdio.h>
#include <string.h>

#define THEN                                                                   \
    "Once that is served, publish the record with a new id: until the id "     \
    "changes senders keep the policy that they have."

struct mark {
    const char *word;
    enum style style;
};

static struct mark mark_of(enum severity severity)
{
    switch (severity) {
    case SEVERITY_ERROR: return (struct mark){"error", STYLE_RED};
    case SEVERITY_WARNING: return (struct mark){"warning", STYLE_YELLOW};
    case SEVERITY_UNKNOWN: return (struct mark){"unknown", STYLE_CYAN};
    case SEVERITY_INFO: return (struct mark){"info", STYLE_BLUE};
    case SEVERITY_OK: break;
    }
    return (struct mark){"ok", STYLE_GREEN};
}

static void put_mark(struct paper *paper, enum severity severity)
{
    struct mark mark = mark_of(severity);
    paper_tab(paper, 2);
    paper_styled(paper, mark.style, mark.word);
    paper_tab(paper, REPORT_COLUMN);
}

/* A label in bold, and text that wraps under the findings' column. */
static void put_labelled(struct paper *paper, const char *label,
                         const char *text)
{
    paper_tab(paper, REPORT_COLUMN);
    paper_styled(paper, STYLE_BOLD, label);
    paper_words(paper, REPORT_COLUMN, " ");
    paper_words(paper, REPORT_COLUMN, text);
    paper_line_end(paper);
}

/* A text to paste, with an empty line before it. */
static void put_block(struct paper *paper, const char *text)
{
    paper_line_end(paper);
    paper_block(paper, REPORT_COLUMN + 4, text);
}

static bool ends_sentence(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && strchr(".!?:", text[len - 1]);
}

void report_message(struct paper *paper, const struct finding *finding)
{
    bool with_rfc = finding->severity != SEVERITY_INFO;
    const struct rule *rule = finding->rule;
    _cleanup_buf_ struct buf buf = BUF(PAPER_MAX);
    buf_printf(&buf, "[%s%s%s]", rule->id, with_rfc ? ", " : "",
               with_rfc ? rule->rfc : "");
    put_mark(paper, finding->severity);
    paper_printf(paper, REPORT_COLUMN, "%s%s ", finding->message,
                 ends_sentence(finding->message) ? "" : ".");
    paper_styled_whole(paper, STYLE_DIM, REPORT_COLUMN, buf_text(&buf));
    paper_line_end(paper);
}

/* Whether the finding after `index` is of the same rule and severity. */
static bool goes_on(const struct findings *findings, size_t index)
{
    const struct finding *items = findings->items;
    return index + 1 < findings->count &&
           items[index + 1].rule == items[index].rule &&
           items[index + 1].severity == items[index].severity;
}

void report_reason(struct paper *paper, const struct findings *findings,
                   size_t index)
{
    const struct finding *finding = &findings->items[index];
    bool last = !goes_on(findings, index);
    if (last && finding->advice) {
        put_labelled(paper, "Fix:", finding->advice);
    } else if (last) {
        put_labelled(paper, "Why:", finding->rule->why);
        put_labelled(paper, "Fix:", finding->rule->fix);
    }
    if (!finding->fix.text)
        return;
    put_block(paper, finding->fix.text);
    if (finding->fix.then) {
        paper_line_end(paper);
        put_labelled(paper, "Then:", THEN);
        put_block(paper, finding->fix.then);
    }
    if (!last)
        paper_line_end(paper);
}

static void put_number(struct paper *paper, size_t count, const char *one,
                       const char *many, enum style style, bool *first)
{
    char text[64];
    if (count == 0)
        return;
    if (!*first)
        paper_words(paper, 0, ", ");
    *first = false;
    snprintf(text, sizeof(text), "%zu %s", count, count == 1 ? one : many);
    paper_styled_words(paper, style, 0, text);
}

static size_t count_of(const struct findings *findings, enum severity severity)
{
    size_t count = 0;
    for (size_t i = 0; i < findings->count; i++)
        count += findings->items[i].severity == severity;
    return count;
}

void report_counts(struct paper *paper, const struct findings *findings)
{
    bool first = true;
    put_number(paper, count_of(findings, SEVERITY_ERROR), "error", "errors",
               STYLE_RED, &first);
    put_number(paper, count_of(findings, SEVERITY_WARNING), "warning",
               "warnings", STYLE_YELLOW, &first);
    put_number(paper, count_of(findings, SEVERITY_UNKNOWN), "thing unknown",
               "things unknown", STYLE_CYAN, &first);
    put_number(paper, count_of(findings, SEVERITY_INFO), "note", "notes",
               STYLE_PLAIN, &first);
    if (first)
        paper_words(paper, 0, "nothing to mend");
}

void report_fine(struct paper *paper, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        return;
    put_mark(paper, SEVERITY_OK);
    paper_words(paper, REPORT_COLUMN, text);
    paper_line_end(paper);
    free(text);
}

static enum style style_of(const struct verdict *verdict)
{
    switch (verdict->protection) {
    case PROTECTION_FULL:
    case PROTECTION_DANE: return STYLE_GREEN;
    case PROTECTION_BROKEN:
    case PROTECTION_REFUSED: return STYLE_RED;
    case PROTECTION_PARTLY:
    case PROTECTION_TESTING:
    case PROTECTION_NONE: return STYLE_YELLOW;
    case PROTECTION_UNKNOWN: break;
    }
    return STYLE_CYAN;
}

static void put_sentence(struct paper *paper, enum style style,
                         const char *text)
{
    _cleanup_buf_ struct buf buf = BUF(PAPER_MAX);
    buf_printf(&buf, "%s%s", text, ends_sentence(text) ? "" : ".");
    paper_styled_words(paper, style, 0, buf_text(&buf));
    paper_line_end(paper);
}

static void put_verdict(struct paper *paper, const struct facts *facts,
                        const struct findings *findings,
                        const struct verdict *verdict)
{
    put_sentence(paper, style_of(verdict), verdict->sentence);
    paper_line_end(paper);
    paper_styled(paper, STYLE_BOLD, facts->domain);
    if (paper->utf8 && strcmp(facts->unicode, facts->domain) != 0) {
        paper_words(paper, 0, " (");
        paper_words(paper, 0, facts->unicode);
        paper_words(paper, 0, ")");
    }
    paper_words(paper, 0, ": ");
    report_counts(paper, findings);
    paper_printf(paper, 0, " (%.1f s)", facts->elapsed_ms / 1000.0);
    paper_line_end(paper);
    if (facts->resolver_note) {
        paper_printf(paper, 0, "Note: %s%s", facts->resolver_note,
                     ends_sentence(facts->resolver_note) ? "" : ".");
        paper_line_end(paper);
    }
}

static void put_finding(struct paper *paper, const struct findings *findings,
                        size_t index, bool verbose)
{
    const struct finding *finding = &findings->items[index];
    bool last = !goes_on(findings, index);
    report_message(paper, finding);
    if (!verbose && finding->severity == SEVERITY_INFO)
        return;
    report_reason(paper, findings, index);
    if (last && index + 1 < findings->count &&
        finding[1].rule->section == finding->rule->section)
        paper_gap(paper);
}

static void put_title(struct paper *paper, const char *title)
{
    paper_gap(paper);
    paper_styled(paper, STYLE_BOLD, title);
    paper_line_end(paper);
}

static void put_section(struct paper *paper, const struct facts *facts,
                        const struct findings *findings,
                        const struct verdict *verdict, enum section section,
                        bool verbose)
{
    size_t before = paper->buf.len;
    put_title(paper, section_title(section));
    size_t empty = paper->buf.len;
    if (verbose)
        report_section_fine(paper, facts, verdict, section);
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].rule->section == section)
            put_finding(paper, findings, i, verbose);
    if (paper->buf.len == empty && !paper->buf.error)
        paper_rewind(paper, before); /* a title with nothing under it */
}

static void put_trace(struct paper *paper, const struct trace *trace)
{
    put_title(paper, "Steps");
    for (size_t i = 0; i < trace->count; i++) {
        const struct trace_step *step = &trace->steps[i];
        char time[32];
        snprintf(time, sizeof(time), "%6u ms", step->elapsed_ms);
        paper_tab(paper, 2);
        paper_styled(paper, STYLE_DIM, time);
        paper_tab(paper, 13);
        paper_words(paper, 13, step->step);
        paper_words(paper, 13, ": ");
        paper_words(paper, 13, step->result);
        paper_line_end(paper);
    }
    if (trace->omitted) {
        paper_printf(paper, 2, "  ... and %zu more", trace->omitted);
        paper_line_end(paper);
    }
}

void report_truncated(struct paper *paper, const struct findings *findings)
{
    if (!findings->truncated)
        return;
    paper_gap(paper);
    paper_words(paper, 0, "There are more findings than are shown.");
    paper_line_end(paper);
}

void report_put(struct paper *paper, const struct facts *facts,
                const struct findings *findings, const struct verdict *verdict,
                bool verbose, const struct trace *trace)
{
    put_verdict(paper, facts, findings, verdict);
    report_mx_table(paper, facts);
    for (enum section section = 0; section < SECTION_COUNT; section++)
        put_section(paper, facts, findings, verdict, section, verbose);
    report_truncated(paper, findings);
    if (trace)
        put_trace(paper, trace);
}
