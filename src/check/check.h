/*
 * check: facts about a domain in, findings out.
 *
 * Pure: no I/O and no clock (the time is in the facts). A rule is one row of
 * a table (rules.c) and one function; `mtasts explain`, `mtasts rules` and
 * the manual's list come from the same table.
 */
#ifndef MTASTS_CHECK_CHECK_H
#define MTASTS_CHECK_CHECK_H

#include "check/facts.h"

enum severity {
    SEVERITY_OK, /* nothing found; never in a finding */
    SEVERITY_INFO,
    SEVERITY_UNKNOWN, /* could not tell */
    SEVERITY_WARNING,
    SEVERITY_ERROR, /* mail is or will be refused, or protection is absent
                       against the owner's intent */
};

enum section {
    SECTION_STS_RECORD,
    SECTION_POLICY_HOST,
    SECTION_POLICY,
    SECTION_MX,
    SECTION_SMTP,
    SECTION_DANE,
    SECTION_TLSRPT,
    SECTION_COUNT,
};

struct judge;

struct rule {
    const char *id;         /* "sts-record-missing" */
    const char *severities; /* e.g. "E/W/U": which it can have, worst first */
    const char *rfc;        /* "RFC 8461 3.1" */
    const char *title;      /* a phrase: "More than one MTA-STS record" */
    const char *why;        /* why it matters, one to three sentences */
    const char *fix;        /* how to mend it in general */
    void (*judge)(struct judge *judge); /* check's own */
    enum section section;
    bool offline; /* judged from a policy body or TXT RRset alone: for lint */
};

/* All rules, by section, in the manual's order. */
const struct rule *rules_all(size_t *ret_count);

/* NULL if there is no such rule. */
const struct rule *rule_find(const char *id);

/* Texts to paste, one after the other; live as long as the findings. */
struct fix {
    const char *text; /* a record, a policy, lines of one; or NULL */
    const char *then; /* what to publish once `text` is in effect: after a
                         policy the record with a new id, without which no
                         sender looks at it; or NULL */
};

struct finding {
    const struct rule *rule;
    enum severity severity;
    const char *subject; /* MX host, address, URI, field, ...; or NULL */
    const char *message; /* what was seen: one sentence, for people */
    struct fix fix;      /* this case's mend; all NULL: the rule's own */
    const char *advice;  /* what to do in this case, for people, where the
                            rule's own `why` and `fix` do not fit; or NULL */
    size_t line;         /* in a policy body, from 1; 0: does not apply */
    size_t column;       /* octet from 1; 0: does not apply */
};

struct findings {
    struct arena *arena;   /* owns everything below */
    struct finding *items; /* by section, severity, rule, then as found */
    size_t count;
    size_t max;          /* room in `items` */
    enum severity worst; /* of all found, left out ones too */
    bool truncated;      /* FINDINGS_MAX or memory was reached */
};

#define FINDINGS_MAX 1000u /* a hostile domain must not fill a screen */

/* How well senders that support MTA-STS protect mail to the domain. */
enum protection {
    PROTECTION_NONE,    /* no MTA-STS at all (nor DANE) */
    PROTECTION_BROKEN,  /* meant to be there, but senders see none */
    PROTECTION_REFUSED, /* enforce, and no MX passes: mail is held up */
    PROTECTION_PARTLY,  /* enforce, some MX fail */
    PROTECTION_TESTING, /* testing: failures are reported only */
    PROTECTION_FULL,    /* enforce and everything passes */
    PROTECTION_DANE,    /* no MTA-STS, but DANE protects */
    PROTECTION_UNKNOWN, /* could not tell */
};

struct verdict {
    enum protection protection;
    enum severity worst;  /* of all findings; SEVERITY_OK if there are none */
    const char *sentence; /* for people, in the findings' arena */
    enum mtasts_mode mode;
    bool has_policy;
    size_t mx_total;    /* hosts in DNS (or the implicit one) */
    size_t mx_matching; /* covered by the policy */
    size_t mx_passing;  /* covered, and valid certificate on every address
                           that answered; 0 when SMTP was not probed */
};

/*
 * Judges `facts`. The findings live in an arena of their own, but point
 * into `facts`: free them first.
 * Errors: -MTASTS_ENOMEM.
 */
int check_run(const struct facts *facts, struct findings **ret_findings,
              struct verdict *ret_verdict);

/*
 * Offline parts of the same rules, for `mtasts lint`: the findings that a
 * policy body or TXT RRset alone gives, those of rules with `offline` set.
 * `public_suffix_mx` as in struct fact_policy_host; may be NULL.
 */
int check_policy_body(const char *body, size_t len,
                      const char *const *public_suffix_mx,
                      size_t public_suffix_count,
                      struct findings **ret_findings);
int check_sts_rrset(const struct mtasts_bytes *rrs, size_t count,
                    struct findings **ret_findings);
int check_tlsrpt_rrset(const struct mtasts_bytes *rrs, size_t count,
                       struct findings **ret_findings);

void findings_free(struct findings *findings);

const char *severity_name(enum severity severity); /* "error", ... */
const char *section_name(enum section section);    /* "sts-record", ... */
const char *section_title(enum section section);   /* for people */
const char *protection_name(enum protection protection);

DEFINE_CLEANUP(struct findings *, findings_free, findings)
#define _cleanup_findings_ _cleanup_(cleanup_findings)

#endif
