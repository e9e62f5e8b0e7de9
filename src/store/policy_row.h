/*
 * policy_row: a policy as a store keeps it.
 *
 * Plain values; any thread.
 */
#ifndef MTASTS_STORE_POLICY_ROW_H
#define MTASTS_STORE_POLICY_ROW_H

#include <mtasts/name.h>
#include <mtasts/sts_policy.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times are milliseconds since 1970 UTC, of the engine's clock. */
struct policy_row {
    const char *domain; /* canonical, terminated; at most MTASTS_NAME_MAX */
    const char *id;     /* terminated; at most MTASTS_ID_MAX octets */
    int64_t fetched_ms; /* the last successful fetch */
    int64_t used_ms;    /* last asked for */
    const char *body;   /* as served; need not be terminated */
    size_t len;         /* at most MTASTS_POLICY_BODY_MAX */
};

/* Whether its values are within their bounds. */
bool policy_row_valid(const struct policy_row *row);

/* The checksum of its values. */
int64_t policy_row_sum(const struct policy_row *row);

/* A copy in one piece, for free(); its body is terminated. The row must be
   valid. NULL: no memory. */
struct policy_row *policy_row_copy(const struct policy_row *row);

/* Octets of such a copy. */
size_t policy_row_size(const struct policy_row *row);

#endif
