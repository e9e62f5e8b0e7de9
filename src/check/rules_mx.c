/*
 * The rules about the MX hosts and the policy (RFC 8461 section 4.1), and
 * about the MX records themselves as far as they decide whether mail can be
 * delivered at all (RFC 5321 section 5.1, RFC 7505).
 */
#include "base/ascii.h"
#include "base/buf.h"
#include "check/judge.h"
#include "check/providers.h"
#include "check/suggest.h"
#include "check/text.h"

/* ---- hosts that no pattern matches ---- */

/* The pattern `*.a` where the host is two labels or more below `a`. */
static const char *too_shallow(const struct judge *judge, const char *host)
{
    size_t count = mtasts_sts_policy_mx_count(judge->policy);
    const char *dot = strchr(host, '.');

    /* What follows each label but the first one. */
    for (dot = dot ? strchr(dot + 1, '.') : NULL; dot;
         dot = strchr(dot + 1, '.'))
        for (size_t i = 0; i < count; i++) {
            const char *pattern = mtasts_sts_policy_mx(judge->policy, i);
            if (pattern[0] == '*' &&
                ascii_is_nocase(dot, strlen(dot), pattern + 1))
                return pattern;
        }
    return NULL;
}

/* Whether the host is left out by a policy that demands something. */
static bool is_left_out(const struct judge *judge, size_t i)
{
    return judge_has_demands(judge) && judge->covered && !judge->covered[i];
}

static void say_unknown_mx(struct judge *judge)
{
    const struct fact_lookup *lookup = &judge_mx(judge)->lookup;

    if (!lookup_unknown(lookup->status) || lookup->status == LOOKUP_BOGUS)
        return;
    judge_say(judge, RULE_MX_NOT_IN_POLICY, SEVERITY_UNKNOWN,
              (struct about){.subject = lookup->name},
              "The MX records of %s could not be looked up: %s",
              judge->facts->domain, lookup_status_text(lookup->status));
}

void rule_mx_not_in_policy(struct judge *judge)
{
    bool enforce = judge_mode(judge) == MTASTS_MODE_ENFORCE;

    say_unknown_mx(judge);
    if (judge_mx(judge)->implicit)
        return; /* mx-implicit says it */
    for (size_t i = 0; i < judge_mx(judge)->count; i++) {
        const struct fact_mx *mx = &judge_mx(judge)->hosts[i];
        if (!is_left_out(judge, i) || too_shallow(judge, mx->name))
            continue;
        judge_say(judge, RULE_MX_NOT_IN_POLICY,
                  enforce ? SEVERITY_ERROR : SEVERITY_WARNING,
                  (struct about){
                      .subject = mx->name,
                      .fix = suggest_policy(judge),
                  },
                  "The MX host %s matches no mx of the policy%s",
                  judge_mx_name(judge, mx),
                  enforce ? ": senders do not deliver to it"
                          : ": in enforce mode senders would not deliver "
                            "to it");
    }
}

void rule_mx_wildcard_depth(struct judge *judge)
{
    if (judge_mx(judge)->implicit)
        return;
    for (size_t i = 0; i < judge_mx(judge)->count; i++) {
        const struct fact_mx *mx = &judge_mx(judge)->hosts[i];
        const char *pattern =
            is_left_out(judge, i) ? too_shallow(judge, mx->name) : NULL;
        if (!pattern)
            continue;
        judge_say(judge, RULE_MX_WILDCARD_DEPTH, SEVERITY_ERROR,
                  (struct about){
                      .subject = mx->name,
                      .fix = suggest_policy(judge),
                      .place = policy_place(judge, "mx", pattern),
                  },
                  "%s does not match the MX host %s: the wildcard stands "
                  "for exactly one label",
                  pattern, judge_mx_name(judge, mx));
    }
}

/* ---- patterns that no host matches ---- */

static void say_unused(struct judge *judge, const char *pattern, size_t more)
{
    bool complete = judge->covered_count == judge_mx(judge)->count;

    judge_say(judge, RULE_POLICY_MX_NOT_IN_DNS,
              complete ? SEVERITY_INFO : SEVERITY_WARNING,
              (struct about){
                  .subject = pattern,
                  .place = policy_place(judge, "mx", pattern),
              },
              "The pattern %s%s matches no MX host in DNS%s", pattern,
              judge_more(judge, more),
              complete ? " (it may be for a backup)"
                       : ", while an MX host matches no pattern");
}

/* An address: policy-mx-syntax has said that it matches nothing. */
static bool is_address(const char *pattern)
{
    return pattern[strspn(pattern, "0123456789.")] == '\0';
}

static bool is_unused(const struct judge *judge, size_t i)
{
    return !judge->used[i] &&
           !is_address(mtasts_sts_policy_mx(judge->policy, i));
}

void rule_policy_mx_not_in_dns(struct judge *judge)
{
    if (judge_has_demands(judge) && judge->used &&
        judge_mx(judge)->omitted == 0)
        judge_patterns(judge, is_unused, say_unused);
}

/* ---- no MX, null MX ---- */

static void say_no_mail_host(struct judge *judge)
{
    const char *domain = judge->facts->domain;

    if (judge_mx(judge)->lookup.status == LOOKUP_NXDOMAIN)
        judge_say(judge, RULE_MX_IMPLICIT, SEVERITY_ERROR,
                  (struct about){
                      .subject = domain,
                      .advice = "Check the spelling of the name, and that "
                                "its registration is still in force.",
                  },
                  "%s does not exist: there is nowhere to deliver mail to",
                  domain);
    else
        judge_say(judge, RULE_MX_IMPLICIT, SEVERITY_ERROR,
                  (struct about){.subject = domain},
                  "%s has neither an MX record nor an address: there is "
                  "nowhere to deliver mail to",
                  domain);
}

void rule_mx_implicit(struct judge *judge)
{
    const struct fact_mx_set *mx = judge_mx(judge);

    if (mx->null_mx)
        return;
    if (mx->lookup.status == LOOKUP_NXDOMAIN ||
        (mx->implicit && mx->count > 0 && host_is_absent(&mx->hosts[0].host))) {
        say_no_mail_host(judge);
        return;
    }
    if (mx->implicit && mx->count > 0 && is_left_out(judge, 0))
        judge_say(judge, RULE_MX_IMPLICIT, SEVERITY_ERROR,
                  (struct about){
                      .subject = judge->facts->domain,
                      .fix = suggest_policy(judge),
                  },
                  "%s has no MX record, so that it is its own MX host, "
                  "which matches no mx of the policy",
                  judge->facts->domain);
}

void rule_mx_null(struct judge *judge)
{
    if (!judge_mx(judge)->null_mx || !judge_has_demands(judge))
        return;
    judge_say(judge, RULE_MX_NULL, SEVERITY_ERROR,
              (struct about){.subject = judge->facts->domain},
              "%s says that it takes no mail (null MX), but has a policy "
              "for mail",
              judge->facts->domain);
}

/* ---- names that are none, or lead elsewhere ---- */

static void look_at_name(struct judge *judge, const struct fact_mx *mx)
{
    const struct about about = {.subject = mx->name};
    const struct fact_lookup *lookup = NULL;
    const char *name = judge_mx_name(judge, mx);

    if (!mx->name_valid)
        judge_say(judge, RULE_MX_CNAME, SEVERITY_ERROR, about,
                  "The MX record names %s, which is no host name", name);
    else if (host_is_absent(&mx->host))
        judge_say(judge, RULE_MX_CNAME, SEVERITY_ERROR, about,
                  "The MX host %s has no address: %s", name,
                  lookup_status_text(mx->host.a.status));
    else if (host_is_unknown(&mx->host, &lookup) &&
             lookup->status != LOOKUP_BOGUS)
        judge_say(judge, RULE_MX_CNAME, SEVERITY_UNKNOWN, about,
                  "The %s address of the MX host %s could not be looked up: "
                  "%s",
                  lookup == &mx->host.a ? "IPv4" : "IPv6", name,
                  lookup_status_text(lookup->status));
    else if (mx->is_cname)
        judge_say(judge, RULE_MX_CNAME, SEVERITY_WARNING, about,
                  "The MX host %s is an alias (CNAME) of %s", name,
                  text_name(judge->arena, mx->host.a.canonical
                                              ? mx->host.a.canonical
                                              : mx->host.aaaa.canonical));
}

void rule_mx_cname(struct judge *judge)
{
    const struct fact_mx_set *mx = judge_mx(judge);

    if (mx->null_mx || mx->implicit)
        return;
    for (size_t i = 0; i < mx->count; i++)
        look_at_name(judge, &mx->hosts[i]);
}

/* ---- providers ---- */

#define PROVIDER_LINES_MAX 2048u /* octets of mx lines to paste */

static bool matches_any(const struct provider *provider, const char *host)
{
    for (size_t i = 0; provider->patterns[i]; i++)
        if (mtasts_mx_match(provider->patterns[i],
                            strlen(provider->patterns[i]), host, strlen(host)))
            return true;
    return false;
}

/* The provider's lines, and its hosts here that they do not match. */
static const char *provider_lines(struct judge *judge,
                                  const struct provider *provider)
{
    const struct fact_mx_set *mx = judge_mx(judge);
    _cleanup_buf_ struct buf lines = BUF(PROVIDER_LINES_MAX);

    for (size_t i = 0; provider->patterns[i]; i++)
        buf_printf(&lines, "mx: %s\n", provider->patterns[i]);
    for (size_t i = 0; i < mx->count; i++) {
        const char *name = mx->hosts[i].name;
        if (provider_of(name) == provider && !matches_any(provider, name) &&
            mtasts_mx_pattern_valid(name, strlen(name)))
            buf_printf(&lines, "mx: %s\n", name);
    }
    return text_printf(judge->arena, "%s", buf_text(&lines));
}

static bool seen_before(const struct judge *judge, size_t i,
                        const struct provider *provider)
{
    for (size_t j = 0; j < i; j++)
        if (provider_of(judge_mx(judge)->hosts[j].name) == provider)
            return true;
    return false;
}

/* The values alone, in one line: a note's block is shown only on demand. */
static const char *in_one_line(struct judge *judge, const char *lines)
{
    static const char key[] = "mx: ";
    size_t skipped = sizeof(key) - 1;
    _cleanup_buf_ struct buf line = BUF(2 * PROVIDER_LINES_MAX);

    while (*lines) {
        size_t len = strcspn(lines, "\n");
        buf_puts(&line, line.len > 0 ? ", " : "");
        buf_append(&line, lines + skipped, len - skipped);
        lines += len + 1;
    }
    return text_printf(judge->arena, "%s", buf_text(&line));
}

void rule_mx_provider(struct judge *judge)
{
    for (size_t i = 0; i < judge_mx(judge)->count; i++) {
        const struct provider *provider =
            provider_of(judge_mx(judge)->hosts[i].name);
        if (!provider || seen_before(judge, i, provider))
            continue;
        const char *lines = provider_lines(judge, provider);
        judge_say(judge, RULE_MX_PROVIDER, SEVERITY_INFO,
                  (struct about){
                      .subject = judge_mx(judge)->hosts[i].name,
                      .fix.text = lines,
                  },
                  "Mail goes to %s: what stands for it as mx in a policy is %s",
                  provider->name, in_one_line(judge, lines));
    }
}
