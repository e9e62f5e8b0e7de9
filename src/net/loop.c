/*
 * loop: timers, descriptors and signals over libevent's core.
 *
 * The timers are our own heap, in the real loop and in the fake one alike,
 * with one libevent timer for the earliest: so what a test sees of order and
 * cancelling on virtual time is what happens on real time. Descriptors and
 * signals are libevent's.
 *
 * Not thread-safe: one thread owns a loop. libevent allows signals on one
 * loop of a process only.
 */
#include "net/loop.h"

#include "base/timer_heap.h"
#include <event2/event.h>
#include <event2/event_struct.h>
#include <mtasts/error.h>
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

/* Kept of each share for the loop, files and pipes. */
#define DESCRIPTORS_KEPT 16u
#define DESCRIPTORS_SHARE_MAX 100000u /* more than anybody asks for */

struct loop_timer {
    struct timer_node node; /* first: the heap gives it back */
    struct loop *loop;
    loop_fn *fn;
    void *ctx;
};

struct loop_watch {
    struct event event;
    struct loop *loop;
    struct loop_watch *next;
    struct loop_watch *previous;
    loop_fd_fn *fd_fn; /* one of the two */
    loop_fn *signal_fn;
    void *ctx;
};

struct loop {
    struct event_base *base; /* NULL: fake */
    struct event wake;       /* the earliest timer */
    uint64_t wake_due;       /* UINT64_MAX: not armed */
    struct timer_heap timers;
    struct loop_watch *watches;
    uint64_t fake_now;
    bool stopping;
};

static uint64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t loop_now_ms(const struct loop *loop)
{
    return loop->base ? monotonic_ms() : loop->fake_now;
}

int64_t loop_wall(const struct loop *loop)
{
    if (loop->base)
        return (int64_t)time(NULL);
    return LOOP_FAKE_WALL + (int64_t)(loop->fake_now / 1000);
}

static struct loop_timer *first_timer(const struct loop *loop)
{
    return (struct loop_timer *)timer_heap_first(&loop->timers);
}

/* Sets libevent's one timer to the earliest of ours. */
static void arm(struct loop *loop)
{
    const struct loop_timer *timer = first_timer(loop);
    uint64_t due = timer ? timer->node.due : UINT64_MAX;

    if (!loop->base || due == loop->wake_due)
        return;
    loop->wake_due = due;
    if (!timer) {
        event_del(&loop->wake);
        return;
    }
    uint64_t now = monotonic_ms();
    uint64_t wait = due > now ? due - now : 0;
    struct timeval tv = {.tv_sec = (time_t)(wait / 1000),
                         .tv_usec = (suseconds_t)(wait % 1000 * 1000)};
    event_add(&loop->wake, &tv);
}

/* The timer is gone before its function runs, which may add others. */
static void run_timer(struct loop *loop, struct loop_timer *timer)
{
    loop_fn *fn = timer->fn;
    void *ctx = timer->ctx;

    timer_heap_remove(&loop->timers, &timer->node);
    free(timer);
    fn(ctx);
}

static void on_wake(evutil_socket_t fd, short what, void *ctx)
{
    struct loop *loop = ctx;
    uint64_t now = monotonic_ms();
    /* What a timer adds waits for the next turn, or descriptors starve. */
    uint64_t limit = loop->timers.next_sequence;
    struct loop_timer *timer;

    (void)fd;
    (void)what;
    while (!loop->stopping && (timer = first_timer(loop)) &&
           timer->node.due <= now && timer->node.sequence < limit)
        run_timer(loop, timer);
    loop->wake_due = UINT64_MAX;
    arm(loop);
}

int loop_fake_new(struct loop **ret_loop)
{
    struct loop *loop = calloc(1, sizeof(*loop));

    if (!loop)
        return -MTASTS_ENOMEM;
    loop->wake_due = UINT64_MAX;
    *ret_loop = loop;
    return 0;
}

/* Nothing here uses select(), which is why the soft limit is low. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

size_t loop_descriptor_share(void)
{
    struct rlimit limit;
    rlim_t share = DESCRIPTORS_SHARE_MAX;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        share = MIN_OF(share, limit.rlim_cur / 4);
    return (size_t)(share > DESCRIPTORS_KEPT ? share - DESCRIPTORS_KEPT : 1);
}

/* OpenSSL writes to sockets whose other end may have gone. A program that
   has chosen otherwise keeps its choice. */
static void ignore_sigpipe(void)
{
    struct sigaction action;

    if (sigaction(SIGPIPE, NULL, &action) == 0 &&
        !(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        sigaction(SIGPIPE, &action, NULL);
    }
}

int loop_new(struct loop **ret_loop)
{
    _cleanup_loop_ struct loop *loop = NULL;
    struct event_config *config;
    int error = loop_fake_new(&loop);

    if (error)
        return error;
    raise_descriptor_limit();
    ignore_sigpipe();
    config = event_config_new();
    if (!config)
        return -MTASTS_ENOMEM;
    /* The environment does not choose how we wait. */
    if (!event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV))
        loop->base = event_base_new_with_config(config);
    event_config_free(config);
    if (!loop->base)
        return -MTASTS_ESYSTEM;
    evtimer_assign(&loop->wake, loop->base, on_wake, loop);
    *ret_loop = TAKE_PTR(loop);
    return 0;
}

void loop_free(struct loop *loop)
{
    struct loop_timer *timer;

    if (!loop)
        return;
    while (loop->watches)
        loop_watch_cancel(loop->watches);
    while ((timer = first_timer(loop))) {
        timer_heap_remove(&loop->timers, &timer->node);
        free(timer);
    }
    timer_heap_clear(&loop->timers);
    if (loop->base) {
        event_del(&loop->wake);
        event_base_free(loop->base);
    }
    free(loop);
}

int loop_run(struct loop *loop)
{
    loop->stopping = false;
    if (!loop->base) {
        loop_fake_advance(loop, 0);
        return 0;
    }
    /* A loop_stop() in a timer's function left others due. */
    loop->wake_due = UINT64_MAX;
    arm(loop);
    return event_base_dispatch(loop->base) < 0 ? -MTASTS_ESYSTEM : 0;
}

void loop_stop(struct loop *loop)
{
    loop->stopping = true;
    if (loop->base)
        event_base_loopbreak(loop->base);
}

void loop_fake_advance(struct loop *loop, uint64_t ms)
{
    uint64_t until = loop->fake_now + ms;
    struct loop_timer *timer;

    loop->stopping = false;
    while (!loop->stopping && (timer = first_timer(loop)) &&
           timer->node.due <= until) {
        loop->fake_now = MAX_OF(loop->fake_now, timer->node.due);
        run_timer(loop, timer);
    }
    if (!loop->stopping)
        loop->fake_now = until;
}

int loop_timer(struct loop *loop, uint64_t ms, loop_fn *fn, void *ctx,
               struct loop_timer **ret_timer)
{
    struct loop_timer *timer = malloc(sizeof(*timer));

    if (!timer)
        return -MTASTS_ENOMEM;
    *timer = (struct loop_timer){.loop = loop, .fn = fn, .ctx = ctx};
    timer->node.due = loop_now_ms(loop) + MIN_OF(ms, LOOP_TIMER_MAX_MS);
    if (timer_heap_push(&loop->timers, &timer->node) < 0) {
        free(timer);
        return -MTASTS_ENOMEM;
    }
    arm(loop);
    if (ret_timer)
        *ret_timer = timer;
    return 0;
}

/* libevent's timer is left as it is: it fires early for nothing at worst. */
void loop_timer_cancel(struct loop_timer *timer)
{
    struct loop *loop;

    if (!timer)
        return;
    loop = timer->loop;
    timer_heap_remove(&loop->timers, &timer->node);
    if (!first_timer(loop))
        arm(loop);
    free(timer);
}

static void on_fd(evutil_socket_t fd, short what, void *ctx)
{
    struct loop_watch *watch = ctx;
    unsigned events = 0;

    if (what & EV_READ)
        events |= what & EV_ET ? LOOP_CHANGE : LOOP_READ;
    if (what & EV_WRITE)
        events |= LOOP_WRITE;
    watch->fd_fn(watch->ctx, fd, events);
}

static void on_signal(evutil_socket_t signal, short what, void *ctx)
{
    struct loop_watch *watch = ctx;

    (void)signal;
    (void)what;
    watch->signal_fn(watch->ctx);
}

static short libevent_bits(unsigned events)
{
    short bits = EV_PERSIST;

    if (events & LOOP_READ)
        bits |= EV_READ;
    if (events & LOOP_WRITE)
        bits |= EV_WRITE;
    if (events & LOOP_CHANGE)
        bits |= EV_READ | EV_ET;
    return bits;
}

static struct loop_watch *watch_new(struct loop *loop, void *ctx)
{
    struct loop_watch *watch = calloc(1, sizeof(*watch));

    if (!watch)
        return NULL;
    watch->loop = loop;
    watch->ctx = ctx;
    watch->next = loop->watches;
    if (watch->next)
        watch->next->previous = watch;
    loop->watches = watch;
    return watch;
}

/* Frees a watch whose event is not pending. */
static void watch_free(struct loop_watch *watch)
{
    if (watch->next)
        watch->next->previous = watch->previous;
    if (watch->previous)
        watch->previous->next = watch->next;
    else
        watch->loop->watches = watch->next;
    free(watch);
}

int loop_watch(struct loop *loop, int fd, unsigned events, loop_fd_fn *fn,
               void *ctx, struct loop_watch **ret_watch)
{
    struct loop_watch *watch;

    if (!loop->base || fd < 0)
        return -MTASTS_EINVAL;
    watch = watch_new(loop, ctx);
    if (!watch)
        return -MTASTS_ENOMEM;
    watch->fd_fn = fn;
    event_assign(&watch->event, loop->base, fd, libevent_bits(events), on_fd,
                 watch);
    if (events && event_add(&watch->event, NULL)) {
        watch_free(watch);
        return -MTASTS_ESYSTEM;
    }
    *ret_watch = watch;
    return 0;
}

int loop_watch_change(struct loop_watch *watch, unsigned events)
{
    int fd = event_get_fd(&watch->event);

    event_del(&watch->event);
    event_assign(&watch->event, watch->loop->base, fd, libevent_bits(events),
                 on_fd, watch);
    if (events && event_add(&watch->event, NULL))
        return -MTASTS_ESYSTEM;
    return 0;
}

int loop_watch_renew(struct loop_watch *watch)
{
    event_del(&watch->event);
    return event_add(&watch->event, NULL) ? -MTASTS_ESYSTEM : 0;
}

void loop_watch_cancel(struct loop_watch *watch)
{
    if (!watch)
        return;
    event_del(&watch->event);
    watch_free(watch);
}

int loop_signal(struct loop *loop, int signal, loop_fn *fn, void *ctx,
                struct loop_watch **ret_watch)
{
    struct loop_watch *watch;

    if (!loop->base)
        return -MTASTS_EINVAL;
    watch = watch_new(loop, ctx);
    if (!watch)
        return -MTASTS_ENOMEM;
    watch->signal_fn = fn;
    evsignal_assign(&watch->event, loop->base, signal, on_signal, watch);
    if (event_add(&watch->event, NULL)) {
        watch_free(watch);
        return -MTASTS_ESYSTEM;
    }
    *ret_watch = watch;
    return 0;
}

struct event_base *loop_event_base(struct loop *loop)
{
    return loop->base;
}
