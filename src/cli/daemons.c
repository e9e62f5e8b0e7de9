/*
 * daemons: the table of daemons, and where their programs are.
 *
 * The folders are those of a build (all in one), of an installation (bin and
 * sbin), and of distributions that hide daemons (libexec). $PATH is not asked:
 * a program of the same version is wanted.
 */
#include "cli/daemons.h"

#include "daemon/overrides_file.h"
#include <mtasts/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define OWN_PROGRAM "/proc/self/exe"

static int check_policyd(const struct config *config, struct buf *faults)
{
    _cleanup_overrides_file_ struct overrides_file *file = NULL;
    const char *path = config->policyd.overrides;
    return *path ? overrides_file_load(path, faults, &file) : 0;
}

const struct daemon_row daemon_rows[] = {
    {.name = "policyd",
     .program = "mtasts-policyd",
     .enabled = offsetof(struct config, policyd.enabled),
     .check = check_policyd},
};

const size_t daemon_row_count = ELEMENTS(daemon_rows);

int daemons_check(const struct config *config, struct buf *faults)
{
    int worst = 0;
    for (size_t i = 0; i < daemon_row_count; i++) {
        const struct daemon_row *row = &daemon_rows[i];
        int error = row->check ? row->check(config, faults) : 0;
        worst = error ? error : worst;
    }
    return worst;
}

static bool is_program(const char *path)
{
    struct stat status;
    return access(path, X_OK) == 0 && stat(path, &status) == 0 &&
           S_ISREG(status.st_mode);
}

int daemon_find(const char *program, char ret_path[DAEMON_PATH_MAX])
{
    static const char *const places[] = {"", "/../sbin", "/../libexec"};
    char own[DAEMON_PATH_MAX];
    ssize_t len = readlink(OWN_PROGRAM, own, sizeof(own) - 1);
    char *slash = len > 0 ? memrchr(own, '/', (size_t)len) : NULL;
    if (!slash)
        return -MTASTS_ESYSTEM;
    *slash = '\0';
    for (size_t i = 0; i < ELEMENTS(places); i++) {
        char path[DAEMON_PATH_MAX];
        int used =
            snprintf(path, sizeof(path), "%s%s/%s", own, places[i], program);
        if (used < (int)sizeof(path) && is_program(path)) {
            memcpy(ret_path, path, sizeof(path));
            return 0;
        }
    }
    memcpy(ret_path, own, sizeof(own));
    return -MTASTS_ENOTFOUND;
}
