/*
 * http_local: libcurl's easy interface, over a UNIX socket or loopback.
 */
#include "net/http_local.h"

#include "base/cleanup.h"
#include <curl/curl.h>
#include <mtasts/error.h>
#include <string.h>

#define URL_MAX 4096u

DEFINE_CLEANUP(CURL *, curl_easy_cleanup, easy)
#define _cleanup_easy_ _cleanup_(cleanup_easy)

static size_t on_body(char *data, size_t size, size_t count, void *ctx)
{
    return buf_append(ctx, data, size * count) ? 0 : size * count;
}

/* The socket's path, NULL for TCP, and the URL. */
static int read_address(const struct http_local_request *request,
                        const char **ret_path, char url[URL_MAX])
{
    static const char unix_kind[] = "unix:";
    static const char inet_kind[] = "inet:";
    const char *host = "localhost";
    int len;

    *ret_path = NULL;
    if (strncmp(request->address, unix_kind, strlen(unix_kind)) == 0)
        *ret_path = request->address + strlen(unix_kind);
    else if (strncmp(request->address, inet_kind, strlen(inet_kind)) == 0)
        host = request->address + strlen(inet_kind);
    else
        return -MTASTS_EINVAL;
    len = snprintf(url, URL_MAX, "http://%s%s", host, request->target);
    return len < 0 || (size_t)len >= URL_MAX ? -MTASTS_EINVAL : 0;
}

static CURLcode set_up(CURL *easy, const struct http_local_request *request,
                       const char *path, const char *url, struct buf *body)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, url);

    if (!code && path)
        code = curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, path);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_PROXY, "");
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                                (long)request->deadline_ms);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    if (!code)
        code = curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
    if (!code && request->post)
        code = curl_easy_setopt(easy, CURLOPT_POST, 1L);
    if (!code && request->post)
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                (curl_off_t)request->len);
    if (!code && request->post)
        code = curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                                request->body ? request->body : "");
    return code;
}

static int error_of(CURLcode code, const struct buf *body)
{
    switch (code) {
    case CURLE_OK: return 0;
    case CURLE_OPERATION_TIMEDOUT: return -MTASTS_ETIMEDOUT;
    case CURLE_OUT_OF_MEMORY: return -MTASTS_ENOMEM;
    case CURLE_WRITE_ERROR: return body->error ? body->error : -MTASTS_EIO;
    default: return -MTASTS_EIO;
    }
}

/* Of a connection that fails libcurl says no more than that; the system knows
   whether nobody is there or we may not. */
static const char *reason(CURL *easy, CURLcode code, const char *detail)
{
    long number = 0;

    if (code == CURLE_COULDNT_CONNECT &&
        curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &number) == CURLE_OK &&
        number > 0)
        return strerrordesc_np((int)number);
    return *detail ? detail : curl_easy_strerror(code);
}

int http_local(const struct http_local_request *request, struct buf *body,
               long *ret_status, char why[HTTP_LOCAL_WHY_MAX])
{
    char detail[CURL_ERROR_SIZE] = "";
    char url[URL_MAX];
    const char *path;
    _cleanup_easy_ CURL *easy = NULL;
    CURLcode code;
    int error = read_address(request, &path, url);

    if (error) {
        snprintf(why, HTTP_LOCAL_WHY_MAX,
                 "%s is no address; write unix:/PATH or inet:ADDRESS:PORT",
                 request->address);
        return error;
    }
    easy = curl_easy_init();
    if (!easy) {
        snprintf(why, HTTP_LOCAL_WHY_MAX, "%s",
                 mtasts_strerror(-MTASTS_ENOMEM));
        return -MTASTS_ENOMEM;
    }
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
    code = set_up(easy, request, path, url, body);
    if (!code)
        code = curl_easy_perform(easy);
    if (!code)
        code = curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, ret_status);
    error = error_of(code, body);
    if (error)
        snprintf(why, HTTP_LOCAL_WHY_MAX, "%s: %s", request->address,
                 reason(easy, code, detail));
    return error;
}
