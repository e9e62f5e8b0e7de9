/*
 * policy_paper: what mtasts-policyd says, for people.
 */
#ifndef MTASTS_CLI_POLICY_PAPER_H
#define MTASTS_CLI_POLICY_PAPER_H

#include "cli/paper.h"
#include "json/json.h"

/* Of /v1/policy/DOMAIN. */
void policy_paper_answer(struct paper *paper, const struct json *json);

/* Of /v1/explain/DOMAIN. */
void policy_paper_explanation(struct paper *paper, const struct json *json);

/* Of /v1/cache/DOMAIN. */
void policy_paper_view(struct paper *paper, const struct json *json);

/* One domain of /v1/cache as a line. */
void policy_paper_line(struct paper *paper, const struct json *json);

/* Of /v1/history/DOMAIN. */
void policy_paper_history(struct paper *paper, const struct json *json);

/* Of /v1/status. */
void policy_paper_status(struct paper *paper, const struct json *json);

#endif
