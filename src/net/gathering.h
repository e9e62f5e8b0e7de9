/*
 * gathering: one domain being asked about; what the files gather*.c share.
 *
 * Each request under way is a `work` in a list of the gathering. When the
 * lists are empty and nobody holds the gathering any more, the facts are
 * delivered. Past the deadline every work is stopped: it fills its facts with
 * "timed out" and goes on as if it had ended so; what would begin then ends at
 * once in the same way. So there is one path through the code, late or not.
 *
 * SMTP probes wait for their turn among those of all domains, which may take
 * longer than any deadline. They are in a list of their own, with a deadline
 * of their own: what was left for them when the first one was asked for, from
 * its turn on.
 */
#ifndef MTASTS_NET_GATHERING_H
#define MTASTS_NET_GATHERING_H

#include "base/queue.h"
#include "net/gather.h"
#include "net/smtp_queue.h"

struct gathering {
    struct gatherer *gatherer;
    struct gathering *previous;
    struct gathering *next;
    struct facts *facts;
    unsigned parts; /* of enum gather_parts */
    struct queue works;
    struct queue probes; /* works of SMTP */
    size_t holds;        /* works, and whoever is about to begin some */
    struct loop_timer *deadline;
    struct loop_timer *smtp_deadline;
    struct loop_timer *finish;
    struct smtp_asker *asker; /* NULL: no probe was asked for yet */
    uint64_t smtp_ms;         /* what probes may take, from the first turn */
    uint64_t started_ms;
    uint64_t end_ms;
    bool late;            /* the deadline has passed */
    bool short_of_memory; /* something did not fit */
    gather_fn *fn;
    void *ctx;
};

struct gatherer {
    struct loop *loop;
    struct gatherer_options options;
    char *helo;
    struct smtp_queue *queue;
    struct gathering *gatherings;
};

struct work {
    struct queue_node node; /* first */
    struct gathering *gathering;
    /* Cancels the request. `late`: then ends the work as timed out;
       otherwise the gathering itself is going away. */
    void (*stop)(struct work *work, bool late);
};

void gathering_hold(struct gathering *gathering);
void gathering_release(struct gathering *gathering);

/* A work holds its gathering from begin to end. `line`: works or probes. */
void work_begin(struct work *work, struct gathering *gathering,
                struct queue *line, void (*stop)(struct work *work, bool late));
void work_end(struct work *work);

/* Until when new work may take; 0 left: too late for any. */
uint32_t gathering_left_ms(const struct gathering *gathering);

/* arena_alloc() in the facts' arena; failures are remembered. */
void *gathering_alloc(struct gathering *gathering, size_t count, size_t size);
#define gathering_new_of(gathering, count, type)                               \
    ((type *)gathering_alloc((gathering), (count), sizeof(type)))

/* Copies of text that may be NULL. */
char *gathering_string(struct gathering *gathering, const char *text);

bool gathering_traces(const struct gathering *gathering);
void gathering_trace(const struct gathering *gathering, const char *step,
                     const char *result, uint32_t elapsed_ms);

/* ---- gather_ask.c: DNS ---- */

/* `answer` has no records unless its status is LOOKUP_OK. */
typedef void ask_fn(struct gathering *gathering, void *subject,
                    const struct dns_answer *answer);

/*
 * Asks for prefix + name, fills `lookup` and calls `fn`; at once, with
 * LOOKUP_NOT_ASKED, if that is too long for a name.
 */
void ask(struct gathering *gathering, const char *prefix, const char *name,
         enum rr_type type, struct fact_lookup *lookup, ask_fn *fn,
         void *subject);

typedef void ask_done_fn(struct gathering *gathering, void *subject);

void ask_txt(struct gathering *gathering, const char *prefix, const char *name,
             struct fact_txt *txt, ask_done_fn *fn, void *subject);

/* A and AAAA. */
void ask_host(struct gathering *gathering, const char *prefix, const char *name,
              struct fact_host *host, ask_done_fn *fn, void *subject);

void ask_tlsa(struct gathering *gathering, const char *name,
              struct fact_tlsa *tlsa, ask_done_fn *fn, void *subject);

/* ---- gather_fetch.c: HTTPS ---- */

/*
 * Fetches and fills `fact` (but for `variation`, which stays); at once if
 * there is no address to ask. Deadline and arena are the gathering's.
 */
void gather_fetch(struct gathering *gathering,
                  const struct fetch_request *request, struct fact_fetch *fact,
                  ask_done_fn *fn, void *subject);

/* ---- the parts ---- */

void gather_policy(struct gathering *gathering); /* gather_policy.c */
void gather_mx(struct gathering *gathering);     /* gather_mx.c */

/* Makes the asker for probes unless there is one. `left_ms` is what its probes
   may take. Errors: -MTASTS_ENOMEM. */
int gathering_ask_smtp(struct gathering *gathering, uint32_t left_ms);

/* Once facts->tlsrpt_txt is known. gather_rua.c */
void gather_ruas(struct gathering *gathering);

#endif
