/*
 * reply_socketmap: which level, which attributes.
 *
 * Postfix: a reply replaces the site's own level for this delivery, so none
 * is ever lower; an attribute that Postfix does not know, or `match` at a
 * level that checks no certificate, defers the mail. Two things are not in
 * its manual:
 * - it compares MX hosts with mx_host_pattern wherever it has names to
 *   compare certificates with. So at levels that have such names a policy in
 *   testing mode is told without patterns, or it would be enforced;
 * - policy_failure spoils the check of the certificate. So it is told only
 *   at levels that check none, where it does nothing but show in reports
 *   (which takes `untrusted` in smtp_tls_loglevel).
 *
 * Sendmail compares the name of the MX host with the list, `.c` standing for
 * one label, and then the certificate with the name of the host: patterns
 * are exact there. It reads 255 octets of the list and cuts off what is more,
 * in the middle of a name, hence REPLY_SENDMAIL_LIST. It needs
 * servername=hostname to come last. DANE it does, or not, by itself.
 */
#include "engine/reply_socketmap.h"

#include "core/policy.h"
#include "engine/demand.h"
#include "engine/reply_names.h"
#include "engine/reply_tlsrpt.h"
#include <mtasts/error.h>

#define REPLY_SENDMAIL_LIST 255u /* octets of names and the colons between */
/* Octets for names, so that with all else the reply is not too long. Only a
   policy of thousands of patterns has more. */
#define REPLY_POSTFIX_NAMES 80000u

struct reply {
    const struct reply_settings *settings;
    enum reply_map map;
    const char *domain;
    const struct policy_answer *answer;
    struct reply_text text;
};

/* ---- match ---- */

static struct reply_names names_of(const struct reply *reply, bool hosts)
{
    struct reply_names names = {.policy = reply->answer->held->policy,
                                .mx = hosts ? reply->answer->mx : NULL,
                                .room = REPLY_POSTFIX_NAMES,
                                .times = 1,
                                .more = sizeof(":") - 1};

    if (reply->map == REPLY_MAP_STS) {
        names.room = REPLY_SENDMAIL_LIST + names.more;
    } else if (reply->map == REPLY_MAP_POSTFIX_TLSRPT) {
        names.times++; /* again as mx_host_pattern */
        names.more += sizeof(" mx_host_pattern=") - 1;
    }
    return names;
}

/* " match=a:b:.c"; the number of names, 0: nothing was written. */
static size_t put_match(struct reply *reply, struct reply_names *names)
{
    struct mtasts_bytes name;
    size_t count = 0;

    while (reply_names_next(names, &name)) {
        reply_puts(&reply->text, count == 0 ? " match=" : ":");
        if (name.data[0] == '*') {
            name.data++;
            name.len--;
        }
        reply_put(&reply->text, name.data, name.len);
        count++;
    }
    return count;
}

static bool prefers_hosts(const struct reply *reply)
{
    if (reply->settings->match == REPLY_MATCH_AUTO)
        return reply->map == REPLY_MAP_POSTFIX;
    return reply->settings->match == REPLY_MATCH_HOSTS;
}

static bool has_hosts(const struct reply *reply)
{
    return reply->answer->mx && reply->answer->mx->status == MX_OK;
}

/*
 * Patterns where no host is covered, or none known: the MX may have changed
 * since. Hosts where the patterns are too many for a reply.
 */
static size_t put_best_match(struct reply *reply, bool *ret_cut)
{
    struct reply_names names;
    size_t start = reply->text.len;
    size_t count;

    *ret_cut = false;
    if (prefers_hosts(reply) && has_hosts(reply)) {
        names = names_of(reply, true);
        count = put_match(reply, &names);
        if (count > 0 || names.cut)
            return count;
    }
    names = names_of(reply, false);
    count = put_match(reply, &names);
    if (names.cut && reply->settings->match != REPLY_MATCH_PATTERNS &&
        reply_names_covered(reply->answer)) {
        names = names_of(reply, true);
        reply->text.len = start;
        count = put_match(reply, &names);
        *ret_cut = true;
    }
    return count;
}

/* ---- replies ---- */

static enum reply_status put_temp(struct reply *reply, const char *why)
{
    reply_put_sentence(&reply->text, why);
    return REPLY_TEMP;
}

static void put_patterns(struct reply *reply, bool hosts)
{
    struct reply_names names = names_of(reply, hosts);
    struct mtasts_bytes name;

    while (reply_names_next(&names, &name))
        reply_put_mx_host_pattern(&reply->text, name.data, name.len);
}

/* Left out where they make the reply too long: they are for reports alone. */
static void put_strings(struct reply *reply)
{
    size_t start = reply->text.len;

    reply_put_policy_strings(&reply->text, reply->answer->held);
    if (reply->text.len > REPLY_SOCKETMAP_MAX)
        reply->text.len = start;
}

/*
 * The level that an enforced policy has to give way to: what the site asks
 * for of every host cannot be had from a policy, and must not be lowered.
 */
static bool site_demands_more(const struct reply *reply)
{
    enum site_level level = reply->settings->level;

    return reply->map != REPLY_MAP_STS &&
           (level == SITE_LEVEL_DANE_ONLY || level == SITE_LEVEL_FINGERPRINT);
}

static enum reply_status put_enforce(struct reply *reply)
{
    bool cut;

    if (site_demands_more(reply))
        return REPLY_NOTFOUND;
    reply_puts(&reply->text, "secure");
    if (put_best_match(reply, &cut) == 0) {
        reply->text.len = 0;
        return put_temp(reply, REPLY_NO_USABLE_MX);
    }
    reply_puts(&reply->text, " servername=hostname");
    if (reply->map == REPLY_MAP_POSTFIX_TLSRPT) {
        reply_put_policy_of(&reply->text, reply->domain);
        put_patterns(reply, cut);
        put_strings(reply);
    }
    return REPLY_OK;
}

/* Levels at which Postfix compares no certificate with any name. */
static bool checks_nothing(enum site_level level)
{
    return level == SITE_LEVEL_MAY || level == SITE_LEVEL_ENCRYPT;
}

/* Whether a reply at the site's own level can say anything at all: at level
   none Postfix ignores attributes, with a warning. */
static bool can_tell(const struct reply *reply)
{
    return reply->map == REPLY_MAP_POSTFIX_TLSRPT &&
           reply->settings->level != SITE_LEVEL_UNKNOWN &&
           reply->settings->level != SITE_LEVEL_NONE;
}

static enum reply_status put_testing(struct reply *reply)
{
    if (!can_tell(reply))
        return REPLY_NOTFOUND;
    reply_puts(&reply->text, site_level_name(reply->settings->level));
    reply_put_policy_of(&reply->text, reply->domain);
    if (checks_nothing(reply->settings->level))
        put_patterns(reply, false);
    put_strings(reply);
    return REPLY_OK;
}

/* No policy in force. A fetch that failed is for the domain's reports. */
static enum reply_status put_none(struct reply *reply)
{
    const struct policy_answer *answer = reply->answer;

    if (answer->held || answer->failure == MTASTS_RESULT_SUCCESS ||
        !can_tell(reply) || !checks_nothing(reply->settings->level))
        return REPLY_NOTFOUND;
    reply_puts(&reply->text, site_level_name(reply->settings->level));
    reply_put_policy_of(&reply->text, reply->domain);
    reply_put_policy_failure(&reply->text, answer->failure);
    return REPLY_OK;
}

/* ---- DANE ---- */

/* Whether the site itself asks for more than DANE gives, or for another
   kind: pinned keys; names and authorities, where no policy says less. */
static bool keeps_own_level(const struct reply *reply)
{
    switch (reply->settings->level) {
    case SITE_LEVEL_FINGERPRINT: return true;
    case SITE_LEVEL_VERIFY:
    case SITE_LEVEL_SECURE: return reply->answer->kind == ANSWER_NONE;
    default: return false;
    }
}

/* First of all (RFC 8461 section 2). Its reports are Postfix's own. */
static enum reply_status put_dane(struct reply *reply)
{
    if (keeps_own_level(reply))
        return REPLY_NOTFOUND;
    reply_puts(&reply->text, "dane-only");
    return REPLY_OK;
}

static enum reply_status put_reply(struct reply *reply)
{
    const struct policy_answer *answer = reply->answer;

    if (answer->kind == ANSWER_DEFER)
        return put_temp(reply, answer->why && *answer->why ? answer->why
                                                           : REPLY_NOT_TOLD);
    if (demand_takes_no_mail(answer))
        return REPLY_NOTFOUND;
    if (answer->dane && reply->map != REPLY_MAP_STS)
        return put_dane(reply);
    if (answer->kind != ANSWER_POLICY || answer->mode == MTASTS_MODE_NONE)
        return put_none(reply);
    return answer->mode == MTASTS_MODE_ENFORCE ? put_enforce(reply)
                                               : put_testing(reply);
}

/* The domain did not publish a policy of the site's own: Postfix has nothing
   to report about it. */
static enum reply_map map_for(enum reply_map map,
                              const struct policy_answer *answer)
{
    bool own = answer->held && held_policy_is_local(answer->held);

    return map == REPLY_MAP_POSTFIX_TLSRPT && own ? REPLY_MAP_POSTFIX : map;
}

int reply_socketmap(const struct reply_settings *settings, enum reply_map map,
                    const char *domain, const struct policy_answer *answer,
                    char *buf, size_t size, enum reply_status *ret_status,
                    size_t *ret_len)
{
    struct reply reply = {.settings = settings,
                          .map = map_for(map, answer),
                          .domain = domain,
                          .answer = answer,
                          .text = {.data = buf, .size = size}};
    enum reply_status status = put_reply(&reply);

    *ret_len = reply.text.len;
    if (reply.text.len > size)
        return -MTASTS_ETOOLONG;
    *ret_status = status;
    return 0;
}
