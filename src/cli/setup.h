/*
 * setup: an MTA made to ask mtasts-policyd, one function an MTA.
 *
 * Each looks, judges, says what is to be changed; with `apply` changes it,
 * with a copy of every file before; and then proves by a tool of the MTA that
 * it gets an answer. What could not be tried is not claimed.
 */
#ifndef MTASTS_CLI_SETUP_H
#define MTASTS_CLI_SETUP_H

#include "cli/complain.h"
#include "cli/setup_findings.h"
#include "daemon/config.h"

struct setup_options {
    bool apply;
    const char *config;     /* mtasts.conf; NULL: the usual one */
    const char *config_dir; /* of the MTA; NULL: the usual one */
    const char *socket;     /* where the MTA asks; NULL: as mtasts.conf says */
    const char *domain;     /* for the proof; NULL: one that is known */
    bool dane;
    bool trust_resolver;
    unsigned colour; /* enum colour_choice */
};

/* Each returns the exit status. */
int setup_postfix(const struct setup_options *options);
int setup_sendmail(const struct setup_options *options);
int setup_exim(const struct setup_options *options);

#endif
