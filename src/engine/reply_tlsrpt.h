/*
 * reply_tlsrpt: what Postfix 3.10 and later is told about a policy for its
 * TLS reports (RFC 8460): attributes of smtp_tls_policy_maps.
 *
 * Each begins with the blank that parts it from what stands before it.
 */
#ifndef MTASTS_ENGINE_REPLY_TLSRPT_H
#define MTASTS_ENGINE_REPLY_TLSRPT_H

#include "engine/held_policy.h"
#include "engine/reply_text.h"
#include <mtasts/delivery.h>
#include <stdbool.h>

/* policy_type and policy_domain; the latter is left out where `domain` is no
   host name to Postfix. */
void reply_put_policy_of(struct reply_text *text, const char *domain);

/*
 * A policy_string for each line of the policy as it was served. There is no
 * way to quote: a line that holds a brace, a control character or what is no
 * UTF-8 is left out. A tab becomes a blank.
 */
void reply_put_policy_strings(struct reply_text *text,
                              const struct held_policy *held);

/* mx_host_pattern: "*.c" stays what it is. */
void reply_put_mx_host_pattern(struct reply_text *text, const char *pattern,
                               size_t len);

/* policy_failure: the last fetch. */
void reply_put_policy_failure(struct reply_text *text,
                              enum mtasts_result failure);

#endif
