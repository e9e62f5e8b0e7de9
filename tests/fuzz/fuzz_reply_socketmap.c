/*
 * Replies from hostile policies, read back by a parser after Postfix's own
 * rules: the grammar holds, attributes are known and legal where they stand,
 * every name comes from the policy, and an enforced policy is never lost.
 */
#include "answer.h"
#include "base/utf8.h"
#include "engine/reply_socketmap.h"
#include <mtasts/error.h>

#define SEPARATORS ", \t\r\n"

struct seen {
    unsigned match;
    unsigned servername;
    unsigned type;
    unsigned domain;
    unsigned failure;
    unsigned pattern;
    unsigned strings;
};

struct reader {
    const struct fuzz_answer *fuzz;
    const struct reply_settings *settings;
    enum reply_map map;
    char level[16];
    struct seen seen;
};

/* One word, or one pair of braces; false at the end. */
static bool next_token(const char **at, const char *end,
                       struct mtasts_bytes *token)
{
    unsigned depth = 0;

    while (*at < end && strchr(SEPARATORS, **at))
        (*at)++;
    if (*at == end)
        return false;
    token->data = *at;
    for (; *at < end; (*at)++) {
        if (**at == '{')
            depth++;
        else if (depth > 0 && **at == '}')
            depth--;
        else if (depth == 0 && strchr(SEPARATORS, **at))
            break;
    }
    PROPERTY(depth == 0);
    token->len = (size_t)(*at - token->data);
    return true;
}

static void trim(struct mtasts_bytes *text)
{
    while (text->len > 0 && text->data[0] == ' ') {
        text->data++;
        text->len--;
    }
    while (text->len > 0 && text->data[text->len - 1] == ' ')
        text->len--;
}

static void split(struct mtasts_bytes token, bool *braces,
                  struct mtasts_bytes *name, struct mtasts_bytes *value)
{
    *braces = token.data[0] == '{';
    if (*braces) {
        PROPERTY(token.len >= 2 && token.data[token.len - 1] == '}');
        token.data++;
        token.len -= 2;
    }
    PROPERTY(!memchr(token.data, '{', token.len));
    PROPERTY(!memchr(token.data, '}', token.len));
    const char *equal = memchr(token.data, '=', token.len);
    PROPERTY(equal != NULL);
    *name = (struct mtasts_bytes){token.data, (size_t)(equal - token.data)};
    *value = (struct mtasts_bytes){
        equal + 1, (size_t)(token.data + token.len - equal - 1)};
    trim(name);
    trim(value);
    PROPERTY(value->len > 0);
}

static bool is(struct mtasts_bytes text, const char *word)
{
    return ascii_is(text.data, text.len, word);
}

static bool in_policy(const struct reader *reader, struct mtasts_bytes pattern)
{
    const struct mtasts_sts_policy *policy = reader->fuzz->held->policy;

    for (size_t i = 0; i < mtasts_sts_policy_mx_count(policy); i++)
        if (is(pattern, mtasts_sts_policy_mx(policy, i)))
            return true;
    return false;
}

static bool is_covered_host(const struct reader *reader,
                            struct mtasts_bytes name)
{
    const struct mx_set *mx = reader->fuzz->mx;

    for (size_t i = 0; mx && i < mx->count; i++) {
        struct mtasts_bytes host = mx->hosts[i];

        if (host.len > 0 && host.data[host.len - 1] == '.')
            host.len--;
        if (host.len == name.len && memcmp(host.data, name.data, name.len) == 0)
            return mtasts_sts_policy_find_mx(reader->fuzz->held->policy,
                                             host.data, host.len, NULL) == 0;
    }
    return false;
}

static void check_name(const struct reader *reader, struct mtasts_bytes name)
{
    char pattern[MTASTS_NAME_MAX + 3];

    PROPERTY(name.len > 0);
    for (size_t i = 0; i < name.len; i++)
        PROPERTY(ascii_is_alnum(name.data[i]) || strchr(".-_", name.data[i]));
    if (is_covered_host(reader, name))
        return;
    /* "*.c" is told as ".c" */
    int len =
        snprintf(pattern, sizeof(pattern), "%s%.*s",
                 name.data[0] == '.' ? "*" : "", (int)name.len, name.data);
    PROPERTY(len > 0 && (size_t)len < sizeof(pattern));
    PROPERTY(in_policy(reader, (struct mtasts_bytes){pattern, (size_t)len}));
    PROPERTY(mtasts_mx_pattern_valid(pattern, (size_t)len));
}

static void check_match(const struct reader *reader, struct mtasts_bytes list)
{
    const char *end = list.data + list.len;

    PROPERTY(strcmp(reader->level, "secure") == 0);
    if (reader->map == REPLY_MAP_STS)
        PROPERTY(list.len <= 255);
    for (const char *at = list.data;;) {
        const char *colon = memchr(at, ':', (size_t)(end - at));
        const char *stop = colon ? colon : end;

        check_name(reader, (struct mtasts_bytes){at, (size_t)(stop - at)});
        if (!colon)
            break;
        at = colon + 1;
    }
}

/* Whether the value, white space folded, is a line of what was served. */
static bool was_served(const struct reader *reader, struct mtasts_bytes value)
{
    const struct held_policy *held = reader->fuzz->held;
    const char *at = held->body;
    const char *end = held->body + held->len;

    while (at < end) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((lf ? lf : end) - at);
        size_t i = 0;

        while (len > value.len && strchr(" \t\r", at[0]) && at[0]) {
            at++;
            len--;
        }
        while (len > value.len && strchr(" \t\r", at[len - 1]) && at[len - 1])
            len--;
        while (
            i < len && i < value.len &&
            (at[i] == value.data[i] || (at[i] == '\t' && value.data[i] == ' ')))
            i++;
        if (i == len && i == value.len)
            return true;
        at = lf ? lf + 1 : end;
    }
    return false;
}

/* Once each, and only where they are known. */
static void check_report_attribute(struct reader *reader, bool braces,
                                   struct mtasts_bytes name,
                                   struct mtasts_bytes value)
{
    struct seen *seen = &reader->seen;

    PROPERTY(reader->map == REPLY_MAP_POSTFIX_TLSRPT);
    PROPERTY(braces == is(name, "policy_string"));
    if (is(name, "policy_type")) {
        PROPERTY(is(value, "sts") && seen->type++ == 0);
    } else if (is(name, "policy_domain")) {
        PROPERTY(is(value, "example.com") && seen->domain++ == 0);
    } else if (is(name, "mx_host_pattern")) {
        PROPERTY(in_policy(reader, value) || is_covered_host(reader, value));
        seen->pattern++;
    } else if (is(name, "policy_string")) {
        PROPERTY(was_served(reader, value));
        seen->strings++;
    } else {
        PROPERTY(is(name, "policy_failure") && seen->failure++ == 0);
        PROPERTY(is(value, "sts-policy-fetch-error"));
    }
}

static void check_attribute(struct reader *reader, struct mtasts_bytes token)
{
    struct mtasts_bytes name;
    struct mtasts_bytes value;
    bool braces;

    split(token, &braces, &name, &value);
    if (is(name, "match")) {
        PROPERTY(!braces && reader->seen.match++ == 0);
        check_match(reader, value);
    } else if (is(name, "servername")) {
        PROPERTY(!braces && is(value, "hostname"));
        PROPERTY(reader->seen.servername++ == 0);
    } else {
        check_report_attribute(reader, braces, name, value);
    }
}

static bool enforced(const struct reader *reader)
{
    const struct policy_answer *answer = &reader->fuzz->answer;

    return answer->kind == ANSWER_POLICY && answer->mode == MTASTS_MODE_ENFORCE;
}

/* What the attributes may be together. */
static void check_whole(const struct reader *reader)
{
    const struct seen *seen = &reader->seen;
    bool own_level =
        strcmp(reader->level, site_level_name(reader->settings->level)) == 0;
    bool names_compared = !own_level || (strcmp(reader->level, "may") != 0 &&
                                         strcmp(reader->level, "encrypt") != 0);

    if (strcmp(reader->level, "dane-only") == 0 && seen->type == 0) {
        PROPERTY(reader->fuzz->answer.dane);
        PROPERTY(seen->match + seen->servername == 0);
        return;
    }
    if (enforced(reader)) {
        PROPERTY(strcmp(reader->level, "secure") == 0);
        PROPERTY(seen->match == 1 && seen->servername == 1);
        PROPERTY(seen->failure == 0);
        PROPERTY((seen->type == 1) ==
                 (reader->map == REPLY_MAP_POSTFIX_TLSRPT));
        PROPERTY((seen->pattern > 0) == (seen->type == 1));
        return;
    }
    /* never below, nor above, the site's own level, and never a name that
       Postfix would hold against a policy in testing */
    PROPERTY(own_level && seen->type == 1);
    PROPERTY(seen->match + seen->servername == 0);
    PROPERTY(!names_compared || (seen->pattern == 0 && seen->failure == 0));
}

static void check_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        size_t octets = 1;

        if ((unsigned char)text[i] > 0x7f)
            octets = utf8_sequence(text + i, len - i);
        PROPERTY(octets > 0);
        PROPERTY((unsigned char)text[i] >= ' ' && text[i] != 0x7f);
        i += octets;
    }
}

static void check_data(struct reader *reader, const char *text, size_t len)
{
    const char *at = text;
    const char *end = text + len;
    struct mtasts_bytes token;

    check_text(text, len);
    PROPERTY(next_token(&at, end, &token));
    PROPERTY(token.len < sizeof(reader->level));
    memcpy(reader->level, token.data, token.len);
    while (next_token(&at, end, &token))
        check_attribute(reader, token);
    check_whole(reader);
    if (reader->map == REPLY_MAP_STS)
        PROPERTY(len > 20 && memcmp(end - 20, " servername=hostname", 20) == 0);
}

/* Never less than an enforced policy: it is told, or the message waits. */
static void check_not_found(const struct reader *reader)
{
    enum site_level level = reader->settings->level;

    PROPERTY(!enforced(reader) || (reader->map != REPLY_MAP_STS &&
                                   (level == SITE_LEVEL_FINGERPRINT ||
                                    level == SITE_LEVEL_DANE_ONLY)));
}

/* The same in less room, or none at all. */
static void check_room(const struct reader *reader, const char *text,
                       size_t len)
{
    _cleanup_free_ char *tight = malloc(len + 1);
    enum reply_status status;
    size_t again = 0;

    PROPERTY(tight != NULL);
    PROPERTY(reply_socketmap(reader->settings, reader->map, "example.com",
                             &reader->fuzz->answer, tight, len, &status,
                             &again) == 0);
    PROPERTY(again == len && memcmp(tight, text, len) == 0);
    if (len > 0)
        PROPERTY(reply_socketmap(reader->settings, reader->map, "example.com",
                                 &reader->fuzz->answer, tight, len - 1, &status,
                                 &again) == -MTASTS_ETOOLONG &&
                 again == len);
}

static void check(struct reader *reader)
{
    static char room[REPLY_SOCKETMAP_MAX];
    enum reply_status status = REPLY_OK;
    size_t len = 0;

    PROPERTY(reply_socketmap(reader->settings, reader->map, "example.com",
                             &reader->fuzz->answer, room, sizeof(room), &status,
                             &len) == 0);
    if (status == REPLY_OK) {
        check_data(reader, room, len);
    } else if (status == REPLY_NOTFOUND) {
        PROPERTY(len == 0);
        check_not_found(reader);
    } else {
        PROPERTY(len > 0 && len <= REPLY_SENTENCE_MAX);
        check_text(room, len);
        PROPERTY(enforced(reader) || reader->fuzz->answer.kind == ANSWER_DEFER);
    }
    check_room(reader, room, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_answer fuzz;

    if (fuzz_answer_make(&fuzz, data, size)) {
        struct reply_settings settings = {
            .match = (enum reply_match)(fuzz.choices[0] / 3 % 3),
            .level =
                (enum site_level)(fuzz.choices[1] % (SITE_LEVEL_SECURE + 1)),
        };
        struct reader reader = {.fuzz = &fuzz,
                                .settings = &settings,
                                .map = (enum reply_map)(fuzz.choices[0] % 3)};

        check(&reader);
    }
    fuzz_answer_clear(&fuzz);
    return 0;
}
