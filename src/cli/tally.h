/*
 * tally: how the domains of a run came out, and the exit status of it all.
 */
#ifndef MTASTS_CLI_TALLY_H
#define MTASTS_CLI_TALLY_H

#include "cli/complain.h"
#include <stddef.h>

struct tally {
    size_t by_status[STATUS_UNKNOWN + 1]; /* by exit status of the domain */
    size_t bad_lines;                     /* no domain names */
    size_t given_up; /* begun, or left in the list, when the run was ended */
};

void tally_add(struct tally *tally, enum exit_status status);

/* Domains that were looked at. */
size_t tally_done(const struct tally *tally);

/*
 * The worst of all: an error before a warning, a warning before "could not
 * tell" (which bad lines and domains given up count as), that before fine.
 */
int tally_status(const struct tally *tally);

/* Of two exit statuses the worse, in the order above. */
int tally_worse(int a, int b);

#endif
