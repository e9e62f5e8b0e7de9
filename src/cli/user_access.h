/*
 * user_access: what the permissions of files let another user do.
 *
 * To say why something was refused; whether it is, is best tried.
 */
#ifndef MTASTS_CLI_USER_ACCESS_H
#define MTASTS_CLI_USER_ACCESS_H

#include "cli/tool.h"
#include <sys/stat.h>

#define USER_ACCESS_WHY_MAX 512u

/* `bits` of 07: whether the mode gives them all. Pure. */
bool user_may(const struct tool_user *user, const struct stat *status,
              unsigned bits);

/*
 * What on the way to `path` keeps the user `name` from using it with `bits`,
 * as a sentence; false: nothing does, by its modes. Access control lists and
 * security modules are not looked at.
 */
bool user_is_denied(const struct tool_user *user, const char *name,
                    const char *path, unsigned bits,
                    char ret_why[USER_ACCESS_WHY_MAX]);

#endif
