/*
 * The rules about the policy host and how it serves the policy (RFC 8461
 * sections 3.2 and 3.3).
 *
 * They speak only where a policy is wanted (a record asks for it) or there:
 * many a web server answers for any name.
 */
#include "base/ascii.h"
#include "check/certificates.h"
#include "check/policy_host.h"
#include "check/text.h"

/* Whether the fetch ended so, where it matters. */
static bool ended(const struct judge *judge, enum fetch_status status)
{
    return judge_wants_policy(judge) && policy_fetch(judge)->status == status;
}

/* No octets, or none that say anything. */
static bool is_empty(const struct judge *judge)
{
    return policy_fetch(judge)->body.len == 0 ||
           parsed_has(&judge->policy_parsed, MTASTS_FAULT_POLICY_EMPTY);
}

/* ---- addresses ---- */

static void say_no_address(struct judge *judge)
{
    const struct fact_host *host = &policy_host(judge)->host;
    const struct fact_lookup *lookup = NULL;

    if (host_is_absent(host))
        judge_say(judge, RULE_HOST_NO_ADDRESS, SEVERITY_ERROR,
                  policy_host_about(judge), "%s has no address: %s",
                  policy_host_name(judge), lookup_status_text(host->a.status));
    else if (host_is_unknown(host, &lookup))
        judge_say(judge, RULE_HOST_NO_ADDRESS, SEVERITY_UNKNOWN,
                  policy_host_about(judge),
                  "The %s address of %s could not be "
                  "looked up: %s",
                  lookup == &host->a ? "IPv4" : "IPv6", policy_host_name(judge),
                  lookup_status_text(lookup->status));
}

static void say_one_family(struct judge *judge)
{
    const struct fact_host *host = &policy_host(judge)->host;
    enum lookup_status a = host->a.status;
    enum lookup_status aaaa = host->aaaa.status;

    if (a == LOOKUP_OK && aaaa == LOOKUP_NODATA)
        judge_say(judge, RULE_HOST_NO_ADDRESS, SEVERITY_INFO,
                  policy_host_about(judge), "%s has IPv4 addresses only",
                  policy_host_name(judge));
    else if (aaaa == LOOKUP_OK && a == LOOKUP_NODATA)
        judge_say(judge, RULE_HOST_NO_ADDRESS, SEVERITY_WARNING,
                  policy_host_about(judge),
                  "%s has IPv6 addresses only: senders without IPv6 cannot "
                  "fetch the policy",
                  policy_host_name(judge));
}

static void say_private(struct judge *judge)
{
    const struct fact_host *host = &policy_host(judge)->host;
    const char *refused[FACTS_ADDRESS_MAX];
    size_t count = 0;

    for (size_t i = 0; i < host->count && count < ELEMENTS(refused); i++)
        if (!host->addresses[i].allowed)
            refused[count++] = host->addresses[i].text;
    if (count == 0)
        return;
    bool all = policy_fetch(judge)->status == FETCH_ADDRESS_REFUSED;
    judge_say(judge, RULE_HOST_NO_ADDRESS,
              all ? SEVERITY_ERROR : SEVERITY_WARNING, policy_host_about(judge),
              "%s has %s that the world cannot reach: %s",
              policy_host_name(judge), all ? "only addresses" : "addresses",
              text_list(judge->arena, refused, count));
}

/* Addresses asked one by one, while the policy could be had somewhere. */
static void say_dead_addresses(struct judge *judge)
{
    const struct fact_policy_host *host = policy_host(judge);
    const char *dead[FACTS_ADDRESS_MAX];
    const struct fact_fetch *last = NULL;
    size_t count = 0;

    if (fetch_did_not_connect(&host->fetch))
        return;
    for (size_t i = 0; i < host->other_count && count < ELEMENTS(dead); i++) {
        if (!host->others[i].pinned || !fetch_did_not_connect(&host->others[i]))
            continue;
        last = &host->others[i];
        dead[count++] = last->address ? last->address : "?";
    }
    if (last)
        judge_say(judge, RULE_HOST_NO_ADDRESS, SEVERITY_WARNING,
                  policy_host_about(judge), "%s cannot be reached at %s: %s",
                  policy_host_name(judge), text_list(judge->arena, dead, count),
                  fetch_status_text(last->status));
}

void rule_host_no_address(struct judge *judge)
{
    if (!judge_wants_policy(judge) ||
        policy_fetch(judge)->status == FETCH_NOT_DONE)
        return;
    say_no_address(judge);
    say_one_family(judge);
    say_private(judge);
    say_dead_addresses(judge);
}

/* ---- getting to it ---- */

void rule_host_unreachable(struct judge *judge)
{
    const struct fact_fetch *fetch = policy_fetch(judge);
    enum severity severity = SEVERITY_ERROR;

    if (!judge_wants_policy(judge))
        return;
    switch (fetch->status) {
    case FETCH_CONNECT_REFUSED:
    case FETCH_CONNECT_TIMEOUT:
    case FETCH_CONNECT_FAILED:
    case FETCH_TLS_FAILED:
    case FETCH_TIMEOUT:
    case FETCH_TRUNCATED:
    case FETCH_PROTOCOL: break;
    case FETCH_FAILED: severity = SEVERITY_UNKNOWN; break;
    default: return;
    }
    judge_say(judge, RULE_HOST_UNREACHABLE, severity, policy_host_about(judge),
              "The policy cannot be fetched from %s: %s%s",
              policy_host_name(judge), fetch_status_text(fetch->status),
              fetch_detail(judge, fetch));
}

void rule_host_tls_version(struct judge *judge)
{
    const struct fact_tls *tls = &policy_fetch(judge)->tls;

    if (ended(judge, FETCH_TLS_VERSION))
        judge_say(judge, RULE_HOST_TLS_VERSION, SEVERITY_ERROR,
                  policy_host_about(judge),
                  "%s offers no TLS 1.2 or above, which senders insist on",
                  policy_host_name(judge));
    else if (judge_wants_policy(judge) && tls->handshake && tls->version &&
             ascii_is(tls->version, strlen(tls->version), "TLSv1.2"))
        judge_say(judge, RULE_HOST_TLS_VERSION, SEVERITY_INFO,
                  policy_host_about(judge), "%s does not offer TLS 1.3",
                  policy_host_name(judge));
}

/* ---- its certificate ---- */

void rule_host_certificate(struct judge *judge)
{
    const struct fact_fetch *fetch = policy_fetch(judge);

    if (!ended(judge, FETCH_CERTIFICATE) ||
        fetch->tls.verify == VERIFY_INCOMPLETE_CHAIN)
        return;
    judge_say(
        judge, RULE_HOST_CERTIFICATE, SEVERITY_ERROR, policy_host_about(judge),
        "%s: %s", policy_host_name(judge),
        certificate_fault(judge->arena, &fetch->tls, policy_host_name(judge)));
}

void rule_host_certificate_expiring(struct judge *judge)
{
    const struct fact_tls *tls = &policy_fetch(judge)->tls;
    const struct fact_certificate *leaf = certificate_leaf(tls);

    if (!judge_wants_policy(judge) || !leaf || tls->verify != VERIFY_OK)
        return;
    enum severity severity = certificate_expiring(leaf, judge->facts->time);
    if (severity != SEVERITY_OK)
        judge_say(
            judge, RULE_HOST_CERTIFICATE_EXPIRING, severity,
            policy_host_about(judge), "%s: %s", policy_host_name(judge),
            certificate_expiring_text(judge->arena, leaf, judge->facts->time));
}

void rule_host_chain_incomplete(struct judge *judge)
{
    const struct fact_tls *tls = &policy_fetch(judge)->tls;

    if (ended(judge, FETCH_CERTIFICATE) &&
        tls->verify == VERIFY_INCOMPLETE_CHAIN)
        judge_say(
            judge, RULE_HOST_CHAIN_INCOMPLETE, SEVERITY_ERROR,
            policy_host_about(judge), "%s: %s", policy_host_name(judge),
            certificate_fault(judge->arena, tls, policy_host_name(judge)));
}

/* ---- its answer ---- */

void rule_host_status(struct judge *judge)
{
    if (ended(judge, FETCH_STATUS))
        judge_say(judge, RULE_HOST_STATUS, SEVERITY_ERROR,
                  policy_host_about(judge),
                  "%s answers with the HTTP status %ld",
                  policy_host_name(judge), policy_fetch(judge)->http_status);
}

void rule_host_redirect(struct judge *judge)
{
    const struct fact_fetch *fetch = policy_fetch(judge);

    if (ended(judge, FETCH_REDIRECT))
        judge_say(judge, RULE_HOST_REDIRECT, SEVERITY_ERROR,
                  policy_host_about(judge),
                  "%s redirects (HTTP status %ld) to %s, where no sender "
                  "follows",
                  policy_host_name(judge), fetch->http_status,
                  text_name(judge->arena, fetch->location));
}

void rule_host_content_type(struct judge *judge)
{
    const char *type = policy_fetch(judge)->content_type;

    if (!ended(judge, FETCH_CONTENT_TYPE))
        return;
    if (type)
        judge_say(judge, RULE_HOST_CONTENT_TYPE, SEVERITY_ERROR,
                  policy_host_about(judge),
                  "%s serves the policy as %s instead of text/plain",
                  policy_host_name(judge), text_name(judge->arena, type));
    else
        judge_say(judge, RULE_HOST_CONTENT_TYPE, SEVERITY_ERROR,
                  policy_host_about(judge),
                  "%s serves the policy without a Content-Type",
                  policy_host_name(judge));
}

#define EMPTY_ADVICE                                                           \
    "Write the policy into the file: an empty one is none, and see that the "  \
    "web server sends what the file holds."

static void say_size_offline(struct judge *judge)
{
    size_t len = judge->body.len;

    if (!judge->policy_parsed.texts)
        return;
    if (len > MTASTS_POLICY_BODY_MAX)
        judge_say(judge, RULE_HOST_BODY_SIZE, SEVERITY_ERROR, (struct about){0},
                  "The policy has %zu octets, %u at most are read", len,
                  MTASTS_POLICY_BODY_MAX);
    else if (parsed_has(&judge->policy_parsed, MTASTS_FAULT_POLICY_EMPTY))
        judge_say(judge, RULE_HOST_BODY_SIZE, SEVERITY_ERROR,
                  (struct about){.advice = EMPTY_ADVICE},
                  "The policy is empty");
}

void rule_host_body_size(struct judge *judge)
{
    if (!judge->facts)
        say_size_offline(judge);
    else if (ended(judge, FETCH_TOO_LARGE))
        judge_say(judge, RULE_HOST_BODY_SIZE, SEVERITY_ERROR,
                  policy_host_about(judge),
                  "The body that %s serves is larger than 64 KiB",
                  policy_host_name(judge));
    else if (ended(judge, FETCH_OK) && is_empty(judge))
        judge_say(judge, RULE_HOST_BODY_SIZE, SEVERITY_ERROR,
                  (struct about){
                      .subject = policy_host_name(judge),
                      .advice = EMPTY_ADVICE,
                  },
                  "The body that %s serves is empty", policy_host_name(judge));
}

/* The charset that a Content-Type names; false: none, or one that is fine. */
static bool odd_charset(const char *type, struct mtasts_bytes *ret_charset)
{
    static const char word[] = "charset=";
    const char *at = type ? strchr(type, ';') : NULL;

    for (; at && *at; at++) {
        if (strlen(at) < strlen(word) ||
            !ascii_equal_nocase(at, word, strlen(word)))
            continue;
        at += strlen(word);
        at += *at == '"';
        size_t len = strcspn(at, "\"; \t");
        *ret_charset = (struct mtasts_bytes){at, len};
        return !ascii_is_nocase(at, len, "utf-8") &&
               !ascii_is_nocase(at, len, "us-ascii");
    }
    return false;
}

void rule_host_body_encoding(struct judge *judge)
{
    static const struct fault_row rows[] = {
        {MTASTS_FAULT_BOM, SEVERITY_ERROR},
        {MTASTS_FAULT_UTF8, SEVERITY_ERROR},
    };
    struct mtasts_bytes charset;

    judge_faults(judge, RULE_HOST_BODY_ENCODING, &judge->policy_parsed, rows,
                 ELEMENTS(rows), NULL);
    if (judge->facts && ended(judge, FETCH_OK) &&
        odd_charset(policy_fetch(judge)->content_type, &charset))
        judge_say(judge, RULE_HOST_BODY_ENCODING, SEVERITY_WARNING,
                  policy_host_about(judge),
                  "%s says that the policy is in the character set %s",
                  policy_host_name(judge),
                  text_quote(judge->arena, charset.data, charset.len));
}

/* ---- record and policy ---- */

void rule_host_policy_without_record(struct judge *judge)
{
    enum lookup_status status = judge->facts->sts_txt.lookup.status;

    if (!judge->served || judge->sts_meant || lookup_unknown(status) ||
        status == LOOKUP_NOT_ASKED)
        return;
    judge_say(judge, RULE_HOST_POLICY_WITHOUT_RECORD, SEVERITY_WARNING,
              policy_host_about(judge),
              "%s serves a policy that no sender looks at, because there is "
              "no record at _mta-sts.%s",
              policy_host_name(judge), judge->facts->domain);
}

void rule_host_record_without_policy(struct judge *judge)
{
    const struct fact_fetch *fetch = policy_fetch(judge);

    if (!judge->sts_meant || fetch->status == FETCH_NOT_DONE ||
        judge_fetch_unknown(judge))
        return;
    if (fetch->status == FETCH_OK && !is_empty(judge))
        return;
    judge_say(judge, RULE_HOST_RECORD_WITHOUT_POLICY, SEVERITY_ERROR,
              policy_host_about(judge),
              "The record at _mta-sts.%s announces a policy, but senders "
              "cannot get it",
              judge->facts->domain);
}
