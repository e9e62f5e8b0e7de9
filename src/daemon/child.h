/*
 * child: one process that we started, and what it says.
 */
#ifndef MTASTS_DAEMON_CHILD_H
#define MTASTS_DAEMON_CHILD_H

#include <sys/types.h>

/*
 * fork and exec of argv[0], with nothing open but /dev/null and a pipe for
 * what it writes, signals as at the start of a program, and without the
 * environment that systemd meant for us. It gets SIGTERM when we end.
 * *ret_output is the pipe, non-blocking, the caller's. -MTASTS_ESYSTEM; that
 * the program cannot be run shows as exit status 127.
 */
int child_start(char *const *argv, pid_t *ret_pid, int *ret_output);

#endif
