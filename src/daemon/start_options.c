/*
 * start_options: the command line of a daemon. See start_options.h.
 */
#include "daemon/start_options.h"

#include "base/cleanup.h"
#include <mtasts/error.h>
#include <stddef.h>
#include <string.h>

struct row {
    const char *name;
    const char *letter;
    size_t offset;
};

#define FLAG(member) offsetof(struct start_options, member)

static const struct row flags[] = {
    {"--foreground", "-f", FLAG(foreground)},
    {"--check", "-t", FLAG(check)},
    {"--help", "-h", FLAG(help)},
    {"--version", "-V", FLAG(version)},
};

static bool take_flag(const char *word, struct start_options *options)
{
    for (size_t i = 0; i < ELEMENTS(flags); i++) {
        if (strcmp(word, flags[i].name) == 0 ||
            strcmp(word, flags[i].letter) == 0) {
            *(bool *)((char *)options + flags[i].offset) = true;
            return true;
        }
    }
    return false;
}

/* "--config=FILE", or "--config" and "-c" with the next word. */
static bool take_config(char *const *words, int left, int *used,
                        struct start_options *options)
{
    const char *word = words[0];

    if (strncmp(word, "--config=", 9) == 0) {
        options->config = word + 9;
        return *options->config != '\0';
    }
    if (strcmp(word, "--config") != 0 && strcmp(word, "-c") != 0)
        return false;
    if (left < 2 || !*words[1])
        return false;
    options->config = words[1];
    *used = 2;
    return true;
}

int start_options_parse(int argc, char *const *argv,
                        struct start_options *ret_options,
                        const char **ret_word)
{
    struct start_options options = {0};

    for (int i = 1; i < argc;) {
        int used = 1;

        if (!take_flag(argv[i], &options) &&
            !take_config(argv + i, argc - i, &used, &options)) {
            *ret_word = argv[i];
            return -MTASTS_EINVAL;
        }
        i += used;
    }
    *ret_options = options;
    return 0;
}
