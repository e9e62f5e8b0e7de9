/*
 * mtasts reload: the running daemons read their configuration again, and who
 * has asked is told what came of it.
 *
 * SIGHUP has no answer; the report that a daemon keeps in the run-directory
 * is one (daemon/reload_report.h).
 */
#include "cli/command.h"
#include "cli/daemons.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/places.h"
#include "cli/printable.h"
#include "daemon/pid_file.h"
#include "daemon/reload_report.h"
#include <errno.h>
#include <mtasts/error.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#define WHO "reload"
#define WAIT_MS 30000u /* for one daemon: most take well under a second */
#define WAIT_MS_MAX 3600000u
#define STEP_MS 20                 /* between two looks */
#define STATUS_NONE STATUS_WARNING /* no daemon runs */

struct reload_values {
    const char *config;
    unsigned wait_ms;
};

static const struct option_row reload_options[] = {
    {.name = "config",
     .letter = 'c',
     .kind = OPTION_TEXT,
     .argument = "FILE",
     .help = "the configuration that names the run-directory",
     .offset = offsetof(struct reload_values, config)},
    {.name = OPTION_INTERNAL "wait",
     .kind = OPTION_NUMBER,
     .argument = "MS",
     .help = "how long one daemon has",
     .max = WAIT_MS_MAX,
     .offset = offsetof(struct reload_values, wait_ms)},
    {0},
};

static void reload_defaults(void *values)
{
    struct reload_values *options = values;

    options->wait_ms = WAIT_MS;
}

/* One daemon that is told. */
struct order {
    const struct daemon_row *row;
    char pid_path[PID_FILE_PATH_MAX];
    char report_path[RELOAD_REPORT_PATH_MAX];
    pid_t pid;
    struct reload_report report;
    unsigned wait_ms;
    uint64_t deadline_ms;
};

static uint64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Until its report says that more than `ended` reloads have ended; any report
   of this process will do for the first look. */
static int await(struct order *order, bool first, uint64_t ended)
{
    for (;;) {
        pid_t holder = 0;

        if (reload_report_read(order->report_path, &order->report) == 0 &&
            order->report.pid == order->pid &&
            (first || order->report.ended > ended))
            return 0;
        if (pid_file_holder(order->pid_path, &holder) < 0 ||
            holder != order->pid)
            return -MTASTS_ENOTFOUND;
        if (now_ms() >= order->deadline_ms)
            return -MTASTS_ETIMEDOUT;
        poll(NULL, 0, STEP_MS);
    }
}

static int tell_failure(const struct order *order, int error)
{
    const char *program = order->row->program;
    int pid = (int)order->pid;

    if (error == -MTASTS_ENOTFOUND)
        return complain(WHO ": %s (process %d) has ended meanwhile; its log "
                            "says why",
                        program, pid);
    return complain(WHO ": %s (process %d) has not said within %u s what came "
                        "of it; see its log",
                    program, pid, order->wait_ms / 1000);
}

static int tell_refusal(const struct order *order)
{
    _cleanup_buf_ struct buf lines = BUF(RELOAD_REPORT_LINES_MAX);

    buf_puts(&lines, order->report.lines);
    places_tell_faults(&lines);
    complain(WHO ": %s (process %d) has refused that; its old configuration "
                 "stays in force",
             order->row->program, (int)order->pid);
    return STATUS_ERROR;
}

/* "PROGRAM (process N): FILE is in force", and what waits for a restart. */
static int tell_success(const struct order *order)
{
    const char *file = order->report.file;
    _cleanup_buf_ struct buf text =
        BUF(RELOAD_REPORT_FILE_MAX * PRINTABLE_GROWTH);

    buf_printf(&text, "%s (process %d): ", order->row->program,
               (int)order->pid);
    printable(&text, file, strlen(file), printable_utf8());
    buf_puts(&text, *file ? " is in force\n" : "the defaults are in force\n");
    for (const char *at = order->report.lines; *at;) {
        size_t len = strcspn(at, "\n");

        buf_puts(&text, "  ");
        printable(&text, at, len, printable_utf8());
        buf_putc(&text, '\n');
        at += len + (at[len] == '\n');
    }
    return text.error ? complain_error(WHO, text.error)
                      : output_write(text.data, text.len);
}

static int give(struct order *order)
{
    int error;
    uint64_t begun;

    order->deadline_ms = now_ms() + order->wait_ms;
    /* One that is starting up would not hear the signal. */
    error = await(order, true, 0);
    if (error)
        return tell_failure(order, error);
    begun = order->report.begun;
    if (kill(order->pid, SIGHUP) < 0)
        return complain(WHO ": %s (process %d): %s; be root or its user",
                        order->row->program, (int)order->pid,
                        strerrordesc_np(errno));
    error = await(order, false, begun);
    if (error)
        return tell_failure(order, error);
    return order->report.refused ? tell_refusal(order) : tell_success(order);
}

/* All that run; how many. */
static size_t tell_all(const struct config *config, unsigned wait_ms,
                       int *ret_worst)
{
    _cleanup_free_ struct order *order = calloc(1, sizeof(*order));
    const char *folder = config->global.run_directory;
    size_t count = 0;

    *ret_worst = order ? STATUS_FINE : complain_error(WHO, -MTASTS_ENOMEM);
    for (size_t i = 0; i < daemon_row_count && order; i++) {
        const struct daemon_row *row = &daemon_rows[i];
        int status = STATUS_UNKNOWN;
        int error;

        order->row = row;
        order->wait_ms = wait_ms;
        pid_file_path(folder, row->program, order->pid_path);
        reload_report_path(folder, row->program, order->report_path);
        error = pid_file_holder(order->pid_path, &order->pid);
        if (error == -MTASTS_ENOTFOUND)
            continue;
        count++;
        if (error)
            complain(WHO ": %s: %s", order->pid_path, strerrordesc_np(errno));
        else
            status = give(order);
        *ret_worst = MAX_OF(*ret_worst, status);
    }
    return count;
}

static int run_reload(const struct command *command, const void *values,
                      const struct words *words)
{
    const struct reload_values *options = values;
    _cleanup_config_ struct config *config = NULL;
    int status = STATUS_UNKNOWN;
    int error;

    if (words->count > 0)
        return help_usage(command);
    error = places_load(WHO, options->config, PLACES_FIND, &config);
    if (error == -MTASTS_ESYNTAX) {
        complain(WHO ": nobody was told; what runs keeps its configuration");
        return STATUS_ERROR;
    }
    if (error)
        return STATUS_UNKNOWN;
    if (tell_all(config, options->wait_ms, &status) > 0 ||
        status != STATUS_FINE)
        return status;
    complain(WHO ": no daemon runs that has its process number in %s; 'mtasts "
                 "run' or systemctl starts them",
             config->global.run_directory);
    return STATUS_NONE;
}

const struct command command_reload = {
    .name = "reload",
    .summary = "have the running daemons read their configuration again",
    .synopsis = "",
    .about = "Waits until each has said that it has taken the configuration, "
             "or refused it and why. A file with faults is not sent to them "
             "at all. Daemons are found by their process numbers in the "
             "run-directory; each reads the file that it was started with.",
    .exit_status = "0  all that run have taken it\n1  none runs\n2  one has "
                   "refused it: its old one stays in force\n3  it could not "
                   "be told, or bad usage",
    .options = reload_options,
    .values_size = sizeof(struct reload_values),
    .defaults = reload_defaults,
    .run = run_reload,
};
