/*
 * explanation: what the world says of a domain at this moment, step by step,
 * beside what the cache holds: for people who ask why.
 *
 * Looks everything up anew and changes nothing.
 */
#ifndef MTASTS_POLICYD_EXPLANATION_H
#define MTASTS_POLICYD_EXPLANATION_H

#include "json/json.h"

struct policyd;
struct explanation;

/* `json` is the function's to free; NULL: no memory. */
typedef void explanation_fn(void *ctx, struct json *json);

int explanation_start(struct policyd *policyd, const char *domain,
                      explanation_fn *fn, void *ctx,
                      struct explanation **ret_explanation);
void explanation_cancel(struct explanation *explanation); /* NULL is fine */

#endif
