/*
 * report: the findings about one domain, for people.
 *
 * The verdict first; then the MX hosts as a table; then the findings by
 * section: what was seen, why it matters, the fix to paste. With `verbose`
 * also what is fine, and each step with its time.
 */
#ifndef MTASTS_CLI_REPORT_H
#define MTASTS_CLI_REPORT_H

#include "check/check.h"
#include "cli/paper.h"
#include "cli/trace.h"

/* `trace` may be NULL. */
void report_put(struct paper *paper, const struct facts *facts,
                const struct findings *findings, const struct verdict *verdict,
                bool verbose, const struct trace *trace);

/* A finding's mark, message and rule, on lines of their own. */
void report_message(struct paper *paper, const struct finding *finding);

/* Why the finding matters and how to mend it in general, if it is the last
   of its rule and severity, and the texts to paste. */
void report_reason(struct paper *paper, const struct findings *findings,
                   size_t index);

/* That there are more, if so. */
void report_truncated(struct paper *paper, const struct findings *findings);

/* "2 errors, 1 warning, 3 notes". */
void report_counts(struct paper *paper, const struct findings *findings);

/* Columns before a finding's text. */
#define REPORT_COLUMN 11u

/* "  ok       " and the text, wrapped. */
void report_fine(struct paper *paper, const char *format, ...) _printf_(2, 3);

/* report_table.c: the MX hosts; nothing if there are none. */
void report_mx_table(struct paper *paper, const struct facts *facts);

/* report_fine.c: what is fine in a section. */
void report_section_fine(struct paper *paper, const struct facts *facts,
                         const struct verdict *verdict, enum section section);

#endif
