/*
 * setup_findings: findings and changes as values. See setup_findings.h.
 */
#include "cli/setup_findings.h"

#include "cli/tally.h"
#include <mtasts/error.h>
#include <stdarg.h>
#include <string.h>

static void add(struct setup_findings *findings, enum setup_grade grade,
                const char *format, va_list args) _printf_(3, 0);

/* Past the maximum the last one is written over by an admission. */
static void add(struct setup_findings *findings, enum setup_grade grade,
                const char *format, va_list args)
{
    struct setup_finding *finding;
    if (findings->count == SETUP_FINDINGS_MAX) {
        finding = &findings->items[SETUP_FINDINGS_MAX - 1];
        *finding = (struct setup_finding){.grade = SETUP_UNKNOWN};
        snprintf(finding->text, sizeof(finding->text),
                 "There is more than can be told.");
        return;
    }
    finding = &findings->items[findings->count++];
    *finding = (struct setup_finding){.grade = grade};
    vsnprintf(finding->text, sizeof(finding->text), format, args);
}

void setup_add(struct setup_findings *findings, enum setup_grade grade,
               const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(findings, grade, format, args);
    va_end(args);
}

void setup_block(struct setup_findings *findings, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(findings, SETUP_ERROR, format, args);
    va_end(args);
    findings->blocked = true;
}

void setup_fix(struct setup_findings *findings, const char *format, ...)
{
    struct setup_finding *last;
    va_list args;
    if (findings->count == 0)
        return;
    last = &findings->items[findings->count - 1];
    va_start(args, format);
    vsnprintf(last->fix, sizeof(last->fix), format, args);
    va_end(args);
}

int setup_change(struct setup_changes *changes, const char *name,
                 const char *value)
{
    if (changes->count == SETUP_CHANGES_MAX || strlen(name) >= SETUP_NAME_MAX ||
        strlen(value) >= SETUP_VALUE_MAX)
        return -MTASTS_ETOOLONG;
    struct setup_change *change = &changes->items[changes->count++];
    snprintf(change->name, sizeof(change->name), "%s", name);
    snprintf(change->value, sizeof(change->value), "%s", value);
    return 0;
}

int setup_status(const struct setup_findings *findings)
{
    static const int worth[] = {
        [SETUP_FINE] = STATUS_FINE,    [SETUP_NOTE] = STATUS_FINE,
        [SETUP_TODO] = STATUS_WARNING, [SETUP_WARNING] = STATUS_WARNING,
        [SETUP_ERROR] = STATUS_ERROR,  [SETUP_UNKNOWN] = STATUS_UNKNOWN,
    };
    int status = STATUS_FINE;
    for (size_t i = 0; i < findings->count; i++)
        status = tally_worse(status, worth[findings->items[i].grade]);
    return status;
}
