/*
 * fetch: one HTTPS GET of a policy (RFC 8461 section 3.3), through libcurl.
 *
 * HTTPS only, no redirect, no proxy from the environment, no cache, no
 * cookie, no session reuse across hosts; TLS 1.2 or above; the certificate
 * must have a DNS-ID for the host (CN never counts); status 200,
 * text/plain, the whole body, at most MTASTS_POLICY_BODY_MAX octets counted
 * as they arrive, all within one total deadline.
 */
#ifndef MTASTS_NET_FETCH_H
#define MTASTS_NET_FETCH_H

#include "check/facts.h"
#include "net/address.h"
#include "net/loop.h"
#include <openssl/x509.h>

#define FETCH_DEADLINE_MS 60000u /* RFC 8461 3.3 suggests one minute */
#define FETCH_CONNECTIONS_MAX                                                  \
    1000u /* at once, all hosts together; fewer where the process may not      \
             have two descriptors for each */

struct fetcher;
struct fetch;

struct fetcher_options {
    X509_STORE *store;                 /* trust; a reference is taken */
    const struct address_guard *guard; /* must outlive the fetcher; NULL: no
                                          exceptions */
    /*
     * Explicit egress proxy, http:// or socks5h://; NULL: none. It looks up
     * names itself and connects where they lead, past `guard` and whatever
     * the addresses of a request are: what must not be reached is for the
     * proxy to refuse.
     */
    const char *proxy;
};

struct fetch_request {
    const char *host;                     /* mta-sts.<domain>, canonical */
    const char *path;                     /* NULL: /.well-known/mta-sts.txt */
    uint16_t port;                        /* 0: 443 */
    const struct fact_address *addresses; /* where `host` is; tried with
                                             Happy Eyeballs, allowed only */
    size_t address_count;
    bool pinned;                 /* copied to the fact */
    const char *user_agent;      /* NULL: ours */
    const char *accept_encoding; /* NULL: none sent */
    bool connect_only;    /* stop once TLS is up (rua endpoints): FETCH_OK
                             if the handshake and certificate are good */
    uint32_t deadline_ms; /* 0: FETCH_DEADLINE_MS */
    struct arena *arena;  /* the fact's memory; must outlive the fetch */
};

/* `fact` is in the request's arena. */
typedef void fetch_fn(void *ctx, const struct fact_fetch *fact);

int fetcher_new(struct loop *loop, const struct fetcher_options *options,
                struct fetcher **ret_fetcher);
void fetcher_free(struct fetcher *fetcher); /* cancels what is under way */

int fetch_start(struct fetcher *fetcher, const struct fetch_request *request,
                fetch_fn *fn, void *ctx, struct fetch **ret_fetch);
void fetch_cancel(struct fetch *fetch); /* NULL is fine */

/*
 * Whether most of the time so far went by before there was a free place for
 * the fetch: that it is late then is this machine's lack, and FETCH_FAILED.
 */
bool fetch_kept_waiting(const struct fetch *fetch);
#define FETCH_KEPT_WAITING "too many other fetches were under way"

/*
 * What RFC 8461 3.2 says of the Content-Type: text/plain, any parameters.
 * `value` NULL (header missing): false.
 */
bool fetch_content_type_ok(const char *value);

DEFINE_CLEANUP(struct fetcher *, fetcher_free, fetcher)
#define _cleanup_fetcher_ _cleanup_(cleanup_fetcher)

#endif
