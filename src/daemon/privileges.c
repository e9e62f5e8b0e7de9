/*
 * privileges: a daemon gives up what it does not need. See privileges.h.
 */
#include "daemon/privileges.h"

#include "base/cleanup.h"
#include <errno.h>
#include <grp.h>
#include <mtasts/error.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define ENTRY_MAX 16384u /* octets of an entry of the user database */

static int find_user(const char *name, struct privileges *ret,
                     char why[PRIVILEGES_WHY_MAX])
{
    _cleanup_free_ char *room = malloc(ENTRY_MAX);
    struct passwd entry;
    struct passwd *found = NULL;

    if (!room)
        return -MTASTS_ENOMEM;
    if (getpwnam_r(name, &entry, room, ENTRY_MAX, &found) != 0 || !found) {
        snprintf(why, PRIVILEGES_WHY_MAX,
                 "there is no user '%s'; make it, or name another with the "
                 "option user",
                 name);
        return -MTASTS_ENOTFOUND;
    }
    if (found->pw_uid == 0) {
        snprintf(why, PRIVILEGES_WHY_MAX,
                 "the user '%s' is root; say 'user = root' if that is meant",
                 name);
        return -MTASTS_EINVAL;
    }
    *ret = (struct privileges){found->pw_uid, found->pw_gid, true};
    return 0;
}

static int find_group(const char *name, gid_t *ret_gid,
                      char why[PRIVILEGES_WHY_MAX])
{
    _cleanup_free_ char *room = malloc(ENTRY_MAX);
    struct group entry;
    struct group *found = NULL;

    if (!room)
        return -MTASTS_ENOMEM;
    if (getgrnam_r(name, &entry, room, ENTRY_MAX, &found) != 0 || !found) {
        snprintf(why, PRIVILEGES_WHY_MAX,
                 "there is no group '%s'; make it, or name another with the "
                 "option group",
                 name);
        return -MTASTS_ENOTFOUND;
    }
    *ret_gid = found->gr_gid;
    return 0;
}

int privileges_find(const char *user, const char *group,
                    struct privileges *ret_privileges,
                    char why[PRIVILEGES_WHY_MAX])
{
    struct privileges found = {.uid = geteuid(), .gid = getegid()};
    int error;

    if (geteuid() != 0 || strcmp(user, "root") == 0) {
        *ret_privileges = found;
        return 0;
    }
    error = find_user(user, &found, why);
    if (!error && *group)
        error = find_group(group, &found.gid, why);
    if (!error)
        *ret_privileges = found;
    return error;
}

int privileges_folder(const struct privileges *privileges, const char *path,
                      mode_t mode)
{
    if (mkdir(path, mode) < 0)
        return errno == EEXIST ? 0 : -MTASTS_ESYSTEM;
    if (privileges->change && chown(path, privileges->uid, privileges->gid) < 0)
        return -MTASTS_ESYSTEM;
    /* Whatever the umask says. */
    return chmod(path, mode) < 0 ? -MTASTS_ESYSTEM : 0;
}

/* Whether root, real, effective or saved, is out of reach. */
static bool is_only(const struct privileges *privileges)
{
    uid_t uids[3];
    gid_t gids[3];

    if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 ||
        getresgid(&gids[0], &gids[1], &gids[2]) < 0)
        return false;
    for (size_t i = 0; i < ELEMENTS(uids); i++)
        if (uids[i] != privileges->uid || gids[i] != privileges->gid)
            return false;
    return setuid(0) < 0 && seteuid(0) < 0;
}

static int failed(const char *what, char why[PRIVILEGES_WHY_MAX])
{
    snprintf(why, PRIVILEGES_WHY_MAX, "%s: %s", what, strerrordesc_np(errno));
    return -MTASTS_ESYSTEM;
}

int privileges_drop(const struct privileges *privileges,
                    char why[PRIVILEGES_WHY_MAX])
{
    gid_t gid = privileges->gid;
    uid_t uid = privileges->uid;

    if (!privileges->change)
        return 0;
    /* The group first: the user may not change it any more. */
    if (setgroups(1, &gid) < 0)
        return failed("other groups cannot be given up", why);
    if (setresgid(gid, gid, gid) < 0)
        return failed("the group cannot be changed", why);
    if (setresuid(uid, uid, uid) < 0)
        return failed("the user cannot be changed", why);
    if (!is_only(privileges)) {
        snprintf(why, PRIVILEGES_WHY_MAX, "there is a way back to root");
        return -MTASTS_ESYSTEM;
    }
    return 0;
}

int privileges_harden(void)
{
    const struct rlimit no_core = {0, 0};

    if (setrlimit(RLIMIT_CORE, &no_core) < 0 ||
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return -MTASTS_ESYSTEM;
    return 0;
}
