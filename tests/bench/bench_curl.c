/*
 * bench_curl CA_FILE JOBS FILE: what libcurl costs for a policy fetch.
 *
 * Fetches the policy of every line "HOST ADDRESS" of FILE, JOBS at once, as
 * a bare client of the multi interface would: curl_multi_socket_action under
 * libevent, CURLOPT_RESOLVE instead of DNS, a fresh connection each, the
 * chain and the name verified, TLS 1.2 or above, bodies counted and compared
 * with "version: STSv1". Easy handles are used again for the next line,
 * libcurl caches the trust store. Prints how many fetches gave a policy;
 * exit status 1 unless all did.
 */
#include "bench.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <signal.h>

#define BODY_MAX 65536u /* as a sender's limit would be */

static const char policy_start[] = "version: STSv1\r\n";

struct bench;

struct slot {
    struct bench *bench;
    CURL *easy;
    struct curl_slist *resolve;
    char host[BENCH_LINE_MAX];
    size_t len;
    char start[sizeof(policy_start)]; /* of the body */
};

struct bench {
    struct event_base *base;
    struct event *timer;
    CURLM *multi;
    const char *ca_file;
    FILE *lines;
    unsigned long ok;
    unsigned long failed;
};

static size_t take_body(char *data, size_t size, size_t count, void *ctx)
{
    struct slot *slot = ctx;
    size_t len = size * count;
    size_t room = sizeof(slot->start) - 1;
    if (slot->len < room)
        memcpy(slot->start + slot->len, data, MIN_OF(len, room - slot->len));
    slot->len += len;
    return slot->len <= BODY_MAX ? len : 0;
}

static bool slot_init(struct bench *bench, struct slot *slot)
{
    slot->bench = bench;
    slot->easy = curl_easy_init();
    if (!slot->easy)
        return false;
    curl_easy_setopt(slot->easy, CURLOPT_PRIVATE, slot);
    curl_easy_setopt(slot->easy, CURLOPT_CAINFO, bench->ca_file);
    curl_easy_setopt(slot->easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(slot->easy, CURLOPT_SSLVERSION,
                     (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(slot->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    curl_easy_setopt(slot->easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(slot->easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(slot->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(slot->easy, CURLOPT_PROXY, "");
    curl_easy_setopt(slot->easy, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(slot->easy, CURLOPT_TIMEOUT_MS, 60000L);
    curl_easy_setopt(slot->easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(slot->easy, CURLOPT_WRITEDATA, slot);
    return true;
}

/* Pins the slot's host to its address and forgets the host before it. */
static bool slot_pin(struct slot *slot, const char *before, const char *address)
{
    char text[2 * BENCH_LINE_MAX];
    curl_slist_free_all(slot->resolve);
    slot->resolve = NULL;
    if (before[0]) {
        snprintf(text, sizeof(text), "-%s:443", before);
        slot->resolve = curl_slist_append(NULL, text);
    }
    snprintf(text, sizeof(text), "%s:443:%s", slot->host, address);
    struct curl_slist *list = curl_slist_append(slot->resolve, text);
    if (!list)
        return false;
    slot->resolve = list;
    return curl_easy_setopt(slot->easy, CURLOPT_RESOLVE, list) == CURLE_OK;
}

static bool slot_start(struct slot *slot, const char *before,
                       const char *address)
{
    char url[BENCH_LINE_MAX + 64];
    snprintf(url, sizeof(url), "https://%s/.well-known/mta-sts.txt",
             slot->host);
    slot->len = 0;
    return slot_pin(slot, before, address) &&
           curl_easy_setopt(slot->easy, CURLOPT_URL, url) == CURLE_OK &&
           curl_multi_add_handle(slot->bench->multi, slot->easy) == CURLM_OK;
}

/* Gives the slot the next line of the file that can be started. */
static void slot_next(struct slot *slot)
{
    char line[BENCH_LINE_MAX];
    char before[BENCH_LINE_MAX];
    const char *address;
    while (bench_pair(slot->bench->lines, line, &address)) {
        memcpy(before, slot->host, sizeof(before));
        memcpy(slot->host, line, sizeof(line));
        if (slot_start(slot, before, address))
            return;
        slot->bench->failed++;
    }
}

static void take_finished(struct bench *bench)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(bench->multi, &left))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL *easy = message->easy_handle;
        CURLcode result = message->data.result;
        struct slot *slot;
        char *private = NULL;
        long status = 0;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        slot = (struct slot *)(void *)private;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        curl_multi_remove_handle(bench->multi, easy);
        if (result == CURLE_OK && status == 200 &&
            slot->len > strlen(policy_start) &&
            memcmp(slot->start, policy_start, strlen(policy_start)) == 0)
            bench->ok++;
        else
            bench->failed++;
        slot_next(slot);
    }
}

/* ---- libcurl under libevent ---- */

static void socket_ready(evutil_socket_t fd, short events, void *ctx)
{
    struct bench *bench = ctx;
    int action = (events & EV_READ ? CURL_CSELECT_IN : 0) |
                 (events & EV_WRITE ? CURL_CSELECT_OUT : 0);
    int running;
    curl_multi_socket_action(bench->multi, fd, action, &running);
    take_finished(bench);
}

static void timer_due(evutil_socket_t fd, short events, void *ctx)
{
    struct bench *bench = ctx;
    int running;
    (void)fd;
    (void)events;
    curl_multi_socket_action(bench->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    take_finished(bench);
}

static int set_timer(CURLM *multi, long ms, void *ctx)
{
    struct bench *bench = ctx;
    (void)multi;
    struct timeval delay = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    if (ms < 0)
        event_del(bench->timer);
    else
        event_add(bench->timer, &delay);
    return 0;
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *ctx,
                      void *socket_ctx)
{
    struct bench *bench = ctx;
    struct event *event = socket_ctx;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (event)
            event_free(event);
        curl_multi_assign(bench->multi, fd, NULL);
        return 0;
    }
    short events = (short)(EV_PERSIST | (what & CURL_POLL_IN ? EV_READ : 0) |
                           (what & CURL_POLL_OUT ? EV_WRITE : 0));
    if (event) {
        event_del(event);
        event_assign(event, bench->base, fd, events, socket_ready, bench);
    } else {
        event = event_new(bench->base, fd, events, socket_ready, bench);
        curl_multi_assign(bench->multi, fd, event);
    }
    return event && event_add(event, NULL) == 0 ? 0 : -1;
}

static bool bench_init(struct bench *bench)
{
    bench->base = event_base_new();
    bench->multi = curl_multi_init();
    if (!bench->base || !bench->multi)
        return false;
    bench->timer = event_new(bench->base, -1, 0, timer_due, bench);
    curl_multi_setopt(bench->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
    curl_multi_setopt(bench->multi, CURLMOPT_SOCKETDATA, bench);
    curl_multi_setopt(bench->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(bench->multi, CURLMOPT_TIMERDATA, bench);
    return bench->timer != NULL;
}

static void bench_clear(struct bench *bench, struct slot *slots, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        curl_easy_cleanup(slots[i].easy);
        curl_slist_free_all(slots[i].resolve);
    }
    curl_multi_cleanup(bench->multi);
    event_free(bench->timer);
    event_base_free(bench->base);
}

int main(int argc, char **argv)
{
    unsigned jobs = argc == 4 ? bench_number(argv[2], BENCH_JOBS_MAX) : 0;
    if (!jobs) {
        fprintf(stderr, "usage: bench_curl CA_FILE JOBS FILE\n");
        return 1;
    }
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    _cleanup_file_ FILE *lines = fopen(argv[3], "r");
    _cleanup_free_ struct slot *slots = calloc(jobs, sizeof(*slots));
    struct bench bench = {.lines = lines, .ca_file = argv[1]};
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !lines || !slots ||
        !bench_init(&bench)) {
        fprintf(stderr, "bench_curl: cannot start\n");
        return 1;
    }
    for (unsigned i = 0; i < jobs; i++) {
        if (!slot_init(&bench, &slots[i]))
            return 1;
        slot_next(&slots[i]);
    }
    event_base_dispatch(bench.base);
    bench_clear(&bench, slots, jobs);
    curl_global_cleanup();
    printf("%lu ok, %lu failed\n", bench.ok, bench.failed);
    return bench.failed ? 1 : 0;
}
