/*
 * postfix_judge: what of a Postfix is fine, what is not, and what has to
 * change for MTA-STS. Pure.
 */
#ifndef MTASTS_CLI_POSTFIX_JUDGE_H
#define MTASTS_CLI_POSTFIX_JUDGE_H

#include "cli/postfix_facts.h"
#include "cli/setup_findings.h"

struct postfix_wishes {
    bool dane;           /* smtp_dns_support_level = dnssec, if it can be */
    bool trust_resolver; /* believe AD that comes over a network */
};

struct postfix_plan {
    struct setup_changes main_cf;
    struct setup_changes mtasts_conf; /* of the section policyd */
    char table[MAP_ENTRY_MAX];        /* "socketmap:ADDRESS:NAME" */
    const struct postfix_door *door;  /* of the facts; NULL: none will do */
};

int postfix_judge(const struct postfix_facts *facts,
                  const struct postfix_wishes *wishes,
                  struct setup_findings *findings, struct postfix_plan *plan);

/* As mtasts.conf(5) and Postfix write it. */
const char *postfix_level_word(enum config_tls_level level);

#endif
