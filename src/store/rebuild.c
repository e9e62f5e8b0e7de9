/*
 * rebuild: a new file in the place of a damaged one. See rebuild.h.
 */
#include "store/rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <mtasts/error.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CACHE_KIB 65536u /* for a moment: rows come in no order */
#define TRIES_MAX 100u   /* damaged files of one second */

/* Those that belong to a file; the first is it itself. */
static const char *const PARTS[] = {"", "-wal", "-shm"};

static int join(char name[REBUILD_PATH_MAX], const char *path, const char *end,
                const char *part)
{
    int len = snprintf(name, REBUILD_PATH_MAX, "%s%s%s", path, end, part);

    return len > 0 && (unsigned)len < REBUILD_PATH_MAX ? 0 : -MTASTS_ETOOLONG;
}

static bool exists(const char *path)
{
    struct stat file;

    return lstat(path, &file) == 0 || errno != ENOENT;
}

static void remove_parts(const char *path, const char *end, size_t from)
{
    char name[REBUILD_PATH_MAX];

    for (size_t i = from; i < ELEMENTS(PARTS); i++)
        if (join(name, path, end, PARTS[i]) == 0)
            unlink(name);
}

/* So that a power cut leaves names and contents in step. */
static void sync_folder(const char *path)
{
    char folder[REBUILD_PATH_MAX];
    char *slash;
    _cleanup_fd_ int fd = -1;

    if (join(folder, path, "", "") < 0)
        return;
    slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder ? 1 : 0] = '\0';
    fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        fsync(fd);
}

/* The log of the file that was here must not be taken for the new one's. */
static int take_place(const char *path, const char *built)
{
    remove_parts(path, "", 1);
    if (rename(built, path) < 0)
        return -MTASTS_EIO;
    sync_folder(path);
    return 0;
}

void rebuild_settle(const char *path)
{
    char built[REBUILD_PATH_MAX];

    if (join(built, path, ".rebuild", "") < 0 || !exists(built))
        return;
    /* It was moved aside only once the new one was whole. */
    if (exists(path) || take_place(path, built) < 0)
        remove_parts(path, ".rebuild", 0);
}

static int fill(const char *path, const char *built, const atomic_bool *stop,
                struct salvaged *ret_salvaged, struct store_fault *fault)
{
    const struct db_options options = {.path = built, .cache_kib = CACHE_KIB};
    _cleanup_db_ struct db *db = NULL;
    int error = db_open(&options, &db, fault);

    if (error)
        return error;
    error = db_begin_bulk(db);
    if (error) {
        *fault = *db_fault(db);
        return error;
    }
    return salvage(path, db, stop, ret_salvaged, fault);
}

static int sync_file(const char *path, struct store_fault *fault)
{
    _cleanup_fd_ int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd >= 0 && fsync(fd) == 0)
        return 0;
    store_fault_set(fault, STORE_FAILED, path, strerrordesc_np(errno));
    return -MTASTS_EIO;
}

/* A name that nobody has, ending in the time. */
static int name_aside(const char *path, int64_t now,
                      char name[REBUILD_PATH_MAX])
{
    char end[64];
    struct tm tm;
    time_t seconds = (time_t)now;

    if (!gmtime_r(&seconds, &tm))
        return -MTASTS_EINVAL;
    for (unsigned i = 1; i <= TRIES_MAX; i++) {
        size_t len = strftime(end, sizeof(end), ".corrupt-%Y%m%dT%H%M%SZ", &tm);
        if (i > 1)
            snprintf(end + len, sizeof(end) - len, "-%u", i);
        if (join(name, path, end, "") < 0)
            return -MTASTS_ETOOLONG;
        if (!exists(name))
            return 0;
    }
    return -MTASTS_ELIMIT;
}

static int move_aside(const char *path, const char *aside)
{
    char from[REBUILD_PATH_MAX];
    char to[REBUILD_PATH_MAX];

    if (join(to, aside, "", "-wal") < 0 || join(from, path, "", "-wal") < 0)
        return -MTASTS_ETOOLONG;
    if (rename(path, aside) < 0)
        return -MTASTS_EIO;
    /* There need not be one. */
    rename(from, to);
    return 0;
}

static int swap(const char *path, const char *built, int64_t now,
                char aside[REBUILD_PATH_MAX], struct store_fault *fault)
{
    int error = name_aside(path, now, aside);

    if (!error)
        error = move_aside(path, aside);
    if (!error)
        error = take_place(path, built);
    if (error)
        store_fault_set(fault, STORE_FAILED, path,
                        error == -MTASTS_EIO ? strerrordesc_np(errno)
                                             : mtasts_strerror(error));
    return error;
}

int rebuild(const char *path, int64_t now, const atomic_bool *stop,
            struct rebuilt *ret_rebuilt, struct store_fault *fault)
{
    char built[REBUILD_PATH_MAX];
    struct rebuilt made = {{0}, ""};
    int error;

    rebuild_settle(path);
    if (join(built, path, ".rebuild", "") < 0) {
        store_fault_set(fault, STORE_FAILED, path, "its name is too long");
        return -MTASTS_ETOOLONG;
    }
    if (!exists(path)) {
        store_fault_set(fault, STORE_MISSING, path, NULL);
        return -MTASTS_ENOTFOUND;
    }
    error = fill(path, built, stop, &made.salvaged, fault);
    if (!error)
        error = sync_file(built, fault);
    if (!error)
        error = swap(path, built, now, made.aside, fault);
    if (error) {
        if (exists(path))
            remove_parts(path, ".rebuild", 0);
        return error;
    }
    /* The pages of the new file were many, and will not be again. */
    malloc_trim(0);
    *ret_rebuilt = made;
    return 0;
}
