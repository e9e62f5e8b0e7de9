/*
 * The rules about the policy's body (RFC 8461 section 3.2). All of them but
 * one hold for a file as well as for what a host serves.
 */
#include "base/ascii.h"
#include "check/judge.h"
#include "check/suggest.h"
#include "check/text.h"

#define AGE_WARNING SUGGEST_AGE_TESTING /* large senders refresh daily */
#define AGE_ENFORCE_WARNING (7 * 86400u)
#define AGE_ENFORCE_INFO SUGGEST_AGE_ENFORCE

/* Faults, with the corrected policy to paste if they are there. */
static void say_faults(struct judge *judge, enum rule_id rule,
                       const struct fault_row *rows, size_t count)
{
    judge_faults(judge, rule, &judge->policy_parsed, rows, count,
                 suggest_policy);
}

static bool is_empty(const struct judge *judge)
{
    return parsed_has(&judge->policy_parsed, MTASTS_FAULT_POLICY_EMPTY);
}

void rule_policy_version(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_VERSION_MISSING, SEVERITY_ERROR},
        {MTASTS_FAULT_VERSION_VALUE, SEVERITY_ERROR},
        {MTASTS_FAULT_VERSION_NOT_FIRST, SEVERITY_WARNING},
    };
    say_faults(judge, RULE_POLICY_VERSION, rows, ELEMENTS(rows));
}

void rule_policy_mode(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_MODE_MISSING, SEVERITY_ERROR},
        {MTASTS_FAULT_MODE_VALUE, SEVERITY_ERROR},
    };
    say_faults(judge, RULE_POLICY_MODE, rows, ELEMENTS(rows));
}

void rule_policy_mode_testing(struct judge *judge)
{
    if (!judge->policy || judge_mode(judge) != MTASTS_MODE_TESTING)
        return;
    judge_say(judge, RULE_POLICY_MODE_TESTING, SEVERITY_INFO,
              (struct about){.place = policy_place(judge, "mode", NULL)},
              "The policy is in testing mode: failures are reported, but "
              "mail is delivered all the same");
}

void rule_policy_mode_none(struct judge *judge)
{
    if (!judge->policy || judge_mode(judge) != MTASTS_MODE_NONE ||
        !judge->sts_meant)
        return;
    judge_say(judge, RULE_POLICY_MODE_NONE, SEVERITY_WARNING,
              (struct about){.place = policy_place(judge, "mode", NULL)},
              "The policy says none: senders act as if there were no "
              "MTA-STS, though the record announces it");
}

void rule_policy_max_age(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_MAX_AGE_MISSING, SEVERITY_ERROR},
        {MTASTS_FAULT_MAX_AGE_VALUE, SEVERITY_ERROR},
        {MTASTS_FAULT_MAX_AGE_DIGITS, SEVERITY_ERROR},
        {MTASTS_FAULT_MAX_AGE_RANGE, SEVERITY_ERROR},
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

/* "345600 (4 days)", "1 second" */
static const char *age_text(struct judge *judge, uint32_t age)
{
    const char *span = text_duration(judge->arena, age);

    if (age < 120)
        return span; /* it is in seconds */
    return text_printf(judge->arena, "%lu (%s)", (unsigned long)age, span);
}

void rule_policy_max_age_short(struct judge *judge)
{
    if (!judge->policy)
        return;
    uint32_t age = mtasts_sts_policy_max_age(judge->policy);
    enum severity severity = age_severity(judge_mode(judge), age);
    if (severity == SEVERITY_OK)
        return;
    struct about about = {.place = policy_place(judge, "max_age", NULL)};
    if (severity == SEVERITY_WARNING)
        about.fix = suggest_policy(judge);
    judge_say(judge, RULE_POLICY_MAX_AGE_SHORT, severity, about,
              "The max_age of %s is short for a policy in %s mode",
              age_text(judge, age), mtasts_mode_name(judge_mode(judge)));
}

void rule_policy_mx_missing(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_MX_MISSING, SEVERITY_ERROR},
    };
    say_faults(judge, RULE_POLICY_MX_MISSING, rows, ELEMENTS(rows));
}

void rule_policy_mx_syntax(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_MX_VALUE, SEVERITY_ERROR},
        {MTASTS_FAULT_MX_TRAILING_DOT, SEVERITY_ERROR},
        {MTASTS_FAULT_MX_UNDERSCORE, SEVERITY_ERROR},
        {MTASTS_FAULT_MX_ADDRESS, SEVERITY_ERROR},
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

static bool is_wildcard(const struct judge *judge, size_t i)
{
    return mtasts_sts_policy_mx(judge->policy, i)[0] == '*';
}

static bool is_public_wildcard(const struct judge *judge, size_t i)
{
    return is_wildcard(judge, i) &&
           is_at_public_suffix(judge, mtasts_sts_policy_mx(judge->policy, i));
}

static bool is_private_wildcard(const struct judge *judge, size_t i)
{
    return is_wildcard(judge, i) && !is_public_wildcard(judge, i);
}

static void say_wildcard(struct judge *judge, enum severity severity,
                         const char *pattern, size_t more, const char *whose)
{
    judge_say(judge, RULE_POLICY_MX_WILDCARD, severity,
              (struct about){
                  .subject = pattern,
                  .place = policy_place(judge, "mx", pattern),
              },
              "The pattern %s%s trusts every host %s", pattern,
              judge_more(judge, more), whose);
}

static void say_public_wildcard(struct judge *judge, const char *pattern,
                                size_t more)
{
    say_wildcard(judge, SEVERITY_WARNING, pattern, more,
                 "of everybody who has a name there");
}

static void say_private_wildcard(struct judge *judge, const char *pattern,
                                 size_t more)
{
    say_wildcard(judge, SEVERITY_INFO, pattern, more,
                 "of that domain for which somebody has a certificate");
}

void rule_policy_mx_wildcard(struct judge *judge)
{
    if (!judge_has_demands(judge))
        return;
    judge_patterns(judge, is_public_wildcard, say_public_wildcard);
    judge_patterns(judge, is_private_wildcard, say_private_wildcard);
}

/* ---- what is there too much, and how it is written ---- */

void rule_policy_duplicate_field(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_KEY_DUPLICATE, SEVERITY_WARNING},
    };
    say_faults(judge, RULE_POLICY_DUPLICATE_FIELD, rows, ELEMENTS(rows));
}

void rule_policy_mx_duplicate(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_MX_DUPLICATE, SEVERITY_INFO},
    };
    say_faults(judge, RULE_POLICY_MX_DUPLICATE, rows, ELEMENTS(rows));
}

void rule_policy_unknown_field(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_KEY_NEAR_MISS, SEVERITY_WARNING},
        {MTASTS_FAULT_KEY_UNKNOWN, SEVERITY_INFO},
    };
    say_faults(judge, RULE_POLICY_UNKNOWN_FIELD, rows, ELEMENTS(rows));
}

void rule_policy_syntax(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_CONTROL, SEVERITY_ERROR},
        {MTASTS_FAULT_BLANK_LINE, SEVERITY_ERROR},
        {MTASTS_FAULT_LINE_SPACE, SEVERITY_ERROR},
        {MTASTS_FAULT_COLON_MISSING, SEVERITY_ERROR},
        {MTASTS_FAULT_COLON_SPACE, SEVERITY_ERROR},
        {MTASTS_FAULT_KEY, SEVERITY_ERROR},
        {MTASTS_FAULT_VALUE_EMPTY, SEVERITY_ERROR},
        {MTASTS_FAULT_VALUE, SEVERITY_ERROR},
    };
    if (!is_empty(judge))
        say_faults(judge, RULE_POLICY_SYNTAX, rows, ELEMENTS(rows));
}

void rule_policy_line_endings(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_LINE_ENDS_LF, SEVERITY_INFO},
    };
    if (!is_empty(judge))
        say_faults(judge, RULE_POLICY_LINE_ENDINGS, rows, ELEMENTS(rows));
}

void rule_policy_no_final_newline(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_NO_FINAL_NEWLINE, SEVERITY_INFO},
    };
    say_faults(judge, RULE_POLICY_NO_FINAL_NEWLINE, rows, ELEMENTS(rows));
}
