/*
 * forwarder_ask: one question straight to a forwarder, to learn why it gave
 * no answer.
 *
 * libunbound says SERVFAIL for all of: SERVFAIL, REFUSED, NOTIMP and silence
 * of the servers it forwards to. This tells them apart, and hears what the
 * forwarder itself says of the reason (RFC 8914).
 */
#ifndef MTASTS_NET_FORWARDER_ASK_H
#define MTASTS_NET_FORWARDER_ASK_H

#include "check/facts.h"
#include "net/dns_message.h"
#include "net/forwarders.h"
#include "net/loop.h"

#define FORWARDER_WHY_MAX 512u /* octets of the reason as text */

struct forwarder_ask;

/* LOOKUP_SERVFAIL where the forwarder answers well after all. `why` lives
   until the callback returns. */
typedef void forwarder_ask_fn(void *ctx, enum lookup_status status,
                              const char *why);

struct forwarder_question {
    struct forwarder_address forwarder;
    const char *name;
    enum rr_type type;
    bool checking_disabled; /* with CD, as a validating resolver asks */
    uint32_t deadline_ms;
};

/* One datagram, and one more after a third of the deadline. The handle is
   gone when `fn` begins. */
int forwarder_ask_start(struct loop *loop,
                        const struct forwarder_question *question,
                        forwarder_ask_fn *fn, void *ctx,
                        struct forwarder_ask **ret_ask);
void forwarder_ask_cancel(struct forwarder_ask *ask); /* NULL is fine */

#endif
