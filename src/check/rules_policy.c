/*
 * The rules about the policy's body (RFC 8461 section 3.2). All of them but
 * one hold for a file as well as for what a host serves.
 */
#include "base/ascii.h"
#include "check/judge.h"
#include "check/suggest.h"
#include "check/text.h"

#define DAY 86400u
#define AGE_WARNING DAY /* large senders refresh daily */
#define AGE_ENFORCE_WARNING (7 * DAY)
#define AGE_ENFORCE_INFO (14 * DAY)

/* Faults, with the corrected policy to paste if they are there. */
static void say_faults(struct judge *judge, enum rule_id rule,
                       const struct fault_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!parsed_has(&judge->policy_parsed, rows[i].code))
            continue;
        struct fix fix = {0};
        if (rows[i].severity != SEVERITY_INFO)
            fix = suggest_policy(judge);
        judge_faults(judge, rule, &judge->policy_parsed, rows, count, fix);
        return;
    }
}

static bool is_empty(const struct judge *judge)
{
    return parsed_has(&judge->policy_parsed, MTASTS_FAULT_POLICY_EMPTY);
}

void rule_policy_version(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_VERSION_MISSING, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_VERSION_VALUE, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_VERSION_NOT_FIRST, SEVERITY_WARNING, NULL},
    };
    say_faults(judge, RULE_POLICY_VERSION, rows, ELEMENTS(rows));
}

void rule_policy_mode(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_MODE_MISSING, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_MODE_VALUE, SEVERITY_ERROR, NULL},
    };
    say_faults(judge, RULE_POLICY_MODE, rows, ELEMENTS(rows));
}

void rule_policy_mode_testing(struct judge *judge)
{
    struct place place = policy_place(judge, "mode", NULL);

    if (!judge->policy || judge_mode(judge) != MTASTS_MODE_TESTING)
        return;
    judge_say(judge, RULE_POLICY_MODE_TESTING, SEVERITY_INFO,
              (struct about){.line = place.line, .column = place.column},
              "The policy is in testing mode: failures are reported, but "
              "mail is delivered all the same");
}

void rule_policy_mode_none(struct judge *judge)
{
    struct place place = policy_place(judge, "mode", NULL);

    if (!judge->policy || judge_mode(judge) != MTASTS_MODE_NONE ||
        !judge->sts_meant)
        return;
    judge_say(judge, RULE_POLICY_MODE_NONE, SEVERITY_WARNING,
              (struct about){.line = place.line, .column = place.column},
              "The policy says none: senders act as if there were no "
              "MTA-STS, though the record announces it");
}

void rule_policy_max_age(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_MAX_AGE_MISSING, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_MAX_AGE_VALUE, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_MAX_AGE_DIGITS, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_MAX_AGE_RANGE, SEVERITY_ERROR, NULL},
    };
    say_faults(judge, RULE_POLICY_MAX_AGE, rows, ELEMENTS(rows));
}

/* Leaving MTA-STS takes a short max_age: in mode none it is right. */
static enum severity age_severity(enum mtasts_mode mode, uint32_t age)
{
    if (mode == MTASTS_MODE_NONE)
        return SEVERITY_OK;
    if (age < AGE_WARNING)
        return SEVERITY_WARNING;
    if (mode == MTASTS_MODE_TESTING)
        return SEVERITY_OK;
    if (age < AGE_ENFORCE_WARNING)
        return SEVERITY_WARNING;
    return age < AGE_ENFORCE_INFO ? SEVERITY_INFO : SEVERITY_OK;
}

void rule_policy_max_age_short(struct judge *judge)
{
    if (!judge->policy)
        return;
    uint32_t age = mtasts_sts_policy_max_age(judge->policy);
    enum severity severity = age_severity(judge_mode(judge), age);
    if (severity == SEVERITY_OK)
        return;
    struct place place = policy_place(judge, "max_age", NULL);
    struct about about = {.line = place.line, .column = place.column};
    if (severity == SEVERITY_WARNING)
        about.fix = suggest_policy(judge);
    judge_say(judge, RULE_POLICY_MAX_AGE_SHORT, severity, about,
              "The max_age of %lu (%s) is short for a policy in %s mode",
              (unsigned long)age, text_duration(judge->arena, age),
              mtasts_mode_name(judge_mode(judge)));
}

void rule_policy_mx_missing(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_MX_MISSING, SEVERITY_ERROR, NULL},
    };
    say_faults(judge, RULE_POLICY_MX_MISSING, rows, ELEMENTS(rows));
}

void rule_policy_mx_syntax(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_MX_VALUE, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_MX_TRAILING_DOT, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_MX_UNDERSCORE, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_MX_ADDRESS, SEVERITY_ERROR, NULL},
    };
    say_faults(judge, RULE_POLICY_MX_SYNTAX, rows, ELEMENTS(rows));
}

/* ---- wildcards ---- */

/* A list of thousands is nobody's policy: the first ones are compared. */
#define SUFFIXES_COMPARED_MAX 64u

static bool is_at_public_suffix(const struct judge *judge, const char *pattern)
{
    size_t count =
        MIN_OF(judge->public_suffix_count, (size_t)SUFFIXES_COMPARED_MAX);

    for (size_t i = 0; i < count; i++)
        if (ascii_is_nocase(pattern, strlen(pattern),
                            judge->public_suffix_mx[i]))
            return true;
    return false;
}

static void say_wildcard(struct judge *judge, const char *pattern,
                         enum severity severity, size_t more)
{
    struct place place = policy_place(judge, "mx", pattern);
    const struct about about = {
        .subject = pattern,
        .line = place.line,
        .column = place.column,
    };
    const char *rest =
        more > 0 ? text_printf(judge->arena, " (and %zu more like it)", more)
                 : "";
    judge_say(judge, RULE_POLICY_MX_WILDCARD, severity, about,
              "The pattern %s%s trusts every host %s", pattern, rest,
              severity == SEVERITY_WARNING
                  ? "of everybody who has a name there"
                  : "of that domain for which somebody has a certificate");
}

/* Those of one severity: some by name, the rest as a number. */
static void say_wildcards(struct judge *judge, bool public_suffix)
{
    size_t count = mtasts_sts_policy_mx_count(judge->policy);
    enum severity severity = public_suffix ? SEVERITY_WARNING : SEVERITY_INFO;
    const char *last = NULL;
    size_t seen = 0;

    for (size_t i = 0; i < count; i++) {
        const char *pattern = mtasts_sts_policy_mx(judge->policy, i);
        if (pattern[0] != '*' ||
            is_at_public_suffix(judge, pattern) != public_suffix)
            continue;
        if (++seen <= REPEAT_MAX)
            say_wildcard(judge, pattern, severity, 0);
        else if (!last)
            last = pattern;
    }
    if (last)
        say_wildcard(judge, last, severity, seen - REPEAT_MAX - 1);
}

void rule_policy_mx_wildcard(struct judge *judge)
{
    if (!judge_has_demands(judge))
        return;
    say_wildcards(judge, true);
    say_wildcards(judge, false);
}

/* ---- what is there too much, and how it is written ---- */

void rule_policy_duplicate_field(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_KEY_DUPLICATE, SEVERITY_WARNING, NULL},
    };
    say_faults(judge, RULE_POLICY_DUPLICATE_FIELD, rows, ELEMENTS(rows));
}

void rule_policy_mx_duplicate(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_MX_DUPLICATE, SEVERITY_INFO, NULL},
    };
    say_faults(judge, RULE_POLICY_MX_DUPLICATE, rows, ELEMENTS(rows));
}

void rule_policy_unknown_field(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_KEY_NEAR_MISS, SEVERITY_WARNING, NULL},
        {MTASTS_FAULT_KEY_UNKNOWN, SEVERITY_INFO, NULL},
    };
    say_faults(judge, RULE_POLICY_UNKNOWN_FIELD, rows, ELEMENTS(rows));
}

void rule_policy_syntax(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_CONTROL, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_BLANK_LINE, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_LINE_SPACE, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_COLON_MISSING, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_COLON_SPACE, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_KEY, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_VALUE_EMPTY, SEVERITY_ERROR, NULL},
        {MTASTS_FAULT_VALUE, SEVERITY_ERROR, NULL},
    };
    if (!is_empty(judge))
        say_faults(judge, RULE_POLICY_SYNTAX, rows, ELEMENTS(rows));
}

void rule_policy_line_endings(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_LINE_ENDS_LF, SEVERITY_INFO, NULL},
    };
    if (!is_empty(judge))
        say_faults(judge, RULE_POLICY_LINE_ENDINGS, rows, ELEMENTS(rows));
}

void rule_policy_no_final_newline(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_NO_FINAL_NEWLINE, SEVERITY_INFO, NULL},
    };
    say_faults(judge, RULE_POLICY_NO_FINAL_NEWLINE, rows, ELEMENTS(rows));
}
