/*
 * gather: asks everything about a domain, as concurrently as politeness
 * allows, and fills one struct facts.
 *
 * DNS at once; the policy host as soon as its addresses are known (a policy
 * without a record is looked for too); each MX address by one connection at
 * a time, however many domains share it, and domains taking turns. TLSA
 * records are asked for when the resolver validates.
 */
#ifndef MTASTS_NET_GATHER_H
#define MTASTS_NET_GATHER_H

#include "check/facts.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "net/resolver.h"
#include "net/smtp.h"

#define GATHER_DEADLINE_MS 30000u /* default for one domain, all of it */
#define GATHER_TURN_MAX_MS                                                     \
    600000u /* how long a domain waits for its first turn at SMTP, which its   \
               deadline does not count */
#define GATHER_LAST_MS                                                         \
    500u /* the end of it: nothing new is begun, so that                       \
            what is under way can say how far it came */
/* How long the answer for one address family is waited for once the other has
   given addresses: two retries of a lost packet. Then the fetch and SMTP go on
   with what there is. */
#define GATHER_FAMILY_MS 2000u
#define GATHER_PINNED_MAX 4u /* addresses of a policy host asked one by one */

struct gatherer;
struct gathering;

/* What is asked. */
enum gather_parts {
    GATHER_RECORD = 1,   /* `_mta-sts` */
    GATHER_POLICY = 2,   /* the policy host; `variations` are for ALL alone */
    GATHER_MX = 4,       /* the MX records */
    GATHER_DANE = 8,     /* addresses and TLSA records of the MX hosts, and with
                            the option `smtp` their sessions; wants GATHER_MX */
    GATHER_REPORTS = 16, /* `_smtp._tls`, and where it leads */
    GATHER_ALL = 31,     /* drafts' records too */
};

/* A step done, for --verbose: what was asked ("TXT _mta-sts.example.com"),
   how it ended ("ok, secure, 1 record"), how long it took. */
typedef void gather_trace_fn(void *ctx, const char *step, const char *result,
                             uint32_t elapsed_ms);

struct gatherer_options {
    struct resolver *resolver;
    struct fetcher *fetcher;
    X509_STORE *store;
    const struct address_guard *guard;
    bool smtp;              /* probe MX hosts */
    bool variations;        /* fetch the policy from each address and with
                               another User-Agent and Accept-Encoding, ask
                               for drafts' records also beside a record */
    bool smtp_main_only;    /* only the session that a sender would have, none
                               of the tests beside it */
    const char *helo;       /* NULL: this machine's name, or its address */
    uint32_t deadline_ms;   /* 0: GATHER_DEADLINE_MS */
    uint16_t smtp_port;     /* 0: 25 */
    uint16_t https_port;    /* 0: 443 */
    gather_trace_fn *trace; /* or NULL */
    void *trace_ctx;
};

/*
 * The callback owns `facts`: facts_free(). Past the deadline what is known
 * is delivered, the rest as timed out; past FACTS_MAX what has fitted, with
 * a sentence in facts->resolver_note. The deadline counts the domain's own
 * time: not the wait for a turn at SMTP where many domains are gathered.
 */
typedef void gather_fn(void *ctx, struct facts *facts);

/* What `options` points to must outlive the gatherer; `helo` is copied. */
int gatherer_new(struct loop *loop, const struct gatherer_options *options,
                 struct gatherer **ret_gatherer);
void gatherer_free(struct gatherer *gatherer); /* cancels what is left */

/*
 * `domain`: canonical A-labels. A name made of it that would be too long is
 * not asked for, and its `why` says so. `parts`: of enum gather_parts; the
 * facts of others stay "not asked".
 */
int gather_start(struct gatherer *gatherer, const char *domain, unsigned parts,
                 gather_fn *fn, void *ctx, struct gathering **ret_gathering);
void gather_cancel(struct gathering *gathering); /* NULL is fine */

DEFINE_CLEANUP(struct gatherer *, gatherer_free, gatherer)
#define _cleanup_gatherer_ _cleanup_(cleanup_gatherer)

#endif
