/*
 * resolver_query: one question while it is under way, for the files of
 * resolver.
 */
#ifndef MTASTS_NET_RESOLVER_QUERY_H
#define MTASTS_NET_RESOLVER_QUERY_H

#include "base/queue.h"
#include "net/forwarder_ask.h"
#include "net/resolver.h"

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
    bool validated; /* asked of a validating context */
    bool answered;  /* what follows holds */
    int rcode;
    int secure; /* libunbound's: 0 insecure, 1 bogus, 2 secure */
    enum lookup_status diagnosed; /* LOOKUP_NOT_ASKED: not */
    char *why;
    uint8_t *packet;
    size_t packet_len;
};

/*
 * What libunbound said, as an answer of ours. `message` and `canonical` are
 * room that must outlive the use of `answer`.
 */
void resolver_judge(const struct resolver_query *query,
                    struct dns_message *message,
                    char canonical[DNS_NAME_TEXT_MAX + 1],
                    struct dns_answer *answer);

#endif
