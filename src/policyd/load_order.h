/*
 * load_order: POST /v1/load, the policies that `mtasts cache dump` has
 * printed, here or on another machine.
 *
 * None replaces one that was fetched as late or later, none that has expired
 * is taken: what is held never becomes weaker by it than its owner has said
 * last.
 */
#ifndef MTASTS_POLICYD_LOAD_ORDER_H
#define MTASTS_POLICYD_LOAD_ORDER_H

#include "policyd/policyd.h"
#include "json/json.h"

#define LOAD_ORDER_MAX (1u << 20) /* octets of one order */

/*
 * Takes each line, and says how many were loaded, how many are held as fresh,
 * how many have expired, and of the rest which lines they are and what is
 * wrong. NULL: no memory.
 */
struct json *load_order(struct policyd *policyd, const char *body, size_t len);

#endif
