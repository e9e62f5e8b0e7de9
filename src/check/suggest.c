/*
 * suggest: records and policies ready to paste. See suggest.h.
 *
 * The id of a record is the time of the check: 14 digits, later ones
 * greater, and never that of the record seen. What is pasted passes every rule
 * but those that need an owner's word, such as where reports go.
 */
#include "check/suggest.h"

#include "base/ascii.h"
#include "check/policy_fields.h"
#include "check/text.h"

#define SUGGEST_MX_MAX 100u /* more patterns are not written by hand */
#define SUGGEST_SIZE 32768u /* holds so many patterns of 255 octets */

/* ---- records ---- */

/* Where the record is: behind the alias, if there is one that leads to it.
   NULL: a name that cannot be pasted. */
static const char *sts_owner(struct judge *judge)
{
    const struct fact_lookup *lookup = &judge->facts->sts_txt.lookup;
    const char *name = lookup->canonical;
    char same[MTASTS_NAME_MAX + 1];

    if (lookup->status != LOOKUP_OK || !name)
        return text_printf(judge->arena, "_mta-sts.%s", judge->facts->domain);
    return mtasts_name_canonical(name, strlen(name), MTASTS_NAME_UNDERSCORE,
                                 same, NULL) == 0
               ? name
               : NULL;
}

/* The time of the check; the next second if that is the id there is. */
static const char *new_id(struct judge *judge)
{
    int64_t time = judge->facts->time;
    const char *id = text_digits(judge->arena, time);

    return strcmp(id, judge->sts.id) == 0 ? text_digits(judge->arena, time + 1)
                                          : id;
}

static const char *sts_record(struct judge *judge)
{
    const char *owner = judge->facts ? sts_owner(judge) : NULL;

    if (!owner)
        return NULL;
    return text_printf(judge->arena, "%s. 3600 IN TXT \"v=STSv1; id=%s;\"",
                       owner, new_id(judge));
}

struct fix suggest_sts_record(struct judge *judge)
{
    if (judge->sts_suggested)
        return (struct fix){0};
    judge->sts_suggested = true;
    return (struct fix){.text = sts_record(judge)};
}

const char *suggest_tlsa(struct judge *judge, const struct fact_mx *mx,
                         const struct fact_tls *tls)
{
    const char *owner = text_printf(judge->arena, "_25._tcp.%s", mx->name);
    const char *seen = mx->tlsa.lookup.name;

    if (!mx->name_valid || tls->chain_count == 0 || !tls->chain[0].spki_sha256)
        return NULL;
    if (seen && strcmp(seen, owner) != 0)
        return NULL;
    return text_printf(judge->arena, "%s. 3600 IN TLSA 3 1 1 %s", owner,
                       text_name(judge->arena, tls->chain[0].spki_sha256));
}

/* ---- the policy ---- */

struct patterns {
    const char *items[SUGGEST_MX_MAX];
    size_t count;
    bool too_many;
};

/* What is kept of the policy seen, whether senders can read it or not. */
struct draft {
    struct patterns patterns;
    enum mtasts_mode mode;
    bool has_mode;
    uint32_t max_age; /* 0: not to be read */
};

/* Digits and dots match as a name would, but no MX host is called so. */
static bool is_fit(const char *pattern, size_t len)
{
    size_t i = 0;

    while (i < len && (ascii_is_digit(pattern[i]) || pattern[i] == '.'))
        i++;
    return i < len && mtasts_mx_pattern_valid(pattern, len);
}

static void add_pattern(struct patterns *patterns, const char *pattern)
{
    size_t len = strlen(pattern);

    if (!is_fit(pattern, len))
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
    size_t count = mtasts_sts_policy_mx_count(judge->policy);
    bool complete = !judge->facts || !judge->covered ||
                    judge->covered_count == judge->facts->mx.count;

    for (size_t i = 0; i < count && !patterns->too_many; i++)
        if (complete || judge->used[i])
            add_pattern(patterns, mtasts_sts_policy_mx(judge->policy, i));
}

static bool is_covered(const struct patterns *patterns, const char *host)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (mtasts_mx_match(patterns->items[i], strlen(patterns->items[i]),
                            host, strlen(host)))
            return true;
    return false;
}

static void add_hosts(struct patterns *patterns, const struct judge *judge)
{
    if (!judge->facts || judge->facts->mx.null_mx)
        return;
    for (size_t i = 0; i < judge->facts->mx.count; i++)
        if (!is_covered(patterns, judge->facts->mx.hosts[i].name))
            add_pattern(patterns, judge->facts->mx.hosts[i].name);
}

/* ---- a policy that one bad line spoils ---- */

static void salvage_mode(struct draft *draft, struct mtasts_bytes value)
{
    static const enum mtasts_mode modes[] = {
        MTASTS_MODE_NONE, MTASTS_MODE_TESTING, MTASTS_MODE_ENFORCE};

    for (size_t i = 0; i < ELEMENTS(modes) && !draft->has_mode; i++)
        if (ascii_is_nocase(value.data, value.len,
                            mtasts_mode_name(modes[i]))) {
            draft->mode = modes[i];
            draft->has_mode = true;
        }
}

static void salvage_mx(struct draft *draft, struct arena *arena,
                       struct mtasts_bytes value)
{
    if (value.len > 1 && value.data[value.len - 1] == '.')
        value.len--;
    if (draft->patterns.too_many || !is_fit(value.data, value.len))
        return;
    const char *pattern = arena_copy(arena, value.data, value.len);
    if (pattern)
        add_pattern(&draft->patterns, pattern);
}

static void salvage_max_age(struct draft *draft, struct mtasts_bytes value)
{
    uint64_t age = 0;

    for (size_t i = 0; i < value.len; i++) {
        if (!ascii_is_digit(value.data[i]))
            return;
        age = MIN_OF(age * 10 + (uint64_t)(value.data[i] - '0'),
                     (uint64_t)MTASTS_MAX_AGE_MAX);
    }
    draft->max_age = (uint32_t)age;
}

/* Line by line: what can be read is what the owner wants. */
static void salvage(struct draft *draft, const struct judge *judge)
{
    struct policy_fields fields = policy_fields_of(judge);
    struct policy_field field;

    while (policy_fields_next(&fields, &field)) {
        const struct mtasts_bytes *key = &field.key;
        if (ascii_is_nocase(key->data, key->len, "mode"))
            salvage_mode(draft, field.value);
        else if (ascii_is_nocase(key->data, key->len, "mx"))
            salvage_mx(draft, judge->arena, field.value);
        else if (ascii_is_nocase(key->data, key->len, "max_age"))
            salvage_max_age(draft, field.value);
    }
}

/* ---- the whole ---- */

static void read_draft(struct draft *draft, const struct judge *judge)
{
    *draft = (struct draft){.mode = MTASTS_MODE_TESTING};
    if (judge->policy) {
        draft->mode = judge_mode(judge);
        draft->max_age = mtasts_sts_policy_max_age(judge->policy);
        draft->has_mode = true;
        add_published(&draft->patterns, judge);
    } else {
        salvage(draft, judge);
    }
    add_hosts(&draft->patterns, judge);
}

/* Leaving MTA-STS takes a short one: in mode none it is right. */
static uint32_t max_age_for(const struct judge *judge,
                            const struct draft *draft)
{
    if (draft->mode == MTASTS_MODE_ENFORCE)
        return MAX_OF(draft->max_age, SUGGEST_AGE_ENFORCE);
    if (draft->mode == MTASTS_MODE_TESTING || !judge->policy)
        return MAX_OF(draft->max_age, SUGGEST_AGE_TESTING);
    return draft->max_age;
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

static const char *write_policy(struct judge *judge, const struct draft *draft)
{
    size_t len = 0;
    _cleanup_free_ char *text = malloc(SUGGEST_SIZE);
    const struct patterns *patterns = &draft->patterns;
    size_t count = draft->mode == MTASTS_MODE_NONE ? 0 : patterns->count;

    if (!text || patterns->too_many ||
        mtasts_sts_policy_write(draft->mode, max_age_for(judge, draft),
                                patterns->items, count, text, SUGGEST_SIZE,
                                &len) < 0)
        return NULL;
    return without_cr(judge->arena, text, len);
}

struct fix suggest_policy(struct judge *judge)
{
    struct draft draft;

    if (judge->policy_suggested)
        return (struct fix){0};
    judge->policy_suggested = true;
    read_draft(&draft, judge);
    const char *policy = write_policy(judge, &draft);
    return (struct fix){policy, policy ? sts_record(judge) : NULL};
}
