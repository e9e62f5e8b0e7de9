/*
 * option: command-line options as tables.
 *
 * One row is one option: from it come parsing, range checks, --help, the
 * way out of a mistake, and what tests compare man pages and completions
 * with. Options may stand before or after other words; `--` ends them and
 * `-` alone is a word. A long option takes its value as `--name=value` or
 * as the next word, a short one as `-n value` or `-nvalue`; short flags may
 * be joined. Names are never abbreviated, so that scripts stay true.
 */
#ifndef MTASTS_CLI_OPTION_H
#define MTASTS_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>

enum option_kind {
    OPTION_FLAG,     /* bool */
    OPTION_TEXT,     /* const char * */
    OPTION_OPTIONAL, /* const char *: "" without a value, which only `=`
                        gives */
    OPTION_NUMBER,   /* unsigned, `min` to `max` */
    OPTION_TIME,     /* unsigned, seconds; a suffix m, h, d or w multiplies */
    OPTION_CHOICE,   /* unsigned: index into `choices` */
    OPTION_LIST,     /* struct words: may be given again and again */
};

/* Words of the command line; each lives as long as argv. */
struct words {
    const char **items;
    size_t count;
};

struct option_row {
    const char *name;     /* without the dashes; NULL ends a table */
    const char *argument; /* what the value is called in help, e.g. "FILE" */
    const char *help;     /* a phrase, without a final stop */
    size_t offset;        /* of the value in the command's struct */
    const char *const *choices; /* NULL-terminated */
    enum option_kind kind;
    unsigned min; /* OPTION_NUMBER and OPTION_TIME */
    unsigned max;
    char letter; /* short form, or 0 */
};

/* How the names of options begin that are for the build and the tests of
   mtasts itself: they are in no help, and promise nothing. */
#define OPTION_INTERNAL "internal-"

#define OPTION_ARGUMENTS_MAX 1000000u /* words: far above what exec takes */

/*
 * Parses words[0..count) by `rows` into `values`; what is no option is put
 * into `ret_rest`, whose items the caller frees. `who` names the command in
 * complaints, e.g. "check".
 * Returns 0, or -MTASTS_EINVAL after a complaint on stderr, or -MTASTS_ENOMEM.
 */
int option_parse(const char *who, const struct option_row *rows,
                 const char *const *words, size_t count, void *values,
                 struct words *ret_rest);

/* Frees the lists that option_parse() made in `values`. */
void option_values_clear(const struct option_row *rows, void *values);

/* Digits only; -MTASTS_EINVAL for anything else and past `max`. */
int option_number(const char *text, unsigned max, unsigned *ret_number);

/* Whether the option takes a value, or may. */
bool option_has_value(const struct option_row *row);

/* Whether its name begins with OPTION_INTERNAL. */
bool option_is_internal(const struct option_row *row);

#endif
