/*
 * places: where a configuration is, and the folders of daemons. See places.h.
 *
 * The variables are those of the XDG Base Directory Specification; a path in
 * them that is not absolute counts for nothing, as it says.
 */
#include "cli/places.h"

#include "cli/complain.h"
#include "cli/printable.h"
#include "daemon/start.h"
#include <mtasts/error.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PLACE_MAX 4096u /* octets of a path, with its end */
#define LINE_MAX_OUT (CONFIG_FAULTS_MAX * PRINTABLE_GROWTH)

/* ---- a user's own ---- */

static const char *absolute(const char *variable)
{
    const char *value = secure_getenv(variable);
    return value && value[0] == '/' ? value : NULL;
}

/* `name` in the folder of `variable`, or else in the folder `below` of the
   home directory, if that will do (not NULL). */
static bool own_path(const char *variable, const char *below, const char *name,
                     char ret_path[PLACE_MAX])
{
    const char *base = absolute(variable);
    const char *home = below ? absolute("HOME") : NULL;
    if (!base && !home)
        return false;
    int len =
        base ? snprintf(ret_path, PLACE_MAX, "%s/%s", base, name)
             : snprintf(ret_path, PLACE_MAX, "%s/%s/%s", home, below, name);
    return len < (int)PLACE_MAX;
}

/* Makes the folders that it is in, for the user alone. What cannot be made
   shows when it is used. */
static void make_parents(const char *path)
{
    char part[PLACE_MAX];
    for (const char *slash = strchr(path + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
        if (mkdir(part, 0700) < 0)
            continue; /* most are there */
    }
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* A folder of one's own under the name that systemd has for it. */
static void hand_on(const char *name, const char *variable, const char *below,
                    enum places_use use)
{
    char path[PLACE_MAX];
    if (!own_path(variable, below, "mtasts", path))
        return;
    if (use == PLACES_MAKE)
        make_parents(path);
    else if (!is_folder(path))
        return;
    setenv(name, path, false);
}

static void hand_on_folders(enum places_use use)
{
    if (geteuid() == 0)
        return;
    hand_on("STATE_DIRECTORY", "XDG_STATE_HOME", ".local/state", use);
    hand_on("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR", NULL, use);
}

/* ---- the configuration ---- */

/* The file that a command means without naming one; "": there is none. */
static const char *usual_file(char own[PLACE_MAX])
{
    if (geteuid() != 0 &&
        own_path("XDG_CONFIG_HOME", ".config", "mtasts/mtasts.conf", own) &&
        access(own, F_OK) == 0)
        return own;
    return access(DAEMON_CONFIG_PATH, F_OK) == 0 ? DAEMON_CONFIG_PATH : "";
}

void places_tell_faults(const struct buf *faults)
{
    _cleanup_buf_ struct buf text = BUF(LINE_MAX_OUT);
    for (const char *at = buf_text(faults); *at;) {
        size_t len = strcspn(at, "\n");
        printable(&text, at, len, printable_utf8());
        buf_putc(&text, '\n');
        at += len + (at[len] == '\n');
    }
    fputs(buf_text(&text), stderr);
}

static int tell(const char *who, int error, const struct buf *faults)
{
    const char *line = buf_text(faults);
    if (error == -MTASTS_ESYNTAX)
        places_tell_faults(faults);
    else if (error && *line)
        complain("%s: %.*s; give a file in the form of mtasts.conf(5)", who,
                 (int)strcspn(line, "\n"), line);
    else if (error)
        complain_error(who, error);
    return error;
}

int places_load(const char *who, const char *file, enum places_use use,
                struct config **ret_config)
{
    char own[PLACE_MAX];
    const char *path = file ? file : usual_file(own);
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);
    hand_on_folders(use);
    if (*path)
        return tell(who, config_load(path, &faults, ret_config), &faults);
    return tell(who, config_parse("", "", 0, &faults, ret_config), &faults);
}

int places_parse(const char *who, const char *name, const char *text,
                 size_t len, enum places_use use, struct config **ret_config)
{
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);
    hand_on_folders(use);
    return tell(who, config_parse(name, text, len, &faults, ret_config),
                &faults);
}

const char *places_name(const struct config *config)
{
    return *config->path ? config->path : "no file, so the defaults";
}
