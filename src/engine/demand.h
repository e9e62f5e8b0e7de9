/*
 * demand: what an answer of the policy engine comes to for a delivery, in a
 * word: the same for whoever asks, but for what a protocol cannot say.
 */
#ifndef MTASTS_ENGINE_DEMAND_H
#define MTASTS_ENGINE_DEMAND_H

#include "engine/policy_answer.h"

enum demand {
    DEMAND_NONE,   /* nothing: the MTA's own level */
    DEMAND_REPORT, /* a policy in testing: failures are reported */
    DEMAND_SECURE, /* an MX host of the policy, TLS, its certificate */
    DEMAND_DANE,   /* DANE, which goes before the policy */
    DEMAND_DEFER,  /* the message has to wait */
};

enum demand demand_of(const struct policy_answer *answer);

/*
 * Whether DNS says that the domain takes no mail (RFC 7505), and that may be
 * believed: against an enforced policy it is not, since whoever forges it for
 * us can name another MX host to the MTA.
 */
bool demand_takes_no_mail(const struct policy_answer *answer);

/* "none", "report", "secure", "dane", "defer". */
const char *demand_name(enum demand demand);

/* Why the message has to wait: a sentence, never empty. */
const char *demand_reason(const struct policy_answer *answer);

#endif
