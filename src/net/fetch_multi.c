/*
 * fetch_multi: libcurl's multi handle on our loop: its timer, its sockets.
 */
#include "net/fetch_transfer.h"

#include <mtasts/error.h>

static void act(struct fetcher *fetcher, curl_socket_t fd, int events)
{
    int running;

    curl_multi_socket_action(fetcher->multi, fd, events, &running);
    fetch_collect(fetcher);
}

static void on_ready(void *ctx, int fd, unsigned events)
{
    int bits = 0;

    if (events & LOOP_READ)
        bits |= CURL_CSELECT_IN;
    if (events & LOOP_WRITE)
        bits |= CURL_CSELECT_OUT;
    act(ctx, fd, bits);
}

static void on_timer(void *ctx)
{
    struct fetcher *fetcher = ctx;

    fetcher->timer = NULL;
    act(fetcher, CURL_SOCKET_TIMEOUT, 0);
}

/* Pausing for a moment is what makes libcurl look at a transfer again. */
static void on_nudge(void *ctx)
{
    struct fetch *fetch = ctx;

    fetch->nudge = NULL;
    curl_easy_pause(fetch->easy, CURLPAUSE_SEND);
    curl_easy_pause(fetch->easy, CURLPAUSE_CONT);
}

/*
 * libcurl 7.88 makes ready to connect to the next address of a family, but
 * does it only when the transfer is run again, for which it sets no timer
 * (curl issue 11920, mended in 8.4). That it takes back the socket of the
 * last one is all the sign there is.
 */
static void nudge(struct fetch *fetch)
{
    if (fetch->several && !fetch->handshake.context && !fetch->nudge)
        loop_timer(fetch->fetcher->loop, 0, on_nudge, fetch, &fetch->nudge);
}

/*
 * It may also close a socket and open the next without a word between: when
 * the number is the same, the kernel has forgotten what we watch it for.
 */
void fetch_opened(const struct fetch *fetch, int fd)
{
    const struct queue_node *node = fetch->fetcher->sockets.first;

    for (; node; node = node->next) {
        const struct fetch_socket *socket = (const struct fetch_socket *)node;
        if (socket->fd == fd)
            loop_watch_renew(socket->watch);
    }
}

static struct fetch_socket *socket_new(struct fetcher *fetcher, int fd,
                                       unsigned events)
{
    struct fetch_socket *socket = calloc(1, sizeof(*socket));

    if (!socket)
        return NULL;
    socket->fd = fd;
    if (loop_watch(fetcher->loop, fd, events, on_ready, fetcher,
                   &socket->watch)) {
        free(socket);
        return NULL;
    }
    queue_join(&fetcher->sockets, &socket->node);
    return socket;
}

static void socket_free(struct fetch_socket *socket)
{
    if (!socket)
        return;
    loop_watch_cancel(socket->watch);
    queue_leave(&socket->node);
    free(socket);
}

/* For CURLMOPT_TIMERFUNCTION. */
static int on_curl_timer(CURLM *multi, long ms, void *ctx)
{
    struct fetcher *fetcher = ctx;

    (void)multi;
    loop_timer_cancel(fetcher->timer);
    fetcher->timer = NULL;
    if (ms < 0)
        return 0;
    return loop_timer(fetcher->loop, (uint64_t)ms, on_timer, fetcher,
                      &fetcher->timer)
               ? -1
               : 0;
}

/* For CURLMOPT_SOCKETFUNCTION. */
static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *ctx,
                          void *socket_ctx)
{
    struct fetcher *fetcher = ctx;
    struct fetch_socket *socket = socket_ctx;
    struct fetch *fetch = NULL;
    unsigned events = 0;

    if (what == CURL_POLL_REMOVE) {
        socket_free(socket);
        curl_multi_assign(fetcher->multi, fd, NULL);
        /* NULL: libcurl's own handle, which closes what fetches left. */
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &fetch);
        if (fetch)
            nudge(fetch);
        return 0;
    }
    if (what & CURL_POLL_IN)
        events |= LOOP_READ;
    if (what & CURL_POLL_OUT)
        events |= LOOP_WRITE;
    if (socket)
        return loop_watch_change(socket->watch, events) ? -1 : 0;
    socket = socket_new(fetcher, fd, events);
    if (!socket)
        return -1;
    curl_multi_assign(fetcher->multi, fd, socket);
    return 0;
}

int fetch_multi_new(struct fetcher *fetcher)
{
    CURLM *multi = curl_multi_init();
    CURLMcode code = multi ? CURLM_OK : CURLM_OUT_OF_MEMORY;

    fetcher->multi = multi;
    if (!code)
        code =
            curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    if (!code)
        code = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, fetcher);
    if (!code)
        code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    if (!code)
        code = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, fetcher);
    if (!code)
        code = curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return code ? -MTASTS_ENOMEM : 0;
}

void fetch_multi_free(struct fetcher *fetcher)
{
    curl_multi_cleanup(fetcher->multi);
    while (fetcher->sockets.first)
        socket_free((struct fetch_socket *)fetcher->sockets.first);
    loop_timer_cancel(fetcher->timer);
}
