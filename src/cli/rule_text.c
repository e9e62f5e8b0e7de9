/*
 * rule_text: a row of the rules as words. See rule_text.h.
 */
#include "cli/rule_text.h"

#include "base/ascii.h"
#include <stdio.h>

enum severity rule_severity_of(char letter)
{
    switch (ascii_lower(letter)) {
    case 'e': return SEVERITY_ERROR;
    case 'w': return SEVERITY_WARNING;
    case 'u': return SEVERITY_UNKNOWN;
    case 'i': return SEVERITY_INFO;
    default: return SEVERITY_OK;
    }
}

void rule_severities(const struct rule *rule,
                     char ret_text[RULE_SEVERITIES_MAX])
{
    size_t used = 0;
    ret_text[0] = '\0';
    for (const char *at = rule->severities; *at; at++) {
        enum severity severity = rule_severity_of(*at);
        if (severity == SEVERITY_OK || used >= RULE_SEVERITIES_MAX)
            continue;
        int len = snprintf(ret_text + used, RULE_SEVERITIES_MAX - used, "%s%s",
                           used ? ", " : "", severity_name(severity));
        used += len > 0 ? (size_t)len : 0;
    }
}
