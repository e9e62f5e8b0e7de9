/*
 * rule_text: a row of the rules as words.
 */
#ifndef MTASTS_CLI_RULE_TEXT_H
#define MTASTS_CLI_RULE_TEXT_H

#include "check/check.h"

#define RULE_SEVERITIES_MAX 64u /* octets: all four words with commas */

/* "E/W" -> "error, warning". */
void rule_severities(const struct rule *rule,
                     char ret_text[RULE_SEVERITIES_MAX]);

/* The severity that a letter of rule->severities stands for. */
enum severity rule_severity_of(char letter);

#endif
