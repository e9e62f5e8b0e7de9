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
#define NEW_FOLDER_MODE 0755

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

static bool says(const struct buf *text, const struct buf *was)
{
    return text->len == was->len &&
           memcmp(buf_text(text), buf_text(was), was->len) == 0;
}

int setup_backup(const char *path, const struct buf *was,
                 char ret_copy[SETUP_PATH_MAX])
{
    _cleanup_buf_ struct buf text = BUF(FILE_MAX);
    char stamp[STAMP_MAX];
    struct stat status;
    make_stamp(stamp);
    if (snprintf(ret_copy, SETUP_PATH_MAX, "%s.mtasts-%s", path, stamp) >=
        (int)SETUP_PATH_MAX)
        return -MTASTS_ETOOLONG;
    int error = stat(path, &status) < 0 ? -MTASTS_EIO : read_file(path, &text);
    if (!error && was && !says(&text, was))
        error = -MTASTS_ECANCELED;
    return error ? error : make(ret_copy, &status, buf_text(&text), text.len);
}

/* Makes the text that is to be at `path`, beside it. */
static int make_new(const char *path, const struct stat *like, const char *text,
                    size_t len, char ret_new[SETUP_PATH_MAX])
{
    if (snprintf(ret_new, SETUP_PATH_MAX, "%s.mtasts-new", path) >=
        (int)SETUP_PATH_MAX)
        return -MTASTS_ETOOLONG;
    unlink(ret_new); /* of one that was broken off */
    return make(ret_new, like, text, len);
}

/* -MTASTS_EIO, errno as it was, and the new file away, where it is not 0. */
static int settle(int failed, const char *new)
{
    int why = errno;
    if (failed)
        unlink(new);
    errno = why;
    return failed ? -MTASTS_EIO : 0;
}

int setup_replace(const char *path, const char *text, size_t len)
{
    char target[PATH_MAX];
    char new[SETUP_PATH_MAX];
    struct stat status;
    if (!realpath(path, target) || stat(target, &status) < 0)
        return -MTASTS_EIO;
    int error = make_new(target, &status, text, len, new);
    return error ? error : settle(rename(new, target), new);
}

static void make_folder(const char *path)
{
    char folder[SETUP_PATH_MAX];
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return;
    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    if (mkdir(folder, NEW_FOLDER_MODE) < 0)
        return; /* it is there, or what follows fails */
}

int setup_create(const char *path, const char *text, size_t len)
{
    char new[SETUP_PATH_MAX];
    make_folder(path);
    int error = make_new(path, NULL, text, len, new);
    if (error)
        return error;
    /* Unlike rename(2), link(2) takes nothing's place. */
    error = settle(link(new, path), new);
    if (!error)
        unlink(new);
    return error;
}

const char *setup_files_why(int error)
{
    if (error == -MTASTS_EIO)
        return strerrordesc_np(errno);
    if (error == -MTASTS_ECANCELED)
        return "somebody has changed it meanwhile, and it was left alone; run "
               "this again";
    return mtasts_strerror(error);
}
