/*
 * judge: what the rules look at, worked out once, and where they put what
 * they find.
 *
 * A rule is one row in rules.c and one function that takes a judge. Rules
 * do not know each other: what keeps findings from saying the same thing
 * twice is worked out here (`meant`, `served`, ...) or said in the rule.
 */
#ifndef MTASTS_CHECK_JUDGE_H
#define MTASTS_CHECK_JUDGE_H

#include "check/check.h"
#include "check/findings.h"
#include "check/rules.h"

#define FAULTS_MAX 70000u /* a body of 64 KiB can have 65536 blank lines */
#define JUDGE_MESSAGE_MAX 4096u /* octets of one message */
#define REPEAT_MAX 5u /* findings alike shown before the rest is counted */

/* Texts that were parsed, and what the parser found. */
struct parsed {
    const struct mtasts_bytes *texts; /* the RRs, or one policy body */
    size_t count;
    struct mtasts_faults faults;
};

struct judge {
    const struct facts *facts; /* NULL: offline, a body or RRset alone */
    struct findings *findings;
    struct arena *arena; /* of the findings */

    /* the `_mta-sts` record; texts NULL: not asked, or no answer */
    struct parsed sts_parsed;
    struct mtasts_sts_record sts;

    /* the `_smtp._tls` record, alike */
    struct parsed tlsrpt_parsed;
    struct mtasts_tlsrpt_record tlsrpt;

    /* the policy; parsed.texts NULL: no body that is meant as one */
    struct mtasts_bytes body;
    struct parsed policy_parsed;
    struct mtasts_sts_policy *policy; /* tolerant reading; NULL: unusable */
    const char *const *public_suffix_mx;
    size_t public_suffix_count;

    /* the policy against the MX hosts, where both are known */
    bool *covered; /* facts->mx.hosts[i] matches a pattern; NULL: unknown */
    bool *used;    /* pattern j matches a host */
    size_t covered_count;

    bool sts_meant; /* an RR is, or was meant to be, such a record */
    bool tlsrpt_meant;
    bool served; /* the policy host serves something meant as a policy */

    bool sts_suggested; /* texts to paste are given once */
    bool policy_suggested;
    bool tlsrpt_suggested;
};

/* Parses what the facts hold. Errors: -MTASTS_ENOMEM. */
int judge_init(struct judge *judge, const struct facts *facts,
               struct findings *findings);

/* The offline beginnings: one of the parts alone. */
int judge_init_sts(struct judge *judge, const struct mtasts_bytes *rrs,
                   size_t count, struct findings *findings);
int judge_init_tlsrpt(struct judge *judge, const struct mtasts_bytes *rrs,
                      size_t count, struct findings *findings);
int judge_init_policy(struct judge *judge, const char *body, size_t len,
                      struct findings *findings);

void judge_clear(struct judge *judge);

/* ---- questions that several rules ask ---- */

/* The policy's mode; MTASTS_MODE_NONE without one. */
enum mtasts_mode judge_mode(const struct judge *judge);

/* A policy in testing or enforce: MX hosts are to match it. */
bool judge_has_demands(const struct judge *judge);

/*
 * The owner wants TLS: such a policy, or a record whose policy could not be
 * had. What fails then is an error, else a warning.
 */
bool judge_wants_tls(const struct judge *judge);

/* The record or a policy is there: the policy host has to be right. */
bool judge_wants_policy(const struct judge *judge);

/* Whether the fetch failed for a reason that is not the domain's. */
bool judge_fetch_unknown(const struct judge *judge);

/* A secure TLSA RRset with a usable record: senders demand a match. */
bool judge_has_dane(const struct fact_mx *mx);

/*
 * Whether senders use DANE for the host could not be told: the TLSA look-up
 * gave no answer, or was not made or not validated for want of a validating
 * resolver. Known not to matter where the MX records are surely unsigned.
 */
bool judge_dane_untold(const struct judge *judge, const struct fact_mx *mx);

/* Senders see a policy, and it says enforce. */
bool judge_enforces(const struct judge *judge);

const struct fact_mx_set *judge_mx(const struct judge *judge);

/* The host's name, fit for a message. */
const char *judge_mx_name(struct judge *judge, const struct fact_mx *mx);

/* Neither A nor AAAA, both known. */
bool host_is_absent(const struct fact_host *host);

/* One family could not be looked up; `ret_lookup` says which. */
bool host_is_unknown(const struct fact_host *host,
                     const struct fact_lookup **ret_lookup);

/* ---- saying ---- */

/* In the policy body, or in a record. */
struct place {
    size_t line;   /* from 1; 0: does not apply */
    size_t column; /* octet from 1; 0: does not apply */
};

/* Where the policy body has `key` with `value` (any if NULL), ASCII case
   aside: policy_fields.c. */
struct place policy_place(const struct judge *judge, const char *key,
                          const char *value);

/* What goes with a message; all may be 0. */
struct about {
    const char *subject;
    struct fix fix;
    const char *advice; /* constant; NULL: the rule's fix fits, or it is one
                           of severity unknown, which have one in common */
    struct place place;
};

/* Adds a finding. What a hostile domain says must be quoted (text.h). */
void judge_say(struct judge *judge, enum rule_id rule, enum severity severity,
               struct about about, const char *format, ...) _printf_(5, 6);

/* " (why the look-up gave no answer)"; "" if that is not known. */
const char *judge_why(struct judge *judge, const struct fact_lookup *lookup);

/* "None of the 2 TXT records is an MTA-STS record", and so of 1 and 0. */
const char *judge_none_of(struct judge *judge, size_t count, const char *what);

/* " (and 4 more like it)"; "" for none. */
const char *judge_more(struct judge *judge, size_t more);

/*
 * Has something said of each mx of the policy that fits: of REPEAT_MAX one
 * by one, of the next one together with the number of the rest.
 */
typedef bool fits_fn(const struct judge *judge, size_t i);
typedef void say_mx_fn(struct judge *judge, const char *pattern, size_t more);
void judge_patterns(struct judge *judge, fits_fn *fits, say_mx_fn *say);

/* ---- faults of the parsers as findings: judge_faults.c ---- */

struct fault_row {
    enum mtasts_fault_code code;
    enum severity severity;
};

/* Makes the texts to paste; those of suggest.h give them once. */
typedef struct fix fix_fn(struct judge *judge);

/*
 * A finding for each of the faults that `rows` name; more than REPEAT_MAX
 * of one code become one with their number. `fix` is asked for those that
 * are more than a remark; NULL: there is nothing to paste.
 */
void judge_faults(struct judge *judge, enum rule_id rule,
                  const struct parsed *parsed, const struct fault_row *rows,
                  size_t count, fix_fn *fix);

/* Whether there is a fault of this code. */
bool parsed_has(const struct parsed *parsed, enum mtasts_fault_code code);

#endif
