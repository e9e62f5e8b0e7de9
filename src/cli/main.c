/*
 * mtasts: the program for people who run mail servers.
 *
 * Sets up what the whole process shares and hands over to the subcommand
 * (command.c). Exit statuses are those of monitoring plugins (complain.h).
 */
#include "cli/command.h"
#include "cli/output.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>

/* A reader that has gone is seen as EPIPE, where it can be handled. */
static void ignore_sigpipe(void)
{
    struct sigaction action = {.sa_handler = SIG_IGN};
    sigemptyset(&action.sa_mask);
    sigaction(SIGPIPE, &action, NULL);
}

/* Where 0, 1 or 2 is closed, what is opened next would take its place. Their
   use still fails, since it is opened for the other direction. */
static void open_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            return;
}

int main(int argc, char **argv)
{
    open_standard_files();
    setlocale(LC_CTYPE, "");
    ignore_sigpipe();
    size_t count = argc > 0 ? (size_t)argc - 1 : 0;
    int status = command_dispatch((const char *const *)argv + 1, count);
    /* Some file systems tell only now that the disk is full. */
    if (close(STDOUT_FILENO) != 0 && errno != EBADF && status != STATUS_UNKNOWN)
        status = output_failed(errno);
    return status;
}
