/*
 * pid_file: the number of a running daemon. See pid_file.h.
 */
#include "daemon/pid_file.h"

#include "base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <sys/stat.h>

#define NUMBER_MAX 24u

void pid_file_path(const char *folder, const char *name,
                   char ret_path[PID_FILE_PATH_MAX])
{
    snprintf(ret_path, PID_FILE_PATH_MAX, "%s/%s.pid", folder, name);
}

/* Locks it, and only then writes who has it. */
static int take(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char text[NUMBER_MAX];
    int len;

    if (fcntl(fd, F_SETLK, &lock) < 0)
        return errno == EAGAIN || errno == EACCES ? -MTASTS_ELIMIT
                                                  : -MTASTS_EIO;
    len = snprintf(text, sizeof(text), "%d\n", (int)getpid());
    /* Whatever the umask says: everybody may ask who it is. */
    if (fchmod(fd, 0644) < 0 || ftruncate(fd, 0) < 0 ||
        write(fd, text, (size_t)len) != len)
        return -MTASTS_EIO;
    return 0;
}

int pid_file_take(const char *path, int *ret_fd)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    int error = fd < 0 ? -MTASTS_EIO : take(fd);

    if (!error) {
        *ret_fd = fd;
    } else if (fd >= 0) {
        int saved = errno;

        close(fd);
        errno = saved;
    }
    return error;
}

int pid_file_holder(const char *path, pid_t *ret_pid)
{
    _cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fd < 0)
        return errno == ENOENT ? -MTASTS_ENOTFOUND : -MTASTS_EIO;
    if (fcntl(fd, F_GETLK, &lock) < 0)
        return -MTASTS_EIO;
    if (lock.l_type == F_UNLCK)
        return -MTASTS_ENOTFOUND;
    if (lock.l_pid <= 0) { /* to a signal this would be a group */
        errno = ESRCH;
        return -MTASTS_EIO;
    }
    *ret_pid = lock.l_pid;
    return 0;
}
