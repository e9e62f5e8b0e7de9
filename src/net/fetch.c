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

/* Gives back what the fetch was to take out of the cache, if libcurl has not
   come to look at that. Taken out twice is no harm. */
static void return_removals(struct fetch *fetch)
{
    struct fetcher *fetcher = fetch->fetcher;
    struct curl_slist *entry = fetch->looked_up ? NULL : fetch->resolve;

    for (; entry; entry = entry->next) {
        struct curl_slist *list = NULL;
        if (entry->data[0] == '-')
            list = curl_slist_append(fetcher->removals, entry->data);
        if (list)
            fetcher->removals = list;
    }
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
    return_removals(fetch);
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

/* What libcurl says has ended. */
void fetch_collect(struct fetcher *fetcher)
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

    fetch->waited_ms = loop_now_ms(fetcher->loop) - fetch->started;
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

bool fetch_kept_waiting(const struct fetch *fetch)
{
    const struct fetcher *fetcher = fetch->fetcher;
    uint64_t took = loop_now_ms(fetcher->loop) - fetch->started;
    bool waits = fetch->node.queue == &fetcher->waiting;

    return (waits ? took : fetch->waited_ms) > took / 2;
}

/* libcurl has a deadline of its own, from when it began; this one holds
   whatever it does. */
static void on_deadline(void *ctx)
{
    struct fetch *fetch = ctx;

    fetch->deadline = NULL;
    if (fetch->node.queue == &fetch->fetcher->over) {
        schedule_drain(fetch->fetcher);
        return;
    }
    if (fetch->stop == FETCH_NOT_DONE && fetch_kept_waiting(fetch)) {
        fetch->stop = FETCH_FAILED;
        fetch->fact->detail = FETCH_KEPT_WAITING;
    }
    if (fetch->easy)
        finish(fetch, CURLE_OPERATION_TIMEDOUT);
    else
        fail(fetch, fetch->stop);
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
    error = fetch_multi_new(fetcher);
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
    fetch_multi_free(fetcher);
    loop_timer_cancel(fetcher->drain);
    curl_slist_free_all(fetcher->removals);
    X509_STORE_free(fetcher->store);
    free(fetcher->proxy);
    free(fetcher);
    curl_global_cleanup();
}
