/*
 * postfix_judge_tls: certificate authorities, the site's own level of TLS,
 * and DANE. See postfix_judge.h.
 *
 * "secure" takes authorities: without them every certificate is refused, and
 * mail to domains with a policy waits. smtp reads smtp_tls_CAfile before it
 * goes into its chroot, and looks into smtp_tls_CApath when it is there.
 */
#include "cli/postfix_judging.h"

#include <string.h>

#define CA_FILE "smtp_tls_CAfile"
#define CA_PATH "smtp_tls_CApath"
#define DNS_SUPPORT "smtp_dns_support_level"
#define LEVEL "smtp_tls_security_level"

static bool is_good(const struct postfix_ca *ca)
{
    return *ca->path && !ca->unknown && ca->seen.error == 0 &&
           ca->seen.count > 0;
}

static bool is_bad(const struct postfix_ca *ca)
{
    return *ca->path && !ca->unknown && !is_good(ca);
}

static const char *fault_of(const struct postfix_ca *ca)
{
    return ca->seen.error ? strerrordesc_np(ca->seen.error)
                          : "no certificate in it";
}

/* The folder as smtp sees it. */
static void tell_folder(struct judging *judging, enum setup_grade grade)
{
    const struct postfix_facts *facts = judging->facts;
    const struct postfix_ca *folder = &facts->ca_folder;
    setup_add(judging->findings, grade, CA_PATH " = %s: %s%s%s%s.",
              folder->path, fault_of(folder),
              folder->seen.error ? "" : " by its hash (openssl rehash)",
              facts->chroot ? "; smtp opens it from inside its chroot, " : "",
              facts->chroot ? facts->queue : "");
}

static void tell_none(struct judging *judging)
{
    const struct postfix_facts *facts = judging->facts;
    struct setup_findings *findings = judging->findings;
    enum setup_grade grade =
        judging->maps.ours > 0 || facts->ca_override ? SETUP_ERROR : SETUP_TODO;
    if (is_bad(&facts->ca_folder))
        tell_folder(judging, grade);
    setup_add(findings, grade,
              "smtp has no certificate authorities to verify by: mail to "
              "every domain with a policy would wait.");
    if (facts->ca_override)
        setup_fix(findings, "master.cf says which for the service %s.",
                  facts->service);
    else if (!is_good(&facts->spare))
        setup_fix(findings, "Install those of the Web (apt install "
                            "ca-certificates), then try again.");
    if (facts->ca_override || !is_good(&facts->spare)) {
        findings->blocked = true;
        return;
    }
    setup_fix(findings, CA_FILE " = %s", facts->spare.path);
    judging_change(judging, &judging->plan->main_cf, CA_FILE,
                   facts->spare.path);
}

static void tell_good(struct judging *judging, const char *name,
                      const struct postfix_ca *ca)
{
    bool few = ca->seen.count < CA_FEW;
    setup_add(judging->findings, few ? SETUP_WARNING : SETUP_FINE,
              "%s = %s: %u certificate authorit%s%s.", name, ca->path,
              ca->seen.count, ca->seen.count == 1 ? "y" : "ies",
              few ? " only; MX hosts have certificates of the Web's, and mail "
                    "to domains with a policy would wait"
                  : "");
    if (few)
        setup_fix(judging->findings,
                  CA_FILE " = /etc/ssl/certs/ca-certificates.crt has those of "
                          "the Web; add your own there "
                          "(update-ca-certificates).");
}

void postfix_judge_ca(struct judging *judging)
{
    const struct postfix_facts *facts = judging->facts;
    if (is_bad(&facts->ca_file)) {
        setup_block(judging->findings,
                    CA_FILE " = %s: %s. With that Postfix does without TLS.",
                    facts->ca_file.path, fault_of(&facts->ca_file));
        setup_fix(judging->findings, CA_FILE " = %s",
                  *facts->spare.path ? facts->spare.path
                                     : "a file that is there");
    } else if (is_good(&facts->ca_file)) {
        tell_good(judging, CA_FILE, &facts->ca_file);
    } else if (is_good(&facts->ca_folder)) {
        tell_good(judging, CA_PATH, &facts->ca_folder);
    } else if (facts->ca_default && is_good(&facts->default_file)) {
        tell_good(judging, "tls_append_default_CA", &facts->default_file);
    } else if (facts->ca_default && is_good(&facts->default_folder)) {
        tell_good(judging, "tls_append_default_CA", &facts->default_folder);
    } else if (facts->ca_file.unknown || facts->ca_folder.unknown) {
        setup_add(judging->findings, SETUP_UNKNOWN,
                  "Whether smtp has certificate authorities to verify by "
                  "could not be told: that takes root.");
    } else {
        tell_none(judging);
    }
}

/* ---- the level ---- */

const char *postfix_level_word(enum config_tls_level level)
{
    static const char *const words[] = {
        [CONFIG_LEVEL_UNKNOWN] = "unknown",
        [CONFIG_LEVEL_NONE] = "none",
        [CONFIG_LEVEL_MAY] = "may",
        [CONFIG_LEVEL_ENCRYPT] = "encrypt",
        [CONFIG_LEVEL_DANE] = "dane",
        [CONFIG_LEVEL_DANE_ONLY] = "dane-only",
        [CONFIG_LEVEL_FINGERPRINT] = "fingerprint",
        [CONFIG_LEVEL_VERIFY] = "verify",
        [CONFIG_LEVEL_SECURE] = "secure",
    };
    return words[level];
}

static void tell_level(struct judging *judging, enum config_tls_level wanted)
{
    const struct postfix_facts *facts = judging->facts;
    struct setup_findings *findings = judging->findings;
    const char *own = postfix_level_word(facts->own_level);
    if (facts->own_level == wanted) {
        setup_add(findings, SETUP_FINE,
                  "default-tls-level = %s, as Postfix has it.", own);
        return;
    }
    if (facts->own_level == CONFIG_LEVEL_UNKNOWN)
        setup_add(findings, SETUP_TODO,
                  "mtasts-policyd does not know Postfix's own level of TLS, "
                  "%s, at which it would answer for policies in testing mode.",
                  postfix_level_word(wanted));
    else
        setup_add(findings,
                  facts->own_level < facts->level ? SETUP_ERROR : SETUP_TODO,
                  "mtasts.conf says default-tls-level = %s, and Postfix has "
                  "%s%s.",
                  own, postfix_level_word(facts->level),
                  facts->own_level < facts->level
                      ? ": answers for policies in testing mode lower it"
                      : "");
    judging_change(judging, &judging->plan->mtasts_conf, "default-tls-level",
                   postfix_level_word(wanted));
}

void postfix_judge_level(struct judging *judging)
{
    const struct postfix_facts *facts = judging->facts;
    struct setup_findings *findings = judging->findings;
    enum config_tls_level wanted =
        facts->level_common ? facts->level : CONFIG_LEVEL_UNKNOWN;
    if (facts->level == CONFIG_LEVEL_UNKNOWN) {
        setup_add(findings, SETUP_ERROR,
                  LEVEL " is none of the levels that Postfix has.");
        setup_fix(findings, LEVEL " = may");
    } else if (facts->level == CONFIG_LEVEL_NONE) {
        setup_add(findings, SETUP_WARNING,
                  "Postfix uses no TLS where there is no policy.");
        setup_fix(findings, "postconf -e '" LEVEL " = may', and run this "
                            "again.");
    }
    if (!facts->level_common) {
        setup_add(findings, SETUP_NOTE,
                  "%s has another level of TLS than %s. A policy in testing "
                  "mode is answered as none, so that neither is lowered.",
                  facts->level_other, facts->service);
    }
    tell_level(judging, wanted);
}

/* ---- DANE ---- */

static bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = list; (at = strstr(at, word)); at += len) {
        bool begins = at == list || strchr(", \t", at[-1]);
        if (begins && strchr(", \t", at[len]))
            return true;
    }
    return false;
}

/* dane-proved = yes or no. */
static void settle(struct judging *judging, bool proved)
{
    const struct postfix_facts *facts = judging->facts;
    if (facts->dane_proved == proved)
        return;
    if (proved)
        setup_add(judging->findings, SETUP_TODO,
                  "mtasts-policyd may tell Postfix to use DANE, and does not "
                  "know it yet.");
    else
        setup_add(judging->findings, SETUP_ERROR,
                  "mtasts.conf says dane-proved = yes, which is not so any "
                  "more: mail to domains with TLSA records and a policy "
                  "waits.");
    judging_change(judging, &judging->plan->mtasts_conf, "dane-proved",
                   proved ? "yes" : "no");
}

/* Postfix does not look at DNSSEC at all. */
static void tell_no_dnssec(struct judging *judging, bool resolvers_good)
{
    const struct postfix_facts *facts = judging->facts;
    struct setup_findings *findings = judging->findings;
    enum setup_grade grade = SETUP_NOTE;
    const char *more = "";
    if (facts->level == CONFIG_LEVEL_DANE_ONLY) {
        grade = SETUP_ERROR;
        more = "; at the level dane-only all mail waits";
    } else if (facts->level == CONFIG_LEVEL_DANE) {
        grade = SETUP_WARNING;
        more = "; the level dane is no more than may";
    }
    setup_add(findings, grade,
              DNS_SUPPORT " is not dnssec, so Postfix does no DANE, and "
                          "MTA-STS alone decides%s.",
              more);
    if (facts->dns_override)
        setup_fix(findings, "master.cf says so for the service %s.",
                  facts->service);
    else if (resolvers_good)
        setup_fix(findings, "The resolver validates: 'mtasts setup postfix "
                            "--dane' switches it on.");
}

void postfix_judge_dane(struct judging *judging)
{
    const struct postfix_facts *facts = judging->facts;
    struct setup_findings *findings = judging->findings;
    struct mta_hindrance hindrance;
    bool good = mta_resolvers_judge(
        &facts->resolvers, judging->wishes->trust_resolver, &hindrance);
    bool looks_up = has_word(facts->host_lookup, "dns");
    bool dnssec = strcmp(facts->dns_support, "dnssec") == 0;
    bool begin = judging->wishes->dane && !dnssec && good && looks_up &&
                 !facts->dns_override;
    if (begin) {
        setup_add(findings, SETUP_TODO,
                  DNS_SUPPORT " is not dnssec, which DANE takes.");
        judging_change(judging, &judging->plan->main_cf, DNS_SUPPORT, "dnssec");
    } else if (!dnssec) {
        tell_no_dnssec(judging, good && looks_up);
    } else if (!looks_up) {
        setup_add(findings, SETUP_WARNING,
                  "smtp_host_lookup = %s is without dns, so Postfix does no "
                  "DANE.",
                  facts->host_lookup);
    }
    if (!good && (dnssec || judging->wishes->dane)) {
        setup_add(findings, hindrance.grade, "%s", hindrance.text);
        setup_fix(findings,
                  "Run a resolver that validates on this machine "
                  "(Unbound on 127.0.0.1), as Postfix's TLS_README "
                  "asks for, and name it in %s.",
                  facts->resolv_conf);
    }
    if (facts->resolv_differs && (dnssec || judging->wishes->dane)) {
        setup_add(findings, SETUP_WARNING,
                  "%s names other resolvers than /etc/resolv.conf; smtp goes "
                  "by the former.",
                  facts->resolv_conf);
        setup_fix(findings, "On Debian a restart of Postfix copies it anew.");
    }
    bool proved = (dnssec || begin) && looks_up && good;
    if (proved && !begin)
        setup_add(findings, SETUP_FINE,
                  DNS_SUPPORT " = dnssec, and its resolver validates: DANE "
                              "can be relied on.");
    if (facts->dane == CONFIG_DANE_ON && !proved)
        setup_add(findings, SETUP_ERROR,
                  "mtasts.conf says dane = on, and it is not proved that "
                  "Postfix can do it: mail to domains with TLSA records "
                  "would wait.");
    /* A resolver that is silent for a moment proves nothing either way. */
    if (proved || !dnssec || !looks_up || hindrance.grade != SETUP_UNKNOWN)
        settle(judging, proved);
}
