/*
 * reply_socketmap: an answer of the policy engine as Postfix's
 * smtp_tls_policy_maps and Sendmail's FEATURE(sts) want to read it.
 *
 * Nothing that a policy holds can become an attribute: names are letters,
 * digits, `-`, `_` and `.`; other text goes only into policy_string, in
 * braces, or not at all. The same answer always gives the same octets.
 */
#ifndef MTASTS_ENGINE_REPLY_SOCKETMAP_H
#define MTASTS_ENGINE_REPLY_SOCKETMAP_H

#include "engine/policy_answer.h"
#include "engine/reply_map.h"
#include "engine/reply_text.h"

/* Octets of data, so that with "OK " it is what Postfix reads at most. */
#define REPLY_SOCKETMAP_MAX (100000u - 3u)

/*
 * Writes the data of the reply to `buf`, without the status word before it,
 * without a terminator; no allocation. REPLY_NOTFOUND has no data.
 * `domain` is the policy domain, canonical. Not for REPLY_MAP_CLIENT.
 *
 * With REPLY_SOCKETMAP_MAX octets of room it cannot fail; what the reply
 * says does not depend on `size`.
 * -MTASTS_ETOOLONG: *ret_len is the room that it takes.
 */
int reply_socketmap(const struct reply_settings *settings, enum reply_map map,
                    const char *domain, const struct policy_answer *answer,
                    char *buf, size_t size, enum reply_status *ret_status,
                    size_t *ret_len);

#endif
