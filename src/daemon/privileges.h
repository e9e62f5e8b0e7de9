/*
 * privileges: a daemon gives up what it does not need, for good.
 */
#ifndef MTASTS_DAEMON_PRIVILEGES_H
#define MTASTS_DAEMON_PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#define PRIVILEGES_WHY_MAX 256u

/* Who to become. */
struct privileges {
    uid_t uid;
    gid_t gid;
    bool change; /* false: stay who we are */
};

/*
 * Finds the user and group by name. Whoever is not root stays who it is;
 * root becomes `user`, unless that is "root". `group` "": that of the user.
 * -MTASTS_ENOTFOUND: there is no such user or group; -MTASTS_EINVAL: `user`
 * is another name for root. Then `why` has a sentence.
 */
int privileges_find(const char *user, const char *group,
                    struct privileges *ret_privileges,
                    char why[PRIVILEGES_WHY_MAX]);

/*
 * Makes the folder with this mode, if it is not there, for the user to be.
 * One that is there is left as it is. -MTASTS_ESYSTEM, errno says more.
 */
int privileges_folder(const struct privileges *privileges, const char *path,
                      mode_t mode);

/*
 * Becomes the user with its one group, and makes sure that there is no way
 * back. -MTASTS_ESYSTEM with a sentence in `why`.
 */
int privileges_drop(const struct privileges *privileges,
                    char why[PRIVILEGES_WHY_MAX]);

/*
 * No new privileges by exec, no core dump, no debugger: memory holds what
 * must not get into files. -MTASTS_ESYSTEM.
 */
int privileges_harden(void);

#endif
