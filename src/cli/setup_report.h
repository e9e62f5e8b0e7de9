/*
 * setup_report: what `mtasts setup` tells people.
 */
#ifndef MTASTS_CLI_SETUP_REPORT_H
#define MTASTS_CLI_SETUP_REPORT_H

#include "cli/paper.h"
#include "cli/setup_findings.h"
#include "cli/tool.h"

/* All findings, or those alone that somebody has to see to. */
void setup_report_findings(struct paper *paper,
                           const struct setup_findings *findings, bool all);

/* "HEADING:" and the changes as lines to paste; nothing without any. */
void setup_report_changes(struct paper *paper, const char *heading,
                          const struct setup_changes *changes);

/* A command as one would type it, and what it printed. */
void setup_report_run(struct paper *paper, const char *const *argv,
                      const char *printed);

/* A sentence in a paragraph of its own. */
void setup_report_say(struct paper *paper, const char *format, ...)
    _printf_(2, 3);

#endif
