/*
 * mtasts: the program for people who run mail servers.
 *
 * Sets up what the whole process shares and hands over to the subcommand
 * (command.c). Exit statuses are those of monitoring plugins (complain.h).
 */
#include "cli/command.h"
#include "cli/output.h"
#include <errno.h>
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

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    ignore_sigpipe();
    size_t count = argc > 0 ? (size_t)argc - 1 : 0;
    int status = command_dispatch((const char *const *)argv + 1, count);
    /* Some file systems tell only now that the disk is full. */
    if (close(STDOUT_FILENO) != 0 && errno != EBADF && status != STATUS_UNKNOWN)
        status = output_failed(errno);
    return status;
}
