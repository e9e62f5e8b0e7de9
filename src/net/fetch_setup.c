/*
 * fetch_setup: libcurl's settings for one policy fetch (RFC 8461 3.3), and
 * the callbacks that watch over it.
 *
 * HTTPS and nothing else, GET and nothing after it: no redirect, no proxy or
 * credentials from the environment, no connection or session used twice.
 * Addresses come from us and are checked again when a socket is opened.
 */
#include "net/fetch_transfer.h"

#include "net/own_lack.h"
#include <errno.h>
#include <mtasts/error.h>
#include <mtasts/sts_policy.h>
#include <string.h>
#include <sys/socket.h>

static curl_socket_t on_open(void *ctx, curlsocktype purpose,
                             struct curl_sockaddr *target)
{
    struct fetch *fetch = ctx;
    struct address address;
    int fd;

    fetch->looked_up = true;
    if (purpose != CURLSOCKTYPE_IPCXN)
        return CURL_SOCKET_BAD;
    if (!fetch->proxied) {
        if (address_from_sockaddr(&target->addr, &address) < 0 ||
            !address_allowed(fetch->guard, &address)) {
            if (fetch->guarded == FETCH_GUARD_UNASKED)
                fetch->guarded = FETCH_GUARD_REFUSED;
            return CURL_SOCKET_BAD;
        }
        fetch->guarded = FETCH_GUARD_PASSED;
    }
    fd = socket(target->family, target->socktype | SOCK_CLOEXEC,
                target->protocol);
    if (fd >= 0)
        fetch_opened(fetch, fd);
    else if (own_lack(errno))
        fetch->lack = errno;
    return fd;
}

/* Breaks the transfer off, for the first reason that there is. */
static size_t stop(struct fetch *fetch, enum fetch_status why)
{
    if (fetch->stop == FETCH_NOT_DONE)
        fetch->stop = why;
    return 0;
}

static size_t on_header(char *data, size_t size, size_t count, void *ctx)
{
    struct fetch *fetch = ctx;
    struct fetch_response *response = &fetch->response;
    size_t len = size * count;

    fetch_response_line(response, data, len);
    if (response->octets > FETCH_HEADERS_MAX || response->contradictory)
        return stop(fetch, FETCH_PROTOCOL);
    return len;
}

/* Only a 200 has a body that matters. */
static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    struct fetch *fetch = ctx;
    size_t len = size * count;
    long status = 0;

    curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200)
        return stop(fetch, status >= 300 && status < 400 ? FETCH_REDIRECT
                                                         : FETCH_STATUS);
    switch (buf_append(&fetch->body, data, len)) {
    case 0: return len;
    case -MTASTS_ETOOLONG: return stop(fetch, FETCH_TOO_LARGE);
    default: return stop(fetch, FETCH_FAILED);
    }
}

struct number_option {
    CURLoption option;
    long value;
};

static const struct number_option NUMBERS[] = {
    {CURLOPT_NOSIGNAL, 1},
    {CURLOPT_FOLLOWLOCATION, 0},
    {CURLOPT_HTTPGET, 1},
    {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
    {CURLOPT_HTTP09_ALLOWED, 0},
    {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
    {CURLOPT_SSL_VERIFYPEER, 1}, /* by our callback */
    {CURLOPT_SSL_VERIFYHOST, 0}, /* in our callback */
    {CURLOPT_SSL_SESSIONID_CACHE, 0},
    {CURLOPT_CA_CACHE_TIMEOUT, 0},
    {CURLOPT_SSL_OPTIONS, CURLSSLOPT_NO_PARTIALCHAIN},
    {CURLOPT_FRESH_CONNECT, 1},
    {CURLOPT_FORBID_REUSE, 1},
    {CURLOPT_DNS_CACHE_TIMEOUT, -1}, /* ours are taken out by hand */
    {CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, FETCH_EYEBALLS_MS},
    {CURLOPT_BUFFERSIZE, FETCH_READ_SIZE},
    {CURLOPT_NETRC, CURL_NETRC_IGNORED},
    {CURLOPT_PATH_AS_IS, 1},
};

struct text_option {
    CURLoption option;
    const char *value;
};

static const struct text_option TEXTS[] = {
    {CURLOPT_PROTOCOLS_STR, "https"},
    {CURLOPT_REDIR_PROTOCOLS_STR, "https"},
    {CURLOPT_CAINFO, NULL}, /* the bundle is not loaded for each fetch */
    {CURLOPT_CAPATH, NULL},
    {CURLOPT_NOPROXY, ""}, /* nor are exceptions taken from the environment */
};

static CURLcode set_tables(CURL *easy)
{
    CURLcode code = CURLE_OK;

    for (size_t i = 0; !code && i < ELEMENTS(NUMBERS); i++)
        code = curl_easy_setopt(easy, NUMBERS[i].option, NUMBERS[i].value);
    for (size_t i = 0; !code && i < ELEMENTS(TEXTS); i++)
        code = curl_easy_setopt(easy, TEXTS[i].option, TEXTS[i].value);
    return code;
}

static CURLcode set_callbacks(struct fetch *fetch)
{
    const struct pointer_option {
        CURLoption option;
        void *value;
    } pointers[] = {
        {CURLOPT_PRIVATE, fetch},      {CURLOPT_OPENSOCKETDATA, fetch},
        {CURLOPT_SSL_CTX_DATA, fetch}, {CURLOPT_HEADERDATA, fetch},
        {CURLOPT_WRITEDATA, fetch},    {CURLOPT_ERRORBUFFER, fetch->error},
    };
    CURL *easy = fetch->easy;
    CURLcode code = CURLE_OK;

    for (size_t i = 0; !code && i < ELEMENTS(pointers); i++)
        code = curl_easy_setopt(easy, pointers[i].option, pointers[i].value);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    if (!code)
        code =
            curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, fetch_tls_prepare);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    return code;
}

/* The list first takes out what fetches before us put into the cache. */
static CURLcode set_addresses(struct fetch *fetch, struct curl_slist **removals)
{
    char entry[FETCH_URL_MAX];
    struct curl_slist *list;

    fetch->resolve = *removals;
    *removals = NULL;
    if (fetch->addresses) {
        snprintf(entry, sizeof(entry), "+%s:%u:%s", fetch->host, fetch->port,
                 fetch->addresses);
        list = curl_slist_append(fetch->resolve, entry);
        if (!list)
            return CURLE_OUT_OF_MEMORY;
        fetch->resolve = list;
    }
    return curl_easy_setopt(fetch->easy, CURLOPT_RESOLVE, fetch->resolve);
}

static CURLcode set_request(struct fetch *fetch, const char *proxy)
{
    CURL *easy = fetch->easy;
    uint32_t connect_ms = MIN_OF(FETCH_CONNECT_MS, fetch->deadline_ms);
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, fetch->fact->url);

    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_PROXY, proxy ? proxy : "");
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_USERAGENT, fetch->user_agent);
    if (!code && fetch->accept_encoding)
        code = curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING,
                                fetch->accept_encoding);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY,
                                fetch->connect_only ? 1l : 0l);
    if (!code)
        code =
            curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                                (long)fetch->deadline_ms);
    return code;
}

int fetch_setup(struct fetch *fetch, const char *proxy,
                struct curl_slist **removals)
{
    CURLcode code;

    fetch->easy = curl_easy_init();
    if (!fetch->easy)
        return -MTASTS_ENOMEM;
    code = set_tables(fetch->easy);
    if (!code)
        code = set_callbacks(fetch);
    if (!code)
        code = set_addresses(fetch, removals);
    if (!code)
        code = set_request(fetch, proxy);
    if (code == CURLE_OUT_OF_MEMORY)
        return -MTASTS_ENOMEM;
    return code ? -MTASTS_ESYSTEM : 0;
}
