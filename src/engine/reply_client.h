/*
 * reply_client: an answer of the policy engine for libmtasts-client, over
 * the map `client`.
 *
 * Lines of printable ASCII, each ended by LF: first "mtasts 1", the version
 * of this form; then "KEY VALUE" in any order, of which a reader ignores the
 * keys that it does not know:
 *
 *   answer none|policy|defer
 *   dane yes                      DANE applies, and goes before the policy
 *   id ID                         of the record under which it was fetched
 *   ttl SECONDS                   how long this is good for
 *   hosts known|null              the MX hosts that DNS names; null: RFC 7505
 *   host covered|other NAME       one of them, in order of preference
 *   failure RESULT-TYPE           of the last fetch
 *   reason TEXT
 *
 * With "answer policy" an empty line follows, and then a policy as RFC 8461
 * section 3.2 writes it: the mode to act on, and as max_age the seconds that
 * are left of it.
 */
#ifndef MTASTS_ENGINE_REPLY_CLIENT_H
#define MTASTS_ENGINE_REPLY_CLIENT_H

#include "engine/policy_answer.h"

#define REPLY_CLIENT_MAX (100000u - 3u) /* octets, as for other maps */

/*
 * Writes the data of the reply, whose status is always OK, to `buf`, without
 * a terminator; no allocation. `now_ms`: the engine's clock. With
 * REPLY_CLIENT_MAX octets of room it cannot fail.
 * -MTASTS_ETOOLONG: *ret_len is the room that it takes.
 */
int reply_client(const struct policy_answer *answer, int64_t now_ms, char *buf,
                 size_t size, size_t *ret_len);

#endif
