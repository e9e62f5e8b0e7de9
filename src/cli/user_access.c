/*
 * user_access: permissions of files for another user. See user_access.h.
 */
#include "cli/user_access.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SEARCH 01u

static bool is_in(const struct tool_user *user, gid_t group)
{
    if (user->gid == group)
        return true;
    for (int i = 0; i < user->group_count; i++)
        if (user->groups[i] == group)
            return true;
    return false;
}

/* The first of owner, group and others that fits counts, and no other. */
bool user_may(const struct tool_user *user, const struct stat *status,
              unsigned bits)
{
    unsigned mode = status->st_mode;
    if (user->uid == 0)
        return true;
    if (status->st_uid == user->uid)
        mode >>= 6;
    else if (is_in(user, status->st_gid))
        mode >>= 3;
    return (mode & bits) == bits;
}

static bool denied_at(const struct tool_user *user, const char *name,
                      const char *path, unsigned bits,
                      char ret_why[USER_ACCESS_WHY_MAX])
{
    struct stat status;
    if (stat(path, &status) < 0) {
        snprintf(ret_why, USER_ACCESS_WHY_MAX, "%s: %s", path,
                 strerrordesc_np(errno));
        return true;
    }
    if (user_may(user, &status, bits))
        return false;
    snprintf(ret_why, USER_ACCESS_WHY_MAX,
             "%s has mode %04o, owner %u and group %u, which keeps the user "
             "%s out",
             path, (unsigned)status.st_mode & 07777, (unsigned)status.st_uid,
             (unsigned)status.st_gid, name);
    return true;
}

bool user_is_denied(const struct tool_user *user, const char *name,
                    const char *path, unsigned bits,
                    char ret_why[USER_ACCESS_WHY_MAX])
{
    char part[TOOL_PATH_MAX];
    for (const char *slash = strchr(path, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        int used = snprintf(part, sizeof(part), "%.*s",
                            slash == path ? 1 : (int)(slash - path), path);
        if (used < (int)sizeof(part) &&
            denied_at(user, name, part, SEARCH, ret_why))
            return true;
    }
    return denied_at(user, name, path, bits, ret_why);
}
