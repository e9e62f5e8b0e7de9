/*
 * sandbox: what a daemon cannot do any more once it runs, whoever has taken
 * it over.
 *
 * - Landlock: files. Only those that were granted can be opened; nothing can
 *   be run.
 * - seccomp: system calls. Only those that a network daemon with its libraries
 *   needs. A call that is not among them fails with EPERM, so that a library
 *   that tries one takes its other way; those that only an intruder has a use
 *   for (execve, ptrace, mount, modules, ...) end the process at once.
 *
 * Both hold for threads made later, and cannot be taken back. A kernel
 * without one of them is no fault: what is missing is told.
 */
#ifndef MTASTS_DAEMON_SANDBOX_H
#define MTASTS_DAEMON_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#define SANDBOX_PATHS_MAX 64u

/*
 * A sanitizer watches from within: LeakSanitizer starts a process that traces
 * this one, and reports read files. What is tested with one runs without the
 * sandbox, and the sandbox is tested on a release build.
 */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_POSSIBLE false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_POSSIBLE false
#endif
#endif
#ifndef SANDBOX_POSSIBLE
#define SANDBOX_POSSIBLE true
#endif

struct sandbox_path {
    const char *path; /* lives as long as the sandbox */
    bool write;
    bool folder; /* the folder that it is in */
};

/* What may be opened. One that is not there is passed over. */
struct sandbox {
    struct sandbox_path paths[SANDBOX_PATHS_MAX];
    size_t count;
};

/* A file, or a folder with all in it; "" is passed over. */
void sandbox_allow_read(struct sandbox *sandbox, const char *path);

/* A file that people change, and so all of its folder: an editor puts a new
   file in the place of the old one. */
void sandbox_allow_edited(struct sandbox *sandbox, const char *path);

/* A folder in which files are made, changed and removed. */
void sandbox_allow_write(struct sandbox *sandbox, const char *path);

/* A file that we change, and so all of its folder: a database has others
   beside it, and is put aside when it is damaged. */
void sandbox_allow_kept(struct sandbox *sandbox, const char *path);

/* What the C library, OpenSSL, libunbound and libcurl read by themselves. */
void sandbox_allow_libraries(struct sandbox *sandbox);

struct sandbox_report {
    int landlock; /* version of the kernel's interface; 0: it has none */
    bool seccomp;
};

/*
 * From here on, for this process and its threads to come. No other thread may
 * be running. -MTASTS_ESYSTEM: the kernel knows it but refused; errno says
 * more. -MTASTS_ELIMIT: more paths than SANDBOX_PATHS_MAX.
 */
int sandbox_enter(const struct sandbox *sandbox,
                  struct sandbox_report *ret_report);

/* The parts of it, for tests and for processes that need one alone. */
int sandbox_landlock(const struct sandbox *sandbox, int *ret_version);
int sandbox_seccomp(bool *ret_applied);

#endif
