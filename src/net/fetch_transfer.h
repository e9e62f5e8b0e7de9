/*
 * fetch_transfer: fetcher and fetch from inside, for the files of fetch.
 */
#ifndef MTASTS_NET_FETCH_TRANSFER_H
#define MTASTS_NET_FETCH_TRANSFER_H

#include "base/buf.h"
#include "base/queue.h"
#include "net/fetch.h"
#include "net/fetch_response.h"
#include <curl/curl.h>

#define FETCH_PATH_MAX 1024u /* octets */
#define FETCH_URL_MAX 2048u  /* octets */
#define FETCH_CONNECT_MS                                                       \
    10000u /* TCP: three SYNs, as Linux sends them; where a family has several \
              addresses each gets half of what is left */
#define FETCH_EYEBALLS_MS 200l /* head start of IPv6 (RFC 8305 5) */
#define FETCH_READ_SIZE 8192l  /* octets libcurl reads at once */

/* What became of the address that libcurl wanted to connect to. */
enum fetch_guard {
    FETCH_GUARD_UNASKED,
    FETCH_GUARD_PASSED,
    FETCH_GUARD_REFUSED,
};

/* How the TLS handshake went, beside the facts. */
struct fetch_handshake {
    SSL_CTX *context; /* a reference; NULL before TLS begins */
    bool version;     /* failed for want of a common version */
    bool closed;      /* close_notify was received */
};

/* A socket that libcurl has us watch: two a fetch at most, and those that
   fetches left. */
struct fetch_socket {
    struct queue_node node; /* first */
    int fd;
    struct loop_watch *watch;
};

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
    struct queue sockets;        /* that libcurl has us watch */
    struct curl_slist *removals; /* from libcurl's address cache */
    struct loop_timer *drain;
    bool *gone; /* set when freed from a callback */
};

struct fetch {
    struct queue_node node; /* first */
    struct fetcher *fetcher;
    CURL *easy; /* NULL while waiting */
    struct curl_slist *resolve;
    struct loop_timer *deadline;
    struct loop_timer *nudge; /* has libcurl look at the transfer again */
    bool proxied; /* the proxy looks up names, and is trusted with it */
    const struct address_guard *guard;
    X509_STORE *store;
    struct arena *arena;
    const char *host;
    uint16_t port;
    const char *user_agent;
    const char *accept_encoding;
    char *addresses; /* for CURLOPT_RESOLVE */
    bool connect_only;
    bool several; /* addresses of one family */
    uint64_t started;
    uint64_t waited_ms; /* for a free place, until it had one */
    uint32_t deadline_ms;
    fetch_fn *fn;
    void *ctx;
    enum fetch_guard guarded;
    bool looked_up; /* libcurl has worked through `resolve` */
    int lack;       /* errno: an address was not tried for want of a socket */
    enum fetch_status stop; /* why we broke it off; FETCH_NOT_DONE: not */
    struct fetch_handshake handshake;
    struct fetch_response response;
    struct buf body;
    char error[CURL_ERROR_SIZE];
    struct fact_fetch *fact;
};

/* Whether host, path and addresses are within what a fetch takes. */
bool fetch_request_ok(const struct fetch_request *request);

/* Copies the request; -MTASTS_ENOMEM. */
int fetch_request_take(struct fetch *fetch,
                       const struct fetch_request *request);

/* For CURLOPT_SSL_CTX_FUNCTION; `ctx` is the fetch. */
CURLcode fetch_tls_prepare(CURL *easy, void *ssl_ctx, void *ctx);

/* Lets go of the handshake: nothing calls back into the fetch any more. */
void fetch_tls_clear(struct fetch_handshake *handshake);

/* Makes and fills the easy handle. 0 or a negative error. */
int fetch_setup(struct fetch *fetch, const char *proxy,
                struct curl_slist **removals);

/* Has libcurl's multi handle work on the fetcher's loop; -MTASTS_ENOMEM. */
int fetch_multi_new(struct fetcher *fetcher);
void fetch_multi_free(struct fetcher *fetcher);

/* libcurl has opened a socket for this fetch. */
void fetch_opened(const struct fetch *fetch, int fd);

/* Takes what libcurl says has ended; in fetch.c. */
void fetch_collect(struct fetcher *fetcher);

/* Fills the fact from what libcurl says at the end. */
void fetch_result(struct fetch *fetch, CURLcode code);

#endif
