/*
 * config_value: one value of mtasts.conf(5), from text to the struct and back.
 */
#ifndef MTASTS_DAEMON_CONFIG_VALUE_H
#define MTASTS_DAEMON_CONFIG_VALUE_H

#include "daemon/config_option.h"

/*
 * Sets the option in `config`, whose strings it puts into config->arena, to
 * the words of the file: one, or any number for a list. -MTASTS_EINVAL with
 * the reason, the end of a sentence, appended to `why` and *ret_index the
 * word at fault; -MTASTS_ENOMEM.
 */
int config_value_set(const struct config_option *option,
                     const char *const *words, size_t count,
                     struct config *config, struct buf *why, size_t *ret_index);

/*
 * Sets it to its default, or to the folder that the environment has for it.
 * A default is right (a test looks) but for one thing, of which `why` tells:
 * -MTASTS_EINVAL, a folder makes the path of a socket too long.
 * -MTASTS_ENOMEM.
 */
int config_value_default(const struct config_option *option,
                         struct config *config, struct buf *why);

/* Appends it as a file has it: quoted, a list in braces. */
void config_value_write(const struct config_option *option,
                        const struct config *config, struct buf *buf);

/* The same of the default. */
void config_value_write_default(const struct config_option *option,
                                struct buf *buf);

/* Appends what it may be, e.g. "a time from 10s to 1d". */
void config_value_range(const struct config_option *option, struct buf *buf);

/* What a number, a size or a time amounts to, in the unit of `max`. */
uint64_t config_value_amount(const struct config_option *option,
                             const struct config *config);

#endif
