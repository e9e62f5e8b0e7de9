/* option: tables of options, and the way out of mistakes. */
#include "cli/option.h"

#include "base/cleanup.h"
#include "base/near.h"
#include <mtasts/error.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const colours[] = {"red", "green", NULL};

struct values {
    bool flag;
    const char *text;
    const char *optional;
    unsigned number;
    unsigned seconds;
    unsigned colour;
    struct words list;
};

static const struct option_row rows[] = {
    {.name = "flag",
     .letter = 'f',
     .kind = OPTION_FLAG,
     .offset = offsetof(struct values, flag)},
    {.name = "text",
     .letter = 't',
     .kind = OPTION_TEXT,
     .argument = "T",
     .offset = offsetof(struct values, text)},
    {.name = "optional",
     .kind = OPTION_OPTIONAL,
     .argument = "O",
     .offset = offsetof(struct values, optional)},
    {.name = "number",
     .letter = 'n',
     .kind = OPTION_NUMBER,
     .argument = "N",
     .min = 2,
     .max = 1000,
     .offset = offsetof(struct values, number)},
    {.name = "seconds",
     .kind = OPTION_TIME,
     .argument = "S",
     .max = 31557600,
     .offset = offsetof(struct values, seconds)},
    {.name = "colour",
     .kind = OPTION_CHOICE,
     .argument = "C",
     .choices = colours,
     .offset = offsetof(struct values, colour)},
    {.name = "list",
     .kind = OPTION_LIST,
     .argument = "L",
     .offset = offsetof(struct values, list)},
    {0},
};

#define WORDS_MAX 8

static int parse(const char *const words[WORDS_MAX], struct values *values,
                 struct words *rest)
{
    size_t count = 0;
    while (count < WORDS_MAX && words[count])
        count++;
    memset(values, 0, sizeof(*values));
    *rest = (struct words){0};
    return option_parse("test", rows, words, count, values, rest);
}

/* Every value as one line, to compare. */
static void describe(const struct values *values, const struct words *rest,
                     char *line, size_t size)
{
    int used = snprintf(line, size, "%d %s %s %u %u %u", values->flag,
                        values->text ? values->text : "-",
                        values->optional ? values->optional : "-",
                        values->number, values->seconds, values->colour);
    for (size_t i = 0; i < values->list.count; i++)
        used += snprintf(line + used, size - (size_t)used, " +%s",
                         values->list.items[i]);
    for (size_t i = 0; i < rest->count; i++)
        used +=
            snprintf(line + used, size - (size_t)used, " <%s>", rest->items[i]);
}

static void test_accepted(void **state)
{
    static const struct {
        const char *words[WORDS_MAX];
        const char *expected;
    } table[] = {
        {{NULL}, "0 - - 0 0 0"},
        {{"a", "b"}, "0 - - 0 0 0 <a> <b>"},
        {{"--flag"}, "1 - - 0 0 0"},
        {{"-f", "a"}, "1 - - 0 0 0 <a>"},
        {{"--text=x"}, "0 x - 0 0 0"},
        {{"--text", "x", "y"}, "0 x - 0 0 0 <y>"},
        {{"--text=a=b"}, "0 a=b - 0 0 0"},
        {{"--text="}, "0  - 0 0 0"},
        {{"--text", "--flag"}, "0 --flag - 0 0 0"},
        {{"-tx"}, "0 x - 0 0 0"},
        {{"-t", "x"}, "0 x - 0 0 0"},
        {{"-ftx"}, "1 x - 0 0 0"},
        {{"-fn", "7"}, "1 - - 7 0 0"},
        {{"--optional", "x"}, "0 -  0 0 0 <x>"},
        {{"--optional=x"}, "0 - x 0 0 0"},
        {{"--number=2"}, "0 - - 2 0 0"},
        {{"--number=1000"}, "0 - - 1000 0 0"},
        {{"--number=0000000000000007"}, "0 - - 7 0 0"},
        {{"--seconds=90"}, "0 - - 0 90 0"},
        {{"--seconds=90s"}, "0 - - 0 90 0"},
        {{"--seconds=2m"}, "0 - - 0 120 0"},
        {{"--seconds=1h"}, "0 - - 0 3600 0"},
        {{"--seconds=1d"}, "0 - - 0 86400 0"},
        {{"--seconds=52w"}, "0 - - 0 31449600 0"},
        {{"--colour", "green"}, "0 - - 0 0 1"},
        {{"--list=a", "--list", "b", "--list=c"}, "0 - - 0 0 0 +a +b +c"},
        {{"-"}, "0 - - 0 0 0 <->"},
        {{"a", "--flag", "b"}, "1 - - 0 0 0 <a> <b>"},
        {{"--", "--flag", "--", "-f"}, "0 - - 0 0 0 <--flag> <--> <-f>"},
        {{""}, "0 - - 0 0 0 <>"},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(table); i++) {
        struct values values;
        struct words rest;
        char line[256];
        if (parse(table[i].words, &values, &rest) != 0)
            fail_msg("row %zu refused", i);
        describe(&values, &rest, line, sizeof(line));
        assert_string_equal(line, table[i].expected);
        option_values_clear(rows, &values);
        free(rest.items);
    }
}

static void test_refused(void **state)
{
    static const char *const table[][WORDS_MAX] = {
        {"--flagg"},
        {"--fla"},
        {"--"
         "nonsense"},
        {"--flag=yes"},
        {"--text"},
        {"-t"},
        {"-x"},
        {"-fx"},
        {"--number=1"},
        {"--number=1001"},
        {"--number="},
        {"--number=-5"},
        {"--number= 5"},
        {"--number=5x"},
        {"--number=99999999999999999999"},
        {"--number=0x10"},
        {"--seconds=1y"},
        {"--seconds=d"},
        {"--seconds=53w"},
        {"--seconds=7102w"},
        {"--seconds=99999999999w"},
        {"--colour=blue"},
        {"--colour="},
        {"--list"},
        {"--list=a", "--list=b", "--nope"},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(table); i++) {
        struct values values;
        struct words rest;
        if (parse(table[i], &values, &rest) != -MTASTS_EINVAL)
            fail_msg("row %zu taken", i);
        option_values_clear(rows, &values);
    }
}

static void test_near(void **state)
{
    static const char *const words[] = {"json",          "ndjson",  "no-smtp",
                                        "allow-private", "timeout", NULL};
    static const char *const table[][2] = {
        {"jsn", "json"},
        {"jsno", "json"},
        {"josn", "json"},
        {"no-smpt", "no-smtp"},
        {"nosmtp", "no-smtp"},
        {"allow", "allow-private"},
        {"time-out", "timeout"},
        {"timeuot", "timeout"},
        {"xml", NULL},
        {"", NULL},
        {"jsonnnnn", NULL},
        {"completely-different", NULL},
        {"a-word-that-is-longer-than-any-slip-of-the-finger-can-account-for"
         "-allow-private",
         NULL},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(table); i++) {
        struct near near = near_start(table[i][0]);
        for (size_t j = 0; words[j]; j++)
            near_try(&near, words[j]);
        const char *best = near_best(&near);
        if (!table[i][1])
            assert_null(best);
        else if (!best)
            fail_msg("nothing near '%s'", table[i][0]);
        else
            assert_string_equal(best, table[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
