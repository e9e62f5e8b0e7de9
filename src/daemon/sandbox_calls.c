/*
 * sandbox_calls: the system calls that a daemon may make. See sandbox.h.
 *
 * What is allowed was found by running the daemons under strace(1), and what
 * their libraries do on other paths was added from their sources. A call that
 * is missing here fails with EPERM and, where the kernel audits, is told
 * there. Hot calls (read, write, epoll_wait, ...) have no conditions, so that
 * the kernel decides them from a bitmap without running the filter.
 */
#include "daemon/sandbox.h"

#include "base/cleanup.h"
#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* As in linux/netlink.h, which the layer may not include. */
#define ROUTE_PROTOCOL 0

static const char *const allowed[] = {
    /* octets in and out */
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv",
    "pwritev", "lseek", "_llseek", "close", "dup", "dup2", "dup3", "pipe",
    "pipe2", "fcntl", "fcntl64",
    /* waiting */
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "epoll_pwait2", "poll", "ppoll", "ppoll_time64", "select", "_newselect",
    "pselect6", "pselect6_time64", "eventfd2", "timerfd_create",
    "timerfd_settime", "timerfd_gettime", "clock_nanosleep",
    "clock_nanosleep_time64", "nanosleep", "restart_syscall",
    /* sockets; socket() itself has conditions */
    "bind", "connect", "listen", "accept", "accept4", "getsockname",
    "getpeername", "getsockopt", "setsockopt", "sendto", "sendmsg", "sendmmsg",
    "send", "recvfrom", "recvmsg", "recvmmsg", "recv", "shutdown",
    /* files: which ones, says Landlock */
    "open", "openat", "access", "faccessat", "faccessat2", "stat", "stat64",
    "fstat", "fstat64", "lstat", "lstat64", "newfstatat", "fstatat64", "statx",
    "statfs", "statfs64", "fstatfs", "fstatfs64", "readlink", "readlinkat",
    "getcwd", "getdents64", "unlink", "unlinkat", "rename", "renameat",
    "renameat2", "mkdir", "mkdirat", "ftruncate", "ftruncate64", "fallocate",
    "fsync", "fdatasync", "flock", "umask", "chmod", "fchmod", "fchmodat",
    "chown", "fchown", "lchown", "fchownat", "memfd_create", "utimensat",
    "fadvise64", "fadvise64_64",
    /* memory; mmap() and mprotect() have conditions */
    "brk", "munmap", "mremap", "madvise", "mlock", "munlock", "membarrier",
    "msync",
    /* threads */
    "futex", "futex_time64", "futex_waitv", "set_robust_list",
    "get_robust_list", "rseq", "set_tid_address", "gettid", "sched_yield",
    "sched_getaffinity", "getcpu", "exit", "exit_group",
    /* signals, to itself: tgkill() has conditions */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn",
    "rt_sigtimedwait", "sigaltstack",
    /* the time and who we are */
    "clock_gettime", "clock_gettime64", "clock_getres", "gettimeofday", "time",
    "times", "getpid", "getppid", "getuid", "geteuid", "getgid", "getegid",
    "getuid32", "geteuid32", "getgid32", "getegid32", "getgroups", "getresuid",
    "getresgid", "uname", "sysinfo", "getrusage", "getrlimit", "ugetrlimit",
    "getrandom"};

/* Of no use but to somebody who has taken over the process. */
static const char *const deadly[] = {
    /* other programs and processes */
    "execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev",
    "pidfd_getfd", "kcmp",
    /* other views of the file system */
    "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount",
    "fsopen", "fsmount", "mount_setattr", "setns", "unshare",
    "open_by_handle_at", "quotactl",
    /* the kernel and the machine */
    "init_module", "finit_module", "delete_module", "kexec_load",
    "kexec_file_load", "reboot", "swapon", "swapoff", "acct", "bpf",
    "perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl",
    "ioperm", "iopl", "personality", "settimeofday", "clock_settime",
    "adjtimex", "clock_adjtime", "syslog", "vhangup",
    /* other users */
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid",
    "setgroups", "setfsuid", "setfsgid", "capset"};

/* Argument `index` has this value. */
static struct scmp_arg_cmp equals(unsigned index, uint64_t value)
{
    return (struct scmp_arg_cmp){
        .arg = index, .op = SCMP_CMP_EQ, .datum_a = value};
}

/* Of the bits of `mask`, argument `index` has these set. */
static struct scmp_arg_cmp has_bits(unsigned index, uint64_t mask,
                                    uint64_t bits)
{
    return (struct scmp_arg_cmp){.arg = index,
                                 .op = SCMP_CMP_MASKED_EQ,
                                 .datum_a = mask,
                                 .datum_b = bits};
}

static int add_names(scmp_filter_ctx filter, uint32_t action,
                     const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);

        /* Other machines have other old calls. */
        if (number == __NR_SCMP_ERROR)
            continue;
        if (seccomp_rule_add(filter, action, number, 0) < 0)
            return -MTASTS_ESYSTEM;
    }
    return 0;
}

/* socket() and socketpair() of these families. */
static int add_sockets(scmp_filter_ctx filter)
{
    static const unsigned families[] = {AF_UNIX, AF_INET, AF_INET6};
    int result = 0;

    for (size_t i = 0; i < ELEMENTS(families); i++)
        result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                   equals(0, families[i]));
    /* The C library asks which addresses this machine has. */
    result |=
        seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2,
                         equals(0, AF_NETLINK), equals(2, ROUTE_PROTOCOL));
    result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1,
                               equals(0, AF_UNIX));
    return result < 0 ? -MTASTS_ESYSTEM : 0;
}

/* Memory is written or run, never both. */
static int add_memory(scmp_filter_ctx filter)
{
    static const char *const maps[] = {"mmap", "mmap2"};
    int result = 0;

    for (size_t i = 0; i < ELEMENTS(maps); i++) {
        int number = seccomp_syscall_resolve_name(maps[i]);

        if (number == __NR_SCMP_ERROR)
            continue;
        result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
                                   has_bits(2, PROT_EXEC, 0));
        result |=
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
                             has_bits(2, PROT_EXEC | PROT_WRITE, PROT_EXEC));
    }
    result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                               has_bits(2, PROT_EXEC, 0));
    return result < 0 ? -MTASTS_ESYSTEM : 0;
}

/* Threads, but no processes. */
static int add_threads(scmp_filter_ctx filter)
{
    int result = 0;

    result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                               has_bits(0, CLONE_THREAD, CLONE_THREAD));
    /* Its flags are in memory, where no filter sees them: as on a kernel that
       has no clone3(), the C library goes on with clone(). */
    result |=
        seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                               equals(0, (uint64_t)getpid()));
    return result < 0 ? -MTASTS_ESYSTEM : 0;
}

static int add_others(scmp_filter_ctx filter)
{
    static const unsigned long requests[] = {FIONREAD, FIONBIO, FIOCLEX,
                                             TCGETS};
    int result = 0;

    for (size_t i = 0; i < ELEMENTS(requests); i++)
        result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                   equals(1, requests[i]));
    result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                               equals(0, PR_SET_NAME));
    /* To read a limit, not to set one. */
    result |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
                               equals(0, 0), equals(2, 0));
    return result < 0 ? -MTASTS_ESYSTEM : 0;
}

static int fill(scmp_filter_ctx filter)
{
    int error = add_names(filter, SCMP_ACT_ALLOW, allowed, ELEMENTS(allowed));

    if (!error)
        error =
            add_names(filter, SCMP_ACT_KILL_PROCESS, deadly, ELEMENTS(deadly));
    if (!error)
        error = add_sockets(filter);
    if (!error)
        error = add_memory(filter);
    if (!error)
        error = add_threads(filter);
    if (!error)
        error = add_others(filter);
    return error;
}

int sandbox_seccomp(bool *ret_applied)
{
    scmp_filter_ctx filter;
    int error;

    *ret_applied = false;
    /* A kernel without filters: prctl() does not know the question. */
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0)
        return errno == EINVAL ? 0 : -MTASTS_ESYSTEM;
    filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return -MTASTS_ENOMEM;
    /* All threads; what is refused is told to the audit; searched as a tree. */
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    error = fill(filter);
    if (!error && seccomp_load(filter) < 0)
        error = -MTASTS_ESYSTEM;
    seccomp_release(filter);
    *ret_applied = !error;
    return error;
}
