/*
 * resolving: what the files resolver*.c share: the resolver, and one question
 * while it is under way.
 *
 * A query waits for the first probe of the forwarders, is under way in
 * libunbound, is done and waits for its callback, or (after a SERVFAIL from
 * a forwarder) is being diagnosed; the queue it stands in says which.
 */
#ifndef MTASTS_NET_RESOLVING_H
#define MTASTS_NET_RESOLVING_H

#include "base/queue.h"
#include "net/forwarder_ask.h"
#include "net/forwarder_probe.h"
#include "net/resolver.h"
#include "net/resolver_validation.h"

#define RESOLVER_TRUST_ANCHOR                                                  \
    "/usr/share/dns/root.key" /* of the package dns-root-data */
#define RESOLVER_TEXT_MAX (FORWARDERS_NAMES_MAX + 96u) /* about all of them */

struct resolver {
    struct loop *loop;
    struct unbound_settings settings;
    char *root_hints;
    char *trust_anchor;
    uint32_t deadline_ms;
    struct ub_ctx *context;
    bool validates; /* what `context` does */
    char note[RESOLVER_TEXT_MAX];

    /* resolver_probe.c */
    bool ready;                 /* the first probe is over, or none is needed */
    enum forwarder_state state; /* what the last one found */
    struct validation validation;
    struct forwarder_probe *probe; /* under way */
    struct loop_timer *probe_timer;
    uint64_t probe_at; /* when that is due; 0: it is not set */

    /* resolver_query.c */
    struct queue waiting;
    struct queue asked;
    struct queue done;
    struct queue diagnosing;
    struct loop_timer *drain;
    bool *gone;                 /* set when freed from a callback */
    struct dns_message message; /* the answer being handed on */
};

/* What libunbound says of an answer. */
enum secure {
    SECURE_NOT = 0,
    SECURE_BOGUS = 1,
    SECURE_YES = 2,
};

struct resolver_query {
    struct queue_node node; /* first */
    struct resolver *resolver;
    char *name;
    enum rr_type type;
    resolver_fn *fn;
    void *ctx;
    uint64_t started;
    uint64_t due;
    struct loop_timer *deadline;
    struct forwarder_ask *diagnosis;
    int id;         /* libunbound's, while under way */
    bool asking;    /* being handed to libunbound */
    bool validated; /* asked of a validating context */
    bool unproven;  /* bogus, but so would be all: no key has come yet */
    bool answered;  /* what follows holds */
    int rcode;
    int secure;                   /* enum secure */
    enum lookup_status diagnosed; /* LOOKUP_NOT_ASKED: not */
    char *why;
    uint8_t *packet;
    size_t packet_len;
};

/* ---- resolver_probe.c ---- */

static inline bool resolver_forwards(const struct resolver *resolver)
{
    return resolver->settings.forwarders.count > 0;
}

/* The first context, and the first probe where one is needed. Errors: those
   of unbound_context_new(). */
int resolver_begin(struct resolver *resolver, uint32_t probe_ms);

/* Whether a signature has come through in this process, so that the want of
   one says something of a name and not of the forwarders. */
static inline bool resolver_proven(const struct resolver *resolver)
{
    return resolver->validation.proven || !resolver_forwards(resolver);
}

/* An answer from the network was secure, or was bogus. */
void resolver_saw(struct resolver *resolver, enum validation_event event);

/* ---- resolver_query.c ---- */

/* Takes back what is under way in the present context. */
void resolver_recall(struct resolver *resolver);

/* Asks what waits. */
void resolver_resume(struct resolver *resolver);

void resolver_cancel_all(struct resolver *resolver);

/* ---- resolver_judge.c ---- */

/*
 * What libunbound said, as an answer of ours. `message` and `canonical` are
 * room that must outlive the use of `answer`.
 */
void resolver_judge(const struct resolver_query *query,
                    struct dns_message *message,
                    char canonical[DNS_NAME_TEXT_MAX + 1],
                    struct dns_answer *answer);

#endif
