/*
 * fetch: policy fetches on our loop, by libcurl's multi_socket interface.
 *
 * A fetch waits for a free place, is under way in libcurl, or is over and
 * waits for its callback; the list it stands in says which. The addresses it
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
#include <mtasts/sts_policy.h>
#include <string.h>

#define WELL_KNOWN "/.well-known/mta-sts.txt"
#define USER_AGENT "mtasts/" MTASTS_VERSION
#define HTTPS_PORT 443u
#define ADDRESS_LIST_MAX (FACTS_ADDRESS_MAX * (ADDRESS_TEXT_MAX + 3u))
#define REMOVAL_MAX 300u /* octets of "-HOST:PORT" */

struct fetch_list {
    struct fetch *first;
    struct fetch *last;
    size_t count;
};

struct fetcher {
    struct loop *loop;
    CURLM *multi;
    X509_STORE *store;
    const struct address_guard *guard;
    char *proxy;
    struct loop_timer *timer; /* libcurl's */
    struct fetch_list waiting;
    struct fetch_list active;
    struct fetch_list over;
    struct curl_slist *removals; /* from libcurl's address cache */
    struct loop_timer *drain;
    bool *gone; /* set when freed from a callback */
};

static void list_remove(struct fetch *fetch)
{
    struct fetch_list *list = fetch->list;

    if (!list)
        return;
    if (fetch->next)
        fetch->next->previous = fetch->previous;
    else
        list->last = fetch->previous;
    if (fetch->previous)
        fetch->previous->next = fetch->next;
    else
        list->first = fetch->next;
    list->count--;
    fetch->list = NULL;
}

static void list_move(struct fetch *fetch, struct fetch_list *list)
{
    list_remove(fetch);
    fetch->list = list;
    fetch->next = NULL;
    fetch->previous = list->last;
    if (list->last)
        list->last->next = fetch;
    else
        list->first = fetch;
    list->last = fetch;
    list->count++;
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
    list_remove(fetch);
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
    list_move(fetch, &fetcher->over);
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
        deliver(fetcher->over.first);
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
 * does it only when the transfer is run again, for which it sets no timer.
 * That it takes back the socket of the last one is all the sign there is.
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

/* `watch` NULL: no longer watched. */
static void remember_socket(struct fetch *fetch, int fd,
                            struct loop_watch *watch)
{
    for (size_t i = 0; i < FETCH_SOCKETS; i++) {
        struct fetch_socket *slot = &fetch->sockets[i];
        if (watch ? !slot->watch : slot->watch && slot->fd == fd) {
            *slot = (struct fetch_socket){fd, watch};
            return;
        }
    }
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
        remember_socket(fetch, fd, NULL);
        nudge(fetch);
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
    list_move(fetch, &fetch->fetcher->over);
    schedule_drain(fetch->fetcher);
}

static void begin(struct fetch *fetch)
{
    struct fetcher *fetcher = fetch->fetcher;

    list_move(fetch, &fetcher->active);
    if (fetch_setup(fetch, fetcher->proxy, &fetcher->removals) < 0 ||
        curl_multi_add_handle(fetcher->multi, fetch->easy) != CURLM_OK) {
        detach(fetch);
        fail(fetch, FETCH_FAILED);
    }
}

static void begin_waiting(struct fetcher *fetcher)
{
    while (fetcher->waiting.first &&
           fetcher->active.count < FETCH_CONNECTIONS_MAX)
        begin(fetcher->waiting.first);
}

/* libcurl has a deadline of its own; this one holds whatever it does. */
static void on_deadline(void *ctx)
{
    struct fetch *fetch = ctx;

    fetch->deadline = NULL;
    if (fetch->easy)
        finish(fetch, CURLE_OPERATION_TIMEDOUT);
    else if (fetch->list == &fetch->fetcher->waiting)
        fail(fetch, FETCH_TIMEOUT);
    else
        schedule_drain(fetch->fetcher);
}

/* Allowed ones, as CURLOPT_RESOLVE wants them; NULL if there are none. */
static char *address_list(const struct fetch_request *request)
{
    struct buf buf;
    bool any = false;

    buf_init(&buf, ADDRESS_LIST_MAX);
    for (size_t i = 0; i < request->address_count; i++) {
        const struct fact_address *address = &request->addresses[i];
        if (!address->allowed)
            continue;
        buf_printf(&buf, address->ipv6 ? "%s[%s]" : "%s%s", any ? "," : "",
                   address->text);
        any = true;
    }
    if (!any || buf.error) {
        buf_clear(&buf);
        return NULL;
    }
    return buf.data;
}

/* Whether a family has more than one address to try. */
static bool has_several(const struct fetch_request *request)
{
    size_t count[2] = {0, 0};

    for (size_t i = 0; i < request->address_count; i++)
        if (request->addresses[i].allowed)
            count[request->addresses[i].ipv6 ? 1 : 0]++;
    return count[0] > 1 || count[1] > 1;
}

static struct fact_fetch *fact_new(const struct fetch_request *request)
{
    struct fact_fetch *fact = arena_new_of(request->arena, struct fact_fetch);
    uint16_t port = request->port;
    const char *path = request->path ? request->path : WELL_KNOWN;

    if (!fact)
        return NULL;
    if (port && port != HTTPS_PORT)
        fact->url = arena_printf(request->arena, "https://%s:%u%s",
                                 request->host, port, path);
    else
        fact->url =
            arena_printf(request->arena, "https://%s%s", request->host, path);
    fact->pinned = request->pinned;
    return fact->url ? fact : NULL;
}

static struct fetch *fetch_new(struct fetcher *fetcher,
                               const struct fetch_request *request)
{
    struct fetch *fetch = calloc(1, sizeof(*fetch));
    struct arena *arena = request->arena;

    if (!fetch)
        return NULL;
    buf_init(&fetch->body, MTASTS_POLICY_BODY_MAX);
    fetch->fetcher = fetcher;
    fetch->guard = fetcher->proxy ? NULL : fetcher->guard;
    fetch->store = fetcher->store;
    fetch->arena = arena;
    fetch->host = arena_string(arena, request->host);
    fetch->port = request->port ? request->port : HTTPS_PORT;
    fetch->user_agent = arena_string(
        arena, request->user_agent ? request->user_agent : USER_AGENT);
    fetch->accept_encoding = arena_string(arena, request->accept_encoding);
    fetch->connect_only = request->connect_only;
    fetch->several = has_several(request);
    fetch->deadline_ms =
        request->deadline_ms ? request->deadline_ms : FETCH_DEADLINE_MS;
    fetch->started = loop_now_ms(fetcher->loop);
    fetch->addresses = fetcher->proxy ? NULL : address_list(request);
    fetch->fact = fact_new(request);
    if (!fetch->host || !fetch->user_agent || !fetch->fact ||
        (request->accept_encoding && !fetch->accept_encoding)) {
        fetch_free(fetch);
        return NULL;
    }
    return fetch;
}

/* A slash begins the path; what else could change the URL's meaning is in no
   name and no path of ours. */
static bool url_parts_ok(const struct fetch_request *request)
{
    static const char bad[] = " \t\r\n\"<>\\^`{|}";
    const char *path = request->path;

    if (strpbrk(request->host, bad) || strpbrk(request->host, "/?#@:") ||
        !*request->host || strlen(request->host) > MTASTS_NAME_MAX)
        return false;
    return !path || (path[0] == '/' && !strpbrk(path, bad) &&
                     strlen(path) <= FETCH_URL_MAX / 2);
}

int fetch_start(struct fetcher *fetcher, const struct fetch_request *request,
                fetch_fn *fn, void *ctx, struct fetch **ret_fetch)
{
    struct fetch *fetch;

    if (!url_parts_ok(request) || request->address_count > FACTS_ADDRESS_MAX)
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
    else if (!fetch->addresses && !fetcher->proxy)
        fail(fetch, FETCH_ADDRESS_REFUSED);
    else if (fetcher->active.count >= FETCH_CONNECTIONS_MAX)
        list_move(fetch, &fetcher->waiting);
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

static void free_all(struct fetch_list *list)
{
    while (list->first)
        fetch_free(list->first);
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
