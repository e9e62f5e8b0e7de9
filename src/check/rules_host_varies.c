/*
 * The rule about whether the policy host serves the same policy at each of
 * its addresses and to every client (RFC 8461 section 3.3).
 */
#include "check/policy_host.h"
#include "check/text.h"
#include <string.h>

/* Each address, and some variations of the request. */
#define OTHERS_MAX ((size_t)FACTS_ADDRESS_MAX + 16)

static bool same_policy(const struct mtasts_sts_policy *a,
                        const struct mtasts_sts_policy *b)
{
    size_t count = mtasts_sts_policy_mx_count(a);

    if (mtasts_sts_policy_mode(a) != mtasts_sts_policy_mode(b) ||
        mtasts_sts_policy_max_age(a) != mtasts_sts_policy_max_age(b) ||
        mtasts_sts_policy_mx_count(b) != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(mtasts_sts_policy_mx(a, i), mtasts_sts_policy_mx(b, i)) != 0)
            return false;
    return true;
}

static bool same_octets(const struct mtasts_bytes *a,
                        const struct mtasts_bytes *b)
{
    return a->len == b->len &&
           (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* Other line ends or comments are no other policy. */
static bool same_body(struct judge *judge, const struct mtasts_bytes *body)
{
    struct mtasts_sts_policy *other = NULL;

    if (same_octets(&judge->body, body))
        return true;
    int error = mtasts_sts_policy_parse(body->data, body->len, MTASTS_TOLERANT,
                                        NULL, &other);
    bool same =
        error == 0 && judge->policy && same_policy(judge->policy, other);
    mtasts_sts_policy_free(other);
    return same;
}

/* "at 192.0.2.1", "with another User-Agent" */
static const char *variation(struct judge *judge,
                             const struct fact_fetch *other)
{
    if (other->variation)
        return text_printf(judge->arena, "with another %s",
                           text_name(judge->arena, other->variation));
    return text_printf(judge->arena, "at %s",
                       text_name(judge->arena, other->address));
}

/* How another fetch compares with the one that senders make. */
enum compared {
    COMPARED_SAME, /* or not to be compared */
    COMPARED_OTHER_POLICY,
    COMPARED_NO_POLICY,
    COMPARED_ONLY_THERE,
};

static enum compared compare(struct judge *judge,
                             const struct fact_fetch *other)
{
    const struct fact_fetch *fetch = policy_fetch(judge);

    if (other->status == FETCH_NOT_DONE || other->status == FETCH_FAILED ||
        other->status == FETCH_ADDRESS_REFUSED || fetch_did_not_connect(other))
        return COMPARED_SAME;
    if (fetch->status != FETCH_OK)
        return other->status == FETCH_OK ? COMPARED_ONLY_THERE : COMPARED_SAME;
    if (other->status != FETCH_OK)
        return COMPARED_NO_POLICY;
    return same_body(judge, &other->body) ? COMPARED_SAME
                                          : COMPARED_OTHER_POLICY;
}

/* One finding for all that compare alike. */
static void say_compared(struct judge *judge, enum compared compared,
                         const char *what, const enum compared *results)
{
    const struct fact_policy_host *host = policy_host(judge);
    const char *where[OTHERS_MAX];
    const struct fact_fetch *last = NULL;
    size_t count = 0;

    for (size_t i = 0; i < MIN_OF(host->other_count, OTHERS_MAX); i++) {
        if (results[i] != compared)
            continue;
        last = &host->others[i];
        where[count++] = variation(judge, last);
    }
    if (!last)
        return;
    bool failed = compared == COMPARED_NO_POLICY;
    judge_say(judge, RULE_HOST_BODY_VARIES, SEVERITY_WARNING,
              policy_host_about(judge), "%s %s %s%s%s%s",
              policy_host_name(judge), what,
              text_list(judge->arena, where, count), failed ? ": " : "",
              failed ? fetch_status_text(last->status) : "",
              failed ? fetch_detail(judge, last) : "");
}

void rule_host_body_varies(struct judge *judge)
{
    const struct fact_policy_host *host = policy_host(judge);
    enum compared results[OTHERS_MAX] = {COMPARED_SAME};

    if (!judge_wants_policy(judge))
        return;
    for (size_t i = 0; i < MIN_OF(host->other_count, OTHERS_MAX); i++)
        results[i] = compare(judge, &host->others[i]);
    say_compared(judge, COMPARED_OTHER_POLICY, "serves another policy",
                 results);
    say_compared(judge, COMPARED_NO_POLICY, "does not serve the policy",
                 results);
    say_compared(judge, COMPARED_ONLY_THERE, "serves the policy only", results);
}
