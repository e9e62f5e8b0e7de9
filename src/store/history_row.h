/*
 * history_row: something that happened to a domain's policy, as a store keeps
 * it.
 *
 * Plain values; any thread.
 */
#ifndef MTASTS_STORE_HISTORY_ROW_H
#define MTASTS_STORE_HISTORY_ROW_H

#include <stddef.h>
#include <stdint.h>

#define HISTORY_WORD_MAX 64u     /* octets of an event's or a mode's name */
#define HISTORY_DETAIL_MAX 1000u /* of a sentence; longer ones are cut */

/* Terminated strings, "" where there is none. */
struct history_row {
    const char *domain;
    int64_t at_ms;     /* since 1970 UTC, of the engine's clock */
    const char *event; /* "policy-changed" */
    const char *old_mode;
    const char *old_id;
    const char *new_mode;
    const char *new_id;
    const char *detail; /* UTF-8 */
};

/* The checksum of its values and its number. */
int64_t history_row_sum(int64_t seq, const struct history_row *row);

/*
 * A copy in one piece, for free(). Every text is cut to its maximum, the
 * detail between two characters; octets that are not UTF-8 and control
 * characters become `?`, since a database may refuse them, or a terminal
 * obey. NULL: no memory.
 */
struct history_row *history_row_copy(const struct history_row *row);

#endif
