/*
 * kept_policy: a policy as `mtasts cache dump` prints it, a JSON document a
 * domain, read again. Pure.
 */
#ifndef MTASTS_POLICYD_KEPT_POLICY_H
#define MTASTS_POLICYD_KEPT_POLICY_H

#include "engine/policy_engine.h"
#include "json/json.h"

/*
 * Of the document only domain, used, policy.id, policy.fetched and policy.body
 * count; whether the body is a policy, the engine says. Texts live as long as
 * `json`. -MTASTS_EINVAL: *ret_why is what is wrong, a phrase.
 */
int kept_policy_read(const struct json *json, struct policy_kept *ret_kept,
                     const char **ret_why);

#endif
