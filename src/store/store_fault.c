/*
 * store_fault: what is wrong with a store. See store_fault.h.
 *
 * One row a trouble: the name for machines, what it is, the way out.
 */
#include "store/store_fault.h"

#include "base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *name;
    const char *what;
    const char *way_out;
    int error;
} TROUBLES[STORE_TROUBLES] = {
    [STORE_FINE] = {"fine", "nothing is wrong", "nothing to do", 0},
    [STORE_LOCKED] = {"locked", "locked by another process",
                      "end that process (fuser -v FILE names it); it is tried "
                      "again until then",
                      -MTASTS_EIO},
    [STORE_FULL] = {"full", "no room to write to it",
                    "free some room on its file system; what is new stays in "
                    "memory until then",
                    -MTASTS_EIO},
    [STORE_READ_ONLY] = {"read-only", "its file system is mounted read-only",
                         "mount it for writing, or name another place in the "
                         "configuration",
                         -MTASTS_EIO},
    [STORE_DENIED] = {"denied", "no permission",
                      "give file and folder to the user that this runs as "
                      "(chown), or name another place in the configuration",
                      -MTASTS_EIO},
    [STORE_MISSING] = {"missing", "not there",
                       "create its folder, owned by the user that this runs "
                       "as, or name another place in the configuration",
                       -MTASTS_ENOTFOUND},
    [STORE_CORRUPT] = {"corrupt", "damaged",
                       "it is moved aside, and what can be read of it goes "
                       "into a new file; look after the disk",
                       -MTASTS_EIO},
    [STORE_NEWER] = {"newer", "written by a newer version of mtasts",
                     "install that version again, or move the file away to "
                     "begin with an empty one",
                     -MTASTS_EIO},
    [STORE_FOREIGN] = {"foreign", "not a database of mtasts",
                       "name another file in the configuration, or move this "
                       "one away",
                       -MTASTS_EIO},
    [STORE_FAILED] = {"failed", "reading or writing failed",
                      "look after the disk and at the kernel's log; it is "
                      "tried again",
                      -MTASTS_EIO},
    [STORE_NO_MEMORY] = {"no-memory", "out of memory",
                         "give this process more; it is tried again",
                         -MTASTS_ENOMEM},
    [STORE_STOPPED] = {"stopped", "given up half-way", "start it again",
                       -MTASTS_ECANCELED},
};

const char *store_trouble_name(enum store_trouble trouble)
{
    return TROUBLES[trouble].name;
}

int store_trouble_error(enum store_trouble trouble)
{
    return TROUBLES[trouble].error;
}

void store_fault_set(struct store_fault *fault, enum store_trouble trouble,
                     const char *path, const char *detail)
{
    if (!detail || !*detail)
        detail = NULL;
    fault->trouble = trouble;
    snprintf(fault->text, sizeof(fault->text), "%s: %s%s%s%s; %s", path,
             TROUBLES[trouble].what, detail ? " (" : "", detail ? detail : "",
             detail ? ")" : "", TROUBLES[trouble].way_out);
    /* It becomes a line of a log. */
    for (char *at = fault->text; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
}

/* What `errno` says of a file that could not be written. */
static enum store_trouble trouble_of(int error)
{
    switch (error) {
    case EROFS: return STORE_READ_ONLY;
    case EACCES:
    case EPERM: return STORE_DENIED;
    case ENOENT:
    case ENOTDIR: return STORE_MISSING;
    default: return STORE_FAILED;
    }
}

static enum store_trouble say(struct store_fault *fault, const char *path,
                              const char *subject, int error)
{
    enum store_trouble trouble = trouble_of(error);
    char detail[STORE_TEXT_MAX / 2];
    struct stat file;

    if (trouble == STORE_DENIED && stat(subject, &file) == 0)
        snprintf(detail, sizeof(detail),
                 "%.300s belongs to uid %u, gid %u, mode %04o; this runs as "
                 "uid %u, gid %u",
                 subject, file.st_uid, file.st_gid, file.st_mode & 07777,
                 geteuid(), getegid());
    else
        snprintf(detail, sizeof(detail), "%.300s: %s", subject,
                 strerrordesc_np(error));
    store_fault_set(fault, trouble, path, detail);
    return trouble;
}

static bool may(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

enum store_trouble store_fault_look(const char *path, struct store_fault *fault)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    _cleanup_free_ char *folder =
        !slash ? strdup(".") : strndup(path, len ? len : 1);

    if (!folder) {
        store_fault_set(fault, STORE_NO_MEMORY, path, NULL);
        return STORE_NO_MEMORY;
    }
    if (!may(path, R_OK | W_OK) && errno != ENOENT)
        return say(fault, path, path, errno);
    /* The write-ahead log is made beside it. */
    if (!may(folder, W_OK | X_OK))
        return say(fault, path, folder, errno);
    *fault = (struct store_fault){.trouble = STORE_FINE};
    return STORE_FINE;
}
