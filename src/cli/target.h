/*
 * target: what someone gave as a domain -> the domain, as A-labels.
 *
 * Names of any script, final dots, mail addresses, URLs and the names of
 * the records themselves are understood; what was made of them is said.
 */
#ifndef MTASTS_CLI_TARGET_H
#define MTASTS_CLI_TARGET_H

#include <mtasts/name.h>
#include <stdbool.h>

#define TARGET_WHY_MAX 160u

struct target {
    char domain[MTASTS_NAME_MAX + 1]; /* canonical; "" if there is none */
    bool extracted;                   /* it was only a part of what was given */
    char why[TARGET_WHY_MAX]; /* why there is none: a phrase with a way out */
};

/* Errors: -MTASTS_ENAME, with ret_target->why. */
int target_parse(const char *text, size_t len, struct target *ret_target);

#endif
