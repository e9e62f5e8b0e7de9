/*
 * option: command-line options as tables. See option.h.
 *
 * A parser of our own rather than getopt_long, so that every mistake is
 * answered with the way out of it, from the same rows that make the help.
 */
#include "cli/option.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include "base/near.h"
#include "cli/complain.h"
#include <limits.h>
#include <mtasts/error.h>
#include <string.h>

struct parser {
    const char *who;
    const struct option_row *rows;
    const char *const *words;
    size_t count;
    size_t next;
    void *values;
    struct words *rest;
    int error; /* sticky */
};

bool option_has_value(const struct option_row *row)
{
    return row->kind != OPTION_FLAG;
}

bool option_is_internal(const struct option_row *row)
{
    return strncmp(row->name, OPTION_INTERNAL, strlen(OPTION_INTERNAL)) == 0;
}

int option_number(const char *text, unsigned max, unsigned *ret_number)
{
    unsigned number = 0;
    if (!*text)
        return -MTASTS_EINVAL;
    for (const char *at = text; *at; at++) {
        if (!ascii_is_digit(*at))
            return -MTASTS_EINVAL;
        unsigned digit = (unsigned)(*at - '0');
        if (number > (max - MIN_OF(digit, max)) / 10)
            return -MTASTS_EINVAL;
        number = number * 10 + digit;
    }
    if (number > max)
        return -MTASTS_EINVAL;
    *ret_number = number;
    return 0;
}

/* Seconds with an optional unit, e.g. "604800" or "1w". */
static int parse_time(const char *text, unsigned *ret_seconds)
{
    static const struct {
        char suffix;
        unsigned seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
    char digits[16];
    size_t len = strlen(text);
    if (len == 0 || len >= sizeof(digits))
        return -MTASTS_EINVAL;
    unsigned factor = 1;
    for (size_t i = 0; i < ELEMENTS(units); i++) {
        if (text[len - 1] == units[i].suffix) {
            factor = units[i].seconds;
            len--;
            break;
        }
    }
    memcpy(digits, text, len);
    digits[len] = '\0';
    unsigned number = 0;
    int error = option_number(digits, UINT_MAX / factor, &number);
    if (!error)
        *ret_seconds = number * factor;
    return error;
}

static void fail(struct parser *parser, int error)
{
    if (!parser->error)
        parser->error = error;
}

static int words_add(struct words *words, const char *word)
{
    /* Grows at powers of two, which the count itself tells. */
    if ((words->count & (words->count - 1)) == 0) {
        size_t room = words->count ? words->count * 2 : 1;
        const char **items =
            reallocarray(words->items, room, sizeof(*words->items));
        if (!items)
            return -MTASTS_ENOMEM;
        words->items = items;
    }
    words->items[words->count++] = word;
    return 0;
}

static void complain_choices(const struct parser *parser,
                             const struct option_row *row, const char *value)
{
    struct buf buf;
    buf_init(&buf, COMPLAINT_MAX);
    struct near near = near_start(value);
    for (size_t i = 0; row->choices[i]; i++) {
        const char *joint = i == 0 ? "" : row->choices[i + 1] ? ", " : " or ";
        buf_printf(&buf, "%s%s", joint, row->choices[i]);
        near_try(&near, row->choices[i]);
    }
    if (near_best(&near))
        complain("%s: --%s: '%s' is none of %s; did you mean %s?", parser->who,
                 row->name, value, buf_text(&buf), near_best(&near));
    else
        complain("%s: --%s: '%s' will not do; say %s", parser->who, row->name,
                 value, buf_text(&buf));
    buf_clear(&buf);
}

static void set_choice(struct parser *parser, const struct option_row *row,
                       const char *value, unsigned *target)
{
    for (unsigned i = 0; row->choices[i]; i++) {
        if (strcmp(row->choices[i], value) == 0) {
            *target = i;
            return;
        }
    }
    complain_choices(parser, row, value);
    fail(parser, -MTASTS_EINVAL);
}

/* The units that make sense for so long a time. */
static const char *time_words(const struct option_row *row)
{
    return row->max < 3600 ? "seconds, or a number with m,"
                           : "seconds, or a number with m, h, d or w,";
}

static void set_number(struct parser *parser, const struct option_row *row,
                       const char *value, unsigned *target)
{
    unsigned number = 0;
    bool time = row->kind == OPTION_TIME;
    int error = time ? parse_time(value, &number)
                     : option_number(value, UINT_MAX, &number);
    if (!error && number >= row->min && number <= row->max) {
        *target = number;
        return;
    }
    complain("%s: --%s: '%s' will not do; give %s from %u to %u", parser->who,
             row->name, value, time ? time_words(row) : "a number", row->min,
             row->max);
    fail(parser, -MTASTS_EINVAL);
}

static void set_value(struct parser *parser, const struct option_row *row,
                      const char *value)
{
    void *target = (char *)parser->values + row->offset;
    switch (row->kind) {
    case OPTION_FLAG: *(bool *)target = true; break;
    case OPTION_TEXT:
    case OPTION_OPTIONAL: *(const char **)target = value; break;
    case OPTION_NUMBER:
    case OPTION_TIME: set_number(parser, row, value, target); break;
    case OPTION_CHOICE: set_choice(parser, row, value, target); break;
    case OPTION_LIST: fail(parser, words_add(target, value)); break;
    }
}

static const struct option_row *find_long(const struct option_row *rows,
                                          const char *name, size_t len)
{
    for (; rows->name; rows++)
        if (ascii_is(name, len, rows->name))
            return rows;
    return NULL;
}

static const struct option_row *find_short(const struct option_row *rows,
                                           char letter)
{
    for (; rows->name; rows++)
        if (rows->letter == letter)
            return rows;
    return NULL;
}

static void complain_unknown(const struct parser *parser, const char *name,
                             size_t len)
{
    char copy[NEAR_MAX + 1];
    size_t kept = MIN_OF(len, (size_t)NEAR_MAX);
    memcpy(copy, name, kept);
    copy[kept] = '\0';
    struct near near = near_start(copy);
    for (const struct option_row *row = parser->rows; row->name; row++)
        if (!option_is_internal(row))
            near_try(&near, row->name);
    if (near_best(&near))
        complain("%s: unknown option --%s; did you mean --%s?", parser->who,
                 copy, near_best(&near));
    else
        complain("%s: unknown option --%s; 'mtasts help %s' lists what there "
                 "is",
                 parser->who, copy, parser->who);
}

/* The next word as the value of `row`. */
static const char *take_value(struct parser *parser,
                              const struct option_row *row)
{
    if (parser->next < parser->count)
        return parser->words[parser->next++];
    complain("%s: --%s needs a value; write --%s=%s", parser->who, row->name,
             row->name, row->argument);
    fail(parser, -MTASTS_EINVAL);
    return NULL;
}

static void parse_long(struct parser *parser, const char *word)
{
    const char *name = word + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    const struct option_row *row = find_long(parser->rows, name, len);
    if (!row) {
        complain_unknown(parser, name, len);
        fail(parser, -MTASTS_EINVAL);
        return;
    }
    if (value && !option_has_value(row)) {
        complain("%s: --%s takes no value; leave '=%s' out", parser->who,
                 row->name, value);
        fail(parser, -MTASTS_EINVAL);
        return;
    }
    if (value && !*value && row->kind == OPTION_OPTIONAL) {
        complain("%s: --%s= without a value; leave '=' out, or write --%s=%s",
                 parser->who, row->name, row->name, row->argument);
        fail(parser, -MTASTS_EINVAL);
        return;
    }
    if (!value && row->kind == OPTION_OPTIONAL)
        value = "";
    if (!value && option_has_value(row))
        value = take_value(parser, row);
    if (!parser->error)
        set_value(parser, row, value);
}

static void parse_short(struct parser *parser, const char *word)
{
    for (const char *at = word + 1; *at && !parser->error; at++) {
        const struct option_row *row = find_short(parser->rows, *at);
        if (!row) {
            complain("%s: unknown option -%.*s; put '--' before a word that "
                     "begins with a dash",
                     parser->who, (int)strlen(at), at);
            fail(parser, -MTASTS_EINVAL);
            return;
        }
        if (!option_has_value(row)) {
            set_value(parser, row, NULL);
            continue;
        }
        const char *value = at[1] ? at + 1 : take_value(parser, row);
        if (!parser->error)
            set_value(parser, row, value);
        return;
    }
}

int option_parse(const char *who, const struct option_row *rows,
                 const char *const *words, size_t count, void *values,
                 struct words *ret_rest)
{
    struct words rest = {0};
    struct parser parser = {.who = who,
                            .rows = rows,
                            .words = words,
                            .count =
                                MIN_OF(count, (size_t)OPTION_ARGUMENTS_MAX),
                            .values = values,
                            .rest = &rest};
    bool ended = false;
    while (parser.next < parser.count && !parser.error) {
        const char *word = parser.words[parser.next++];
        if (ended || word[0] != '-' || word[1] == '\0')
            fail(&parser, words_add(&rest, word));
        else if (strcmp(word, "--") == 0)
            ended = true;
        else if (word[1] == '-')
            parse_long(&parser, word);
        else
            parse_short(&parser, word);
    }
    if (parser.error) {
        free(rest.items);
        return parser.error;
    }
    *ret_rest = rest;
    return 0;
}

void option_values_clear(const struct option_row *rows, void *values)
{
    for (; rows->name; rows++) {
        if (rows->kind == OPTION_LIST) {
            struct words *words = (void *)((char *)values + rows->offset);
            free(words->items);
            *words = (struct words){0};
        }
    }
}
