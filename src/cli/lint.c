/*
 * lint: what the three lint commands have in common. See lint.h.
 */
#include "cli/lint.h"

#include "cli/excerpt.h"
#include "cli/report.h"
#include "net/suffix.h"

#define INDENT (REPORT_COLUMN + 4) /* of the line in question */
#define SUFFIXES_MAX                                                           \
    (4u << 20) /* octets of patterns at public suffixes, and of pointers to    \
                  them: several times a policy's MTASTS_POLICY_BODY_MAX */

int lint_policy(struct mtasts_bytes body, struct findings **ret_findings)
{
    _cleanup_arena_ struct arena *arena = NULL;
    const char *const *patterns = NULL;
    size_t count = 0;
    int error = arena_new(SUFFIXES_MAX, &arena);
    /* A longer one is no policy to anybody; that is said of it. */
    if (!error && body.len <= MTASTS_POLICY_BODY_MAX)
        error =
            suffix_find_in_body(arena, body.data, body.len, &patterns, &count);
    if (!error)
        error = check_policy_body(body.data, body.len, patterns, count,
                                  ret_findings);
    return error;
}

static void put_excerpt(struct paper *paper, const struct finding *finding,
                        struct mtasts_bytes text)
{
    if (!text.data || finding->line == 0 || finding->column == 0)
        return;
    struct mtasts_bytes line = excerpt_line(text.data, text.len, finding->line);
    if (line.len > 0)
        excerpt_put(paper, INDENT, line, finding->column);
}

void lint_findings(struct paper *paper, const struct findings *findings,
                   struct mtasts_bytes text)
{
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        paper_gap(paper);
        report_message(paper, finding);
        put_excerpt(paper, finding, text);
        if (finding->severity != SEVERITY_INFO)
            report_reason(paper, findings, i);
    }
    report_truncated(paper, findings);
}

void lint_verdict(struct paper *paper, const char *not_valid,
                  const struct findings *findings)
{
    if (not_valid)
        paper_styled_words(paper, STYLE_RED, 0, not_valid);
    else if (findings->worst == SEVERITY_ERROR)
        paper_styled_words(paper, STYLE_YELLOW, 0, "Valid by the letter");
    else
        paper_styled_words(paper, STYLE_GREEN, 0, "Valid");
}

void lint_counts(struct paper *paper, bool valid,
                 const struct findings *findings)
{
    paper_words(paper, 0, ". ");
    if (findings->count == 0) {
        paper_words(paper, 0, "Nothing to mend.");
    } else {
        if (valid && findings->worst == SEVERITY_ERROR)
            paper_words(paper, 0, "But ");
        report_counts(paper, findings);
        paper_words(paper, 0, ".");
    }
    paper_line_end(paper);
}
