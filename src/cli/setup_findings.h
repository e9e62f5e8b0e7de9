/*
 * setup_findings: what `mtasts setup` has found, and what it would change.
 *
 * Plain values, so that judging an MTA is a pure function from what was read
 * of it; setup_report.h puts them on paper.
 */
#ifndef MTASTS_CLI_SETUP_FINDINGS_H
#define MTASTS_CLI_SETUP_FINDINGS_H

#include "base/cleanup.h"
#include <stdbool.h>
#include <stddef.h>

#define SETUP_FINDINGS_MAX 48u /* more than there are things to look at */
#define SETUP_TEXT_MAX 1024u   /* octets of a sentence; longer ones are cut */
#define SETUP_NAME_MAX 64u     /* octets of an option's name */
#define SETUP_VALUE_MAX 8192u  /* octets of its value; never cut */
#define SETUP_CHANGES_MAX 8u

/* In the order in which they matter. */
enum setup_grade {
    SETUP_FINE,
    SETUP_NOTE,    /* worth knowing; nothing is amiss */
    SETUP_TODO,    /* the plan mends it */
    SETUP_WARNING, /* it works, and less well than it should */
    SETUP_ERROR,   /* mail would wait, or go unprotected */
    SETUP_UNKNOWN, /* could not tell */
};

struct setup_finding {
    enum setup_grade grade;
    char text[SETUP_TEXT_MAX];
    char fix[SETUP_TEXT_MAX]; /* "": none */
};

/* An option that is to have another value. */
struct setup_change {
    char name[SETUP_NAME_MAX];
    char value[SETUP_VALUE_MAX];
};

struct setup_changes {
    struct setup_change items[SETUP_CHANGES_MAX];
    size_t count;
};

struct setup_findings {
    struct setup_finding items[SETUP_FINDINGS_MAX];
    size_t count;
    bool blocked; /* nothing may be applied before a person has looked */
};

/* Adds one; setup_fix() then says how to mend the last one. */
void setup_add(struct setup_findings *findings, enum setup_grade grade,
               const char *format, ...) _printf_(3, 4);
void setup_fix(struct setup_findings *findings, const char *format, ...)
    _printf_(2, 3);

/* An error that nothing may be applied over. */
void setup_block(struct setup_findings *findings, const char *format, ...)
    _printf_(2, 3);

/* -MTASTS_ETOOLONG: it does not fit, and is not there. */
int setup_change(struct setup_changes *changes, const char *name,
                 const char *value);

/* The exit status that they are worth. */
int setup_status(const struct setup_findings *findings);

#endif
