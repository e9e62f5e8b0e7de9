/*
 * document: what is printed of one domain, in each of the forms. See
 * document.h.
 */
#include "cli/document.h"

#include "check/facts_json.h"
#include "check/findings_json.h"
#include "cli/paper.h"
#include "cli/report.h"
#include <mtasts/error.h>

struct judged {
    const struct facts *facts;
    struct findings *findings;
    struct verdict verdict;
};

static bool has(const struct findings *findings, enum severity severity)
{
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].severity == severity)
            return true;
    return false;
}

static enum exit_status status_of(const struct document_options *options,
                                  const struct findings *findings)
{
    if (findings->worst == SEVERITY_ERROR)
        return STATUS_ERROR;
    if (findings->worst == SEVERITY_WARNING && !options->warnings_pass)
        return STATUS_WARNING;
    return has(findings, SEVERITY_UNKNOWN) ? STATUS_UNKNOWN : STATUS_FINE;
}

static int put_text(const struct document_options *options,
                    const struct judged *judged, const struct trace *trace,
                    struct buf *buf)
{
    _cleanup_paper_ struct paper paper = {0};
    paper_for_stdout(&paper, options->colour);
    report_put(&paper, judged->facts, judged->findings, &judged->verdict,
               options->verbose, trace);
    if (paper.buf.error)
        return paper.buf.error;
    return buf_append(buf, paper.buf.data, paper.buf.len);
}

/* Takes `json`; NULL: out of memory. */
static int put_json(struct json *json, enum json_layout layout, struct buf *buf)
{
    int error = json ? json_write(json, layout, buf) : -MTASTS_ENOMEM;
    json_free(json);
    return error ? error : buf_putc(buf, '\n');
}

static int put_facts(const struct facts *facts, struct buf *buf)
{
    struct json *json = NULL;
    int error = facts_to_json(facts, &json);
    return error ? error : put_json(json, JSON_ONE_LINE, buf);
}

static int put_findings(const struct judged *judged, enum json_layout layout,
                        struct buf *buf)
{
    struct json *json = NULL;
    int error = findings_to_json(judged->facts, judged->findings,
                                 &judged->verdict, &json);
    return error ? error : put_json(json, layout, buf);
}

int document_put(const struct document_options *options,
                 const struct facts *facts, const struct trace *trace,
                 struct buf *buf, enum exit_status *ret_status)
{
    if (options->form == DOCUMENT_FACTS) {
        *ret_status = STATUS_FINE;
        return put_facts(facts, buf);
    }
    struct judged judged = {.facts = facts};
    int error = check_run(facts, &judged.findings, &judged.verdict);
    if (error)
        return error;
    if (options->form == DOCUMENT_TEXT)
        error = put_text(options, &judged, trace, buf);
    else
        error = put_findings(&judged,
                             options->form == DOCUMENT_JSON ? JSON_INDENTED
                                                            : JSON_ONE_LINE,
                             buf);
    if (!error)
        *ret_status = status_of(options, judged.findings);
    findings_free(judged.findings);
    return error;
}

int document_put_bad(const char *text, size_t len, size_t line, const char *why,
                     struct buf *buf)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    json_add_octets(&object, "domain", text, len);
    json_add_string(&object, "error", why);
    json_add_int(&object, "line", (int64_t)line);
    return put_json(json_built(&object), JSON_ONE_LINE, buf);
}
