/*
 * reply_exim: an answer of the policy engine as one line for Exim's
 * ${readsocket}, to be used as packaging/exim shows:
 *
 *   none                       nothing is demanded: Exim's own ways
 *   dane                       DANE is required
 *   secure mx.example : *.c    TLS with a certificate for the name of the MX
 *                              host, which has to be one of these
 *   defer REASON               the message has to wait
 *
 * The list is one of Exim's, the items parted by " : ", without a colon in
 * any. "*." stands for one label (RFC 8461 section 4.1), as in the policy;
 * Exim's own lists of domains would let it stand for several.
 */
#ifndef MTASTS_ENGINE_REPLY_EXIM_H
#define MTASTS_ENGINE_REPLY_EXIM_H

#include "engine/policy_answer.h"

#define REPLY_EXIM_MAX 16384u /* octets: Exim's usual buffer */

/*
 * Writes the line to `buf`, without its end or a terminator; no allocation.
 * With REPLY_EXIM_MAX octets of room it cannot fail.
 * -MTASTS_ETOOLONG: *ret_len is the room that it takes.
 */
int reply_exim(const struct policy_answer *answer, char *buf, size_t size,
               size_t *ret_len);

#endif
