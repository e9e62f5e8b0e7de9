/*
 * ca_look: certificate authorities as an MTA sees them. See ca_look.h.
 *
 * A child goes into the chroot and becomes the MTA's user: symbolic links that
 * lead out of the chroot and files that only root may read are what people
 * overlook.
 */
#include "cli/ca_look.h"

#include "base/ascii.h"
#include "daemon/read_file.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <mtasts/error.h>
#include <string.h>
#include <sys/wait.h>

#define HASH_DIGITS 8u

unsigned ca_count(const char *text, size_t len)
{
    static const char *const begins[] = {
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN TRUSTED CERTIFICATE-----",
        "-----BEGIN X509 CERTIFICATE-----",
    };
    unsigned count = 0;
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t line = end ? (size_t)(end - text) - at : len - at;
        for (size_t i = 0; i < ELEMENTS(begins); i++) {
            size_t prefix = strlen(begins[i]);
            count +=
                line >= prefix && memcmp(text + at, begins[i], prefix) == 0;
        }
        at += line + 1;
    }
    return count;
}

void ca_look_file(const char *path, struct ca_seen *ret_seen)
{
    _cleanup_buf_ struct buf text = BUF(CA_FILE_MAX);
    *ret_seen = (struct ca_seen){0};
    int error = read_file(path, &text);
    if (error)
        ret_seen->error = error == -MTASTS_EIO ? errno : EFBIG;
    else
        ret_seen->count = ca_count(buf_text(&text), text.len);
}

bool ca_is_hash(const char *name)
{
    for (size_t i = 0; i < HASH_DIGITS; i++)
        if (!ascii_is_xdigit(name[i]))
            return false;
    name += HASH_DIGITS;
    return *name == '.' && name[1] &&
           strspn(name + 1, "0123456789") == strlen(name + 1);
}

static void count_folder(const char *path, struct ca_seen *seen)
{
    DIR *folder = opendir(path);
    if (!folder) {
        seen->error = errno;
        return;
    }
    for (;;) {
        const struct dirent *entry = readdir(folder);
        if (!entry)
            break;
        if (!ca_is_hash(entry->d_name))
            continue;
        int fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            seen->count++;
            close(fd);
        }
    }
    closedir(folder);
}

static bool become(const char *root, const struct tool_user *user)
{
    if (root && (chroot(root) < 0 || chdir("/") < 0))
        return false;
    return !user || (setgroups((size_t)user->group_count, user->groups) == 0 &&
                     setgid(user->gid) == 0 && setuid(user->uid) == 0);
}

static void report(int out, const char *path, const char *root,
                   const struct tool_user *user) __attribute__((noreturn));

static void report(int out, const char *path, const char *root,
                   const struct tool_user *user)
{
    struct ca_seen seen = {0};
    if (!become(root, user))
        _exit(1);
    count_folder(path, &seen);
    _exit(write(out, &seen, sizeof(seen)) == sizeof(seen) ? 0 : 1);
}

int ca_look_folder(const char *path, const char *root,
                   const struct tool_user *user, struct ca_seen *ret_seen)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -MTASTS_ESYSTEM;
    pid_t pid = fork();
    if (pid == 0)
        report(ends[1], path, root, user);
    close(ends[1]);
    ssize_t got = pid > 0 ? read(ends[0], ret_seen, sizeof(*ret_seen)) : -1;
    close(ends[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return got == sizeof(*ret_seen) ? 0 : -MTASTS_ESYSTEM;
}
