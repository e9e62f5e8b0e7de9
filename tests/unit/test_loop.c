/*
 * The loop: order, cancelling and stopping, on virtual time and on real; and
 * descriptors and signals on the real one.
 */
#include "base/cleanup.h"
#include "net/loop.h"
#include "unit.h"

#include <fcntl.h>
#include <mtasts/error.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define TRACE_MAX 64u
#define MANY 5000u
#define FAR_MS 3600000u /* not while a test runs */
#define WAIT_MS 5000u   /* a real loop that has not ended by then hangs */

/* What ran, as letters in order. */
struct trace {
    struct loop *loop;
    char text[TRACE_MAX];
    size_t len;
};

struct step {
    struct trace *trace;
    char letter;
    struct loop_timer **cancel; /* cancelled when this one runs */
    bool stop;
    bool again; /* a timer of 0 ms more, once */
};

static void run_step(void *ctx)
{
    struct step *step = ctx;
    struct trace *trace = step->trace;

    assert_true(trace->len + 1 < TRACE_MAX);
    trace->text[trace->len++] = step->letter;
    if (step->cancel)
        loop_timer_cancel(TAKE_PTR(*step->cancel));
    if (step->again) {
        step->again = false;
        assert_int_equal(loop_timer(trace->loop, 0, run_step, step, NULL), 0);
    }
    if (step->stop)
        loop_stop(trace->loop);
}

static struct loop_timer *add(struct step *step, uint64_t ms)
{
    struct loop_timer *timer = NULL;

    assert_int_equal(loop_timer(step->trace->loop, ms, run_step, step, &timer),
                     0);
    return timer;
}

/* Lets all timers of up to 100 ms run. */
static void run_all(struct trace *trace, bool fake)
{
    if (fake)
        loop_fake_advance(trace->loop, 100);
    else
        assert_int_equal(loop_run(trace->loop), 0);
}

static void each_loop(void (*test)(struct trace *trace, bool fake))
{
    for (int fake = 0; fake < 2; fake++) {
        struct trace trace = {0};
        assert_int_equal(
            fake ? loop_fake_new(&trace.loop) : loop_new(&trace.loop), 0);
        test(&trace, fake);
        loop_free(trace.loop);
    }
}

static void order(struct trace *trace, bool fake)
{
    struct step a = {trace, 'a', NULL, false, false};
    struct step b = {trace, 'b', NULL, false, false};
    struct step c = {trace, 'c', NULL, false, false};
    struct step d = {trace, 'd', NULL, false, false};

    add(&a, 0);
    add(&b, 0);
    add(&c, 20);
    add(&d, 20);
    assert_string_equal(trace->text, ""); /* nothing before we return */
    run_all(trace, fake);
    assert_string_equal(trace->text, "abcd");
}

static void test_order(void **state)
{
    (void)state;
    each_loop(order);
}

/* Due before what was there: on real time it wakes the loop earlier, however
   long a busy machine takes from one line here to the next. */
static void due_order(struct trace *trace, bool fake)
{
    struct step a = {trace, 'a', NULL, false, false};
    struct step b = {trace, 'b', NULL, true, false};
    struct step x = {trace, 'x', NULL, false, false};

    add(&x, FAR_MS);
    add(&b, 20);
    run_all(trace, fake);
    assert_string_equal(trace->text, "b");
    add(&a, 0);
    add(&b, 0);
    run_all(trace, fake);
    assert_string_equal(trace->text, "bab");
}

static void test_due_order(void **state)
{
    (void)state;
    each_loop(due_order);
}

/* Where time stands still, to the millisecond. */
static void test_fake_due_order(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct trace trace = {0};
    struct step a = {&trace, 'a', NULL, false, false};
    struct step b = {&trace, 'b', NULL, false, false};
    struct step c = {&trace, 'c', NULL, false, false};

    (void)state;
    assert_int_equal(loop_fake_new(&loop), 0);
    trace.loop = loop;
    add(&c, 2);
    add(&a, 0);
    add(&b, 1);
    run_all(&trace, true);
    assert_string_equal(trace.text, "abc");
}

static void cancel_inside(struct trace *trace, bool fake)
{
    struct loop_timer *victim = NULL;
    struct loop_timer *same_time = NULL;
    struct step a = {trace, 'a', &victim, false, false};
    struct step b = {trace, 'b', &same_time, false, false};
    struct step x = {trace, 'x', NULL, false, false};
    struct step z = {trace, 'z', NULL, false, false};

    add(&a, 0);
    add(&b, 5);
    same_time = add(&x, 5);
    victim = add(&x, 10);
    add(&z, 15);
    run_all(trace, fake);
    assert_string_equal(trace->text, "abz");
}

static void test_cancel_inside(void **state)
{
    (void)state;
    each_loop(cancel_inside);
}

static void cancel_first(struct trace *trace, bool fake)
{
    struct step x = {trace, 'x', NULL, false, false};
    struct step z = {trace, 'z', NULL, false, false};
    struct loop_timer *first = add(&x, 1);

    add(&z, 10);
    loop_timer_cancel(first);
    loop_timer_cancel(NULL);
    run_all(trace, fake);
    assert_string_equal(trace->text, "z");
}

static void test_cancel_first(void **state)
{
    (void)state;
    each_loop(cancel_first);
}

/* What a callback posts runs after what was due already. */
static void post_inside(struct trace *trace, bool fake)
{
    struct step a = {trace, 'a', NULL, false, true};
    struct step b = {trace, 'b', NULL, false, false};

    add(&a, 0);
    add(&b, 0);
    run_all(trace, fake);
    assert_string_equal(trace->text, "aba");
}

static void test_post_inside(void **state)
{
    (void)state;
    each_loop(post_inside);
}

static void stop(struct trace *trace, bool fake)
{
    struct step a = {trace, 'a', NULL, true, false};
    struct step b = {trace, 'b', NULL, false, false};
    struct step c = {trace, 'c', NULL, false, false};

    add(&a, 0);
    add(&b, 0);
    add(&c, 20);
    run_all(trace, fake);
    assert_string_equal(trace->text, "a");
    run_all(trace, fake);
    assert_string_equal(trace->text, "abc");
}

static void test_stop(void **state)
{
    (void)state;
    each_loop(stop);
}

/* Freed with timers: they are gone, and nothing leaks. */
static void free_with_timers(struct trace *trace, bool fake)
{
    struct step x = {trace, 'x', NULL, false, false};

    (void)fake;
    add(&x, 0);
    add(&x, FAR_MS);
    loop_free(TAKE_PTR(trace->loop));
    assert_string_equal(trace->text, "");
}

static void test_free_with_timers(void **state)
{
    (void)state;
    each_loop(free_with_timers);
}

static void test_fake_clock(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct trace trace = {0};
    struct step a = {&trace, 'a', NULL, false, false};
    uint64_t start;

    (void)state;
    assert_int_equal(loop_fake_new(&loop), 0);
    trace.loop = loop;
    start = loop_now_ms(loop);
    assert_int_equal(loop_wall(loop), LOOP_FAKE_WALL);
    add(&a, 3600000);
    loop_fake_advance(loop, 3599999);
    assert_string_equal(trace.text, "");
    loop_fake_advance(loop, 1);
    assert_string_equal(trace.text, "a");
    assert_int_equal(loop_now_ms(loop) - start, 3600000);
    assert_int_equal(loop_wall(loop), LOOP_FAKE_WALL + 3600);
}

struct when {
    struct loop *loop;
    uint64_t at;
};

static void note_time(void *ctx)
{
    struct when *when = ctx;
    when->at = loop_now_ms(when->loop);
}

/* While a timer runs it is exactly its time. */
static void test_fake_time_inside(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct when when = {0};

    (void)state;
    assert_int_equal(loop_fake_new(&loop), 0);
    when.loop = loop;
    assert_int_equal(loop_timer(loop, 70, note_time, &when, NULL), 0);
    loop_fake_advance(loop, 100);
    assert_int_equal(when.at, 70);
    assert_int_equal(loop_now_ms(loop), 100);
}

static void test_fake_has_no_descriptors(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct loop_watch *watch = NULL;

    (void)state;
    assert_int_equal(loop_fake_new(&loop), 0);
    assert_null(loop_event_base(loop));
    assert_int_equal(loop_watch(loop, 0, LOOP_READ, NULL, NULL, &watch),
                     -MTASTS_EINVAL);
    assert_int_equal(loop_signal(loop, SIGUSR1, NULL, NULL, &watch),
                     -MTASTS_EINVAL);
    assert_null(watch);
    assert_int_equal(loop_run(loop), 0);
}

struct count {
    uint64_t last;
    struct when when;
    size_t runs;
};

static void count_run(void *ctx)
{
    struct count *count = ctx;
    uint64_t now = loop_now_ms(count->when.loop);

    assert_true(now >= count->last);
    count->last = now;
    count->runs++;
}

/* Many timers, every third cancelled, in an order that a seed shuffles. */
static void test_many(void **state)
{
    static struct loop_timer *timers[MANY];
    _cleanup_loop_ struct loop *loop = NULL;
    struct count count = {0};
    uint32_t random = 12345;

    (void)state;
    assert_int_equal(loop_fake_new(&loop), 0);
    count.when.loop = loop;
    for (size_t i = 0; i < MANY; i++) {
        random = random * 1664525 + 1013904223;
        assert_int_equal(
            loop_timer(loop, random >> 20, count_run, &count, &timers[i]), 0);
    }
    for (size_t i = 0; i < MANY; i += 3)
        loop_timer_cancel(timers[i]);
    loop_fake_advance(loop, 1u << 12);
    assert_int_equal(count.runs, MANY - (MANY + 2) / 3);
}

static void test_real_time(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct when when = {0};
    uint64_t start;

    (void)state;
    assert_int_equal(loop_new(&loop), 0);
    when.loop = loop;
    start = loop_now_ms(loop);
    assert_int_equal(loop_timer(loop, 50, note_time, &when, NULL), 0);
    assert_int_equal(loop_run(loop), 0);
    assert_true(when.at - start >= 50);
    assert_true(loop_wall(loop) > LOOP_FAKE_WALL);
}

/* ---- descriptors ---- */

struct end {
    struct loop *loop;
    struct loop_watch *watch;
    unsigned seen;
    size_t calls;
    bool cancel;
};

static void on_fd(void *ctx, int fd, unsigned events)
{
    struct end *end = ctx;
    char octet;

    end->seen |= events;
    end->calls++;
    if (events & LOOP_READ)
        assert_int_equal(read(fd, &octet, 1), 1);
    if (end->cancel)
        loop_watch_cancel(TAKE_PTR(end->watch));
    if (end->calls == 2)
        loop_stop(end->loop);
}

static void on_late(void *ctx)
{
    loop_stop(ctx);
}

static void run_for(struct loop *loop, uint64_t ms)
{
    struct loop_timer *timer = NULL;

    assert_int_equal(loop_timer(loop, ms, on_late, loop, &timer), 0);
    assert_int_equal(loop_run(loop), 0);
}

static void socket_pair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds),
                     0);
}

static void test_watch(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct end end = {0};
    int fds[2];

    (void)state;
    assert_int_equal(loop_new(&loop), 0);
    socket_pair(fds);
    end.loop = loop;
    assert_int_equal(
        loop_watch(loop, fds[0], LOOP_READ, on_fd, &end, &end.watch), 0);
    assert_int_equal(write(fds[1], "ab", 2), 2);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(end.calls, 2); /* once for each octet left there */
    assert_int_equal(end.seen, LOOP_READ);
    loop_watch_cancel(end.watch);
    close(fds[0]);
    close(fds[1]);
}

static void test_watch_change(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct end end = {.cancel = true};
    int fds[2];

    (void)state;
    assert_int_equal(loop_new(&loop), 0);
    socket_pair(fds);
    end.loop = loop;
    assert_int_equal(loop_watch(loop, fds[0], 0, on_fd, &end, &end.watch), 0);
    assert_int_equal(write(fds[1], "a", 1), 1);
    run_for(loop, 20);
    assert_int_equal(end.calls, 0);
    assert_int_equal(loop_watch_change(end.watch, LOOP_WRITE), 0);
    assert_int_equal(loop_run(loop), 0); /* ends: the watch cancelled itself */
    assert_int_equal(end.calls, 1);
    assert_int_equal(end.seen, LOOP_WRITE);
    close(fds[0]);
    close(fds[1]);
}

/* The number of a socket closed and opened anew behind our back. */
static void count_change(void *ctx, int fd, unsigned events)
{
    size_t *count = ctx;

    (void)fd;
    assert_int_equal(events, LOOP_CHANGE);
    ++*count;
}

/* What lies unread is told once; the end is told then, too. */
static void test_watch_for_change(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct loop_watch *watch = NULL;
    size_t count = 0;
    int fds[2];

    (void)state;
    assert_int_equal(loop_new(&loop), 0);
    socket_pair(fds);
    assert_int_equal(
        loop_watch(loop, fds[0], LOOP_CHANGE, count_change, &count, &watch), 0);
    run_for(loop, 20);
    assert_int_equal(count, 0);
    for (size_t i = 1; i <= 3; i++) {
        assert_int_equal(write(fds[1], "a", 1), 1);
        run_for(loop, 20);
        assert_int_equal(count, i);
    }
    shutdown(fds[1], SHUT_WR);
    run_for(loop, 20);
    assert_int_equal(count, 4);
    close(fds[1]);
    run_for(loop, 20);
    assert_int_equal(count, 5);
    loop_watch_cancel(watch);
    close(fds[0]);
}

static void test_watch_renew(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct end end = {.cancel = true};
    int fds[2];
    int more[2];

    (void)state;
    assert_int_equal(loop_new(&loop), 0);
    socket_pair(fds);
    end.loop = loop;
    assert_int_equal(
        loop_watch(loop, fds[0], LOOP_READ, on_fd, &end, &end.watch), 0);
    close(fds[0]);
    socket_pair(more);
    assert_int_equal(more[0], fds[0]);
    assert_int_equal(write(more[1], "a", 1), 1);
    run_for(loop, 20);
    assert_int_equal(end.calls, 0);
    assert_int_equal(loop_watch_renew(end.watch), 0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(end.calls, 1);
    close(fds[1]);
    close(more[0]);
    close(more[1]);
}

/* Both are ready: the one that runs first cancels the other. */
struct pair {
    struct loop_watch *watches[2];
    size_t calls;
};

static void on_either(void *ctx, int fd, unsigned events)
{
    struct pair *pair = ctx;

    (void)fd;
    (void)events;
    pair->calls++;
    loop_watch_cancel(TAKE_PTR(pair->watches[0]));
    loop_watch_cancel(TAKE_PTR(pair->watches[1]));
}

static void test_watch_cancels_another(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct pair pair = {0};
    int fds[2];

    (void)state;
    assert_int_equal(loop_new(&loop), 0);
    socket_pair(fds);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(loop_watch(loop, fds[i], LOOP_WRITE, on_either, &pair,
                                    &pair.watches[i]),
                         0);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(pair.calls, 1);
    close(fds[0]);
    close(fds[1]);
}

/* Endless posting leaves descriptors their turn. */
struct poster {
    struct loop *loop;
    struct loop_timer *timer;
};

static void post_again(void *ctx)
{
    struct poster *poster = ctx;
    assert_int_equal(
        loop_timer(poster->loop, 0, post_again, poster, &poster->timer), 0);
}

static void test_posting_does_not_starve(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct end end = {0};
    struct poster poster = {0};
    int fds[2];

    (void)state;
    assert_int_equal(loop_new(&loop), 0);
    socket_pair(fds);
    end.loop = loop;
    poster.loop = loop;
    post_again(&poster);
    assert_int_equal(
        loop_watch(loop, fds[0], LOOP_WRITE, on_fd, &end, &end.watch), 0);
    run_for(loop, WAIT_MS);
    assert_int_equal(end.calls, 2);
    close(fds[0]);
    close(fds[1]);
}

/* ---- signals and limits ---- */

static void on_signal(void *ctx)
{
    struct end *end = ctx;

    end->calls++;
    if (end->calls == 2)
        loop_watch_cancel(TAKE_PTR(end->watch));
    else
        raise(SIGUSR1);
}

static void test_signal(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct end end = {0};

    (void)state;
    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(loop_signal(loop, SIGUSR1, on_signal, &end, &end.watch),
                     0);
    raise(SIGUSR1);
    assert_int_equal(loop_run(loop), 0);
    assert_int_equal(end.calls, 2);
}

static void test_process_settings(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct sigaction action = {.sa_handler = SIG_DFL};
    struct rlimit limit;

    (void)state;
    assert_int_equal(sigaction(SIGPIPE, &action, NULL), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = MIN_OF(limit.rlim_max, 256);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(limit.rlim_cur, limit.rlim_max);
    assert_int_equal(sigaction(SIGPIPE, NULL, &action), 0);
    assert_ptr_equal(action.sa_handler, SIG_IGN);
}

static void test_descriptor_share(void **state)
{
    struct rlimit limit;
    size_t before = 0;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlim_t kept = limit.rlim_cur;
    for (rlim_t most = 8; most <= MIN_OF(limit.rlim_max, 4096); most *= 2) {
        limit.rlim_cur = most;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        size_t share = loop_descriptor_share();
        /* two of them, and as much again for DNS, leave some */
        assert_true(most < 128 || 4 * share + 32 <= most);
        assert_true(share >= MAX_OF(before, 1u));
        before = share;
    }
    assert_true(limit.rlim_cur < 1024 || before >= 128);
    limit.rlim_cur = kept;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void keep_handler(int signal)
{
    (void)signal;
}

static void test_sigpipe_handler_is_kept(void **state)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct sigaction action = {.sa_handler = keep_handler};

    (void)state;
    assert_int_equal(sigaction(SIGPIPE, &action, NULL), 0);
    assert_int_equal(loop_new(&loop), 0);
    assert_int_equal(sigaction(SIGPIPE, NULL, &action), 0);
    assert_ptr_equal(action.sa_handler, keep_handler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_due_order),
        cmocka_unit_test(test_fake_due_order),
        cmocka_unit_test(test_cancel_inside),
        cmocka_unit_test(test_cancel_first),
        cmocka_unit_test(test_post_inside),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_free_with_timers),
        cmocka_unit_test(test_fake_clock),
        cmocka_unit_test(test_fake_time_inside),
        cmocka_unit_test(test_fake_has_no_descriptors),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_real_time),
        cmocka_unit_test(test_watch),
        cmocka_unit_test(test_watch_change),
        cmocka_unit_test(test_watch_for_change),
        cmocka_unit_test(test_watch_renew),
        cmocka_unit_test(test_watch_cancels_another),
        cmocka_unit_test(test_posting_does_not_starve),
        cmocka_unit_test(test_signal),
        cmocka_unit_test(test_process_settings),
        cmocka_unit_test(test_descriptor_share),
        cmocka_unit_test(test_sigpipe_handler_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
