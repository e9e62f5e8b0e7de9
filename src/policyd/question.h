/*
 * question: what an MTA asks about, as a policy domain.
 *
 * Keys come as the MTA has them: any case, U-labels, with a port, in
 * brackets, an address literal, a parent with a leading dot. Only a domain
 * can have a policy (RFC 8461 section 3.4).
 */
#ifndef MTASTS_POLICYD_QUESTION_H
#define MTASTS_POLICYD_QUESTION_H

#include <mtasts/name.h>
#include <stdbool.h>

/* Whether `key` names a domain that may have a policy. */
bool question_domain(const char *key, size_t len,
                     char ret_domain[MTASTS_NAME_MAX + 1]);

#endif
