/*
 * reply_client: the policy is written anew, so that what a reader sees is
 * what the engine decides by, overrides included.
 *
 * It always fits: a policy of MTASTS_POLICY_BODY_MAX octets grows by a fifth
 * at most, and there are MX_SET_MAX hosts.
 */
#include "engine/reply_client.h"

#include "engine/demand.h"
#include "engine/reply_names.h"
#include "engine/reply_text.h"
#include <mtasts/error.h>
#include <mtasts/mx_match.h>
#include <mtasts/name.h>

static void put_line(struct reply_text *text, const char *key,
                     const char *value)
{
    reply_puts(text, key);
    reply_putc(text, ' ');
    reply_puts(text, value);
    reply_putc(text, '\n');
}

/* Words that may be anything; nothing if there are none. */
static void put_words(struct reply_text *text, const char *key,
                      const char *words)
{
    if (!words || *words == '\0')
        return;
    reply_puts(text, key);
    reply_putc(text, ' ');
    reply_put_sentence(text, words);
    reply_putc(text, '\n');
}

static void put_seconds(struct reply_text *text, const char *key,
                        uint32_t seconds)
{
    char digits[sizeof("4294967295")];
    char *at = digits + sizeof(digits);

    *--at = '\0';
    do
        *--at = (char)('0' + seconds % 10);
    while ((seconds /= 10) > 0);
    put_line(text, key, at);
}

static bool null_mx(const struct policy_answer *answer)
{
    return answer->mx && answer->mx->status == MX_NULL;
}

static bool is_covered(const struct policy_answer *answer,
                       const struct mtasts_bytes *host)
{
    return answer->held &&
           mtasts_sts_policy_find_mx(answer->held->policy, host->data,
                                     host->len, NULL) == 0;
}

static void put_hosts(struct reply_text *text,
                      const struct policy_answer *answer)
{
    const struct mx_set *mx = answer->mx;

    if (null_mx(answer))
        put_line(text, "hosts", "null");
    if (!mx || mx->status != MX_OK)
        return;
    put_line(text, "hosts", "known");
    for (size_t i = 0; i < mx->count; i++) {
        const struct mtasts_bytes *host = &mx->hosts[i];
        char name[MTASTS_NAME_MAX + 1];

        if (mtasts_name_canonical(host->data, host->len, MTASTS_NAME_UNDERSCORE,
                                  name, NULL) < 0)
            continue;
        reply_puts(text, "host ");
        put_line(text, is_covered(answer, host) ? "covered" : "other", name);
    }
}

/* A policy of the site's own does not age. */
static uint32_t seconds_left(const struct held_policy *held, int64_t now_ms)
{
    int64_t left = (held_policy_expires_ms(held) - now_ms) / 1000;
    uint32_t max_age = mtasts_sts_policy_max_age(held->policy);

    if (held_policy_is_local(held) || left < 0 || left > max_age)
        return max_age;
    return (uint32_t)left;
}

static struct reply_names patterns_of(const struct policy_answer *answer)
{
    return (struct reply_names){.policy = answer->held->policy,
                                .room = REPLY_CLIENT_MAX};
}

static bool has_pattern(const struct policy_answer *answer)
{
    struct reply_names names = patterns_of(answer);
    struct mtasts_bytes name;

    return reply_names_next(&names, &name);
}

static void put_policy(struct reply_text *text,
                       const struct policy_answer *answer, int64_t now_ms)
{
    struct reply_names names = patterns_of(answer);
    struct mtasts_bytes name;

    reply_puts(text, "\nversion: STSv1\n");
    put_line(text, "mode:", mtasts_mode_name(answer->mode));
    while (reply_names_next(&names, &name)) {
        reply_puts(text, "mx: ");
        reply_put(text, name.data, name.len);
        reply_putc(text, '\n');
    }
    put_seconds(text, "max_age:", seconds_left(answer->held, now_ms));
}

/* What is told beside the policy. */
static void put_facts(struct reply_text *text,
                      const struct policy_answer *answer)
{
    if (answer->dane)
        put_line(text, "dane", "yes");
    if (answer->held)
        put_words(text, "id", answer->held->id);
    put_seconds(text, "ttl", answer->ttl_s);
    put_hosts(text, answer);
    if (answer->failure != MTASTS_RESULT_SUCCESS)
        put_line(text, "failure", mtasts_result_name(answer->failure));
}

static void put_answer(struct reply_text *text,
                       const struct policy_answer *answer, int64_t now_ms)
{
    bool defers = demand_of(answer) == DEMAND_DEFER;
    bool applies = !defers && answer->kind == ANSWER_POLICY &&
                   !demand_takes_no_mail(answer) && has_pattern(answer);

    put_line(text, "mtasts", "1");
    put_line(text, "answer", defers ? "defer" : applies ? "policy" : "none");
    put_words(text, "reason", defers ? demand_reason(answer) : answer->why);
    put_facts(text, answer);
    if (applies)
        put_policy(text, answer, now_ms);
}

int reply_client(const struct policy_answer *answer, int64_t now_ms, char *buf,
                 size_t size, size_t *ret_len)
{
    struct reply_text text = {.data = buf, .size = size};

    put_answer(&text, answer, now_ms);
    *ret_len = text.len;
    return text.len > size ? -MTASTS_ETOOLONG : 0;
}
