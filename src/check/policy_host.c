/*
 * policy_host: what the rules about the policy host have in common. See
 * policy_host.h.
 */
#include "check/policy_host.h"

#include "check/text.h"

const struct fact_policy_host *policy_host(const struct judge *judge)
{
    return &judge->facts->policy_host;
}

const struct fact_fetch *policy_fetch(const struct judge *judge)
{
    return &judge->facts->policy_host.fetch;
}

const char *policy_host_name(struct judge *judge)
{
    return text_printf(judge->arena, "mta-sts.%s", judge->facts->domain);
}

struct about policy_host_about(struct judge *judge)
{
    return (struct about){.subject = policy_host_name(judge)};
}

const char *fetch_detail(struct judge *judge, const struct fact_fetch *fetch)
{
    if (!fetch->detail || fetch->status == FETCH_CONNECT_REFUSED)
        return ""; /* nothing that the status does not say */
    return text_printf(judge->arena, " (%s)",
                       text_name(judge->arena, fetch->detail));
}

bool fetch_did_not_connect(const struct fact_fetch *fetch)
{
    return fetch->status == FETCH_CONNECT_REFUSED ||
           fetch->status == FETCH_CONNECT_TIMEOUT ||
           fetch->status == FETCH_CONNECT_FAILED;
}
