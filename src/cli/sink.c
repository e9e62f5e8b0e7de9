/*
 * sink: stdout for many documents. See sink.h.
 *
 * stdout stays in blocking mode, since it may be shared with a shell. A
 * pipe or terminal that poll(2) calls writable takes at least PIPE_BUF
 * octets (pipe(7)), so that a write of no more than that does not wait.
 */
#include "cli/sink.h"

#include "base/buf.h"
#include "cli/output.h"
#include <errno.h>
#include <limits.h>
#include <mtasts/error.h>
#include <poll.h>
#include <unistd.h>

struct sink {
    struct loop *loop;
    loop_fn *drained;
    loop_fn *failed;
    void *ctx;
    struct buf waiting;
    size_t written; /* of `waiting`, from its start */
    struct loop_watch *watch;
    struct loop_timer *news; /* a callback that is due */
    bool broken;
};

int sink_new(struct loop *loop, loop_fn *drained, loop_fn *failed, void *ctx,
             struct sink **ret_sink)
{
    struct sink *sink = calloc(1, sizeof(*sink));
    if (!sink)
        return -MTASTS_ENOMEM;
    sink->loop = loop;
    sink->drained = drained;
    sink->failed = failed;
    sink->ctx = ctx;
    buf_init(&sink->waiting, SINK_MAX);
    *ret_sink = sink;
    return 0;
}

void sink_free(struct sink *sink)
{
    if (!sink)
        return;
    loop_watch_cancel(sink->watch);
    loop_timer_cancel(sink->news);
    buf_clear(&sink->waiting);
    free(sink);
}

static size_t left(const struct sink *sink)
{
    return sink->waiting.len - sink->written;
}

static void on_news(void *ctx)
{
    struct sink *sink = ctx;
    sink->news = NULL;
    if (sink->broken)
        sink->failed(sink->ctx);
    else
        sink->drained(sink->ctx);
}

/* Tells the owner soon, never from within his own call. */
static void tell(struct sink *sink)
{
    if (!sink->news)
        loop_timer(sink->loop, 0, on_news, sink, &sink->news);
}

static void break_off(struct sink *sink, int error_number)
{
    output_failed(error_number);
    sink->broken = true;
    buf_clear(&sink->waiting);
    sink->written = 0;
    tell(sink);
}

/* Drops what was written, but not at every step: that would copy a long
   queue again and again. */
static void compact(struct sink *sink)
{
    if (left(sink) == 0) {
        sink->waiting.len = 0;
        sink->written = 0;
    } else if (sink->written > SINK_FULL) {
        buf_consume(&sink->waiting, sink->written);
        sink->written = 0;
    }
}

static bool is_writable(void)
{
    struct pollfd poll_fd = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&poll_fd, 1, 0) != 0; /* errors show when it is written */
}

static void drain(struct sink *sink)
{
    while (left(sink) > 0 && is_writable()) {
        size_t step = MIN_OF(left(sink), (size_t)PIPE_BUF);
        ssize_t done =
            write(STDOUT_FILENO, sink->waiting.data + sink->written, step);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 && errno == EAGAIN)
            break;
        if (done < 0) {
            break_off(sink, errno);
            return;
        }
        sink->written += (size_t)done;
    }
    compact(sink);
}

static void on_writable(void *ctx, int fd, unsigned events)
{
    struct sink *sink = ctx;
    (void)fd;
    (void)events;
    bool was_full = sink_full(sink);
    drain(sink);
    if (left(sink) == 0)
        loop_watch_cancel(TAKE_PTR(sink->watch));
    if ((was_full && !sink_full(sink)) || left(sink) == 0)
        tell(sink);
}

int sink_put(struct sink *sink, const char *data, size_t len)
{
    if (sink->broken)
        return -MTASTS_EIO;
    int error = buf_append(&sink->waiting, data, len);
    if (error)
        return error;
    drain(sink);
    if (left(sink) == 0 || sink->watch)
        return 0;
    return loop_watch(sink->loop, STDOUT_FILENO, LOOP_WRITE, on_writable, sink,
                      &sink->watch);
}

bool sink_full(const struct sink *sink)
{
    return left(sink) > SINK_FULL;
}

bool sink_broken(const struct sink *sink)
{
    return sink->broken;
}

bool sink_empty(const struct sink *sink)
{
    return left(sink) == 0;
}
