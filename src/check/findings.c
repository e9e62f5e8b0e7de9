/*
 * findings: the list that the rules add to, and the words of its enums. See
 * findings.h and check.h.
 */
#include "check/findings.h"

#include "check/text.h"
#include <string.h>

#define FIRST_ROOM 16u /* what a domain with a fault or two gives */

int findings_new(struct findings **ret_findings)
{
    _cleanup_arena_ struct arena *arena = NULL;
    int error = arena_new(FINDINGS_MEMORY_MAX, &arena);
    if (error)
        return error;
    struct findings *findings = arena_new_of(arena, struct findings);
    if (!findings)
        return -MTASTS_ENOMEM;
    findings->arena = TAKE_PTR(arena);
    *ret_findings = findings;
    return 0;
}

void findings_free(struct findings *findings)
{
    if (findings)
        arena_free(findings->arena); /* `findings` itself is in it */
}

static bool make_room(struct findings *findings)
{
    if (findings->count < findings->max)
        return true;
    size_t max = MAX_OF(findings->max * 2, (size_t)FIRST_ROOM);
    struct finding *items =
        arena_array_of(findings->arena, max, struct finding);
    if (!items)
        return false;
    if (findings->count > 0)
        memcpy(items, findings->items, findings->count * sizeof(*items));
    findings->items = items;
    findings->max = max;
    return true;
}

/* Rules run one after the other: those of one rule stand together. */
static bool rule_is_full(const struct findings *findings,
                         const struct rule *rule)
{
    return findings->count >= FINDINGS_OF_RULE_MAX &&
           findings->items[findings->count - FINDINGS_OF_RULE_MAX].rule == rule;
}

/* Copies what does not outlive the rules; false without memory. */
static bool keep(struct findings *findings, const struct finding *finding)
{
    struct arena *arena = findings->arena;
    struct finding *kept = &findings->items[findings->count];

    *kept = *finding;
    kept->message = arena_string(arena, finding->message);
    if (finding->subject)
        kept->subject = arena_string(arena, text_name(arena, finding->subject));
    return kept->message != NULL;
}

void findings_add(struct findings *findings, const struct finding *finding)
{
    findings->worst = MAX_OF(findings->worst, finding->severity);
    if (findings->count < FINDINGS_MAX &&
        !rule_is_full(findings, finding->rule) && make_room(findings) &&
        keep(findings, finding))
        findings->count++;
    else
        findings->truncated = true;
}

/* Where a finding belongs: by section, the worst severity first. */
static size_t bucket_of(const struct finding *finding)
{
    return (size_t)finding->rule->section * SEVERITY_COUNT + SEVERITY_COUNT -
           1 - (size_t)finding->severity;
}

/* A counting sort: stable, so that the order of the rules stays. */
void findings_sort(struct findings *findings)
{
    size_t start[SECTION_COUNT * SEVERITY_COUNT + 1] = {0};
    struct finding *items =
        arena_array_of(findings->arena, findings->count, struct finding);

    if (!items) {
        findings->truncated = true;
        return;
    }
    for (size_t i = 0; i < findings->count; i++)
        start[bucket_of(&findings->items[i]) + 1]++;
    for (size_t i = 1; i < ELEMENTS(start); i++)
        start[i] += start[i - 1];
    for (size_t i = 0; i < findings->count; i++)
        items[start[bucket_of(&findings->items[i])]++] = findings->items[i];
    findings->items = items;
    findings->max = findings->count;
}

/* clang-format off */
static const char *const severity_names[] = {
    [SEVERITY_OK] = "ok",
    [SEVERITY_INFO] = "info",
    [SEVERITY_UNKNOWN] = "unknown",
    [SEVERITY_WARNING] = "warning",
    [SEVERITY_ERROR] = "error",
};

static const struct {
    const char *name;
    const char *title;
} section_words[] = {
    [SECTION_STS_RECORD] = {"sts-record", "The MTA-STS record"},
    [SECTION_POLICY_HOST] = {"policy-host", "The policy host"},
    [SECTION_POLICY] = {"policy", "The policy"},
    [SECTION_MX] = {"mx", "MX hosts and the policy"},
    [SECTION_SMTP] = {"smtp", "MX hosts over SMTP"},
    [SECTION_DANE] = {"dane", "DANE"},
    [SECTION_TLSRPT] = {"tlsrpt", "TLS reporting"},
};

static const char *const protection_names[] = {
    [PROTECTION_NONE] = "none",
    [PROTECTION_BROKEN] = "broken",
    [PROTECTION_REFUSED] = "refused",
    [PROTECTION_PARTLY] = "partly",
    [PROTECTION_TESTING] = "testing",
    [PROTECTION_FULL] = "full",
    [PROTECTION_DANE] = "dane",
    [PROTECTION_UNKNOWN] = "unknown",
};
/* clang-format on */

const char *severity_name(enum severity severity)
{
    return (size_t)severity < ELEMENTS(severity_names)
               ? severity_names[severity]
               : "unknown";
}

const char *section_name(enum section section)
{
    return (size_t)section < ELEMENTS(section_words)
               ? section_words[section].name
               : "unknown";
}

const char *section_title(enum section section)
{
    return (size_t)section < ELEMENTS(section_words)
               ? section_words[section].title
               : "Other";
}

const char *protection_name(enum protection protection)
{
    return (size_t)protection < ELEMENTS(protection_names)
               ? protection_names[protection]
               : "unknown";
}
