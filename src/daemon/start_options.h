/*
 * start_options: the command line of a daemon.
 */
#ifndef MTASTS_DAEMON_START_OPTIONS_H
#define MTASTS_DAEMON_START_OPTIONS_H

#include <stdbool.h>

struct start_options {
    const char *config; /* path; NULL: no file was named */
    bool foreground;    /* log to standard error, whatever log-target says */
    bool check;         /* only look at the configuration */
    bool help;
    bool version;
};

/*
 * -MTASTS_EINVAL: not understood; *ret_word is the word at fault. What points
 * into argv lives as long.
 */
int start_options_parse(int argc, char *const *argv,
                        struct start_options *ret_options,
                        const char **ret_word);

#endif
