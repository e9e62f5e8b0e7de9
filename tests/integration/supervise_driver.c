/*
 * supervise_driver: `mtasts run` with any programs for daemons.
 *
 *     supervise_driver FIRST MOST WELL DEADLINE NAME=PATH...
 *
 * Milliseconds, then the children; each gets its NAME as its argument.
 */
#include "base/cleanup.h"
#include "base/number.h"
#include "daemon/log.h"
#include "daemon/supervise.h"
#include <string.h>

static uint32_t number(const char *text)
{
    uint64_t value = 0;

    if (number_parse(text, strlen(text), UINT32_MAX, &value) < 0)
        _exit(2);
    return (uint32_t)value;
}

int main(int argc, char **argv)
{
    const struct log_options options = {.name = "supervise_driver",
                                        .level = LEVEL_DEBUG};
    struct supervise_child children[SUPERVISE_CHILDREN_MAX + 1];
    char *words[SUPERVISE_CHILDREN_MAX + 1][3];
    size_t count = 0;

    if (argc < 5)
        return 2;
    for (int i = 5; i < argc && count < ELEMENTS(children); i++, count++) {
        char *path = strchr(argv[i], '=');

        if (!path)
            return 2;
        *path++ = '\0';
        words[count][0] = path;
        words[count][1] = argv[i];
        words[count][2] = NULL;
        children[count] = (struct supervise_child){argv[i], words[count]};
    }
    const struct supervise_times times = {
        .first_ms = number(argv[1]),
        .most_ms = number(argv[2]),
        .well_ms = number(argv[3]),
        .deadline_ms = number(argv[4]),
    };
    log_open(&options);
    return supervise(children, count, &times);
}
