/* See finding_fits.h. */
#include "finding_fits.h"

#include "unit.h"

bool rule_allows(const struct rule *rule, enum severity severity)
{
    static const char letters[] = {
        [SEVERITY_INFO] = 'I',
        [SEVERITY_UNKNOWN] = 'U',
        [SEVERITY_WARNING] = 'W',
        [SEVERITY_ERROR] = 'E',
    };
    return strchr(rule->severities, letters[severity]) != NULL;
}

bool text_printable(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            return false;
    return true;
}

/* Several lines, none of them with what a terminal might obey. */
static bool is_block(const char *text)
{
    for (; *text; text++)
        if (*text != '\n' && (*text < 0x20 || *text > 0x7e))
            return false;
    return true;
}

static void check_fix(const char *name, const char *text)
{
    if (text && (!*text || !is_block(text)))
        fail_msg("%s: unfit fix: %s", name, text);
}

void finding_fits(const char *name, const struct finding *finding)
{
    const char *message = finding->message;
    size_t len = strlen(message);

    if (!rule_allows(finding->rule, finding->severity))
        fail_msg("%s: %s is not to be %s", name, finding->rule->id,
                 severity_name(finding->severity));
    if (len < 15 || message[len - 1] == '.' || message[len - 1] == ' ' ||
        !text_printable(message))
        fail_msg("%s: unfit message: %s", name, message);
    if (finding->subject && !text_printable(finding->subject))
        fail_msg("%s: unfit subject: %s", name, finding->subject);
    check_fix(name, finding->fix.text);
    check_fix(name, finding->fix.then);
    if (finding->fix.then && !finding->fix.text)
        fail_msg("%s: then, but nothing before: %s", name, finding->fix.then);
    if (finding->severity == SEVERITY_UNKNOWN && !finding->advice)
        fail_msg("%s: no advice: %s", name, message);
    if (finding->advice && !text_printable(finding->advice))
        fail_msg("%s: unfit advice: %s", name, finding->advice);
    if ((finding->line == 0) != (finding->column == 0))
        fail_msg("%s: line without column: %s", name, message);
}
