/*
 * verdict_sentence: the verdict in words, for people. See verdict.h.
 *
 * One function a protection; clauses that several sentences share come
 * before them.
 */
#include "check/verdict.h"

#include "check/text.h"

#define say(tally, ...) text_printf((tally)->judge->arena, __VA_ARGS__)

static bool mx_is_bogus(const struct mx_tally *tally)
{
    return tally->judge->facts->mx.lookup.status == LOOKUP_BOGUS;
}

/* "2 of 3 MX hosts", "1 of 1 MX host" */
static const char *hosts_of(const struct mx_tally *tally, size_t count)
{
    return text_part(tally->judge->arena, count, tally->total, "MX host");
}

/* What senders that validate DNSSEC do, where that is another matter. */
static const char *dnssec_clause(const struct mx_tally *tally)
{
    size_t lost = tally->dane_fail + tally->bogus;

    if (mx_is_bogus(tally))
        return "; its MX records do not validate with DNSSEC, so that senders "
               "that validate do not deliver";
    if (lost > 0)
        return say(tally, "; senders that support DANE do not deliver to %s",
                   hosts_of(tally, lost));
    if (mx_dane_is_untold(tally))
        return "; whether DANE protects it could not be told";
    if (tally->total == 0 || tally->dane_pass < tally->total)
        return "";
    if (!tally->judge->facts->smtp_probed)
        return "; senders that support DANE protect it by that if the "
               "certificates match, which was not probed";
    return "; senders that support DANE protect it by that";
}

/* A policy that only the tolerant reading takes. */
static bool is_refused_by_strict(const struct judge *judge)
{
    struct mtasts_sts_policy *policy = NULL;
    int error = mtasts_sts_policy_parse(judge->body.data, judge->body.len, 0,
                                        NULL, &policy);

    mtasts_sts_policy_free(policy);
    return error == -MTASTS_ESYNTAX;
}

/* What makes a policy in enforce weaker than it says. */
static const char *policy_clause(const struct mx_tally *tally)
{
    const struct judge *judge = tally->judge;

    if (is_refused_by_strict(judge))
        return "; but strict senders refuse the policy";
    if (mtasts_sts_policy_max_age(judge->policy) == 0)
        return "; but with a max_age of 0 it is never cached, so that an "
               "attacker who hides it goes unseen";
    return "";
}

static const char *presents(size_t count)
{
    return count == 1 ? "presents a valid certificate"
                      : "present valid certificates";
}

/* "3 of 3 MX hosts match", "1 of 3 MX hosts matches" */
static const char *match_clause(const struct mx_tally *tally)
{
    bool one = tally->matching == 1 || tally->total == 1;

    return say(tally, "%s match%s", hosts_of(tally, tally->matching),
               one ? "es" : "");
}

/* "3 of 3 MX hosts match and present valid certificates" */
static const char *hosts_clause(const struct mx_tally *tally)
{
    const char *match = match_clause(tally);

    if (!tally->judge->facts->smtp_probed)
        return say(tally,
                   "%s (SMTP was not probed, so that their certificates are "
                   "not known)",
                   match);
    if (tally->untested > 0)
        return say(tally, "%s, %zu %s, %zu could not be tested", match,
                   tally->passing, presents(tally->passing), tally->untested);
    if (tally->passing == tally->matching)
        return say(tally, "%s and %s", match, presents(tally->passing));
    return say(tally, "%s, %zu of them %s", match, tally->passing,
               presents(tally->passing));
}

static const char *full_sentence(const struct mx_tally *tally)
{
    return say(tally,
               "Mail to %s is protected by senders that support MTA-STS: "
               "enforce, %s%s%s",
               tally->judge->facts->domain, hosts_clause(tally),
               policy_clause(tally), dnssec_clause(tally));
}

static const char *partly_sentence(const struct mx_tally *tally)
{
    return say(tally,
               "Mail to %s is protected by senders that support MTA-STS, "
               "but they cannot use every MX host: enforce, %s%s%s",
               tally->judge->facts->domain, hosts_clause(tally),
               policy_clause(tally), dnssec_clause(tally));
}

static const char *refused_sentence(const struct mx_tally *tally)
{
    const struct judge *judge = tally->judge;
    const char *domain = judge->facts->domain;

    if (!judge->policy || judge_mode(judge) != MTASTS_MODE_ENFORCE)
        return say(tally,
                   "Mail to %s is held up by senders that support DANE: no "
                   "MX host matches its TLSA records",
                   domain);
    if (tally->matching == 0)
        return say(tally,
                   "Mail to %s is held up by senders that support MTA-STS: "
                   "enforce, but no MX host matches the policy%s",
                   domain, dnssec_clause(tally));
    return say(tally,
               "Mail to %s is held up by senders that support MTA-STS: "
               "enforce, but no MX host both matches the policy and has a "
               "valid certificate%s",
               domain, dnssec_clause(tally));
}

static const char *testing_sentence(const struct mx_tally *tally)
{
    const char *domain = tally->judge->facts->domain;

    if (tally->total == 0)
        return say(tally,
                   "Mail to %s is not protected yet: the policy is in "
                   "testing mode%s",
                   domain, dnssec_clause(tally));
    return say(tally,
               "Mail to %s is not protected yet: the policy is in testing "
               "mode, so that failures are reported only; %s%s",
               domain, hosts_clause(tally), dnssec_clause(tally));
}

static const char *none_sentence(const struct mx_tally *tally)
{
    const struct judge *judge = tally->judge;
    const struct fact_mx_set *mx = &judge->facts->mx;
    const char *domain = judge->facts->domain;

    if (mx->null_mx)
        return say(tally,
                   "%s takes no mail (null MX), so that there is nothing to "
                   "protect",
                   domain);
    if (mx->lookup.status == LOOKUP_NXDOMAIN)
        return say(tally, "%s does not exist", domain);
    if (verdict_is_announced(judge) && judge_has_demands(judge))
        return say(tally,
                   "Mail to %s has nowhere to go: there is a policy, but no "
                   "MX host",
                   domain);
    if (verdict_is_announced(judge))
        return say(tally, "Mail to %s is not protected: the policy says none%s",
                   domain, dnssec_clause(tally));
    if (tally->dane > 0 && !mx_is_secure(judge))
        return say(tally,
                   "Mail to %s is not protected: there is no MTA-STS, and "
                   "DANE of its MX hosts does not count while its MX records "
                   "are not signed",
                   domain);
    if (tally->dane > 0)
        return say(tally,
                   "Mail to %s is not protected: there is no MTA-STS, and "
                   "DANE for %s only%s",
                   domain, hosts_of(tally, tally->dane_pass),
                   dnssec_clause(tally));
    if (tally->bogus > 0)
        return say(tally,
                   "Mail to %s is not protected: there is no MTA-STS, and "
                   "what DANE needs does not validate with DNSSEC%s",
                   domain, dnssec_clause(tally));
    return say(tally,
               "Mail to %s is not protected: there is neither MTA-STS nor "
               "DANE%s",
               domain, dnssec_clause(tally));
}

/* Why senders see no MTA-STS, though something is there. */
static const char *broken_reason(const struct mx_tally *tally)
{
    const struct judge *judge = tally->judge;
    const struct fact_fetch *fetch = &judge->facts->policy_host.fetch;

    if (judge->facts->sts_txt.lookup.status == LOOKUP_BOGUS)
        return "the record does not validate with DNSSEC";
    switch (judge->sts.verdict) {
    case MTASTS_VERDICT_NONE:
        return judge->sts_meant
                   ? "the record does not begin with v=STSv1;"
                   : "there is a policy, but no record announces it";
    case MTASTS_VERDICT_MULTIPLE: return "there is more than one record";
    case MTASTS_VERDICT_INVALID: return "the record is malformed";
    default: break;
    }
    if (fetch->status == FETCH_OK)
        return fetch->body.len > 0 ? "the policy is malformed"
                                   : "the policy is empty";
    if (fetch->status == FETCH_CERTIFICATE && fetch->tls.verify > VERIFY_OK &&
        fetch->tls.verify < VERIFY_OTHER)
        return say(tally, "the policy cannot be fetched: %s",
                   verify_status_text(fetch->tls.verify));
    return say(tally, "the policy cannot be fetched: %s",
               fetch_status_text(fetch->status));
}

static const char *broken_sentence(const struct mx_tally *tally)
{
    const struct judge *judge = tally->judge;

    return say(tally,
               "Mail to %s is not protected by MTA-STS, though it is set "
               "up: %s%s",
               judge->facts->domain, broken_reason(tally),
               dnssec_clause(tally));
}

static const char *dane_sentence(const struct mx_tally *tally)
{
    const struct judge *judge = tally->judge;
    const char *why = verdict_is_announced(judge)
                          ? "the MTA-STS policy says none"
                          : "there is no MTA-STS";

    return say(tally,
               "Mail to %s is protected by senders that support DANE: %s "
               "ha%s TLSA records%s; %s",
               judge->facts->domain, hosts_of(tally, tally->dane_pass),
               tally->total == 1 ? "s" : "ve",
               judge->facts->smtp_probed ? " that match"
                                         : " (SMTP was not probed: whether "
                                           "they match is not known)",
               why);
}

/* No MTA-STS, and DANE that could not be told. */
static const char *untold_reason(const struct judge *judge)
{
    if (judge->facts->validating)
        return verdict_is_announced(judge)
                   ? "the MTA-STS policy says none, and whether there is DANE "
                     "could not be looked up"
                   : "there is no MTA-STS, and whether there is DANE could "
                     "not be looked up";
    return verdict_is_announced(judge)
               ? "the MTA-STS policy says none, and without a resolver that "
                 "validates DNSSEC nothing is known of DANE"
               : "there is no MTA-STS, and without a resolver that validates "
                 "DNSSEC nothing is known of DANE";
}

static const char *unknown_reason(const struct judge *judge)
{
    const struct facts *facts = judge->facts;
    enum lookup_status sts = facts->sts_txt.lookup.status;

    if (sts == LOOKUP_NOT_ASKED || lookup_unknown(sts))
        return "the MTA-STS record could not be looked up";
    if (!verdict_is_unknown(judge) && !judge_enforces(judge))
        return untold_reason(judge);
    if (!judge->policy)
        return "the policy could not be asked for";
    if (facts->mx.lookup.status == LOOKUP_BOGUS)
        return "its MX hosts are not known";
    if (lookup_unknown(facts->mx.lookup.status))
        return "the MX records could not be looked up";
    return "the policy says enforce, but no MX host could be tested";
}

static const char *unknown_sentence(const struct mx_tally *tally)
{
    const struct judge *judge = tally->judge;
    bool said = !verdict_is_unknown(judge) && !judge_enforces(judge);

    return say(tally, "Whether mail to %s is protected could not be told: %s%s",
               judge->facts->domain, unknown_reason(judge),
               said ? "" : dnssec_clause(tally));
}

const char *verdict_sentence(const struct mx_tally *tally,
                             enum protection protection)
{
    switch (protection) {
    case PROTECTION_NONE: return none_sentence(tally);
    case PROTECTION_BROKEN: return broken_sentence(tally);
    case PROTECTION_REFUSED: return refused_sentence(tally);
    case PROTECTION_PARTLY: return partly_sentence(tally);
    case PROTECTION_TESTING: return testing_sentence(tally);
    case PROTECTION_FULL: return full_sentence(tally);
    case PROTECTION_DANE: return dane_sentence(tally);
    default: return unknown_sentence(tally);
    }
}
