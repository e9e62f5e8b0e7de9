/*
 * forecast_report: forecasts for people and for machines, and their sum.
 */
#ifndef MTASTS_CLI_FORECAST_REPORT_H
#define MTASTS_CLI_FORECAST_REPORT_H

#include "cli/complain.h"
#include "cli/forecast.h"
#include "cli/paper.h"
#include "cli/recipients.h"
#include "json/json.h"

/* How the domains of a run came out. */
struct forecast_sum {
    struct {
        uint64_t domains;
        uint64_t messages;
        uint64_t deferrals;
    } by_outcome[FORECAST_OUTCOMES];
    uint64_t given_up; /* domains not looked at, when a signal ended the run */
};

void forecast_sum_add(struct forecast_sum *sum, enum forecast_outcome outcome,
                      const struct recipient *recipient);

/* The exit status of one outcome, and of all: the worst. */
enum exit_status forecast_status(enum forecast_outcome outcome);
int forecast_sum_status(const struct forecast_sum *sum,
                        const struct recipients_read *read);

/*
 * The domain and why it is so. Domains for which nothing changes (none,
 * no-mail) are said only if `verbose`, which names every MX host, too.
 */
void forecast_put(struct paper *paper, const struct recipient *recipient,
                  const struct forecast *forecast, bool verbose);

/* The table at the end. */
void forecast_sum_put(struct paper *paper, const struct forecast_sum *sum,
                      const struct recipients_read *read);

/* A document of docs/simulate.schema.json; NULL: out of memory. */
struct json *forecast_json(const struct recipient *recipient,
                           const struct forecast *forecast);

/* The last document. */
struct json *forecast_sum_json(const struct forecast_sum *sum,
                               const struct recipients_read *read,
                               const struct forecast_options *options);

#endif
