/*
 * mtasts run: the daemons that the configuration enables, for a site without
 * systemd.
 *
 * What can be known to go wrong is said before anything is started; what goes
 * wrong later is in the log, and is tried again (daemon/supervise.h).
 */
#include "cli/command.h"
#include "cli/daemons.h"
#include "cli/help.h"
#include "cli/places.h"
#include "daemon/log.h"
#include "daemon/pid_file.h"
#include "daemon/privileges.h"
#include "daemon/start.h"
#include "daemon/supervise.h"
#include <errno.h>
#include <mtasts/error.h>
#include <signal.h>
#include <string.h>

#define WHO "run"
#define WORDS_MAX 5u

struct run_values {
    const char *config;
};

static const struct option_row run_options[] = {
    {.name = "config",
     .letter = 'c',
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .help = "read this file instead of the usual one",
     .offset = offsetof(struct run_values, config)},
    {0},
};

/* What is to be started. */
struct plan {
    struct config *config;
    char file[DAEMON_PATH_MAX];
    char paths[SUPERVISE_CHILDREN_MAX][DAEMON_PATH_MAX];
    char *words[SUPERVISE_CHILDREN_MAX][WORDS_MAX];
    struct supervise_child children[SUPERVISE_CHILDREN_MAX];
    const struct daemon_row *rows[SUPERVISE_CHILDREN_MAX];
    size_t count;
};

static void plan_free(struct plan *plan)
{
    config_free(plan->config);
    free(plan);
}

DEFINE_CLEANUP(struct plan *, plan_free, plan)

/* ---- what can be known before ---- */

static bool find_program(const struct daemon_row *row,
                         char path[DAEMON_PATH_MAX])
{
    int error = daemon_find(row->program, path);

    if (error == -MTASTS_ENOTFOUND)
        complain(WHO ": there is no %s in %s, nor from there in ../sbin or "
                     "../libexec; install it there",
                 row->program, path);
    else if (error)
        complain_error(WHO, error);
    return error == 0;
}

/* The way out of a folder that cannot be used. */
static const char *way_out(const char *option)
{
    if (strcmp(option, "run-directory") == 0 &&
        !secure_getenv("XDG_RUNTIME_DIR"))
        return "set XDG_RUNTIME_DIR, or name";
    return "name";
}

/* As the daemon will make it; that of another user it makes as root. */
static bool can_use(const struct privileges *privileges, const char *option,
                    const char *path, mode_t mode)
{
    if (privileges->change || (privileges_folder(privileges, path, mode) == 0 &&
                               access(path, R_OK | W_OK | X_OK) == 0))
        return true;
    complain(WHO ": %s %s: %s; %s a folder of yours with %s in a "
                 "configuration",
             option, path, strerrordesc_np(errno), way_out(option), option);
    return false;
}

static bool can_be_user(const struct config_global *global)
{
    struct privileges privileges;
    char why[PRIVILEGES_WHY_MAX] = "";

    if (privileges_find(global->user, global->group, &privileges, why) < 0) {
        complain(WHO ": %s", why);
        return false;
    }
    return can_use(&privileges, "state-directory", global->state_directory,
                   0750) &&
           can_use(&privileges, "run-directory", global->run_directory, 0755);
}

static bool is_alone(const struct plan *plan)
{
    for (size_t i = 0; i < plan->count; i++) {
        char path[PID_FILE_PATH_MAX];
        pid_t pid;

        pid_file_path(plan->config->global.run_directory,
                      plan->rows[i]->program, path);
        if (pid_file_holder(path, &pid) == 0) {
            complain(WHO ": %s runs already, as process %d; end that first, or "
                         "give this one another run-directory",
                     plan->rows[i]->program, (int)pid);
            return false;
        }
    }
    return true;
}

/* ---- the plan ---- */

static bool add(struct plan *plan, const struct daemon_row *row)
{
    static char foreground[] = "--foreground";
    static char config[] = "--config";
    size_t at = plan->count++;
    char **words = plan->words[at];
    size_t used = 0;

    if (!find_program(row, plan->paths[at]))
        return false;
    words[used++] = plan->paths[at];
    words[used++] = foreground; /* into our log, wherever that goes */
    if (*plan->file) {
        words[used++] = config;
        words[used++] = plan->file;
    }
    plan->rows[at] = row;
    plan->children[at] = (struct supervise_child){row->name, words};
    return true;
}

/* An exit status. */
static int load(const char *file, struct plan *plan)
{
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);
    int error = places_load(WHO, file, PLACES_MAKE, &plan->config);

    if (error && error != -MTASTS_ESYNTAX)
        return STATUS_UNKNOWN;
    if (!error && daemons_check(plan->config, &faults) == 0)
        return STATUS_FINE;
    places_tell_faults(&faults);
    complain(WHO ": nothing was started; mend that first");
    return STATUS_ERROR;
}

static int make(struct plan *plan)
{
    snprintf(plan->file, sizeof(plan->file), "%s", plan->config->path);
    for (size_t i = 0; i < daemon_row_count; i++)
        if (daemon_is_enabled(&daemon_rows[i], plan->config) &&
            !add(plan, &daemon_rows[i]))
            return STATUS_UNKNOWN;
    if (plan->count == 0)
        return complain(WHO ": %s enables no daemon; set enabled = yes in the "
                            "section of one",
                        plan->file);
    return can_be_user(&plan->config->global) && is_alone(plan)
               ? STATUS_FINE
               : STATUS_UNKNOWN;
}

static void open_log(const struct config *config)
{
    const struct log_options options = {
        .name = "mtasts",
        .level = (enum log_level)config->global.log_level,
        .target = (enum log_target)config->global.log_target,
    };

    log_open(&options);
    log_say(LOG_EVENT_STARTING, LOG_TEXT("version", MTASTS_VERSION),
            LOG_TEXT("config", config->path));
}

static int run_run(const struct command *command, const void *values,
                   const struct words *words)
{
    const struct run_values *options = values;
    _cleanup_(cleanup_plan) struct plan *plan = calloc(1, sizeof(*plan));
    int status;

    if (words->count > 0)
        return help_usage(command);
    if (!plan)
        return complain_error(WHO, -MTASTS_ENOMEM);
    status = load(options->config, plan);
    if (status == STATUS_FINE)
        status = make(plan);
    if (status != STATUS_FINE)
        return status;
    open_log(plan->config);
    return supervise(plan->children, plan->count, NULL) == DAEMON_EXIT_FINE
               ? STATUS_FINE
               : STATUS_UNKNOWN;
}

const struct command command_run = {
    .name = "run",
    .summary = "start the daemons that the configuration enables, and keep "
               "them running",
    .synopsis = "",
    .about = "For a site without systemd, or to try things out. A daemon that "
             "ends is started again, after a second at first and later up to "
             "a minute; all of them log to where the configuration says. "
             "SIGTERM or Ctrl-C ends them all, SIGHUP has them read the "
             "configuration again. A user who is not root may run them too, "
             "with folders of his own.",
    .exit_status = "0  ended as told\n2  the configuration has faults\n"
                   "3  cannot be started, or bad usage",
    .options = run_options,
    .values_size = sizeof(struct run_values),
    .run = run_run,
};
