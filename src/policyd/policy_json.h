/*
 * policy_json: what policyd knows and says of a domain, as JSON, for its HTTP
 * interface. docs/policy.schema.json describes the documents.
 *
 * A function that returns a value returns NULL for want of memory; the value
 * is the caller's.
 */
#ifndef MTASTS_POLICYD_POLICY_JSON_H
#define MTASTS_POLICYD_POLICY_JSON_H

#include "engine/policy_engine.h"
#include "engine/reply_map.h"
#include "store/history_row.h"
#include "json/json.h"

/* The answer that an MTA gets now, the policy and MX hosts behind it, and
   the exact reply for each way to ask. */
struct json *policy_json_answer(const struct reply_settings *settings,
                                const char *domain,
                                const struct policy_answer *answer,
                                int64_t now_ms);

/* A domain as the cache has it. */
struct json *policy_json_view(const struct policy_view *view, int64_t now_ms);

/* Something that happened to it. */
struct json *policy_json_history(const struct history_row *row);

/* {"error": text} */
struct json *policy_json_error(const char *text);

/* A time of the engine's clock: "2026-11-22T08:00:00Z"; 0: null. */
void policy_json_add_time(struct json_builder *builder, const char *key,
                          int64_t ms);

#endif
