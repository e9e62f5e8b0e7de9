/*
 * fetch_result: libcurl's outcome as one of ours.
 *
 * A transfer that broke counts as such whatever it brought; then the status
 * line counts, then the media type.
 */
#include "net/fetch_transfer.h"

#include "net/own_lack.h"
#include <errno.h>
#include <mtasts/error.h>
#include <string.h>

#define DETAIL_MAX 512u /* octets kept of a sentence */

/* What an answer is that arrived whole. */
static enum fetch_status answer_status(const struct fetch *fetch)
{
    const struct fetch_response *response = &fetch->response;
    long status = fetch->fact->http_status;

    if (fetch->connect_only)
        return FETCH_OK;
    if (!response->complete)
        return FETCH_TRUNCATED;
    if (status >= 300 && status < 400)
        return FETCH_REDIRECT;
    if (status != 200)
        return FETCH_STATUS;
    /* libcurl takes the end of the connection for the end of the body even
       if TLS was not closed: an attacker can cut there. */
    if (fetch_response_ends_by_close(response) && !fetch->handshake.closed)
        return FETCH_TRUNCATED;
    return response->type_ok ? FETCH_OK : FETCH_CONTENT_TYPE;
}

static enum fetch_status connect_status(const struct fetch *fetch)
{
    long error = 0;

    if (fetch->guarded == FETCH_GUARD_REFUSED)
        return FETCH_ADDRESS_REFUSED;
    curl_easy_getinfo(fetch->easy, CURLINFO_OS_ERRNO, &error);
    switch (error) {
    case ECONNREFUSED: return FETCH_CONNECT_REFUSED;
    case ETIMEDOUT: return FETCH_CONNECT_TIMEOUT;
    default: return FETCH_CONNECT_FAILED;
    }
}

/* libcurl's own times do not say so before TLS is up. */
static bool connected(const struct fetch *fetch)
{
    return fetch->handshake.context != NULL;
}

static enum fetch_status handshake_status(const struct fetch *fetch)
{
    const struct fact_tls *tls = &fetch->fact->tls;

    if (tls->verify != VERIFY_NOT_DONE && tls->verify != VERIFY_OK)
        return FETCH_CERTIFICATE;
    return fetch->handshake.version ? FETCH_TLS_VERSION : FETCH_TLS_FAILED;
}

/* libcurl has no code of its own for chunks that are none. */
static enum fetch_status broken_status(const struct fetch *fetch)
{
    if (!fetch->fact->tls.handshake)
        return handshake_status(fetch);
    return strstr(fetch->error, "chunked-encoding") ? FETCH_PROTOCOL
                                                    : FETCH_TRUNCATED;
}

/* What this machine lacked, as an errno, or 0. Who could not try every
   address knows nothing of the host, unless another one let him in. */
static int lack(const struct fetch *fetch, CURLcode code)
{
    long error = 0;

    if (connected(fetch))
        return 0;
    if (!fetch->lack && code == CURLE_COULDNT_CONNECT)
        curl_easy_getinfo(fetch->easy, CURLINFO_OS_ERRNO, &error);
    return own_lack((int)error) ? (int)error : fetch->lack;
}

static enum fetch_status curl_status(const struct fetch *fetch, CURLcode code)
{
    if (lack(fetch, code))
        return FETCH_FAILED;
    switch (code) {
    case CURLE_OK: return answer_status(fetch);
    case CURLE_COULDNT_CONNECT: return connect_status(fetch);
    case CURLE_OPERATION_TIMEDOUT:
        return connected(fetch) ? FETCH_TIMEOUT : FETCH_CONNECT_TIMEOUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION: return handshake_status(fetch);
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR: return broken_status(fetch);
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9 */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING: return FETCH_PROTOCOL;
    default: return FETCH_FAILED;
    }
}

static const char *text_or_null(struct arena *arena, const char *text)
{
    return *text ? arena_string(arena, text) : NULL;
}

static void take_detail(struct fetch *fetch, CURLcode code)
{
    const char *sentence =
        *fetch->error ? fetch->error : curl_easy_strerror(code);
    int error = lack(fetch, code);
    char text[DETAIL_MAX];

    if (code == CURLE_OK || fetch->stop != FETCH_NOT_DONE)
        return;
    if (error)
        sentence = strerrordesc_np(error);
    fetch_printable(text, sizeof(text), sentence, strlen(sentence));
    fetch->fact->detail = text_or_null(fetch->arena, text);
}

static void take_body(struct fetch *fetch)
{
    struct fact_fetch *fact = fetch->fact;
    size_t len = MIN_OF(fetch->body.len, MTASTS_POLICY_BODY_MAX);
    char *copy = arena_copy(fetch->arena, buf_text(&fetch->body), len);

    if (!copy)
        fact->status = FETCH_FAILED;
    else
        fact->body = (struct mtasts_bytes){copy, len};
}

void fetch_result(struct fetch *fetch, CURLcode code)
{
    struct fact_fetch *fact = fetch->fact;
    const char *address = NULL;

    curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &fact->http_status);
    if (connected(fetch) &&
        !curl_easy_getinfo(fetch->easy, CURLINFO_PRIMARY_IP, &address) &&
        address && *address)
        fact->address = arena_string(fetch->arena, address);
    fact->status =
        fetch->stop != FETCH_NOT_DONE ? fetch->stop : curl_status(fetch, code);
    fact->content_type = text_or_null(fetch->arena, fetch->response.type);
    fact->location = text_or_null(fetch->arena, fetch->response.location);
    take_detail(fetch, code);
    take_body(fetch);
}
