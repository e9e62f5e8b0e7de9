/*
 * daemon_driver: a daemon that does what it is told, good or bad.
 *
 * It is started as every daemon of the project is (daemon/start.h) and
 * listens on RUN/driver.sock. One line there is one order, one line comes
 * back: "ok", a word of the order, or the name of the error that the system
 * gave. What the sandbox forbids is tried in all earnest.
 */
#include "base/arena.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "daemon/log.h"
#include "daemon/metrics.h"
#include "daemon/start.h"
#include "net/fetch.h"
#include "net/inherited.h"
#include "net/resolver.h"
#include "net/tls.h"
#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#define ORDER_MAX 1024
#define ARENA_MAX (1u << 20)
#define REFUSED_RETRY 13u /* policyd.retry that the role does not take */
#define REFUSED_WORDS 14u /* and says why */

struct driver {
    struct daemon *daemon;
    int listener;
    int client; /* whose order is under way; -1: none */
    struct loop_watch *watch;
    struct loop_watch *given[2]; /* of systemd */
    struct resolver *resolver;
    struct fetcher *fetcher;
    struct address_guard guard;
    struct arena *arena;
    char path[108];
    char words[4][ORDER_MAX];
};

static void reply(struct driver *driver, const char *text)
{
    char line[ORDER_MAX + 2];
    int len = snprintf(line, sizeof(line), "%s\n", text);

    if (write(driver->client, line, (size_t)len) != len)
        log_say(LOG_EVENT_STOPPING);
    close(driver->client);
    driver->client = -1;
}

/* ---- orders: each returns 0 or an errno ---- */

static int order_open(struct driver *driver)
{
    _cleanup_fd_ int fd = open(driver->words[1], O_RDONLY | O_CLOEXEC);

    return fd < 0 ? errno : 0;
}

static int order_write(struct driver *driver)
{
    _cleanup_fd_ int fd =
        open(driver->words[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    return fd < 0 || write(fd, "x", 1) != 1 ? errno : 0;
}

static int order_unlink(struct driver *driver)
{
    return unlink(driver->words[1]) < 0 ? errno : 0;
}

static int order_rename(struct driver *driver)
{
    return rename(driver->words[1], driver->words[2]) < 0 ? errno : 0;
}

static int order_link(struct driver *driver)
{
    return symlink("/etc/shadow", driver->words[1]) < 0 ? errno : 0;
}

static int order_exec(struct driver *driver)
{
    char *const words[] = {driver->words[1], NULL};
    char *const none[] = {NULL};

    execve(driver->words[1], words, none);
    return errno;
}

static int order_fork(struct driver *driver)
{
    pid_t child = fork();

    (void)driver;
    if (child == 0)
        _exit(0);
    if (child > 0)
        waitpid(child, NULL, 0);
    return child < 0 ? errno : 0;
}

static int order_ptrace(struct driver *driver)
{
    (void)driver;
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0 ? errno : 0;
}

static int order_setuid(struct driver *driver)
{
    (void)driver;
    return setuid(0) < 0 ? errno : 0;
}

static int order_unshare(struct driver *driver)
{
    (void)driver;
    return syscall(SYS_unshare, 0) < 0 ? errno : 0;
}

static int order_kill(struct driver *driver)
{
    (void)driver;
    return kill(getppid(), 0) < 0 ? errno : 0;
}

static int order_packet(struct driver *driver)
{
    _cleanup_fd_ int fd = socket(AF_PACKET, SOCK_RAW, 0);

    (void)driver;
    return fd < 0 ? errno : 0;
}

static int order_clone3(struct driver *driver)
{
    (void)driver;
    return syscall(SYS_clone3, NULL, 0) < 0 ? errno : 0;
}

static int order_both(struct driver *driver)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)driver;
    return memory == MAP_FAILED ? errno : 0;
}

static int order_run(struct driver *driver)
{
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)driver;
    if (memory == MAP_FAILED)
        return errno;
    return mprotect(memory, 4096, PROT_READ | PROT_EXEC) < 0 ? errno : 0;
}

static int order_limit(struct driver *driver)
{
    struct rlimit limit = {1024, 1024};

    (void)driver;
    return setrlimit(RLIMIT_CORE, &limit) < 0 ? errno : 0;
}

static void *thread_main(void *ctx)
{
    *(bool *)ctx = true;
    return NULL;
}

static int order_thread(struct driver *driver)
{
    pthread_t thread;
    bool ran = false;
    int error = pthread_create(&thread, NULL, thread_main, &ran);

    (void)driver;
    if (!error)
        error = pthread_join(thread, NULL);
    return error ? error : ran ? 0 : EFAULT;
}

/* A database in WAL mode, as the store uses it. */
static int order_sqlite(struct driver *driver)
{
    sqlite3 *db = NULL;
    int error = sqlite3_open(driver->words[1], &db);

    if (!error)
        error = sqlite3_exec(
            db,
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
            "CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1); COMMIT;"
            "PRAGMA wal_checkpoint(TRUNCATE); VACUUM;",
            NULL, NULL, NULL);
    sqlite3_close(db);
    return error ? EIO : 0;
}

static int order_log(struct driver *driver)
{
    uint64_t times = 0;

    if (number_parse(driver->words[1], strlen(driver->words[1]), 100000,
                     &times) < 0)
        return EINVAL;
    while (times-- > 0)
        log_say(LOG_EVENT_RELOADED, LOG_TEXT("why", driver->words[2]));
    return 0;
}

static int order_hang(struct driver *driver)
{
    (void)driver;
    for (;;)
        pause();
    return 0;
}

static int order_stop(struct driver *driver)
{
    daemon_stop(driver->daemon, strcmp(driver->words[1], "failed") == 0);
    return 0;
}

static int order_abort(struct driver *driver)
{
    (void)driver;
    abort();
    return 0;
}

static const struct {
    const char *word;
    int (*run)(struct driver *driver);
} orders[] = {
    {"open", order_open},     {"write", order_write},
    {"unlink", order_unlink}, {"rename", order_rename},
    {"link", order_link},     {"exec", order_exec},
    {"fork", order_fork},     {"ptrace", order_ptrace},
    {"setuid", order_setuid}, {"unshare", order_unshare},
    {"kill", order_kill},     {"packet", order_packet},
    {"clone3", order_clone3}, {"both", order_both},
    {"run", order_run},       {"limit", order_limit},
    {"thread", order_thread}, {"sqlite", order_sqlite},
    {"log", order_log},       {"hang", order_hang},
    {"stop", order_stop},     {"abort", order_abort},
};

/* ---- orders that take their time: with the project's own libraries ---- */

static void on_answer(void *ctx, const struct dns_answer *answer)
{
    char text[64];

    snprintf(text, sizeof(text), "%s, %zu records",
             lookup_status_name(answer->status), answer->count);
    reply(ctx, text);
}

/* resolve NAME */
static int resolve(struct driver *driver)
{
    const struct config_global *global = &daemon_config(driver->daemon)->global;
    const struct resolver_options options = {
        .forward = *global->resolver ? global->resolver : NULL,
        .trust_anchor = *global->trust_anchor ? global->trust_anchor : NULL,
    };
    int error = 0;

    if (!driver->resolver)
        error = resolver_new(daemon_loop(driver->daemon), &options,
                             &driver->resolver);
    if (!error)
        error = resolver_ask(driver->resolver, driver->words[1], RR_TXT, 3000,
                             on_answer, driver, NULL);
    return error;
}

static void on_fetched(void *ctx, const struct fact_fetch *fact)
{
    char text[64];

    snprintf(text, sizeof(text), "%s, %zu octets",
             fetch_status_name(fact->status), fact->body.len);
    reply(ctx, text);
}

/* fetch HOST ADDRESS PORT */
static int fetch(struct driver *driver)
{
    const char *ca = daemon_config(driver->daemon)->global.ca_file;
    struct fact_address address = {.text = driver->words[2], .allowed = true};
    struct fetch_request request = {
        .host = driver->words[1],
        .addresses = &address,
        .address_count = 1,
        .deadline_ms = 5000,
    };
    struct fetcher_options options = {.guard = &driver->guard};
    uint64_t port = 0;
    int error = 0;

    driver->guard.allow_all = true;
    number_parse(driver->words[3], strlen(driver->words[3]), 65535, &port);
    request.port = (uint16_t)port;
    if (!driver->arena)
        error = arena_new(ARENA_MAX, &driver->arena);
    request.arena = driver->arena;
    if (!error && !driver->fetcher) {
        error = tls_store_new(ca, &options.store);
        if (!error)
            error = fetcher_new(daemon_loop(driver->daemon), &options,
                                &driver->fetcher);
        X509_STORE_free(options.store);
    }
    if (!error)
        error =
            fetch_start(driver->fetcher, &request, on_fetched, driver, NULL);
    return error;
}

/* ---- the role ---- */

static void tell_config(struct driver *driver)
{
    const struct config *config = daemon_config(driver->daemon);
    char text[128];

    snprintf(text, sizeof(text), "retry %u level %u uid %u gid %u",
             config->policyd.retry_s, config->global.log_level,
             (unsigned)getuid(), (unsigned)getgid());
    reply(driver, text);
}

/* A table as a daemon has, and what it tells of itself. */
static void tell_metrics(struct driver *driver)
{
    static const char *const words[] = {"plain", "a\"b\\c\nd", NULL};
    static const double bounds[] = {0.001, 0.01, 0.1};
    static const struct metric table[] = {
        {.name = "driver_orders_total",
         .help = "Orders so far, by \\ and \n",
         .labels = {{"word", words}, {"other", words}}},
        {.name = "driver_temperature_celsius",
         .help = "How warm it is",
         .kind = METRIC_GAUGE},
        {.name = "driver_wait_seconds",
         .help = "How long orders wait",
         .labels = {{"word", words}},
         .bounds = bounds,
         .bound_count = ELEMENTS(bounds),
         .kind = METRIC_HISTOGRAM},
    };
    _cleanup_metrics_ struct metrics *metrics = NULL;
    _cleanup_buf_ struct buf buf = BUF(METRICS_TEXT_MAX);

    if (metrics_new(table, ELEMENTS(table), &metrics) == 0) {
        metrics_add(metrics, 0, metrics_series(metrics, 0, 1, 1), 12);
        metrics_set(metrics, 1, 0, -0.5);
        metrics_observe(metrics, 2, 1, 0.05);
        metrics_write(metrics, &buf);
        metrics_write_process(&buf);
    }
    if (write(driver->client, buf_text(&buf), buf.len) != (ssize_t)buf.len)
        log_say(LOG_EVENT_STOPPING);
    close(driver->client);
    driver->client = -1;
}

static void obey(struct driver *driver)
{
    const char *word = driver->words[0];
    int error = 0;

    if (strcmp(word, "config") == 0) {
        tell_config(driver);
        return;
    }
    if (strcmp(word, "metrics") == 0) {
        tell_metrics(driver);
        return;
    }
    if (strcmp(word, "resolve") == 0 || strcmp(word, "fetch") == 0) {
        error = *word == 'r' ? resolve(driver) : fetch(driver);
        if (error)
            reply(driver, mtasts_strerror(error));
        return;
    }
    for (size_t i = 0; i < ELEMENTS(orders); i++) {
        if (strcmp(word, orders[i].word) == 0) {
            error = orders[i].run(driver);
            reply(driver, error ? strerrorname_np(error) : "ok");
            return;
        }
    }
    reply(driver, "no such order");
}

static void on_client(void *ctx, int fd, unsigned events)
{
    struct driver *driver = ctx;
    char line[ORDER_MAX] = "";
    char *at = line;
    ssize_t got;

    (void)events;
    driver->client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (driver->client < 0)
        return;
    got = read(driver->client, line, sizeof(line) - 1);
    if (got <= 0) {
        close(driver->client);
        return;
    }
    line[strcspn(line, "\n")] = '\0';
    for (size_t i = 0; i < ELEMENTS(driver->words); i++) {
        size_t len = strcspn(at, " ");

        snprintf(driver->words[i], ORDER_MAX, "%.*s", (int)len, at);
        at += len + (at[len] == ' ');
    }
    obey(driver);
}

static void stop(void *state)
{
    struct driver *driver = state;

    fetcher_free(driver->fetcher);
    resolver_free(driver->resolver);
    arena_free(driver->arena);
    loop_watch_cancel(driver->watch);
    for (size_t i = 0; i < ELEMENTS(driver->given); i++)
        loop_watch_cancel(driver->given[i]);
    if (driver->listener >= 0)
        close(driver->listener);
    unlink(driver->path);
    free(driver);
}

static int open_socket(struct daemon *daemon, void **ret_state)
{
    struct driver *driver = calloc(1, sizeof(*driver));
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (!driver)
        return -MTASTS_ENOMEM;
    driver->daemon = daemon;
    driver->client = -1;
    snprintf(driver->path, sizeof(driver->path), "%s/driver.sock",
             daemon_config(daemon)->global.run_directory);
    memcpy(address.sun_path, driver->path, sizeof(driver->path));
    driver->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(driver->path);
    if (driver->listener < 0 ||
        bind(driver->listener, (struct sockaddr *)&address, sizeof(address)) <
            0 ||
        chmod(driver->path, 0666) < 0 || listen(driver->listener, 16) < 0) {
        stop(driver);
        return -MTASTS_ESYSTEM;
    }
    *ret_state = driver;
    return 0;
}

/* The sockets that systemd opened: of a UNIX path, and of TCP. */
static int watch_given(struct driver *driver)
{
    for (size_t i = 0; i < ELEMENTS(driver->given); i++) {
        int fd = inherited_fd(daemon_inherited(driver->daemon), "socketmap", i);

        if (fd >= 0 && loop_watch(daemon_loop(driver->daemon), fd, LOOP_READ,
                                  on_client, driver, &driver->given[i]) < 0)
            return -MTASTS_ESYSTEM;
    }
    return 0;
}

static int start(void *state)
{
    struct driver *driver = state;

    if (strcmp(daemon_config(driver->daemon)->global.group, "fail") == 0)
        return -MTASTS_ESYSTEM;
    if (watch_given(driver) < 0)
        return -MTASTS_ESYSTEM;
    return loop_watch(daemon_loop(driver->daemon), driver->listener, LOOP_READ,
                      on_client, driver, &driver->watch);
}

static int reload(void *state, const struct config *config)
{
    struct driver *driver = state;

    if (config->policyd.retry_s == REFUSED_WORDS) {
        daemon_refuse(driver->daemon, "retry: not fourteen");
        return -MTASTS_EINVAL;
    }
    return config->policyd.retry_s == REFUSED_RETRY ? -MTASTS_EINVAL : 0;
}

static void status(void *state, struct buf *buf)
{
    (void)state;
    buf_puts(buf, "all is well");
}

static int check(const struct config *config, struct buf *faults)
{
    if (strcmp(config->global.group, "fail") != 0)
        return 0;
    buf_puts(faults, "group: this will fail\n");
    return -MTASTS_ESYNTAX;
}

static const struct daemon_role role = {
    .name = "daemon_driver",
    .summary = "does what it is told",
    .check = check,
    .open = open_socket,
    .start = start,
    .reload = reload,
    .status = status,
    .stop = stop,
};

/* Under another name it is another daemon, as for `mtasts run`. */
int main(int argc, char **argv)
{
    struct daemon_role named = role;

    named.name = program_invocation_short_name;
    return daemon_main(&named, argc, argv);
}
