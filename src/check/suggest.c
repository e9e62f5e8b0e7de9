/*
 * suggest: records and policies ready to paste. See suggest.h.
 *
 * The id of a record is the time of the check: 14 digits, later ones
 * greater. What is pasted passes every rule but those that need an owner's
 * word, such as where reports go.
 */
#include "check/suggest.h"

#include "base/ascii.h"
#include "check/text.h"

#define SUGGEST_MX_MAX 100u /* more patterns are not written by hand */
#define SUGGEST_SIZE 32768u /* holds so many patterns of 255 octets */

#define MAX_AGE_ENFORCE 1209600u /* two weeks: not short for any rule */
#define MAX_AGE_TESTING 86400u   /* a day: errors are soon forgotten */

const char *suggest_sts_record(struct judge *judge)
{
    if (!judge->facts || judge->sts_suggested)
        return NULL;
    judge->sts_suggested = true;
    return text_printf(
        judge->arena, "_mta-sts.%s. 3600 IN TXT \"v=STSv1; id=%s;\"",
        judge->facts->domain, text_digits(judge->arena, judge->facts->time));
}

const char *suggest_tlsa(struct judge *judge, const struct fact_mx *mx,
                         const struct fact_tls *tls)
{
    if (!mx->name_valid || tls->chain_count == 0 || !tls->chain[0].spki_sha256)
        return NULL;
    return text_printf(judge->arena, "_25._tcp.%s. 3600 IN TLSA 3 1 1 %s",
                       mx->name,
                       text_name(judge->arena, tls->chain[0].spki_sha256));
}

/* ---- the policy ---- */

struct patterns {
    const char *items[SUGGEST_MX_MAX];
    size_t count;
    bool too_many;
};

static void add_pattern(struct patterns *patterns, const char *pattern)
{
    size_t len = strlen(pattern);

    if (!mtasts_mx_pattern_valid(pattern, len))
        return;
    for (size_t i = 0; i < patterns->count; i++)
        if (ascii_is_nocase(pattern, len, patterns->items[i]))
            return;
    if (patterns->count == SUGGEST_MX_MAX)
        patterns->too_many = true;
    else
        patterns->items[patterns->count++] = pattern;
}

/* Those of the policy: the unused ones may be what is mistyped. */
static void add_published(struct patterns *patterns, const struct judge *judge)
{
    size_t count =
        judge->policy ? mtasts_sts_policy_mx_count(judge->policy) : 0;
    bool complete = !judge->facts || !judge->covered ||
                    judge->covered_count == judge->facts->mx.count;

    for (size_t i = 0; i < count && !patterns->too_many; i++)
        if (complete || judge->used[i])
            add_pattern(patterns, mtasts_sts_policy_mx(judge->policy, i));
}

static void add_hosts(struct patterns *patterns, const struct judge *judge)
{
    if (!judge->facts || judge->facts->mx.null_mx)
        return;
    for (size_t i = 0; i < judge->facts->mx.count; i++)
        if (!judge->covered || !judge->covered[i])
            add_pattern(patterns, judge->facts->mx.hosts[i].name);
}

static uint32_t max_age_for(const struct judge *judge, enum mtasts_mode mode)
{
    uint32_t age = judge->policy ? mtasts_sts_policy_max_age(judge->policy) : 0;

    if (mode == MTASTS_MODE_ENFORCE)
        return MAX_OF(age, MAX_AGE_ENFORCE);
    if (mode == MTASTS_MODE_TESTING || !judge->policy)
        return MAX_OF(age, MAX_AGE_TESTING);
    return age;
}

/* For pasting into an editor: line ends as there. */
static const char *without_cr(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_copy(arena, text, len);
    size_t to = 0;

    if (!copy)
        return NULL;
    for (size_t from = 0; from < len; from++)
        if (copy[from] != '\r')
            copy[to++] = copy[from];
    copy[to] = '\0';
    return copy;
}

static const char *write_policy(struct judge *judge, enum mtasts_mode mode,
                                const struct patterns *patterns)
{
    size_t len = 0;
    _cleanup_free_ char *text = malloc(SUGGEST_SIZE);
    size_t count = mode == MTASTS_MODE_NONE ? 0 : patterns->count;

    if (!text || patterns->too_many ||
        mtasts_sts_policy_write(mode, max_age_for(judge, mode), patterns->items,
                                count, text, SUGGEST_SIZE, &len) < 0)
        return NULL;
    return without_cr(judge->arena, text, len);
}

const char *suggest_policy(struct judge *judge)
{
    enum mtasts_mode mode =
        judge->policy ? judge_mode(judge) : MTASTS_MODE_TESTING;
    struct patterns patterns = {.count = 0};

    if (judge->policy_suggested)
        return NULL;
    judge->policy_suggested = true;
    add_published(&patterns, judge);
    add_hosts(&patterns, judge);
    return write_policy(judge, mode, &patterns);
}
