/*
 * An answer of the policy engine from an input: four octets of choices, the
 * policy's body, 0x1e, the MX hosts parted by blanks.
 */
#ifndef MTASTS_FUZZ_ANSWER_H
#define MTASTS_FUZZ_ANSWER_H

#include "engine/policy_answer.h"
#include "property.h"

#define CHOICES 4
#define HOSTS_MAX 70 /* a few more than a set keeps */
#define ANSWER_SEPARATOR 0x1e

enum choice_bits {
    CHOOSE_DANE = 1,
    CHOOSE_ENFORCE = 2, /* by the site's own rule */
    CHOOSE_DEFER = 4,
    CHOOSE_FAILURE = 8,
    CHOOSE_RAW = 16,   /* a good policy, but the input as what was served */
    CHOOSE_NO_MX = 32, /* not asked for */
    CHOOSE_NULL_MX = 64,
    CHOOSE_NONE = 128, /* no policy */
};

struct fuzz_answer {
    uint8_t choices[CHOICES]; /* [2]: choice_bits; the others are the test's */
    struct policy_answer answer;
    struct held_policy *held;
    struct mx_set *mx;
    char *why;
};

#define GOOD_BODY                                                              \
    "version: STSv1\nmode: enforce\nmx: mail.example.com\n"                    \
    "mx: *.example.net\nmax_age: 86400\n"

static inline _unused_ void fuzz_answer_clear(struct fuzz_answer *fuzz)
{
    held_policy_free(fuzz->held);
    free(fuzz->mx);
    free(fuzz->why);
}

/* The parsed policy of GOOD_BODY, with other octets as what was served. */
static inline _unused_ struct held_policy *raw_held(const char *body,
                                                    size_t len)
{
    struct held_policy *held = malloc(sizeof(*held) + len + 1);

    PROPERTY(held != NULL);
    PROPERTY(mtasts_sts_policy_parse(GOOD_BODY, strlen(GOOD_BODY), 0, NULL,
                                     &held->policy) == 0);
    held->fetched_ms = 1000;
    memcpy(held->id, "id1", sizeof("id1"));
    held->len = (uint32_t)len;
    if (len > 0)
        memcpy(held->body, body, len);
    held->body[len] = '\0';
    return held;
}

static inline _unused_ struct mx_set *fuzz_mx(const char *text, size_t len,
                                              bool null_mx)
{
    _cleanup_free_ char *copy = strndup(text, len);
    const char *hosts[HOSTS_MAX];
    struct mx_outcome outcome = {
        .status = null_mx ? MX_NULL : MX_OK, .hosts = hosts, .ttl = 300};
    char *rest = copy;

    PROPERTY(copy != NULL);
    while (!null_mx && outcome.count < HOSTS_MAX && rest) {
        const char *host = strsep(&rest, " ");
        if (*host != '\0') /* a canonical name is not empty */
            hosts[outcome.count++] = host;
    }
    return mx_set_new(&outcome, 1000);
}

/* false: the input makes no answer. */
static inline _unused_ bool fuzz_answer_make(struct fuzz_answer *fuzz,
                                             const uint8_t *data, size_t size)
{
    *fuzz = (struct fuzz_answer){.answer = {.why = ""}};
    if (size < CHOICES)
        return false;
    memcpy(fuzz->choices, data, CHOICES);
    const char *body = (const char *)data + CHOICES;
    size_t rest = size - CHOICES;
    const char *cut = rest ? memchr(body, ANSWER_SEPARATOR, rest) : NULL;
    size_t len = cut ? (size_t)(cut - body) : rest;
    unsigned bits = fuzz->choices[2];
    struct policy_answer *answer = &fuzz->answer;

    if (len > MTASTS_POLICY_BODY_MAX)
        return false;
    if (!(bits & CHOOSE_NONE)) {
        if (bits & CHOOSE_RAW)
            fuzz->held = raw_held(body, len);
        else if (held_policy_new(body, len, "id1", 1000, MTASTS_TOLERANT, NULL,
                                 &fuzz->held) < 0)
            return false;
        answer->held = fuzz->held;
        answer->mode = held_policy_mode(fuzz->held);
        if (bits & CHOOSE_ENFORCE)
            answer->mode = MTASTS_MODE_ENFORCE;
        if (answer->mode != MTASTS_MODE_NONE)
            answer->kind = ANSWER_POLICY;
    }
    if (!(bits & CHOOSE_NO_MX)) {
        fuzz->mx = fuzz_mx(cut ? cut + 1 : "", cut ? rest - len - 1 : 0,
                           bits & CHOOSE_NULL_MX);
        PROPERTY(fuzz->mx != NULL);
        answer->mx = fuzz->mx;
    }
    answer->dane = bits & CHOOSE_DANE;
    if (bits & CHOOSE_DEFER) {
        answer->kind = ANSWER_DEFER;
        fuzz->why = strndup(body, len);
        PROPERTY(fuzz->why != NULL);
        answer->why = fuzz->why;
    }
    if (bits & CHOOSE_FAILURE)
        answer->failure = MTASTS_RESULT_STS_POLICY_FETCH_ERROR;
    return true;
}

#endif
