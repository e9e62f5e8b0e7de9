/*
 * overrides: an array in the order of patterns, searched by halves: once for
 * the domain and once for each of its parents. Patterns are the site's own
 * words, so no question can make this slow.
 */
#include "engine/overrides.h"

#include "base/arena.h"
#include <mtasts/error.h>
#include <mtasts/name.h>
#include <string.h>

#define OVERRIDES_SIZE_MAX (256u << 20) /* octets: the longest rows fit */

struct overrides {
    struct arena *arena; /* of rows and texts */
    size_t count;
    struct override *rows;          /* in their given order */
    const struct override **sorted; /* by pattern */
};

const char *override_action_name(enum override_action action)
{
    static const char *const names[] = {
        [OVERRIDE_EXEMPT] = "exempt",
        [OVERRIDE_ENFORCE] = "enforce",
        [OVERRIDE_POLICY] = "policy",
    };

    return names[action];
}

/* ---- making ---- */

static bool is_pattern(const char *pattern)
{
    char name[MTASTS_NAME_MAX + 1];
    const char *domain = pattern + (*pattern == '.');

    return mtasts_name_canonical(domain, strlen(domain), MTASTS_NAME_UNDERSCORE,
                                 name, NULL) == 0 &&
           strcmp(domain, name) == 0;
}

static int check_row(const struct override *row)
{
    if (!is_pattern(row->pattern))
        return -MTASTS_ENAME;
    if ((row->held != NULL) != (row->action == OVERRIDE_POLICY))
        return -MTASTS_EINVAL;
    if (strlen(row->reason) > OVERRIDE_TEXT_MAX ||
        strlen(row->owner) > OVERRIDE_TEXT_MAX)
        return -MTASTS_ETOOLONG;
    return 0;
}

static int check_rows(const struct override *rows, size_t count,
                      size_t *ret_bad)
{
    if (count > OVERRIDES_MAX)
        return -MTASTS_ELIMIT;
    for (size_t i = 0; i < count; i++) {
        int error = check_row(&rows[i]);

        if (error) {
            *ret_bad = i;
            return error;
        }
    }
    return 0;
}

static bool copy_row(struct arena *arena, const struct override *from,
                     struct override *to)
{
    *to = *from;
    to->pattern = arena_string(arena, from->pattern);
    to->reason = arena_string(arena, from->reason);
    to->owner = arena_string(arena, from->owner);
    return to->pattern && to->reason && to->owner;
}

/* Of two with the same pattern the one given first comes first. */
static int compare_rows(const void *a, const void *b)
{
    const struct override *left = *(const struct override *const *)a;
    const struct override *right = *(const struct override *const *)b;
    int order = strcmp(left->pattern, right->pattern);

    return order ? order : (left > right) - (left < right);
}

static int sort_rows(struct overrides *overrides, size_t *ret_bad)
{
    const struct override **sorted = overrides->sorted;

    for (size_t i = 0; i < overrides->count; i++)
        sorted[i] = &overrides->rows[i];
    if (overrides->count > 1)
        qsort(sorted, overrides->count, sizeof(*sorted), compare_rows);
    for (size_t i = 1; i < overrides->count; i++)
        if (strcmp(sorted[i - 1]->pattern, sorted[i]->pattern) == 0) {
            *ret_bad = (size_t)(sorted[i] - overrides->rows);
            return -MTASTS_EINVAL;
        }
    return 0;
}

static int fill(struct overrides *overrides, const struct override *rows)
{
    size_t count = overrides->count;
    int error = arena_new(OVERRIDES_SIZE_MAX, &overrides->arena);

    if (error)
        return error;
    overrides->rows = arena_array_of(overrides->arena, count, struct override);
    overrides->sorted =
        arena_array_of(overrides->arena, count, const struct override *);
    if (!overrides->rows || !overrides->sorted)
        return -MTASTS_ENOMEM;
    for (size_t i = 0; i < count; i++)
        if (!copy_row(overrides->arena, &rows[i], &overrides->rows[i]))
            return -MTASTS_ENOMEM;
    return 0;
}

/* Without the policies. */
static void drop(struct overrides *overrides)
{
    arena_free(overrides->arena);
    free(overrides);
}

int overrides_new(const struct override *rows, size_t count,
                  struct overrides **ret_overrides, size_t *ret_bad)
{
    struct overrides *overrides;
    int error = check_rows(rows, count, ret_bad);

    if (error)
        return error;
    overrides = calloc(1, sizeof(*overrides));
    if (!overrides)
        return -MTASTS_ENOMEM;
    overrides->count = count;
    error = fill(overrides, rows);
    if (!error)
        error = sort_rows(overrides, ret_bad);
    if (error) {
        drop(overrides);
        return error;
    }
    *ret_overrides = overrides;
    return 0;
}

void overrides_free(struct overrides *overrides)
{
    if (!overrides)
        return;
    for (size_t i = 0; i < overrides->count; i++)
        held_policy_free(overrides->rows[i].held);
    drop(overrides);
}

/* ---- asking ---- */

bool override_expired(const struct override *row, int64_t now_s)
{
    return row->expires_s != 0 && now_s >= row->expires_s;
}

static int compare_pattern(const void *key, const void *row)
{
    return strcmp(key, (*(const struct override *const *)row)->pattern);
}

static const struct override *find(const struct overrides *overrides,
                                   const char *pattern, int64_t now_s)
{
    const struct override *const *found =
        bsearch(pattern, overrides->sorted, overrides->count,
                sizeof(*overrides->sorted), compare_pattern);

    return found && !override_expired(*found, now_s) ? *found : NULL;
}

const struct override *overrides_find(const struct overrides *overrides,
                                      const char *domain, int64_t now_s)
{
    const struct override *row = NULL;

    if (!overrides || overrides->count == 0)
        return NULL;
    while (domain && *domain && !row) {
        row = find(overrides, domain, now_s);
        domain = strchr(domain + 1, '.');
    }
    return row;
}

size_t overrides_count(const struct overrides *overrides)
{
    return overrides ? overrides->count : 0;
}

const struct override *overrides_at(const struct overrides *overrides,
                                    size_t index)
{
    return &overrides->rows[index];
}

int64_t overrides_next_expiry(const struct overrides *overrides, int64_t now_s)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < overrides_count(overrides); i++) {
        const struct override *row = &overrides->rows[i];

        if (row->expires_s != 0 && !override_expired(row, now_s))
            next = MIN_OF(next, row->expires_s);
    }
    return next;
}

/* ---- answers ---- */

static void replace_policy(const struct override *row,
                           struct policy_answer *answer)
{
    answer->held = row->held;
    answer->mode = held_policy_mode(row->held);
    answer->kind =
        answer->mode == MTASTS_MODE_NONE ? ANSWER_NONE : ANSWER_POLICY;
    answer->failure = MTASTS_RESULT_SUCCESS;
}

void override_apply(const struct override *row, int64_t now_s,
                    struct policy_answer *answer)
{
    uint32_t ttl_s = answer->ttl_s;

    if (!row)
        return;
    if (row->expires_s != 0 && row->expires_s - now_s < ttl_s)
        ttl_s = row->expires_s > now_s ? (uint32_t)(row->expires_s - now_s) : 0;
    switch (row->action) {
    case OVERRIDE_EXEMPT:
        *answer = (struct policy_answer){.kind = ANSWER_NONE};
        break;
    case OVERRIDE_ENFORCE:
        if (!answer->held || answer->mode != MTASTS_MODE_TESTING ||
            answer->kind != ANSWER_POLICY)
            return;
        answer->mode = MTASTS_MODE_ENFORCE;
        break;
    case OVERRIDE_POLICY: replace_policy(row, answer); break;
    }
    answer->source = SOURCE_OVERRIDE;
    answer->why = row->reason;
    answer->ttl_s = ttl_s;
}
