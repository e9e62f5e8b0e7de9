/*
 * supervise: a few daemons as children of one process. See supervise.h.
 */
#include "daemon/supervise.h"

#include "daemon/child.h"
#include "daemon/log.h"
#include <errno.h>
#include <mtasts/error.h>
#include <signal.h>
#include <sys/wait.h>

#define PIECE_MAX 4096u /* read at once from a child */
#define PIECES_MAX 64u  /* read in a row, so that others have their turn */

struct child {
    struct supervisor *supervisor;
    const struct supervise_child *what;
    pid_t pid;  /* 0: does not run */
    int output; /* -1: none */
    struct loop_watch *watch;
    struct loop_timer *restart;
    uint64_t started_ms;
    uint32_t wait_ms; /* before the next start */
    struct buf line;  /* what it has said of a line so far */
};

struct supervisor {
    struct loop *loop;
    struct supervise_times times;
    supervise_ended_fn *ended;
    void *ctx;
    struct loop_watch *on_child;
    struct loop_timer *deadline;
    struct loop_timer *goodbye;
    bool stopping;
    size_t count;
    struct child children[SUPERVISE_CHILDREN_MAX];
};

/* ---- what children say ---- */

static void end_line(struct child *child)
{
    if (child->line.len > 0)
        log_relay(child->what->name, child->line.data, child->line.len);
    buf_clear(&child->line);
}

/* A line that is too long is told in pieces. */
static void take(struct child *child, const char *data, size_t len)
{
    while (len > 0) {
        const char *end = memchr(data, '\n', len);
        size_t part = end ? (size_t)(end - data) : len;

        if (child->line.len + part > LOG_RELAY_MAX)
            part = LOG_RELAY_MAX - child->line.len;
        buf_append(&child->line, data, part);
        data += part;
        len -= part;
        if (len > 0) {
            end_line(child);
            if (*data == '\n') {
                data++;
                len--;
            }
        }
    }
}

static void close_output(struct child *child)
{
    end_line(child);
    loop_watch_cancel(child->watch);
    child->watch = NULL;
    cleanup_fd(&child->output);
    child->output = -1;
}

static void on_output(void *ctx, int fd, unsigned events)
{
    struct child *child = ctx;
    char piece[PIECE_MAX];

    (void)events;
    for (unsigned i = 0; i < PIECES_MAX; i++) {
        ssize_t got = read(fd, piece, sizeof(piece));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0) {
            close_output(child);
            return;
        }
        take(child, piece, (size_t)got);
    }
}

/* ---- start, and start again ---- */

static void start(struct child *child);

static void on_restart(void *ctx)
{
    struct child *child = ctx;

    child->restart = NULL;
    start(child);
}

static void start_later(struct child *child)
{
    const struct supervise_times *times = &child->supervisor->times;

    if (child->started_ms &&
        loop_now_ms(child->supervisor->loop) - child->started_ms >=
            times->well_ms)
        child->wait_ms = times->first_ms;
    log_say(LOG_EVENT_CHILD_RESTARTS, LOG_TEXT("daemon", child->what->name),
            LOG_COUNT("wait_ms", child->wait_ms));
    loop_timer(child->supervisor->loop, child->wait_ms, on_restart, child,
               &child->restart);
    child->wait_ms = MIN_OF(child->wait_ms * 2, times->most_ms);
}

static void start(struct child *child)
{
    struct loop *loop = child->supervisor->loop;

    if (child->output >= 0)
        close_output(child);
    child->started_ms = loop_now_ms(loop);
    if (child_start(child->what->argv, &child->pid, &child->output) < 0) {
        child->pid = 0;
        log_say(LOG_EVENT_CHILD_ENDED, LOG_TEXT("daemon", child->what->name),
                LOG_TEXT("why", strerrordesc_np(errno)));
        start_later(child);
        return;
    }
    log_say(LOG_EVENT_CHILD_STARTED, LOG_TEXT("daemon", child->what->name),
            LOG_NUMBER("pid", child->pid));
    if (loop_watch(loop, child->output, LOOP_READ, on_output, child,
                   &child->watch) < 0)
        close_output(child); /* it runs all the same, unheard */
}

/* ---- the end of a child ---- */

static bool any_runs(const struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->count; i++)
        if (supervisor->children[i].pid > 0)
            return true;
    return false;
}

static void on_goodbye(void *ctx)
{
    struct supervisor *supervisor = ctx;

    supervisor->goodbye = NULL;
    supervisor->ended(supervisor->ctx);
}

/* Says it once, later, when nobody is left. */
static void say_goodbye(struct supervisor *supervisor)
{
    if (!supervisor->stopping || any_runs(supervisor) || supervisor->goodbye)
        return;
    loop_timer_cancel(supervisor->deadline);
    supervisor->deadline = NULL;
    loop_timer(supervisor->loop, 0, on_goodbye, supervisor,
               &supervisor->goodbye);
}

static void tell_end(const struct child *child, int status)
{
    if (WIFSIGNALED(status))
        log_say(LOG_EVENT_CHILD_ENDED, LOG_TEXT("daemon", child->what->name),
                LOG_NUMBER("pid", child->pid),
                LOG_TEXT("signal", sigabbrev_np(WTERMSIG(status))));
    else
        log_say(LOG_EVENT_CHILD_ENDED, LOG_TEXT("daemon", child->what->name),
                LOG_NUMBER("pid", child->pid),
                LOG_NUMBER("status", WEXITSTATUS(status)));
}

static void on_child(void *ctx)
{
    struct supervisor *supervisor = ctx;

    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];
        int status = 0;

        /* One signal may stand for several children. */
        if (child->pid <= 0 ||
            waitpid(child->pid, &status, WNOHANG) != child->pid)
            continue;
        if (child->output >= 0)
            on_output(child, child->output, LOOP_READ);
        tell_end(child, status);
        child->pid = 0;
        if (!supervisor->stopping)
            start_later(child);
    }
    say_goodbye(supervisor);
}

/* ---- orders ---- */

void supervisor_reload(struct supervisor *supervisor)
{
    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];

        if (child->pid > 0) {
            kill(child->pid, SIGHUP);
        } else if (child->restart) {
            loop_timer_cancel(child->restart);
            child->restart = NULL;
            child->wait_ms = supervisor->times.first_ms;
            start(child);
        }
    }
}

static void on_deadline(void *ctx)
{
    struct supervisor *supervisor = ctx;

    supervisor->deadline = NULL;
    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];

        if (child->pid <= 0)
            continue;
        log_say(LOG_EVENT_CHILD_KILLED, LOG_TEXT("daemon", child->what->name),
                LOG_NUMBER("pid", child->pid));
        kill(child->pid, SIGKILL);
    }
}

void supervisor_stop(struct supervisor *supervisor)
{
    if (supervisor->stopping)
        return;
    supervisor->stopping = true;
    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];

        loop_timer_cancel(child->restart);
        child->restart = NULL;
        if (child->pid > 0)
            kill(child->pid, SIGTERM);
    }
    if (loop_timer(supervisor->loop, supervisor->times.deadline_ms, on_deadline,
                   supervisor, &supervisor->deadline) < 0)
        on_deadline(supervisor);
    say_goodbye(supervisor);
}

/* ---- making one ---- */

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

static void set_times(struct supervisor *supervisor,
                      const struct supervise_times *times)
{
    const struct supervise_times none = {0};

    if (!times)
        times = &none;
    supervisor->times = (struct supervise_times){
        .first_ms = or_default(times->first_ms, SUPERVISE_FIRST_MS),
        .most_ms = or_default(times->most_ms, SUPERVISE_MOST_MS),
        .well_ms = or_default(times->well_ms, SUPERVISE_WELL_MS),
        .deadline_ms = or_default(times->deadline_ms, SUPERVISE_DEADLINE_MS),
    };
}

int supervisor_new(struct loop *loop, const struct supervise_child *children,
                   size_t count, const struct supervise_times *times,
                   supervise_ended_fn *ended, void *ctx,
                   struct supervisor **ret_supervisor)
{
    _cleanup_supervisor_ struct supervisor *supervisor = NULL;

    if (count > SUPERVISE_CHILDREN_MAX)
        return -MTASTS_ELIMIT;
    supervisor = calloc(1, sizeof(*supervisor));
    if (!supervisor)
        return -MTASTS_ENOMEM;
    supervisor->loop = loop;
    supervisor->ended = ended;
    supervisor->ctx = ctx;
    set_times(supervisor, times);
    if (loop_signal(loop, SIGCHLD, on_child, supervisor,
                    &supervisor->on_child) < 0)
        return -MTASTS_ESYSTEM;
    for (; supervisor->count < count; supervisor->count++) {
        struct child *child = &supervisor->children[supervisor->count];

        child->supervisor = supervisor;
        child->what = &children[supervisor->count];
        child->output = -1;
        child->wait_ms = supervisor->times.first_ms;
        buf_init(&child->line, LOG_RELAY_MAX);
    }
    for (size_t i = 0; i < count; i++)
        start(&supervisor->children[i]);
    *ret_supervisor = TAKE_PTR(supervisor);
    return 0;
}

void supervisor_free(struct supervisor *supervisor)
{
    if (!supervisor)
        return;
    for (size_t i = 0; i < supervisor->count; i++) {
        struct child *child = &supervisor->children[i];

        loop_timer_cancel(child->restart);
        if (child->pid > 0) {
            kill(child->pid, SIGKILL);
            waitpid(child->pid, NULL, 0);
        }
        close_output(child);
    }
    loop_watch_cancel(supervisor->on_child);
    loop_timer_cancel(supervisor->deadline);
    loop_timer_cancel(supervisor->goodbye);
    free(supervisor);
}
