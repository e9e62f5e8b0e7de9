/*
 * gather_policy: the policy host of a gathering's domain (RFC 8461 3.3). See
 * gathering.h.
 *
 * The fetch does not wait for the TXT record: a policy without one is worth
 * telling, and who has neither has no such host.
 */
#include "net/gathering.h"

#include "net/suffix.h"

#include <string.h>

/* What a browser would send, so that the two can be compared. */
#define OTHER_AGENT "Mozilla/5.0 (compatible)"
#define OTHERS_MAX (GATHER_PINNED_MAX + 2u) /* and two variations */

static void nothing_more(struct gathering *gathering _unused_,
                         void *subject _unused_)
{
}

static struct fetch_request policy_request(struct gathering *gathering)
{
    const struct fact_host *host = &gathering->facts->policy_host.host;
    const struct fact_lookup *lookup = host->a.name ? &host->a : &host->aaaa;
    return (struct fetch_request){
        .host = lookup->name,
        .port = gathering->gatherer->options.https_port,
        .addresses = host->addresses,
        .address_count = host->count,
    };
}

static struct fact_fetch *next_other(struct fact_policy_host *policy)
{
    return &policy->others[policy->other_count++];
}

/* Which addresses are asked one by one: those of both families in turn, so
   that a broken family is seen whatever the other has. */
static size_t choose(const struct fact_host *host,
                     const struct fact_address *ret_chosen[GATHER_PINNED_MAX])
{
    size_t count = 0;
    size_t v6 = 0;
    size_t v4 = 0;
    while (v4 < host->count && host->addresses[v4].ipv6)
        v4++;
    size_t v6_end = v4;
    while (count < GATHER_PINNED_MAX && (v6 < v6_end || v4 < host->count)) {
        if (v6 < v6_end)
            ret_chosen[count++] = &host->addresses[v6++];
        if (count < GATHER_PINNED_MAX && v4 < host->count)
            ret_chosen[count++] = &host->addresses[v4++];
    }
    return count;
}

static void fetch_pinned(struct gathering *gathering)
{
    struct fact_policy_host *policy = &gathering->facts->policy_host;
    const struct fact_address *chosen[GATHER_PINNED_MAX];
    size_t count = choose(&policy->host, chosen);
    for (size_t i = 0; count > 1 && i < count; i++) {
        struct fetch_request request = policy_request(gathering);
        if (!chosen[i]->allowed)
            continue;
        request.addresses = chosen[i];
        request.address_count = 1;
        request.pinned = true;
        gather_fetch(gathering, &request, next_other(policy), nothing_more,
                     NULL);
    }
}

static void fetch_varied(struct gathering *gathering)
{
    struct fact_policy_host *policy = &gathering->facts->policy_host;
    struct fetch_request request = policy_request(gathering);
    struct fact_fetch *agent = next_other(policy);
    agent->variation = "User-Agent";
    request.user_agent = OTHER_AGENT;
    gather_fetch(gathering, &request, agent, nothing_more, NULL);
    struct fact_fetch *encoding = next_other(policy);
    encoding->variation = "Accept-Encoding";
    request.user_agent = NULL;
    request.accept_encoding = "gzip";
    gather_fetch(gathering, &request, encoding, nothing_more, NULL);
}

static void find_suffixes(struct gathering *gathering)
{
    struct fact_policy_host *policy = &gathering->facts->policy_host;
    if (suffix_find_in_body(gathering->facts->arena, policy->fetch.body.data,
                            policy->fetch.body.len, &policy->public_suffix_mx,
                            &policy->public_suffix_count) < 0)
        gathering->short_of_memory = true;
}

/* Whether to ask again: who got no connection has tried every address, and
   would only wait for them once more; who could not ask, still cannot. */
static bool worth_varying(const struct gathering *gathering)
{
    switch (gathering->facts->policy_host.fetch.status) {
    case FETCH_NOT_DONE:
    case FETCH_NO_ADDRESS:
    case FETCH_ADDRESS_REFUSED:
    case FETCH_CONNECT_REFUSED:
    case FETCH_CONNECT_TIMEOUT:
    case FETCH_CONNECT_FAILED:
    case FETCH_TIMEOUT:
    case FETCH_FAILED: return false;
    default:
        return gathering->parts == GATHER_ALL &&
               gathering->gatherer->options.variations;
    }
}

static void on_policy(struct gathering *gathering, void *subject _unused_)
{
    struct fact_policy_host *policy = &gathering->facts->policy_host;
    bool fine = policy->fetch.status == FETCH_OK;
    if (fine)
        find_suffixes(gathering);
    if (!worth_varying(gathering))
        return;
    policy->others = gathering_new_of(gathering, OTHERS_MAX, struct fact_fetch);
    if (!policy->others)
        return;
    fetch_pinned(gathering);
    if (fine)
        fetch_varied(gathering);
}

static void on_host(struct gathering *gathering, void *subject _unused_)
{
    struct fact_policy_host *policy = &gathering->facts->policy_host;
    struct fetch_request request = policy_request(gathering);
    if (request.host)
        gather_fetch(gathering, &request, &policy->fetch, on_policy, NULL);
}

void gather_policy(struct gathering *gathering)
{
    struct facts *facts = gathering->facts;
    ask_host(gathering, "mta-sts.", facts->domain, &facts->policy_host.host,
             on_host, NULL);
}
