/*
 * resolver: DNS answers with their DNSSEC state, through libunbound.
 *
 * Validates in this process. It forwards (to what resolv.conf says, or to
 * one address) or recurses itself from root hints. A forwarder that strips
 * DNSSEC is found by asking it for `. DNSKEY`. One that does so from the
 * start is lived with: answers are taken unvalidated (DNSSEC_UNCHECKED),
 * never as bogus, and resolver_note() says so. One that begins to do so may
 * be somebody on the path: its answers are bogus, and only when that has
 * lasted (resolver_validation.h) are they taken unvalidated. What the
 * validator has called bogus is never asked for again without it.
 *
 * Answers are always asynchronous and each query has its own deadline.
 */
#ifndef MTASTS_NET_RESOLVER_H
#define MTASTS_NET_RESOLVER_H

#include "check/facts.h"
#include "net/dns_message.h"
#include "net/loop.h"

#define RESOLVER_DEADLINE_MS 10000u /* default deadline of one query */
#define RESOLVER_CNAME_MAX 8u       /* aliases followed in one answer */
#define RESOLVER_PROBE_MS                                                      \
    (3600u * 1000) /* how often the forwarder is asked                         \
                      whether DNSSEC comes through, while it does */

struct resolver;
struct resolver_query;

struct resolver_options {
    const char *forward;      /* "ADDR[@PORT]"; NULL: see the next two */
    const char *resolv_conf;  /* NULL: /etc/resolv.conf */
    const char *root_hints;   /* file: recurse from these; NULL: forward */
    const char *trust_anchor; /* file; NULL: Debian's dns-root-data */
    uint32_t deadline_ms;     /* 0: RESOLVER_DEADLINE_MS */
    size_t cache_bytes;       /* 0: a default of 16 MiB in all */
    uint32_t probe_ms;        /* 0: RESOLVER_PROBE_MS; no longer wait between
                                 probes than this (resolver_validation.h) */
};

struct dns_answer {
    enum lookup_status status;
    enum dnssec_status dnssec;
    uint32_t ttl; /* seconds; of the records and aliases, or of the denial */
    const char *canonical; /* "" when no CNAME was followed */
    unsigned cnames;
    const char *why;          /* or NULL */
    const struct dns_rr *rrs; /* at most FACTS_RR_MAX */
    size_t count;
    size_t omitted; /* more than that: the set is not whole */
    uint32_t elapsed_ms;
};

/* `answer` lives until the callback returns. */
typedef void resolver_fn(void *ctx, const struct dns_answer *answer);

/*
 * The strings of `options` are copied. -MTASTS_EINVAL: `forward` is no
 * address; -MTASTS_ENOTFOUND: `root_hints` or `trust_anchor` cannot be read;
 * -MTASTS_ESYNTAX: what is in them is no good. A machine without Debian's
 * trust anchor gets a resolver that does not validate, and a note.
 */
int resolver_new(struct loop *loop, const struct resolver_options *options,
                 struct resolver **ret_resolver);
/* Cancels what is under way. Fine in a callback of its own. */
void resolver_free(struct resolver *resolver);

/*
 * Asks for `name` (canonical, may have `_` labels). `deadline_ms` 0: the
 * resolver's own. The query waits while the resolver's first probe of the
 * forwarder is still under way. Its handle is gone when `fn` begins.
 * -MTASTS_ENAME; `ret_query` may be NULL.
 */
int resolver_ask(struct resolver *resolver, const char *name, enum rr_type type,
                 uint32_t deadline_ms, resolver_fn *fn, void *ctx,
                 struct resolver_query **ret_query);
void resolver_cancel(struct resolver_query *query); /* NULL is fine */

/* Whether answers are validated; known once the first answer has come. */
bool resolver_validating(const struct resolver *resolver);

/* Why not, or why many of them are bogus, as a sentence that names all
   forwarders; NULL while all is well. */
const char *resolver_note(const struct resolver *resolver);

DEFINE_CLEANUP(struct resolver *, resolver_free, resolver)
#define _cleanup_resolver_ _cleanup_(cleanup_resolver)

#endif
