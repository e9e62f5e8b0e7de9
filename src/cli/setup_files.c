/*
 * setup_files: copies and replacements of configuration files. See
 * setup_files.h.
 */
#include "cli/setup_files.h"

#include "daemon/read_file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mtasts/error.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define FILE_MAX (16u << 20) /* octets of a configuration file */
#define STAMP_MAX 16u        /* "20260131140509" */
#define NEW_MODE 0644

static void make_stamp(char ret_stamp[STAMP_MAX])
{
    struct timespec now;
    struct tm tm = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    if (strftime(ret_stamp, STAMP_MAX, "%Y%m%d%H%M%S", &tm) == 0)
        ret_stamp[0] = '\0';
}

static int write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t gone = write(fd, text, len);
        if (gone < 0 && errno != EINTR)
            return -MTASTS_EIO;
        if (gone > 0) {
            text += gone;
            len -= (size_t)gone;
        }
    }
    return fsync(fd) == 0 ? 0 : -MTASTS_EIO;
}

/* Writes a file that must not be there yet, with mode and owner of `like`
   (NULL: our own). On failure nothing is left. */
static int make(const char *path, const struct stat *like, const char *text,
                size_t len)
{
    _cleanup_fd_ int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    int error = 0;
    if (fd < 0)
        return -MTASTS_EIO;
    if ((like && fchown(fd, like->st_uid, like->st_gid) < 0) ||
        fchmod(fd, like ? like->st_mode & 07777 : NEW_MODE) < 0)
        error = -MTASTS_EIO;
    if (!error)
        error = write_all(fd, text, len);
    if (error) {
        int why = errno;
        unlink(path);
        errno = why;
    }
    return error;
}

int setup_backup(const char *path, char ret_copy[SETUP_PATH_MAX])
{
    _cleanup_buf_ struct buf text = BUF(FILE_MAX);
    char stamp[STAMP_MAX];
    struct stat status;
    make_stamp(stamp);
    if (snprintf(ret_copy, SETUP_PATH_MAX, "%s.mtasts-%s", path, stamp) >=
        (int)SETUP_PATH_MAX)
        return -MTASTS_ETOOLONG;
    int error = stat(path, &status) < 0 ? -MTASTS_EIO : read_file(path, &text);
    return error ? error : make(ret_copy, &status, buf_text(&text), text.len);
}

int setup_replace(const char *path, const char *text, size_t len)
{
    char target[PATH_MAX];
    char new[SETUP_PATH_MAX];
    struct stat status;
    bool there = realpath(path, target) != NULL;
    if (there && stat(target, &status) < 0)
        return -MTASTS_EIO;
    if (!there && errno != ENOENT)
        return -MTASTS_EIO;
    if (!there &&
        snprintf(target, sizeof(target), "%s", path) >= (int)sizeof(target))
        return -MTASTS_ETOOLONG;
    if (snprintf(new, sizeof(new), "%s.mtasts-new", target) >= (int)sizeof(new))
        return -MTASTS_ETOOLONG;
    unlink(new); /* of one that was broken off */
    int error = make(new, there ? &status : NULL, text, len);
    if (!error && rename(new, target) < 0) {
        error = -MTASTS_EIO;
        unlink(new);
    }
    return error;
}
