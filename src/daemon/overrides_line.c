/*
 * overrides_line: one line of mtasts-overrides(5). See overrides_line.h.
 */
#include "daemon/overrides_line.h"

#include "base/ascii.h"
#include "base/near.h"
#include "base/utc.h"
#include "net/idn.h"
#include <mtasts/error.h>
#include <stdarg.h>
#include <string.h>

#define DAY_S 86400

struct cursor {
    const char *at;
    const char *end;
    char *why;
};

static int fault(const struct cursor *cursor, const char *format, ...)
    _printf_(2, 3);

static int fault(const struct cursor *cursor, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(cursor->why, OVERRIDES_WHY_MAX, format, args);
    va_end(args);
    return -MTASTS_EINVAL;
}

/* ---- words ---- */

static bool at_end(struct cursor *cursor)
{
    while (cursor->at < cursor->end &&
           (ascii_is_wsp(*cursor->at) || *cursor->at == '\r'))
        cursor->at++;
    return cursor->at == cursor->end || *cursor->at == '#';
}

static bool ends_word(char c)
{
    return ascii_is_wsp(c) || c == '\r';
}

/* A word, or the value behind a "="; `max` octets at most, then a NUL. */
static int take_word(struct cursor *cursor, char *word, size_t max)
{
    bool quoted = cursor->at < cursor->end && *cursor->at == '"';
    size_t len = 0;

    word[0] = '\0';
    cursor->at += quoted;
    while (cursor->at < cursor->end &&
           (quoted ? *cursor->at != '"' : !ends_word(*cursor->at))) {
        if (quoted && *cursor->at == '\\' && cursor->at + 1 < cursor->end)
            cursor->at++;
        if (len == max)
            return fault(cursor, "a word is longer than %zu octets", max);
        if ((unsigned char)*cursor->at < ' ' || *cursor->at == 0x7f)
            return fault(cursor, "a control character in a word");
        word[len++] = *cursor->at++;
    }
    word[len] = '\0';
    if (!quoted)
        return 0;
    if (cursor->at == cursor->end)
        return fault(cursor, "a quote is not closed");
    cursor->at++;
    if (cursor->at < cursor->end && !ends_word(*cursor->at))
        return fault(cursor, "text behind a closing quote; put a blank there");
    return 0;
}

/* ---- the pattern and the action ---- */

/* "example.com" or ".example.com", in any case, U-labels too. */
static int take_pattern(struct cursor *cursor, char pattern[])
{
    char word[OVERRIDES_FILE_TEXT_MAX + 1];
    bool below;
    int error = take_word(cursor, word, OVERRIDES_FILE_TEXT_MAX);

    if (error)
        return error;
    if (strncmp(word, "*.", 2) == 0)
        return fault(cursor,
                     "'%.300s' will not do; write '%.300s', which is "
                     "all names below it",
                     word, word + 1);
    below = word[0] == '.';
    pattern[0] = '.';
    if (idn_to_ascii(word + below, strlen(word + below), 0, pattern + below) <
        0)
        return fault(cursor,
                     "'%.300s' is no domain; write example.com, or "
                     ".example.com for all names below it",
                     word);
    return 0;
}

static const char *const actions[] = {
    [OVERRIDES_FILE_EXEMPT] = "exempt",
    [OVERRIDES_FILE_ENFORCE] = "enforce",
    [OVERRIDES_FILE_POLICY] = "policy",
};

static int take_action(struct cursor *cursor, struct overrides_line *line)
{
    char word[OVERRIDES_FILE_TEXT_MAX + 1];
    struct near near;
    int error;

    if (at_end(cursor))
        return fault(cursor, "no action; write exempt, enforce or policy FILE");
    error = take_word(cursor, word, OVERRIDES_FILE_TEXT_MAX);
    if (error)
        return error;
    near = near_start(word);
    for (size_t i = 0; i < ELEMENTS(actions); i++) {
        if (strcmp(word, actions[i]) == 0) {
            line->action = (enum overrides_file_action)i;
            return 0;
        }
        near_try(&near, actions[i]);
    }
    if (near_best(&near))
        return fault(cursor,
                     "there is no action '%.100s'; did you mean "
                     "'%s'?",
                     word, near_best(&near));
    return fault(cursor,
                 "there is no action '%.100s'; write exempt, enforce "
                 "or policy FILE",
                 word);
}

static int take_file(struct cursor *cursor, struct overrides_line *line)
{
    int error = 0;

    if (line->action != OVERRIDES_FILE_POLICY)
        return 0;
    if (!at_end(cursor))
        error = take_word(cursor, line->file, OVERRIDES_FILE_TEXT_MAX);
    if (error)
        return error;
    if (!*line->file || strchr(line->file, '='))
        return fault(cursor, "no file; write policy FILE, then the reason");
    return 0;
}

/* ---- the pairs ---- */

static int set_text(struct cursor *cursor, char *target)
{
    if (*target)
        return fault(cursor, "the same is said twice; leave one out");
    return take_word(cursor, target, OVERRIDES_FILE_TEXT_MAX);
}

static int set_expires(struct cursor *cursor, struct overrides_line *line)
{
    char word[OVERRIDES_FILE_TEXT_MAX + 1];
    int error = take_word(cursor, word, OVERRIDES_FILE_TEXT_MAX);

    if (error)
        return error;
    if (line->expires_s)
        return fault(cursor, "expires is said twice; leave one out");
    if (utc_parse_day(word, strlen(word), &line->expires_s) < 0)
        return fault(cursor,
                     "expires: '%.100s' will not do; give the last day "
                     "on which it applies, such as 2027-01-31",
                     word);
    line->expires_s += DAY_S; /* its end */
    return 0;
}

static int unknown_key(const struct cursor *cursor, const char *key)
{
    static const char *const keys[] = {"reason", "owner", "expires"};
    struct near near = near_start(key);

    for (size_t i = 0; i < ELEMENTS(keys); i++)
        near_try(&near, keys[i]);
    if (near_best(&near))
        return fault(cursor, "'%.100s' is not known; did you mean '%s'?", key,
                     near_best(&near));
    return fault(cursor,
                 "'%.100s' is not known; write reason=\"...\", "
                 "owner=... or expires=DATE",
                 key);
}

static int take_pair(struct cursor *cursor, struct overrides_line *line)
{
    char key[32];
    size_t len = 0;

    while (cursor->at + len < cursor->end && cursor->at[len] != '=' &&
           !ends_word(cursor->at[len]))
        len++;
    snprintf(key, sizeof(key), "%.*s", (int)MIN_OF(len, sizeof(key) - 1),
             cursor->at);
    for (size_t i = 0; key[i]; i++)
        if ((unsigned char)key[i] < ' ' || key[i] == 0x7f)
            return fault(cursor, "a control character in a word");
    cursor->at += len;
    if (cursor->at == cursor->end || *cursor->at != '=')
        return fault(cursor,
                     "'%s' will not do here; write reason=\"...\", "
                     "owner=... or expires=DATE",
                     key);
    cursor->at++;
    if (strcmp(key, "reason") == 0)
        return set_text(cursor, line->reason);
    if (strcmp(key, "owner") == 0)
        return set_text(cursor, line->owner);
    if (strcmp(key, "expires") == 0)
        return set_expires(cursor, line);
    return unknown_key(cursor, key);
}

int overrides_line_parse(const char *text, size_t len,
                         struct overrides_line *ret_line,
                         char why[OVERRIDES_WHY_MAX])
{
    struct cursor cursor = {text, text + len, why};
    struct overrides_line line = {0};
    int error;

    line.empty = at_end(&cursor);
    if (line.empty) {
        *ret_line = line;
        return 0;
    }
    error = take_pattern(&cursor, line.pattern);
    if (!error)
        error = take_action(&cursor, &line);
    if (!error)
        error = take_file(&cursor, &line);
    while (!error && !at_end(&cursor))
        error = take_pair(&cursor, &line);
    if (!error && !*line.reason)
        error = fault(&cursor, "no reason; write reason=\"...\", for whoever "
                               "comes after you");
    if (!error)
        *ret_line = line;
    return error;
}
