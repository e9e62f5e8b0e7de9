/*
 * check: runs the rules over the facts. See check.h.
 *
 * A typical domain takes a few microseconds, all of them in parsing and in
 * words: each rule looks at little, and none at everything that another
 * looked at.
 */
#include "check/check.h"

#include "check/judge.h"
#include "check/verdict.h"
#include <string.h>

static void run_rules(struct judge *judge)
{
    size_t count = 0;
    const struct rule *rules = rules_all(&count);

    for (size_t i = 0; i < count; i++)
        if (judge->facts || rules[i].offline)
            rules[i].judge(judge);
    findings_sort(judge->findings);
}

static _unused_ void cleanup_judge(struct judge *judge)
{
    judge_clear(judge);
}

int check_run(const struct facts *facts, struct findings **ret_findings,
              struct verdict *ret_verdict)
{
    _cleanup_findings_ struct findings *findings = NULL;
    _cleanup_(cleanup_judge) struct judge judge = {0};
    int error = findings_new(&findings);

    if (!error)
        error = judge_init(&judge, facts, findings);
    if (error)
        return error;
    run_rules(&judge);
    verdict_of(&judge, ret_verdict);
    *ret_findings = TAKE_PTR(findings);
    return 0;
}

int check_policy_body(const char *body, size_t len,
                      const char *const *public_suffix_mx,
                      size_t public_suffix_count,
                      struct findings **ret_findings)
{
    _cleanup_findings_ struct findings *findings = NULL;
    _cleanup_(cleanup_judge) struct judge judge = {
        .public_suffix_mx = public_suffix_mx,
        .public_suffix_count = public_suffix_count,
    };
    int error = findings_new(&findings);

    if (!error)
        error = judge_init_policy(&judge, body, len, findings);
    if (error)
        return error;
    run_rules(&judge);
    *ret_findings = TAKE_PTR(findings);
    return 0;
}

int check_sts_rrset(const struct mtasts_bytes *rrs, size_t count,
                    struct findings **ret_findings)
{
    _cleanup_findings_ struct findings *findings = NULL;
    struct judge judge = {0};
    int error = findings_new(&findings);

    if (!error)
        error = judge_init_sts(&judge, rrs, count, findings);
    if (error)
        return error;
    run_rules(&judge);
    *ret_findings = TAKE_PTR(findings);
    return 0;
}

int check_tlsrpt_rrset(const struct mtasts_bytes *rrs, size_t count,
                       struct findings **ret_findings)
{
    _cleanup_findings_ struct findings *findings = NULL;
    struct judge judge = {0};
    int error = findings_new(&findings);

    if (!error)
        error = judge_init_tlsrpt(&judge, rrs, count, findings);
    if (error)
        return error;
    run_rules(&judge);
    *ret_findings = TAKE_PTR(findings);
    return 0;
}
