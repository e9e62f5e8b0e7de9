/*
 * verdict: how well senders protect mail to the domain. See check.h.
 *
 * It follows what a sender does, not the list of findings: the record by
 * the letter of the RFC, then the policy in the tolerant reading, then each
 * MX host by name and certificate. DANE is looked at beside it.
 */
#include "check/verdict.h"

bool verdict_is_announced(const struct judge *judge)
{
    return judge->sts.verdict == MTASTS_VERDICT_VALID && judge->policy;
}

bool verdict_is_unknown(const struct judge *judge)
{
    const struct facts *facts = judge->facts;
    enum lookup_status sts = facts->sts_txt.lookup.status;

    if (sts == LOOKUP_NOT_ASKED || (lookup_unknown(sts) && sts != LOOKUP_BOGUS))
        return true;
    if (judge->sts.verdict == MTASTS_VERDICT_VALID && !judge->policy)
        return judge_fetch_unknown(judge) ||
               facts->policy_host.fetch.status == FETCH_NOT_DONE;
    return verdict_is_announced(judge) && judge_has_demands(judge) &&
           lookup_unknown(facts->mx.lookup.status);
}

static enum protection enforced(const struct mx_tally *tally)
{
    bool probed = tally->judge->facts->smtp_probed;

    if (tally->failing > 0)
        return tally->failing == tally->total ? PROTECTION_REFUSED
                                              : PROTECTION_PARTLY;
    if (tally->total == 0)
        return PROTECTION_NONE;
    return probed && tally->passing == 0 ? PROTECTION_UNKNOWN : PROTECTION_FULL;
}

static enum protection without_sts(const struct mx_tally *tally)
{
    if (mx_dane_is_untold(tally))
        return PROTECTION_UNKNOWN;
    if (tally->total == 0 || tally->dane == 0)
        return PROTECTION_NONE;
    if (tally->dane_fail == tally->total)
        return PROTECTION_REFUSED;
    return tally->dane_pass == tally->total ? PROTECTION_DANE : PROTECTION_NONE;
}

static enum protection protection_of(const struct mx_tally *tally)
{
    const struct judge *judge = tally->judge;

    if (judge->facts->mx.null_mx)
        return PROTECTION_NONE;
    if (verdict_is_unknown(judge))
        return PROTECTION_UNKNOWN;
    if (!verdict_is_announced(judge)) {
        bool bogus = judge->facts->sts_txt.lookup.status == LOOKUP_BOGUS;
        return judge->sts_meant || judge->served || bogus ? PROTECTION_BROKEN
                                                          : without_sts(tally);
    }
    switch (judge_mode(judge)) {
    case MTASTS_MODE_ENFORCE: return enforced(tally);
    case MTASTS_MODE_TESTING: return PROTECTION_TESTING;
    default: return without_sts(tally);
    }
}

void verdict_of(struct judge *judge, struct verdict *ret_verdict)
{
    struct mx_tally tally = mx_tally_of(judge);
    enum protection protection = protection_of(&tally);

    *ret_verdict = (struct verdict){
        .protection = protection,
        .worst = judge->findings->worst,
        .sentence = verdict_sentence(&tally, protection),
        .mode = judge_mode(judge),
        .has_policy = judge->policy != NULL,
        .mx_total = tally.total + (tally.total ? judge->facts->mx.omitted : 0),
        .mx_matching = tally.matching,
        .mx_passing = tally.passing,
    };
}
