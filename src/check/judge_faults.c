/*
 * judge_faults: what the parsers of libmtasts found, as findings. See
 * judge.h.
 */
#include "check/judge.h"

#include "check/text.h"
#include <string.h>

bool parsed_has(const struct parsed *parsed, enum mtasts_fault_code code)
{
    const struct mtasts_faults *faults = &parsed->faults;

    for (size_t i = 0; i < MIN_OF(faults->count, faults->max); i++)
        if (faults->items[i].code == code)
            return true;
    return false;
}

static const struct fault_row *row_of(const struct fault_row *rows,
                                      size_t count, enum mtasts_fault_code code)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].code == code)
            return &rows[i];
    return NULL;
}

/* A lone delimiter, or white space: the fault's words say it. */
static bool says_nothing(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr(" \t\r\n.;!", text[i]) || text[i] == '\0')
            return false;
    return true;
}

/* `: "the octets concerned"`, if there are any worth showing. */
static const char *evidence(struct judge *judge, const struct parsed *parsed,
                            const struct mtasts_fault *fault)
{
    const struct mtasts_bytes *text = &parsed->texts[fault->rr];

    if (fault->len == 0 || fault->offset >= text->len)
        return "";
    const char *from = text->data + fault->offset;
    size_t len = MIN_OF(fault->len, text->len - fault->offset);
    if (len == text->len || says_nothing(from, len))
        return "";
    const char *quoted = text_quote(judge->arena, from, len);
    if (len <= MTASTS_ID_MAX)
        return text_printf(judge->arena, ": %s", quoted);
    return text_printf(judge->arena, ": %s (%zu octets)", quoted, len);
}

/* What is not there has no place: the line that the parser gives is only
   the last one. */
static bool is_missing(enum mtasts_fault_code code)
{
    switch (code) {
    case MTASTS_FAULT_POLICY_EMPTY:
    case MTASTS_FAULT_VERSION_MISSING:
    case MTASTS_FAULT_MODE_MISSING:
    case MTASTS_FAULT_MAX_AGE_MISSING:
    case MTASTS_FAULT_MX_MISSING: return true;
    default: return false;
    }
}

/* What is said of the policy as a whole, though it may have a line. */
static bool is_of_whole(enum mtasts_fault_code code)
{
    return is_missing(code) || code == MTASTS_FAULT_LINE_ENDS_LF;
}

/* "Line 3", or in a record what its text is, unless lint shows it below. */
static const char *where(struct judge *judge, const struct parsed *parsed,
                         const struct mtasts_fault *fault)
{
    const struct mtasts_bytes *text = &parsed->texts[fault->rr];

    if (is_of_whole(fault->code))
        return "The policy";
    if (parsed == &judge->policy_parsed)
        return text_printf(judge->arena, "Line %zu", fault->line);
    if (!judge->facts && parsed->count == 1)
        return "The record";
    return text_printf(judge->arena, "The record %s",
                       text_quote(judge->arena, text->data, text->len));
}

/* The name that was asked for, or the policy's URL; NULL offline. */
static const char *subject_of(const struct judge *judge,
                              const struct parsed *parsed)
{
    if (!judge->facts)
        return NULL;
    if (parsed == &judge->sts_parsed)
        return judge->facts->sts_txt.lookup.name;
    if (parsed == &judge->tlsrpt_parsed)
        return judge->facts->tlsrpt_txt.lookup.name;
    return judge->facts->policy_host.fetch.url;
}

static void say_fault(struct judge *judge, enum rule_id rule,
                      const struct parsed *parsed, const struct fault_row *row,
                      const struct mtasts_fault *fault, size_t more,
                      fix_fn *fix)
{
    struct about about = {.subject = subject_of(judge, parsed)};

    if (!is_missing(fault->code))
        about.place = (struct place){fault->line, fault->column};
    if (fix && row->severity > SEVERITY_INFO)
        about.fix = fix(judge);
    judge_say(judge, rule, row->severity, about, "%s%s: %s%s",
              where(judge, parsed, fault), judge_more(judge, more),
              mtasts_fault_text(fault->code), evidence(judge, parsed, fault));
}

void judge_faults(struct judge *judge, enum rule_id rule,
                  const struct parsed *parsed, const struct fault_row *rows,
                  size_t count, fix_fn *fix)
{
    const struct mtasts_faults *faults = &parsed->faults;
    size_t seen[MTASTS_FAULT_CODES] = {0};
    const struct mtasts_fault *sixth[MTASTS_FAULT_CODES] = {0};

    for (size_t i = 0; i < MIN_OF(faults->count, faults->max); i++) {
        const struct mtasts_fault *fault = &faults->items[i];
        const struct fault_row *row = row_of(rows, count, fault->code);
        if (!row)
            continue;
        if (++seen[fault->code] > REPEAT_MAX) {
            if (!sixth[fault->code])
                sixth[fault->code] = fault;
            continue;
        }
        say_fault(judge, rule, parsed, row, fault, 0, fix);
    }
    for (size_t i = 0; i < count; i++) {
        enum mtasts_fault_code code = rows[i].code;
        if (sixth[code])
            say_fault(judge, rule, parsed, &rows[i], sixth[code],
                      seen[code] - REPEAT_MAX - 1, NULL);
    }
}
