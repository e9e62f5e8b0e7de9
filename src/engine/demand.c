/*
 * demand: waiting goes before all else, then that the domain takes no mail,
 * then DANE (RFC 8461 section 2), then the policy's mode. An enforced policy
 * without an mx that could match lets no host be used, so the message waits.
 */
#include "engine/demand.h"

#include "engine/reply_names.h"
#include "engine/reply_text.h"

static bool names_any(const struct policy_answer *answer)
{
    struct reply_names names = {.policy = answer->held->policy,
                                .room = SIZE_MAX};
    struct mtasts_bytes name;

    return reply_names_next(&names, &name);
}

bool demand_takes_no_mail(const struct policy_answer *answer)
{
    bool enforced =
        answer->kind == ANSWER_POLICY && answer->mode == MTASTS_MODE_ENFORCE;

    /* Else anybody on the path could free mail of its demands: ADR 15. */
    return answer->mx && answer->mx->status == MX_NULL && !enforced;
}

enum demand demand_of(const struct policy_answer *answer)
{
    if (answer->kind == ANSWER_DEFER)
        return DEMAND_DEFER;
    if (demand_takes_no_mail(answer))
        return DEMAND_NONE;
    if (answer->dane)
        return DEMAND_DANE;
    if (answer->kind != ANSWER_POLICY || answer->mode == MTASTS_MODE_NONE)
        return DEMAND_NONE;
    if (answer->mode == MTASTS_MODE_TESTING)
        return DEMAND_REPORT;
    return names_any(answer) ? DEMAND_SECURE : DEMAND_DEFER;
}

const char *demand_name(enum demand demand)
{
    static const char *const names[] = {
        [DEMAND_NONE] = "none",     [DEMAND_REPORT] = "report",
        [DEMAND_SECURE] = "secure", [DEMAND_DANE] = "dane",
        [DEMAND_DEFER] = "defer",
    };

    return names[demand];
}

const char *demand_reason(const struct policy_answer *answer)
{
    if (answer->kind != ANSWER_DEFER)
        return REPLY_NO_USABLE_MX;
    return answer->why && *answer->why ? answer->why : REPLY_NOT_TOLD;
}
