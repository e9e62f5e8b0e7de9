/*
 * child: one process that we started. See child.h.
 *
 * Between fork and exec only functions are called that signal-safety(7)
 * lists; the environment is therefore made before.
 */
#include "daemon/child.h"

#include "base/cleanup.h"
#include "daemon/log.h"
#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>

#define CANNOT_RUN 127 /* as a shell says it */
#define CANNOT_RUN_TEXT "cannot be run\n"

/* systemd speaks to us by these, not to our children. */
static const char *const not_for_children[] = {
    "NOTIFY_SOCKET", "WATCHDOG_USEC",  "WATCHDOG_PID",
    "LISTEN_FDS",    "LISTEN_PID",     "LISTEN_FDNAMES",
    "MAINPID",       "JOURNAL_STREAM", LOG_SUPERVISED,
};

static bool is_passed_on(const char *entry)
{
    for (size_t i = 0; i < ELEMENTS(not_for_children); i++) {
        size_t len = strlen(not_for_children[i]);

        if (strncmp(entry, not_for_children[i], len) == 0 && entry[len] == '=')
            return false;
    }
    return true;
}

/* The caller frees the array; its entries are not its own. */
static char **make_environment(void)
{
    static char mark[] = LOG_SUPERVISED "=1";
    size_t count = 0;
    size_t kept = 0;
    char **entries;

    while (environ && environ[count])
        count++;
    entries = calloc(count + 2, sizeof(*entries));
    if (!entries)
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (is_passed_on(environ[i]))
            entries[kept++] = environ[i];
    entries[kept] = mark;
    return entries;
}

/* Handlers are gone with exec; what is ignored or blocked would stay so. */
static void reset_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        sigaction(number, &action, NULL); /* fails for two of them */
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
}

static void become(char *const *argv, char *const *environment, int null,
                   int output, pid_t parent) __attribute__((noreturn));

static void become(char *const *argv, char *const *environment, int null,
                   int output, pid_t parent)
{
    reset_signals();
    if (dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0)
        _exit(CANNOT_RUN);
    /* The parent may have ended before it was asked for. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) < 0 || getppid() != parent)
        _exit(CANNOT_RUN);
    execve(argv[0], argv, environment);
    if (write(STDERR_FILENO, CANNOT_RUN_TEXT, strlen(CANNOT_RUN_TEXT)) < 0)
        _exit(CANNOT_RUN);
    _exit(CANNOT_RUN);
}

int child_start(char *const *argv, pid_t *ret_pid, int *ret_output)
{
    _cleanup_free_ char **environment = make_environment();
    _cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    int ends[2];
    pid_t parent = getpid();
    pid_t pid;

    if (!environment || null < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return -MTASTS_ESYSTEM;
    pid = fork();
    if (pid == 0)
        become(argv, environment, null, ends[1], parent);
    close(ends[1]);
    if (pid < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0) {
        close(ends[0]);
        return -MTASTS_ESYSTEM;
    }
    *ret_pid = pid;
    *ret_output = ends[0];
    return 0;
}
