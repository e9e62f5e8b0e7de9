/*
 * fetch: policy fetches on our loop, by libcurl's multi_socket interface.
 *
 * A fetch waits for a free place, is under way in libcurl, or is over and
 * waits for its callback; the queue it stands in says which. The addresses it
 * may use are put into the cache that all transfers share when it begins, and
 * taken out of it when the next one does: in libcurl both happens in the same
 * step that looks them up, so that fetches of the same host with different
 * addresses do not meet.
 *
 * libcurl keeps state for the process: make the first fetcher before there
 * are threads.
 */
#include "net/fetch.h"

#include "net/fetch_transfer.h"
#include <mtasts/error.h>
#include <string.h>

#define REMOVAL_MAX 300u /* octets of "-HOST:PORT" */
#define SOCKETS_EACH 2u  /* of a fetch, one a family, while it connects */

struct fetcher {
    struct loop *loop;
    CURLM *multi;
    X509_STORE *store;
    const struct address_guard *guard;
    char *proxy;
    size_t places;            /* fetches under way at once */
    struct loop_timer *timer; /* libcurl's */
    struct queue waiting;
    struct queue active;
    struct queue over;
    struct curl_slist *removals; /* from libcurl's address cache */
    struct loop_timer *drain;
    bool *gone; /* set when freed from a callback */
};

/* Who has stood in a line longest; NULL if nobody does. */
static struct fetch *first_of(const struct queue *queue)
{
    return (struct fetch *)queue->first;
}

/* ---- the end of a fetch ---- */

/* Leaves word for the next fetch to take our addresses out of the cache. */
static void remember_removal(struct fetch *fetch)
{
    struct fetcher *fetcher = fetch->fetcher;
    char entry[REMOVAL_MAX];
    struct curl_slist *list;

    if (!fetch->addresses)
        return;
    snprintf(entry, sizeof(entry), "-%s:%u", fetch->host, fetch->port);
    list = curl_slist_append(fetcher->removals, entry);
    if (list)
        fetcher->removals = list;
}

/* Takes the fetch out of libcurl. */
static void detach(struct fetch *fetch)
{
    if (!fetch->easy)
        return;
    fetch->several = false;
    curl_multi_remove_handle(fetch->fetcher->multi, fetch->easy);
    curl_easy_cleanup(fetch->easy);
    fetch->easy = NULL;
    loop_timer_cancel(fetch->nudge);
    fetch->nudge = NULL;
    fetch_tls_clear(&fetch->handshake);
    remember_removal(fetch);
}

static void fetch_free(struct fetch *fetch)
{
    detach(fetch);
    queue_leave(&fetch->node);
    loop_timer_cancel(fetch->deadline);
    curl_slist_free_all(fetch->resolve);
    buf_clear(&fetch->body);
    free(fetch->addresses);
    free(fetch);
}

static void schedule_drain(struct fetcher *fetcher);

static void finish(struct fetch *fetch, CURLcode code)
{
    struct fetcher *fetcher = fetch->fetcher;

    fetch_result(fetch, code);
    detach(fetch);
    queue_join(&fetcher->over, &fetch->node);
    schedule_drain(fetcher);
}

/* The handle is gone when the callback begins. */
static void deliver(struct fetch *fetch)
{
    struct fact_fetch *fact = fetch->fact;
    fetch_fn *fn = fetch->fn;
    void *ctx = fetch->ctx;
    uint64_t now = loop_now_ms(fetch->fetcher->loop);

    fact->elapsed_ms = (uint32_t)(now - fetch->started);
    fetch_free(fetch);
    fn(ctx, fact);
}

static void begin_waiting(struct fetcher *fetcher);

/* Hands on what is over now; what that brings about waits for a turn. */
static void on_drain(void *ctx)
{
    struct fetcher *fetcher = ctx;
    bool gone = false;

    fetcher->drain = NULL;
    fetcher->gone = &gone;
    for (size_t left = fetcher->over.count; left > 0; left--) {
        if (!fetcher->over.first)
            break;
        deliver(first_of(&fetcher->over));
        if (gone)
            return;
    }
    fetcher->gone = NULL;
    begin_waiting(fetcher);
    if (fetcher->over.first)
        schedule_drain(fetcher);
}

/* Should it fail for want of memory, the deadlines call it again. */
static void schedule_drain(struct fetcher *fetcher)
{
    if (!fetcher->drain)
        loop_timer(fetcher->loop, 0, on_drain, fetcher, &fetcher->drain);
}

/* ---- libcurl on the loop ---- */

/* What libcurl says has ended. */
static void collect(struct fetcher *fetcher)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(fetcher->multi, &left))) {
        struct fetch *fetch = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch);
        if (fetch)
            finish(fetch, code);
    }
}

static void act(struct fetcher *fetcher, curl_socket_t fd, int events)
{
    int running;

    curl_multi_socket_action(fetcher->multi, fd, events, &running);
    collect(fetcher);
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
void fetch_opened(struct fetch *fetch, int fd)
{
    for (size_t i = 0; i < FETCH_SOCKETS; i++)
        if (fetch->sockets[i].watch && fetch->sockets[i].fd == fd)
            loop_watch_renew(fetch->sockets[i].watch);
}

/* `fetch` NULL: a handle of libcurl's own, which closes what fetches left.
   `watch` NULL: no longer watched. */
static void remember_socket(struct fetch *fetch, int fd,
                            struct loop_watch *watch)
{
    for (size_t i = 0; fetch && i < FETCH_SOCKETS; i++) {
        struct fetch_socket *slot = &fetch->sockets[i];
        if (watch ? !slot->watch : slot->watch && slot->fd == fd) {
            *slot = (struct fetch_socket){fd, watch};
            return;
        }
    }
}

static void forget_socket(struct fetch *fetch, int fd)
{
    remember_socket(fetch, fd, NULL);
    if (fetch)
        nudge(fetch);
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
    struct loop_watch *watch = socket_ctx;
    struct fetch *fetch = NULL;
    unsigned events = 0;

    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &fetch);
    if (what == CURL_POLL_REMOVE) {
        loop_watch_cancel(watch);
        curl_multi_assign(fetcher->multi, fd, NULL);
        forget_socket(fetch, fd);
        return 0;
    }
    if (what & CURL_POLL_IN)
        events |= LOOP_READ;
    if (what & CURL_POLL_OUT)
        events |= LOOP_WRITE;
    if (watch)
        return loop_watch_change(watch, events) ? -1 : 0;
    if (loop_watch(fetcher->loop, fd, events, on_ready, fetcher, &watch))
        return -1;
    remember_socket(fetch, fd, watch);
    curl_multi_assign(fetcher->multi, fd, watch);
    return 0;
}

/* ---- the start of a fetch ---- */

static void fail(struct fetch *fetch, enum fetch_status status)
{
    fetch->fact->status = status;
    queue_join(&fetch->fetcher->over, &fetch->node);
    schedule_drain(fetch->fetcher);
}

static void begin(struct fetch *fetch)
{
    struct fetcher *fetcher = fetch->fetcher;

    queue_join(&fetcher->active, &fetch->node);
    if (fetch_setup(fetch, fetcher->proxy, &fetcher->removals) < 0 ||
        curl_multi_add_handle(fetcher->multi, fetch->easy) != CURLM_OK) {
        detach(fetch);
        fail(fetch, FETCH_FAILED);
    }
}

static void begin_waiting(struct fetcher *fetcher)
{
    while (fetcher->waiting.first && fetcher->active.count < fetcher->places)
        begin(first_of(&fetcher->waiting));
}

/* libcurl has a deadline of its own; this one holds whatever it does. */
static void on_deadline(void *ctx)
{
    struct fetch *fetch = ctx;

    fetch->deadline = NULL;
    if (fetch->easy)
        finish(fetch, CURLE_OPERATION_TIMEDOUT);
    else if (fetch->node.queue == &fetch->fetcher->waiting)
        fail(fetch, FETCH_TIMEOUT);
    else
        schedule_drain(fetch->fetcher);
}

static struct fetch *fetch_new(struct fetcher *fetcher,
                               const struct fetch_request *request)
{
    struct fetch *fetch = calloc(1, sizeof(*fetch));

    if (!fetch)
        return NULL;
    fetch->fetcher = fetcher;
    fetch->proxied = fetcher->proxy != NULL;
    fetch->guard = fetcher->guard;
    fetch->store = fetcher->store;
    fetch->started = loop_now_ms(fetcher->loop);
    if (fetch_request_take(fetch, request) < 0) {
        fetch_free(fetch);
        return NULL;
    }
    return fetch;
}

int fetch_start(struct fetcher *fetcher, const struct fetch_request *request,
                fetch_fn *fn, void *ctx, struct fetch **ret_fetch)
{
    struct fetch *fetch;

    if (!fetch_request_ok(request))
        return -MTASTS_EINVAL;
    fetch = fetch_new(fetcher, request);
    if (!fetch)
        return -MTASTS_ENOMEM;
    fetch->fn = fn;
    fetch->ctx = ctx;
    if (loop_timer(fetcher->loop, fetch->deadline_ms, on_deadline, fetch,
                   &fetch->deadline) < 0) {
        fetch_free(fetch);
        return -MTASTS_ENOMEM;
    }
    if (request->address_count == 0)
        fail(fetch, FETCH_NO_ADDRESS);
    else if (!fetch->addresses && !fetch->proxied)
        fail(fetch, FETCH_ADDRESS_REFUSED);
    else if (fetcher->active.count >= fetcher->places)
        queue_join(&fetcher->waiting, &fetch->node);
    else
        begin(fetch);
    if (ret_fetch)
        *ret_fetch = fetch;
    return 0;
}

void fetch_cancel(struct fetch *fetch)
{
    struct fetcher *fetcher;

    if (!fetch)
        return;
    fetcher = fetch->fetcher;
    fetch_free(fetch);
    if (fetcher->waiting.first)
        schedule_drain(fetcher);
}

/* ---- the fetcher ---- */

/* With an HTTPS proxy there would be two handshakes to tell apart. */
static bool proxy_ok(const char *proxy)
{
    return !proxy || strncmp(proxy, "http://", 7) == 0 ||
           strncmp(proxy, "socks5h://", 10) == 0;
}

static int multi_new(struct fetcher *fetcher)
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

int fetcher_new(struct loop *loop, const struct fetcher_options *options,
                struct fetcher **ret_fetcher)
{
    _cleanup_fetcher_ struct fetcher *fetcher = NULL;
    int error;

    if (!proxy_ok(options->proxy))
        return -MTASTS_EINVAL;
    /* Another TLS library would do without our verification. */
    if (curl_global_sslset(CURLSSLBACKEND_OPENSSL, NULL, NULL) !=
            CURLSSLSET_OK ||
        curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return -MTASTS_ESYSTEM;
    fetcher = calloc(1, sizeof(*fetcher));
    if (!fetcher) {
        curl_global_cleanup();
        return -MTASTS_ENOMEM;
    }
    fetcher->loop = loop;
    fetcher->places = MIN_OF(MAX_OF(loop_descriptor_share() / SOCKETS_EACH, 1u),
                             FETCH_CONNECTIONS_MAX);
    fetcher->guard = options->guard;
    X509_STORE_up_ref(options->store);
    fetcher->store = options->store;
    fetcher->proxy = options->proxy ? strdup(options->proxy) : NULL;
    if (options->proxy && !fetcher->proxy)
        return -MTASTS_ENOMEM;
    error = multi_new(fetcher);
    if (error)
        return error;
    *ret_fetcher = TAKE_PTR(fetcher);
    return 0;
}

static void free_all(const struct queue *queue)
{
    while (queue->first)
        fetch_free(first_of(queue));
}

void fetcher_free(struct fetcher *fetcher)
{
    if (!fetcher)
        return;
    if (fetcher->gone)
        *fetcher->gone = true;
    free_all(&fetcher->waiting);
    free_all(&fetcher->active);
    free_all(&fetcher->over);
    curl_multi_cleanup(fetcher->multi);
    loop_timer_cancel(fetcher->timer);
    loop_timer_cancel(fetcher->drain);
    curl_slist_free_all(fetcher->removals);
    X509_STORE_free(fetcher->store);
    free(fetcher->proxy);
    free(fetcher);
    curl_global_cleanup();
}
