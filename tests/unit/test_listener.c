/*
 * listener: sockets as they should be, socket files that are in the way, and
 * what happens when there is no room and when there are no descriptors.
 */
#include "unit.h"

#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#define WAIT_MS 5000u /* a loop that has not ended by then hangs */

struct world {
    struct loop *loop;
    char folder[32];
    char text[64]; /* unix:FOLDER/s */
    char why[LISTEN_WHY_MAX];
    unsigned refusals; /* room() says no so often */
    unsigned rooms;
    bool relieve;
    unsigned relieved;
    unsigned wanted; /* connections, then the loop stops */
    int accepted[8];
    unsigned count;
    int clients[8];
    unsigned client_count;
};

static bool room(void *ctx)
{
    struct world *world = ctx;

    world->rooms++;
    if (world->refusals == 0)
        return true;
    world->refusals--;
    return false;
}

/* As the kernel does without descriptors: whether anybody waits or not. Not
   by a real limit, which valgrind does not keep to. */
static bool exhausted;

int __real_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags);

int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    if (!exhausted)
        return __real_accept4(fd, address, len, flags);
    errno = EMFILE;
    return -1;
}

static bool relieve(void *ctx)
{
    struct world *world = ctx;

    world->relieved++;
    if (world->relieve)
        exhausted = false;
    return world->relieve;
}

static void accepted(void *ctx, int fd)
{
    struct world *world = ctx;

    assert_true(world->count < ELEMENTS(world->accepted));
    world->accepted[world->count++] = fd;
    if (world->count == world->wanted)
        loop_stop(world->loop);
    exhausted = world->relieve; /* that was the one to spare */
}

static const struct listener_user user = {
    .room = room, .relieve = relieve, .accepted = accepted};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    assert_int_equal(loop_new(&world->loop), 0);
    snprintf(world->folder, sizeof(world->folder), "/tmp/listener-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->text, sizeof(world->text), "unix:%s/s", world->folder);
    *state = world;
    return 0;
}

static const char *path_of(const struct world *world)
{
    return world->text + strlen("unix:");
}

static int teardown(void **state)
{
    struct world *world = *state;

    for (unsigned i = 0; i < world->count; i++)
        close(world->accepted[i]);
    for (unsigned i = 0; i < world->client_count; i++)
        close(world->clients[i]);
    loop_free(world->loop);
    unlink(path_of(world));
    assert_int_equal(rmdir(world->folder), 0);
    free(world);
    return 0;
}

static struct listener *open_it(struct world *world, const char *text,
                                const struct listener_options *options)
{
    struct listener *listener = NULL;

    if (listener_open(text, options, NULL, &listener, world->why) < 0)
        fail_msg("%s", world->why);
    assert_string_equal(listener_text(listener), text);
    return listener;
}

static void refuse(struct world *world, const char *text,
                   const struct listener_options *options, int error,
                   const char *said)
{
    struct listener *listener = NULL;

    assert_int_equal(listener_open(text, options, NULL, &listener, world->why),
                     error);
    assert_null(listener);
    if (!strstr(world->why, said))
        fail_msg("\"%s\" is not in \"%s\"", said, world->why);
}

static void connect_to(struct world *world, const struct listener *listener)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof(storage);
    int fd;

    assert_int_equal(getsockname(listener_fd(listener, 0),
                                 (struct sockaddr *)&storage, &len),
                     0);
    fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&storage, len), 0);
    assert_true(world->client_count < ELEMENTS(world->clients));
    world->clients[world->client_count++] = fd;
}

static void out_of_time(void *ctx)
{
    (void)ctx;
    fail_msg("the loop hangs");
}

/* Runs the loop until `wanted` connections have been accepted. */
static void run(struct world *world, unsigned wanted)
{
    struct loop_timer *timer = NULL;

    world->wanted = wanted;
    assert_int_equal(
        loop_timer(world->loop, WAIT_MS, out_of_time, NULL, &timer), 0);
    assert_int_equal(loop_run(world->loop), 0);
    assert_int_equal(world->count, wanted);
    loop_timer_cancel(timer);
}

static void stop(void *ctx)
{
    loop_stop(ctx);
}

static void run_ms(struct world *world, uint64_t ms)
{
    assert_int_equal(loop_timer(world->loop, ms, stop, world->loop, NULL), 0);
    assert_int_equal(loop_run(world->loop), 0);
}

static bool has_option(int fd, int level, int option)
{
    int value = 0;
    socklen_t len = sizeof(value);

    assert_int_equal(getsockopt(fd, level, option, &value, &len), 0);
    return value != 0;
}

/* ---- TCP ---- */

static void tcp(struct world *world, const char *text)
{
    _cleanup_listener_ struct listener *listener = open_it(world, text, NULL);
    connect_to(world, listener);
    int server;

    assert_true(listener_port(listener) > 0);
    assert_true(listener_is_local(listener));
    assert_false(listener_is_unix(listener));
    assert_int_equal(listener_start(listener, world->loop, &user, world), 0);
    run(world, world->count + 1);
    server = world->accepted[world->count - 1];
    assert_true(has_option(server, IPPROTO_TCP, TCP_NODELAY));
    assert_true(has_option(server, SOL_SOCKET, SO_KEEPALIVE));
    assert_true(fcntl(server, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(server, F_GETFD) & FD_CLOEXEC);
    assert_true(has_option(listener_fd(listener, 0), SOL_SOCKET, SO_REUSEADDR));
}

static void test_tcp(void **state)
{
    tcp(*state, "inet:127.0.0.1:0");
    tcp(*state, "inet:[::1]:0");
}

static void test_tcp_v6_only(void **state)
{
    struct world *world = *state;
    _cleanup_listener_ struct listener *v4 =
        open_it(world, "inet:0.0.0.0:0", NULL);
    _cleanup_listener_ struct listener *v6 = NULL;
    char text[64];

    assert_false(listener_is_local(v4));
    snprintf(text, sizeof(text), "inet:[::]:%u", listener_port(v4));
    v6 = open_it(world, text, NULL);
    assert_false(listener_is_local(v6));
}

static void test_tcp_taken(void **state)
{
    struct world *world = *state;
    _cleanup_listener_ struct listener *listener =
        open_it(world, "inet:127.0.0.1:0", NULL);
    char text[64];

    snprintf(text, sizeof(text), "inet:127.0.0.1:%u", listener_port(listener));
    refuse(world, text, NULL, -MTASTS_ELIMIT, "Address already in use");
    refuse(world, "inet:192.0.2.1:0", NULL, -MTASTS_ESYSTEM,
           "cannot listen on inet:192.0.2.1:0");
}

/* ---- UNIX ---- */

static void test_unix(void **state)
{
    struct world *world = *state;
    struct listener *listener = open_it(world, world->text, NULL);
    connect_to(world, listener);
    struct stat stat;

    assert_int_equal(lstat(path_of(world), &stat), 0);
    assert_true(S_ISSOCK(stat.st_mode));
    assert_int_equal(stat.st_mode & 07777, LISTENER_MODE);
    assert_true(listener_is_local(listener));
    assert_true(listener_is_unix(listener));
    assert_int_equal(listener_port(listener), 0);
    assert_int_equal(listener_start(listener, world->loop, &user, world), 0);
    run(world, 1);
    listener_free(listener);
    assert_int_equal(lstat(path_of(world), &stat), -1);
}

static void test_unix_mode_and_group(void **state)
{
    struct world *world = *state;
    char gid[16];
    struct listener_options options = {.mode = 0622, .group = gid};
    struct stat stat;

    snprintf(gid, sizeof(gid), "%u", getgid());
    umask(0077);
    listener_free(open_it(world, world->text, &options));
    struct listener *listener = open_it(world, world->text, &options);
    umask(0022);
    assert_int_equal(lstat(path_of(world), &stat), 0);
    assert_int_equal(stat.st_mode & 07777, 0622);
    assert_int_equal(stat.st_gid, getgid());
    listener_free(listener);

    options.group = "no-such-group";
    refuse(world, world->text, &options, -MTASTS_ENOTFOUND,
           "no group no-such-group");
    assert_int_equal(lstat(path_of(world), &stat), -1);
    options = (struct listener_options){.owner = "no-such-user"};
    refuse(world, world->text, &options, -MTASTS_ENOTFOUND,
           "no user no-such-user");
    assert_int_equal(lstat(path_of(world), &stat), -1);
    options = (struct listener_options){.owner = "root"};
    if (getuid() == 0)
        listener_free(open_it(world, world->text, &options));
    else
        refuse(world, world->text, &options, -MTASTS_ESYSTEM,
               "cannot be given");
}

/* A file that a killed process has left: bound, and nobody listens. */
static void test_unix_stale(void **state)
{
    struct world *world = *state;
    struct listener *old = open_it(world, world->text, NULL);
    char moved[64];
    struct stat before, after;

    snprintf(moved, sizeof(moved), "%s/moved", world->folder);
    assert_int_equal(lstat(path_of(world), &before), 0);
    assert_int_equal(link(path_of(world), moved), 0);
    listener_free(old); /* closes; unlinks one of the two names */
    assert_int_equal(rename(moved, path_of(world)), 0);

    struct listener *listener = open_it(world, world->text, NULL);
    connect_to(world, listener);
    assert_int_equal(lstat(path_of(world), &after), 0);
    listener_free(listener);
}

static void test_unix_alive(void **state)
{
    struct world *world = *state;
    _cleanup_listener_ struct listener *listener =
        open_it(world, world->text, NULL);
    struct stat stat;

    refuse(world, world->text, NULL, -MTASTS_ELIMIT, "somebody listens");
    assert_int_equal(lstat(path_of(world), &stat), 0);
    connect_to(world, listener);
}

/* What another process has put there is not ours to remove. */
static void test_unix_replaced(void **state)
{
    struct world *world = *state;
    struct listener *first = open_it(world, world->text, NULL);
    struct stat stat;

    assert_int_equal(unlink(path_of(world)), 0);
    struct listener *second = open_it(world, world->text, NULL);
    listener_free(first);
    assert_int_equal(lstat(path_of(world), &stat), 0);
    connect_to(world, second);
    listener_free(second);
    assert_int_equal(lstat(path_of(world), &stat), -1);
}

static void test_unix_in_the_way(void **state)
{
    struct world *world = *state;
    struct stat stat;
    int fd = open(path_of(world), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    close(fd);
    refuse(world, world->text, NULL, -MTASTS_EINVAL, "no socket: remove it");
    assert_int_equal(lstat(path_of(world), &stat), 0);
    assert_true(S_ISREG(stat.st_mode));

    /* a link is no socket either, wherever it leads */
    assert_int_equal(unlink(path_of(world)), 0);
    assert_int_equal(symlink("/nowhere", path_of(world)), 0);
    refuse(world, world->text, NULL, -MTASTS_EINVAL, "no socket: remove it");
    assert_int_equal(lstat(path_of(world), &stat), 0);
    assert_true(S_ISLNK(stat.st_mode));
}

static void test_unix_no_folder(void **state)
{
    struct world *world = *state;
    char text[64];

    snprintf(text, sizeof(text), "unix:%s/a/b", world->folder);
    refuse(world, text, NULL, -MTASTS_ENOTFOUND, "there is no folder /tmp/");
    assert_true(strstr(world->why, "/a") != NULL);
}

static void test_systemd_gave_none(void **state)
{
    refuse(*state, "systemd:socketmap", NULL, -MTASTS_ENOTFOUND,
           "FileDescriptorName=socketmap");
}

/* ---- room ---- */

static void test_no_room(void **state)
{
    struct world *world = *state;
    _cleanup_listener_ struct listener *listener =
        open_it(world, world->text, NULL);
    connect_to(world, listener);
    connect_to(world, listener);
    struct listener_stats stats;

    world->refusals = 3;
    assert_int_equal(listener_start(listener, world->loop, &user, world), 0);
    run_ms(world, LISTENER_BACK_OFF_MS / 2);
    assert_int_equal(world->rooms, 1); /* it does not spin */
    run(world, 2);
    listener_stats(listener, &stats);
    assert_int_equal(stats.back_offs, 3);
    assert_int_equal(stats.accepted, 2);
}

static void test_no_descriptors(void **state)
{
    struct world *world = *state;
    _cleanup_listener_ struct listener *listener =
        open_it(world, world->text, NULL);
    connect_to(world, listener);
    struct listener_stats stats;

    assert_int_equal(listener_start(listener, world->loop, &user, world), 0);
    exhausted = true;
    run_ms(world, LISTENER_BACK_OFF_MS / 2);
    assert_int_equal(world->relieved, 1); /* it does not spin */
    assert_int_equal(world->count, 0);
    exhausted = false;
    run(world, 1);
    listener_stats(listener, &stats);
    assert_int_equal(stats.back_offs, world->relieved);
}

static void test_relieved(void **state)
{
    struct world *world = *state;
    _cleanup_listener_ struct listener *listener =
        open_it(world, world->text, NULL);
    connect_to(world, listener);
    struct listener_stats stats;

    world->relieve = true;
    assert_int_equal(listener_start(listener, world->loop, &user, world), 0);
    exhausted = true;
    run(world, 1);
    run_ms(world, LISTENER_BACK_OFF_MS / 2);
    exhausted = false;
    assert_int_equal(world->relieved, 1); /* for nobody, nobody is closed */
    listener_stats(listener, &stats);
    assert_int_equal(stats.back_offs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tcp, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tcp_v6_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tcp_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unix, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unix_mode_and_group, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_unix_stale, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unix_alive, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unix_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unix_in_the_way, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unix_no_folder, setup, teardown),
        cmocka_unit_test_setup_teardown(test_systemd_gave_none, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_descriptors, setup, teardown),
        cmocka_unit_test_setup_teardown(test_relieved, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
