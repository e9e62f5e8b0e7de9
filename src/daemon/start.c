/*
 * start: the life of a daemon. See start.h.
 */
#include "daemon/start.h"

#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/pid_file.h"
#include "daemon/privileges.h"
#include "daemon/reload_report.h"
#include "daemon/start_options.h"
#include "net/inherited.h"
#include <errno.h>
#include <mtasts/error.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define STATUS_MAX 512u /* octets of the line of status */
#define PATH_TEXT_MAX 4096u

struct daemon {
    const struct daemon_role *role;
    struct start_options options;
    const char *file; /* of the configuration; "": there is none */
    struct config *config;
    struct privileges privileges;
    struct inherited *inherited;
    struct loop *loop;
    struct notify *notify;
    struct loop_watch *signals[3];
    struct sandbox sandbox;
    struct reload_report report;
    char report_path[PATH_TEXT_MAX]; /* "": not yet */
    void *state;
    int pid_file;
    bool opened;
    bool running;
    bool failed;
};

struct loop *daemon_loop(const struct daemon *daemon)
{
    return daemon->loop;
}

const struct config *daemon_config(const struct daemon *daemon)
{
    return daemon->config;
}

const struct inherited *daemon_inherited(const struct daemon *daemon)
{
    return daemon->inherited;
}

void daemon_stop(struct daemon *daemon, bool failed)
{
    daemon->failed = daemon->failed || failed;
    loop_stop(daemon->loop);
}

/* ---- what is said ---- */

static void open_log(const struct daemon *daemon)
{
    const struct config_global *global = &daemon->config->global;
    const struct log_options options = {
        .name = daemon->role->name,
        .level = (enum log_level)global->log_level,
        .target = daemon->options.foreground
                      ? LOG_TARGET_STDERR
                      : (enum log_target)global->log_target,
    };

    log_open(&options);
}

/* Always false. */
static bool complain(const char *step, const char *what, const char *why)
{
    log_say(LOG_EVENT_START_FAILED, LOG_TEXT("step", step),
            LOG_TEXT("what", what), LOG_TEXT("why", why));
    return false;
}

static void tick(void *ctx)
{
    struct daemon *daemon = ctx;
    _cleanup_buf_ struct buf status = BUF(STATUS_MAX);

    log_flush();
    if (!daemon->role->status || !daemon->running)
        return;
    daemon->role->status(daemon->state, &status);
    if (!status.error && status.len > 0)
        notify_status(daemon->notify, status.data);
}

/* ---- who asks for a reload is told what came of it ---- */

/* Without it he gives up after a while; what counts is in the log. */
static void write_report(struct daemon *daemon)
{
    daemon->report.pid = getpid();
    snprintf(daemon->report.file, sizeof(daemon->report.file), "%s",
             daemon->file);
    if (reload_report_write(&daemon->report, daemon->report_path) < 0)
        log_say(LOG_EVENT_REPORT_FAILED, LOG_TEXT("file", daemon->report_path),
                LOG_TEXT("why", strerrordesc_np(errno)));
}

static void begin_report(struct daemon *daemon)
{
    daemon->report.begun++;
    daemon->report.lines[0] = '\0';
    write_report(daemon);
}

static void end_report(struct daemon *daemon, int error)
{
    daemon->report.ended = daemon->report.begun;
    daemon->report.refused = error != 0;
    if (error && !daemon->report.lines[0])
        reload_report_add(&daemon->report, mtasts_strerror(error));
    write_report(daemon);
}

void daemon_refuse(struct daemon *daemon, const char *why)
{
    log_lines(LOG_EVENT_CONFIG_FAULT, "fault", why);
    reload_report_add(&daemon->report, why);
}

/* ---- reload ---- */

void daemon_waits(struct daemon *daemon, const char *option, const char *was,
                  const char *is)
{
    char line[128];

    if (strcmp(was, is) == 0)
        return;
    log_say(LOG_EVENT_RESTART_NEEDED, LOG_TEXT("option", option),
            LOG_TEXT("now", was), LOG_TEXT("then", is));
    snprintf(line, sizeof(line), "%s changes with the next start only", option);
    reload_report_add(&daemon->report, line);
}

/* What is taken once and for all. */
static void tell_what_waits(struct daemon *daemon, const struct config *old,
                            const struct config *new)
{
    const struct {
        const char *name;
        const char *was;
        const char *is;
    } rows[] = {
        {"user", old->global.user, new->global.user},
        {"group", old->global.group, new->global.group},
        {"state-directory", old->global.state_directory,
         new->global.state_directory},
        {"run-directory", old->global.run_directory, new->global.run_directory},
    };

    for (size_t i = 0; i < ELEMENTS(rows); i++)
        daemon_waits(daemon, rows[i].name, rows[i].was, rows[i].is);
}

/* The one that was named, or else the usual one, once it is there: all options
   have defaults. */
static void find_file(struct daemon *daemon)
{
    if (daemon->options.config)
        daemon->file = daemon->options.config;
    else if (!daemon->file || !*daemon->file)
        daemon->file =
            access(DAEMON_CONFIG_PATH, F_OK) == 0 ? DAEMON_CONFIG_PATH : "";
}

static int load(struct daemon *daemon, struct config **ret_config)
{
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);
    int error;

    if (!*daemon->file)
        return config_defaults(ret_config);
    error = config_load(daemon->file, &faults, ret_config);
    if (!error)
        return 0;
    daemon_refuse(daemon, buf_text(&faults));
    if (error == -MTASTS_EIO && daemon->running && !*daemon->config->path)
        daemon_refuse(daemon, "it was not there when the daemon was started: "
                              "restart it");
    return error;
}

void daemon_reload(struct daemon *daemon)
{
    _cleanup_config_ struct config *config = NULL;
    int error;

    find_file(daemon);
    log_say(LOG_EVENT_RELOADING, LOG_TEXT("file", daemon->file));
    notify_reloading(daemon->notify);
    begin_report(daemon);
    error = load(daemon, &config);
    if (!error && daemon->role->reload)
        error = daemon->role->reload(daemon->state, config);
    if (error) {
        log_say(LOG_EVENT_RELOAD_FAILED,
                LOG_TEXT("why", mtasts_strerror(error)));
    } else {
        struct config *old = daemon->config;

        daemon->config = TAKE_PTR(config);
        open_log(daemon);
        tell_what_waits(daemon, old, daemon->config);
        config_free(old);
        log_say(LOG_EVENT_RELOADED);
    }
    end_report(daemon, error);
    notify_ready(daemon->notify);
}

/* ---- signals ---- */

static void on_end(void *ctx)
{
    daemon_stop(ctx, false);
}

static void on_hangup(void *ctx)
{
    struct daemon *daemon = ctx;

    if (daemon->running)
        daemon_reload(daemon);
}

static bool watch_signals(struct daemon *daemon)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

    for (size_t i = 0; i < ELEMENTS(numbers); i++)
        if (loop_signal(daemon->loop, numbers[i],
                        numbers[i] == SIGHUP ? on_hangup : on_end, daemon,
                        &daemon->signals[i]) < 0)
            return complain("signals", NULL, NULL);
    return true;
}

/* ---- the steps of the start ---- */

static bool find_user(struct daemon *daemon)
{
    const struct config_global *global = &daemon->config->global;
    char why[PRIVILEGES_WHY_MAX] = "";

    return privileges_find(global->user, global->group, &daemon->privileges,
                           why) == 0 ||
           complain("user", global->user, why);
}

static bool make_folder(struct daemon *daemon, const char *path, mode_t mode)
{
    return privileges_folder(&daemon->privileges, path, mode) == 0 ||
           complain("folder", path, strerrordesc_np(errno));
}

/* Still as who started us. */
static bool open_all(struct daemon *daemon)
{
    int error;

    umask(077);
    if (!find_user(daemon) ||
        !make_folder(daemon, daemon->config->global.state_directory, 0750) ||
        !make_folder(daemon, daemon->config->global.run_directory, 0755))
        return false;
    if (inherited_new(&daemon->inherited) < 0 || loop_new(&daemon->loop) < 0 ||
        notify_new(daemon->loop, tick, daemon, &daemon->notify) < 0)
        return complain("loop", NULL, NULL);
    if (!watch_signals(daemon))
        return false;
    if (daemon->role->open) {
        error = daemon->role->open(daemon, &daemon->state);
        if (error)
            return complain("open", NULL, mtasts_strerror(error));
    }
    daemon->opened = true;
    return true;
}

/* What `mtasts run` has asked for is forgotten with a change of the user. */
static void end_with_parent(void)
{
    if (secure_getenv(LOG_SUPERVISED))
        prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
}

static bool give_up_rights(struct daemon *daemon)
{
    char why[PRIVILEGES_WHY_MAX] = "";

    if (privileges_drop(&daemon->privileges, why) < 0)
        return complain("privileges", daemon->config->global.user, why);
    if (daemon->privileges.change)
        log_say(LOG_EVENT_PRIVILEGES_DROPPED,
                LOG_TEXT("user", daemon->config->global.user),
                LOG_COUNT("uid", getuid()), LOG_COUNT("gid", getgid()));
    end_with_parent();
    if (SANDBOX_POSSIBLE && privileges_harden() < 0)
        return complain("privileges", NULL, strerrordesc_np(errno));
    return true;
}

static bool take_pid_file(struct daemon *daemon)
{
    const char *run = daemon->config->global.run_directory;
    char path[PATH_TEXT_MAX];
    int error;

    pid_file_path(run, daemon->role->name, path);
    error = pid_file_take(path, &daemon->pid_file);
    if (error == -MTASTS_ELIMIT)
        return complain("pid-file", path, "another one is running");
    if (error)
        return complain("pid-file", path, strerrordesc_np(errno));
    reload_report_path(run, daemon->role->name, daemon->report_path);
    return true;
}

static void grant_all(struct daemon *daemon)
{
    const struct config_global *global = &daemon->config->global;
    struct sandbox *sandbox = &daemon->sandbox;

    sandbox_allow_libraries(sandbox);
    sandbox_allow_read(sandbox, global->ca_file);
    sandbox_allow_read(sandbox, global->root_hints);
    sandbox_allow_read(sandbox, global->trust_anchor);
    sandbox_allow_edited(sandbox,
                         *daemon->file ? daemon->file : DAEMON_CONFIG_PATH);
    sandbox_allow_write(sandbox, global->state_directory);
    sandbox_allow_write(sandbox, global->run_directory);
    if (daemon->role->grant)
        daemon->role->grant(daemon->config, sandbox);
}

static bool enter_sandbox(struct daemon *daemon)
{
    struct sandbox_report report = {0};

    if (!SANDBOX_POSSIBLE) {
        log_say(LOG_EVENT_SANDBOX_PARTIAL,
                LOG_TEXT("why", "built with a sanitizer, which needs more"));
        return true;
    }
    grant_all(daemon);
    if (sandbox_enter(&daemon->sandbox, &report) < 0)
        return complain("sandbox", NULL, strerrordesc_np(errno));
    log_say(report.landlock && report.seccomp ? LOG_EVENT_SANDBOXED
                                              : LOG_EVENT_SANDBOX_PARTIAL,
            LOG_NUMBER("landlock", report.landlock),
            LOG_BOOL("seccomp", report.seccomp));
    return true;
}

static bool start(struct daemon *daemon)
{
    int error = 0;

    if (daemon->role->start)
        error = daemon->role->start(daemon->state);
    return error == 0 || complain("start", NULL, mtasts_strerror(error));
}

/* ---- the end ---- */

static void end(struct daemon *daemon)
{
    notify_stopping(daemon->notify);
    for (size_t i = 0; i < ELEMENTS(daemon->signals); i++)
        loop_watch_cancel(daemon->signals[i]);
    if (daemon->opened && daemon->role->stop)
        daemon->role->stop(daemon->state);
    notify_free(daemon->notify);
    loop_free(daemon->loop);
    inherited_free(daemon->inherited);
    if (*daemon->report_path)
        unlink(daemon->report_path);
    cleanup_fd(&daemon->pid_file);
    log_say(LOG_EVENT_STOPPED, LOG_BOOL("failed", daemon->failed));
    log_close();
    config_free(daemon->config);
}

/* ---- main ---- */

static int usage(const struct daemon_role *role, const char *word)
{
    fprintf(stderr, "%s: '%s' is not understood; see %s --help\n", role->name,
            word, role->name);
    return DAEMON_EXIT_USAGE;
}

static int help(const struct daemon_role *role)
{
    printf("%s: %s\n\n"
           "Usage: %s [OPTION...]\n\n"
           "  -c, --config FILE  read this file instead of %s\n"
           "  -f, --foreground   log to standard error, whatever the "
           "configuration says\n"
           "  -t, --check        look at the configuration and exit\n"
           "  -h, --help         show this and exit\n"
           "  -V, --version      show the version and exit\n\n"
           "SIGHUP: read the configuration again. SIGTERM, SIGINT: end.\n",
           role->name, role->summary, role->name, DAEMON_CONFIG_PATH);
    return DAEMON_EXIT_FINE;
}

static int check_config(const struct daemon *daemon, struct buf *faults)
{
    const struct daemon_role *role = daemon->role;
    _cleanup_config_ struct config *config = NULL;
    int error = *daemon->file ? config_load(daemon->file, faults, &config)
                              : config_defaults(&config);

    return error || !role->check ? error : role->check(config, faults);
}

/* Of --check: complaints are for people here. */
static int check(const struct daemon *daemon)
{
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);

    if (check_config(daemon, &faults) < 0) {
        fputs(buf_text(&faults), stderr);
        return DAEMON_EXIT_CONFIG;
    }
    printf("%s: fine\n",
           *daemon->file ? daemon->file : "no file, so the defaults");
    return DAEMON_EXIT_FINE;
}

static int run(struct daemon *daemon)
{
    if (load(daemon, &daemon->config) < 0)
        return DAEMON_EXIT_CONFIG;
    open_log(daemon);
    log_say(LOG_EVENT_STARTING, LOG_TEXT("version", MTASTS_VERSION),
            LOG_TEXT("config", daemon->file));
    daemon->failed =
        !(open_all(daemon) && give_up_rights(daemon) && take_pid_file(daemon) &&
          enter_sandbox(daemon) && start(daemon));
    if (!daemon->failed) {
        daemon->running = true;
        write_report(daemon);
        notify_ready(daemon->notify);
        log_say(LOG_EVENT_READY, LOG_NUMBER("pid", getpid()));
        daemon->failed = loop_run(daemon->loop) < 0 || daemon->failed;
        daemon->running = false;
        log_say(LOG_EVENT_STOPPING);
    }
    end(daemon);
    return daemon->failed ? DAEMON_EXIT_FAILED : DAEMON_EXIT_FINE;
}

int daemon_main(const struct daemon_role *role, int argc, char **argv)
{
    struct daemon daemon = {.role = role, .pid_file = -1};
    const char *word = "";

    if (start_options_parse(argc, argv, &daemon.options, &word) < 0)
        return usage(role, word);
    if (daemon.options.help)
        return help(role);
    if (daemon.options.version) {
        printf("%s %s\n", role->name, MTASTS_VERSION);
        return DAEMON_EXIT_FINE;
    }
    find_file(&daemon);
    return daemon.options.check ? check(&daemon) : run(&daemon);
}
