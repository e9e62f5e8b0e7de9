/*
 * simulate: asks about each domain of a list, many at a time, and tells what
 * would become of mail to it.
 *
 * First the record; only where there is one the policy, the MX hosts and,
 * if wanted, their TLS. Each is told as soon as it is known; the sum comes
 * last. The first SIGINT or SIGTERM ends the run with the sum of what is
 * known, the second one kills.
 */
#ifndef MTASTS_CLI_SIMULATE_H
#define MTASTS_CLI_SIMULATE_H

#include "cli/batch.h"
#include "cli/checker.h"
#include "cli/forecast.h"
#include "cli/recipients.h"

#define SIMULATE_JOBS 50u /* default */

struct simulate_options {
    struct forecast_options forecast;
    bool json;
    bool verbose;
    unsigned colour; /* enum colour_choice */
    unsigned jobs;   /* domains at once, 1 to BATCH_JOBS_MAX */
};

/* `recipients` are sorted. Returns the exit status of it all. */
int simulate_run(const struct simulate_options *options,
                 struct checker *checker, const struct recipients *recipients);

#endif
