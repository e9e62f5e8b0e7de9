/*
 * pid_file: the number of a running daemon, in a file that it holds locked.
 *
 * The lock says whether it runs, not the file: after a crash the file stays
 * and means nothing. It also keeps a second daemon from the same files.
 */
#ifndef MTASTS_DAEMON_PID_FILE_H
#define MTASTS_DAEMON_PID_FILE_H

#include <sys/types.h>

#define PID_FILE_PATH_MAX 4096u /* octets, with the end */

/* Where the program `name` has it, in a run-directory. */
void pid_file_path(const char *folder, const char *name,
                   char ret_path[PID_FILE_PATH_MAX]);

/*
 * Makes the file and locks it until the process ends; *ret_fd is to stay
 * open. -MTASTS_ELIMIT: another process has it; -MTASTS_EIO: errno says more.
 */
int pid_file_take(const char *path, int *ret_fd);

/* Who holds it. -MTASTS_ENOTFOUND: nobody; -MTASTS_EIO, also where its number
   means nothing here (another PID namespace). */
int pid_file_holder(const char *path, pid_t *ret_pid);

#endif
