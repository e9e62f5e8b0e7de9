/*
 * tool: a program run to its end. See tool.h.
 *
 * fork and exec rather than posix_spawn, which cannot change the user;
 * between the two only functions are called that signal-safety(7) lists.
 */
#include "cli/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <mtasts/error.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define AWAIT_MS 5     /* between looks whether it has ended */
#define CANNOT_RUN 127 /* as a shell says it */
#define PLACES "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/sbin:/bin"
#define RECORD_MAX 16384u /* octets of an entry of passwd(5) */
#define STEP 4096u        /* octets read at once */

/* ---- finding ---- */

static bool find_in(const char *places, const char *name,
                    char ret_path[TOOL_PATH_MAX])
{
    for (const char *at = places; *at;) {
        size_t len = strcspn(at, ":");
        int used =
            snprintf(ret_path, TOOL_PATH_MAX, "%.*s/%s", (int)len, at, name);
        /* A relative folder in $PATH is no place for a system's tool. */
        if (*at == '/' && used < (int)TOOL_PATH_MAX &&
            access(ret_path, X_OK) == 0)
            return true;
        at += len + (at[len] == ':');
    }
    return false;
}

int tool_find(const char *name, char ret_path[TOOL_PATH_MAX])
{
    const char *path = secure_getenv("PATH");
    if (strchr(name, '/')) {
        int used = snprintf(ret_path, TOOL_PATH_MAX, "%s", name);
        return used < (int)TOOL_PATH_MAX && access(name, X_OK) == 0
                   ? 0
                   : -MTASTS_ENOTFOUND;
    }
    return find_in(path ? path : "", name, ret_path) ||
                   find_in(PLACES, name, ret_path)
               ? 0
               : -MTASTS_ENOTFOUND;
}

int tool_user_find(const char *name, struct tool_user *ret_user)
{
    char text[RECORD_MAX];
    struct passwd record;
    struct passwd *found = NULL;
    if (getpwnam_r(name, &record, text, sizeof(text), &found) != 0 || !found)
        return -MTASTS_ENOTFOUND;
    ret_user->uid = record.pw_uid;
    ret_user->gid = record.pw_gid;
    ret_user->group_count = TOOL_GROUPS_MAX;
    return getgrouplist(name, record.pw_gid, ret_user->groups,
                        &ret_user->group_count) < 0
               ? -MTASTS_ETOOLONG
               : 0;
}

/* ---- running ---- */

struct running {
    char *argv[TOOL_WORDS_MAX + 1]; /* not ours */
    pid_t pid;
    int in;  /* what it reads; -1: closed */
    int out; /* what it prints */
    int err;
    const char *input;
    uint64_t deadline_ms;
};

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void become(const struct tool *tool, const struct running *running,
                   const char *path, const int *fds) __attribute__((noreturn));

static void become(const struct tool *tool, const struct running *running,
                   const char *path, const int *fds)
{
    const struct tool_user *user = tool->user;
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &action, NULL);
    if (tool->folder && chdir(tool->folder) < 0)
        _exit(CANNOT_RUN);
    if (user && (setgroups((size_t)user->group_count, user->groups) < 0 ||
                 setgid(user->gid) < 0 || setuid(user->uid) < 0))
        _exit(CANNOT_RUN);
    for (int i = 0; i < 3; i++)
        if (dup2(fds[i], i) < 0)
            _exit(CANNOT_RUN);
    execv(path, running->argv);
    _exit(CANNOT_RUN);
}

/* Pipes for stdin, stdout, stderr: ends[i][0] is read. */
static int open_pipes(int ends[3][2])
{
    for (int i = 0; i < 3; i++) {
        if (pipe2(ends[i], O_CLOEXEC) == 0)
            continue;
        while (i-- > 0) {
            close(ends[i][0]);
            close(ends[i][1]);
        }
        return -MTASTS_ESYSTEM;
    }
    return 0;
}

static int start(const struct tool *tool, const char *path,
                 struct running *running)
{
    int ends[3][2];
    if (open_pipes(ends) < 0)
        return -MTASTS_ESYSTEM;
    const int theirs[3] = {ends[0][0], ends[1][1], ends[2][1]};
    running->pid = fork();
    if (running->pid == 0)
        become(tool, running, path, theirs);
    for (int i = 0; i < 3; i++)
        close(theirs[i]);
    running->in = ends[0][1];
    running->out = ends[1][0];
    running->err = ends[2][0];
    fcntl(running->in, F_SETFL, O_NONBLOCK);
    return running->pid < 0 ? -MTASTS_ESYSTEM : 0;
}

/* False when there is nothing more to come. */
static bool take(int fd, struct buf *buf)
{
    char step[STEP];
    ssize_t got = read(fd, step, sizeof(step));
    if (got < 0)
        return errno == EINTR || errno == EAGAIN;
    return got > 0 && buf_append(buf, step, (size_t)got) == 0;
}

/* A program that ends without reading all of it has had enough. */
static void give(struct running *running)
{
    size_t left = strlen(running->input);
    ssize_t gone = left > 0 ? write(running->in, running->input, left) : 0;
    if (gone > 0)
        running->input += gone;
    if ((gone < 0 && errno != EAGAIN && errno != EINTR) || !*running->input)
        close_one(&running->in);
}

static int converse(struct running *running, struct tool_output *output)
{
    while (running->out >= 0 || running->err >= 0) {
        uint64_t now = now_ms();
        struct pollfd fds[3] = {{running->out, POLLIN, 0},
                                {running->err, POLLIN, 0},
                                {running->in, POLLOUT, 0}};
        if (now >= running->deadline_ms)
            return -MTASTS_ETIMEDOUT;
        if (poll(fds, 3, (int)(running->deadline_ms - now)) < 0)
            continue;
        if (fds[2].revents)
            give(running);
        if (fds[0].revents && !take(running->out, &output->out))
            close_one(&running->out);
        if (fds[1].revents && !take(running->err, &output->err))
            close_one(&running->err);
        if (output->out.error || output->err.error)
            return output->out.error ? output->out.error : output->err.error;
    }
    return 0;
}

/* Until it has ended: one may say nothing more and go on. */
static int await(const struct running *running)
{
    while (now_ms() < running->deadline_ms) {
        siginfo_t ended = {0};
        if (waitid(P_PID, (id_t)running->pid, &ended,
                   WEXITED | WNOHANG | WNOWAIT) < 0)
            return -MTASTS_ESYSTEM;
        if (ended.si_pid != 0)
            return 0;
        poll(NULL, 0, AWAIT_MS);
    }
    return -MTASTS_ETIMEDOUT;
}

/* Its exit status; one that is not to go on is ended first. */
static int bury(struct running *running, bool kill_it)
{
    int status = 0;
    close_one(&running->in);
    close_one(&running->out);
    close_one(&running->err);
    if (kill_it)
        kill(running->pid, SIGKILL);
    while (waitpid(running->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* execv takes pointers without const, and changes nothing. */
static int take_words(const struct tool *tool, struct running *running)
{
    size_t count = 0;
    while (tool->argv[count])
        count++;
    if (count > TOOL_WORDS_MAX)
        return -MTASTS_ETOOLONG;
    memcpy(running->argv, tool->argv, count * sizeof(*running->argv));
    return 0;
}

int tool_run(const struct tool *tool, struct tool_output *ret_output)
{
    char path[TOOL_PATH_MAX];
    struct running running = {.in = -1, .out = -1, .err = -1};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    tool_output_clear(ret_output);
    int error = tool_find(tool->argv[0], path);
    if (error)
        return error;
    running.input = tool->input ? tool->input : "";
    running.deadline_ms =
        now_ms() + (tool->deadline_ms ? tool->deadline_ms : TOOL_MS);
    sigaction(SIGPIPE, &ignore, &before); /* it may not read its input */
    error = take_words(tool, &running);
    if (!error)
        error = start(tool, path, &running);
    if (!error)
        error = converse(&running, ret_output);
    if (!error)
        error = await(&running);
    if (running.pid > 0)
        ret_output->status = bury(&running, error != 0);
    sigaction(SIGPIPE, &before, NULL);
    /* No tool of an MTA ends so by itself. */
    return !error && ret_output->status == CANNOT_RUN ? -MTASTS_ESYSTEM : error;
}

void tool_why(const struct tool_output *output, char *ret_why, size_t size)
{
    const char *text = buf_text(&output->err);
    size_t len = output->err.len;
    while (len > 0 && text[len - 1] == '\n')
        len--;
    /* The last line is what it gave up for. */
    const char *line = len > 0 ? memrchr(text, '\n', len) : NULL;
    if (line)
        len -= (size_t)(line + 1 - text);
    if (len > 0)
        snprintf(ret_why, size, "%.*s", (int)len, line ? line + 1 : text);
    else
        snprintf(ret_why, size, "it ended with status %d", output->status);
}

void tool_output_clear(struct tool_output *output)
{
    buf_clear(&output->out);
    buf_clear(&output->err);
    output->status = 0;
}
