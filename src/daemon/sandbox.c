/*
 * sandbox: what a daemon cannot do any more. See sandbox.h.
 *
 * This file says what is allowed of files; sandbox_calls.c of system calls.
 * glibc has no functions for Landlock, so the calls are made by number.
 */
#include "daemon/sandbox.h"

#include "base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <mtasts/error.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define PATH_TEXT_MAX 4096u

/* Rights that the headers of Debian 12 do not know yet. */
#define RIGHT_TRUNCATE (UINT64_C(1) << 14)  /* version 3 */
#define RIGHT_IOCTL_DEV (UINT64_C(1) << 15) /* version 5 */

#define RIGHTS_1                                                               \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |              \
     LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |              \
     LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |          \
     LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |              \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |              \
     LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |            \
     LANDLOCK_ACCESS_FS_MAKE_SYM)

#define RIGHTS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define RIGHTS_WRITE                                                           \
    (RIGHTS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE |            \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |              \
     LANDLOCK_ACCESS_FS_REMOVE_FILE)
/* What can be said of a file that is no folder. */
#define RIGHTS_FILE                                                            \
    (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |            \
     RIGHT_TRUNCATE)

/* The part of a right that this version of the interface knows. */
static uint64_t known_rights(int version)
{
    uint64_t rights = RIGHTS_1;

    if (version >= 2)
        rights |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        rights |= RIGHT_TRUNCATE;
    if (version >= 5)
        rights |= RIGHT_IOCTL_DEV;
    return rights;
}

static void allow(struct sandbox *sandbox, struct sandbox_path path)
{
    if (!*path.path)
        return;
    if (sandbox->count < SANDBOX_PATHS_MAX)
        sandbox->paths[sandbox->count] = path;
    sandbox->count++; /* past the maximum: sandbox_enter() says so */
}

void sandbox_allow_read(struct sandbox *sandbox, const char *path)
{
    allow(sandbox, (struct sandbox_path){.path = path});
}

void sandbox_allow_edited(struct sandbox *sandbox, const char *path)
{
    allow(sandbox, (struct sandbox_path){.path = path, .folder = true});
}

void sandbox_allow_write(struct sandbox *sandbox, const char *path)
{
    allow(sandbox, (struct sandbox_path){.path = path, .write = true});
}

void sandbox_allow_kept(struct sandbox *sandbox, const char *path)
{
    allow(sandbox,
          (struct sandbox_path){.path = path, .write = true, .folder = true});
}

void sandbox_allow_libraries(struct sandbox *sandbox)
{
    static const char *const paths[] = {
        /* OpenSSL's settings, certificates and what they are links to */
        "/etc/ssl",
        "/usr/lib/ssl",
        "/usr/share/ca-certificates",
        "/usr/local/share/ca-certificates",
        /* look-ups; resolv.conf is often a link to one of the folders */
        "/usr/share/dns",
        "/etc/resolv.conf",
        "/run/systemd/resolve",
        "/run/resolvconf",
        "/run/NetworkManager",
        "/etc/hosts",
        "/etc/host.conf",
        "/etc/nsswitch.conf",
        "/etc/gai.conf",
        "/etc/services",
        "/etc/protocols",
        /* names of users and groups, for sockets made at a reload */
        "/etc/passwd",
        "/etc/group",
        /* libraries that are loaded when they are needed */
        "/etc/ld.so.cache",
        "/usr/lib",
        "/usr/lib64",
        "/etc/localtime",
        "/usr/share/zoneinfo",
        /* what the allocator and counters of processors ask */
        "/proc/self",
        "/proc/sys/vm",
        "/proc/stat",
        "/proc/meminfo",
        "/sys/devices/system/cpu",
        "/dev/urandom",
        "/dev/random",
    };

    for (size_t i = 0; i < ELEMENTS(paths); i++)
        sandbox_allow_read(sandbox, paths[i]);
    sandbox_allow_write(sandbox, "/dev/null");
}

/* What is meant, opened to be named. A file right under / stays itself. */
static int open_path(const struct sandbox_path *path)
{
    const char *slash = strrchr(path->path, '/');
    char folder[PATH_TEXT_MAX];

    if (!path->folder || slash == path->path)
        return open(path->path, O_PATH | O_CLOEXEC);
    snprintf(folder, sizeof(folder), "%.*s",
             slash ? (int)(slash - path->path) : 1, slash ? path->path : ".");
    return open(folder, O_PATH | O_CLOEXEC);
}

/* One rule; a path that is not there is none. */
static int add_path(int ruleset, const struct sandbox_path *path,
                    uint64_t known)
{
    _cleanup_fd_ int fd = open_path(path);
    struct landlock_path_beneath_attr rule = {.parent_fd = fd};
    struct stat status;

    if (fd < 0)
        return errno == ENOENT || errno == EACCES || errno == ENOTDIR
                   ? 0
                   : -MTASTS_ESYSTEM;
    if (fstat(fd, &status) < 0)
        return -MTASTS_ESYSTEM;
    rule.allowed_access = (path->write ? RIGHTS_WRITE : RIGHTS_READ) & known;
    if (!S_ISDIR(status.st_mode))
        rule.allowed_access &= RIGHTS_FILE;
    return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
                   &rule, 0) < 0
               ? -MTASTS_ESYSTEM
               : 0;
}

int sandbox_landlock(const struct sandbox *sandbox, int *ret_version)
{
    struct landlock_ruleset_attr attributes = {0};
    _cleanup_fd_ int ruleset = -1;
    int version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0,
                               LANDLOCK_CREATE_RULESET_VERSION);

    *ret_version = 0;
    if (sandbox->count > SANDBOX_PATHS_MAX)
        return -MTASTS_ELIMIT;
    if (version < 1)
        return 0; /* too old, or switched off */
    attributes.handled_access_fs = known_rights(version);
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes,
                           sizeof(attributes), 0);
    if (ruleset < 0)
        return -MTASTS_ESYSTEM;
    for (size_t i = 0; i < sandbox->count; i++) {
        int error =
            add_path(ruleset, &sandbox->paths[i], attributes.handled_access_fs);

        if (error)
            return error;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
        return -MTASTS_ESYSTEM;
    *ret_version = version;
    return 0;
}

int sandbox_enter(const struct sandbox *sandbox,
                  struct sandbox_report *ret_report)
{
    struct sandbox_report report = {0};
    int error = sandbox_landlock(sandbox, &report.landlock);

    if (!error)
        error = sandbox_seccomp(&report.seccomp);
    if (!error)
        *ret_report = report;
    return error;
}
