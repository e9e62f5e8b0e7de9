/*
 * unix_path: the file of a listening UNIX socket. See unix_path.h.
 *
 * Symbolic links are never followed at the last part of the path, so that
 * whoever may write to the folder gains nothing by swapping the file.
 */
#include "net/unix_path.h"

#include "base/number.h"
#include "net/why.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <mtasts/error.h>
#include <pwd.h>
#include <sys/socket.h>

#define ENTRY_MAX 16384u         /* octets of the entry of a user or group */
#define ID_MAX (UINT32_MAX - 1u) /* the last one means "unchanged" */

static struct sockaddr_un sockaddr_of(const char *path)
{
    struct sockaddr_un sockaddr = {.sun_family = AF_UNIX};

    memcpy(sockaddr.sun_path, path, strlen(path) + 1);
    return sockaddr;
}

static int bind_to(int fd, const char *path)
{
    struct sockaddr_un sockaddr = sockaddr_of(path);

    return bind(fd, (const struct sockaddr *)&sockaddr, sizeof(sockaddr));
}

/* ---- a file that is there already ---- */

/* What connecting to it says: 0 or an errno. */
static int knock(const char *path)
{
    struct sockaddr_un sockaddr = sockaddr_of(path);
    _cleanup_fd_ int fd =
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return errno;
    if (connect(fd, (const struct sockaddr *)&sockaddr, sizeof(sockaddr)) == 0)
        return 0;
    return errno;
}

static int make_way(const char *path, char why[LISTEN_WHY_MAX])
{
    struct stat before, after;

    if (lstat(path, &before) < 0)
        return 0; /* gone again: binding will tell */
    if (!S_ISSOCK(before.st_mode))
        return why_say(why, -MTASTS_EINVAL,
                       "unix:%s is a file, and no socket: remove it, or choose "
                       "another path",
                       path);
    int said = knock(path);
    if (said == 0 || said == EAGAIN || said == EPROTOTYPE)
        return why_say(why, -MTASTS_ELIMIT,
                       "somebody listens on unix:%s already", path);
    if (said != ECONNREFUSED && said != ENOENT)
        return why_say(why, -MTASTS_ESYSTEM,
                       "unix:%s is there already, and whether anybody listens "
                       "cannot be told: %s",
                       path, strerrordesc_np(said));
    if (lstat(path, &after) == 0 && after.st_dev == before.st_dev &&
        after.st_ino == before.st_ino)
        unlink(path);
    return 0;
}

/* ---- whose it is ---- */

static int find_user(const char *name, uid_t *ret_uid)
{
    char entry[ENTRY_MAX];
    struct passwd user;
    struct passwd *found = NULL;
    uint64_t number;

    if (number_parse(name, strlen(name), ID_MAX, &number) == 0) {
        *ret_uid = (uid_t)number;
        return 0;
    }
    if (getpwnam_r(name, &user, entry, sizeof(entry), &found) != 0 || !found)
        return -MTASTS_ENOTFOUND;
    *ret_uid = found->pw_uid;
    return 0;
}

static int find_group(const char *name, gid_t *ret_gid)
{
    char entry[ENTRY_MAX];
    struct group group;
    struct group *found = NULL;
    uint64_t number;

    if (number_parse(name, strlen(name), ID_MAX, &number) == 0) {
        *ret_gid = (gid_t)number;
        return 0;
    }
    if (getgrnam_r(name, &group, entry, sizeof(entry), &found) != 0 || !found)
        return -MTASTS_ENOTFOUND;
    *ret_gid = found->gr_gid;
    return 0;
}

static int give(const char *path, const char *owner, const char *group,
                char why[LISTEN_WHY_MAX])
{
    uid_t uid = (uid_t)-1;
    gid_t gid = (gid_t)-1;

    if (owner && *owner && find_user(owner, &uid) < 0)
        return why_say(why, -MTASTS_ENOTFOUND,
                       "there is no user %s to own unix:%s", owner, path);
    if (group && *group && find_group(group, &gid) < 0)
        return why_say(why, -MTASTS_ENOTFOUND,
                       "there is no group %s for unix:%s", group, path);
    if (uid == (uid_t)-1 && gid == (gid_t)-1)
        return 0;
    if (lchown(path, uid, gid) < 0)
        return why_say(why, -MTASTS_ESYSTEM,
                       "unix:%s cannot be given to another user or group (%s): "
                       "who is not root gives only to groups that he is in",
                       path, strerrordesc_np(errno));
    return 0;
}

/* ---- binding ---- */

static int bind_failed(const char *path, int error, char why[LISTEN_WHY_MAX])
{
    size_t folder = (size_t)(strrchr(path, '/') - path);

    if (error == ENOENT)
        return why_say(why, -MTASTS_ENOTFOUND,
                       "unix:%s cannot be made: there is no folder %.*s", path,
                       (int)MAX_OF(folder, (size_t)1), path);
    return why_say(why, -MTASTS_ESYSTEM, "unix:%s cannot be made: %s", path,
                   strerrordesc_np(error));
}

/* Nobody can connect before listen(), so no mode is ever too wide. */
static int dress(const char *path, unsigned mode, const char *owner,
                 const char *group, struct unix_path *path_ours,
                 char why[LISTEN_WHY_MAX])
{
    struct stat stat;
    int error = give(path, owner, group, why);

    if (error)
        return error;
    if (fchmodat(AT_FDCWD, path, (mode_t)mode, AT_SYMLINK_NOFOLLOW) < 0 ||
        lstat(path, &stat) < 0)
        return why_say(why, -MTASTS_ESYSTEM,
                       "the mode of unix:%s cannot be set: %s", path,
                       strerrordesc_np(errno));
    memcpy(path_ours->path, path, strlen(path) + 1);
    path_ours->device = stat.st_dev;
    path_ours->inode = stat.st_ino;
    return 0;
}

int unix_path_bind(int fd, const char *path, unsigned mode, const char *owner,
                   const char *group, struct unix_path *ret_path,
                   char why[LISTEN_WHY_MAX])
{
    struct unix_path ours;

    if (bind_to(fd, path) < 0) {
        if (errno != EADDRINUSE)
            return bind_failed(path, errno, why);
        int error = make_way(path, why);
        if (error)
            return error;
        if (bind_to(fd, path) < 0)
            return bind_failed(path, errno, why);
    }
    int error = dress(path, mode, owner, group, &ours, why);
    if (error) {
        unlink(path);
        return error;
    }
    *ret_path = ours;
    return 0;
}

void unix_path_remove(struct unix_path *path)
{
    struct stat stat;

    if (path->path[0] && lstat(path->path, &stat) == 0 &&
        stat.st_dev == path->device && stat.st_ino == path->inode)
        unlink(path->path);
    path->path[0] = '\0';
}
