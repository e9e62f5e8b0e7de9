/*
 * policy_engine: what TLS a recipient's domain demands (RFC 8461 sections 3,
 * 5 and 10.2), as a state machine: questions, outcomes and time go in,
 * answers and wishes come out. No sockets, no clock, no logging.
 *
 * It holds the policy cache and decides when to discover, to look at the TXT
 * id again, to refresh, to give up and to forget. What it wants done it says
 * through struct policy_world, whose functions do it later: none of them may
 * call back into the engine before it has returned.
 *
 * The promise: no answer is ever weaker than an unexpired policy that is
 * held, whatever DNS and HTTPS say meanwhile.
 *
 * Times are milliseconds of the engine's clock, which begins as that of the
 * wall and from then on only moves forward, evenly: its owner sees to it.
 * Domains are canonical names (mtasts_name_canonical).
 */
#ifndef MTASTS_ENGINE_POLICY_ENGINE_H
#define MTASTS_ENGINE_POLICY_ENGINE_H

#include "base/queue.h"
#include "base/timer_heap.h"
#include "engine/held_policy.h"
#include "engine/mx_set.h"
#include "engine/outcome.h"
#include "engine/policy_answer.h"
#include "engine/policy_event.h"
#include "engine/policy_settings.h"

/* ---- what the engine wants done ---- */

struct policy_entry;

struct policy_world {
    /* Look up, fetch; then call policy_engine_txt(), _fetched(), _mx().
       They must end by themselves within discovery_ms. */
    void (*ask_txt)(void *ctx, const char *domain);
    void (*fetch)(void *ctx, const char *domain);
    void (*ask_mx)(void *ctx, const char *domain, bool with_dane);
    /* The policy of `domain` is now this: keep it over a restart.
       `used_ms`: last asked for. */
    void (*store)(void *ctx, const char *domain, const struct held_policy *held,
                  int64_t used_ms);
    void (*forget)(void *ctx, const char *domain);
    void (*tell)(void *ctx, const struct policy_event *event);
};

/* ---- questions ---- */

struct policy_waiter;
typedef void policy_answer_fn(void *ctx, const struct policy_answer *answer);

/* Lives in its owner's struct; zeroed before its first use. */
struct policy_waiter {
    struct queue_node node;     /* first */
    struct timer_node timer;    /* when it is answered at the latest */
    struct policy_entry *entry; /* NULL: does not wait */
    struct policy_engine *engine;
    unsigned wants;
    policy_answer_fn *fn; /* set by the owner; may not call the engine */
    void *ctx;            /* set by the owner */
};

struct policy_engine;

/* `settings` and `world` are copied. */
int policy_engine_new(const struct policy_settings *settings,
                      const struct policy_world *world, void *world_ctx,
                      struct policy_engine **ret_engine);
void policy_engine_free(struct policy_engine *engine); /* NULL is fine */

/* Other settings from now on. The seed stays what it was. */
void policy_engine_set(struct policy_engine *engine,
                       const struct policy_settings *settings);

/*
 * Returns 1 with *ret_answer filled in, or 0: then `waiter` waits, and its
 * function gets the answer within ask_ms. `waiter` NULL: an answer now,
 * from what is known; nothing is set in motion.
 */
int policy_engine_ask(struct policy_engine *engine, const char *domain,
                      unsigned wants, int64_t now_ms,
                      struct policy_waiter *waiter,
                      struct policy_answer *ret_answer);

/* The asker is gone. What it set in motion goes on. */
void policy_waiter_cancel(struct policy_waiter *waiter);

/* ---- outcomes and time ---- */

/* For a domain of which nothing was asked they do nothing. */
void policy_engine_txt(struct policy_engine *engine, const char *domain,
                       const struct txt_outcome *outcome, int64_t now_ms);
void policy_engine_fetched(struct policy_engine *engine, const char *domain,
                           const struct fetch_outcome *outcome, int64_t now_ms);
void policy_engine_mx(struct policy_engine *engine, const char *domain,
                      const struct mx_outcome *outcome, int64_t now_ms);

/* Does what has fallen due. */
void policy_engine_tick(struct policy_engine *engine, int64_t now_ms);

/* When to tick next; INT64_MAX: never. */
int64_t policy_engine_due(const struct policy_engine *engine);

/* ---- the cache from outside ---- */

/* A policy that was kept. */
struct policy_kept {
    const char *domain;
    const char *id;
    int64_t fetched_ms; /* not later than now, or now is taken */
    int64_t used_ms;    /* likewise */
    const char *body;
    size_t len;
};

/*
 * A policy of an earlier run. Returns 1, or 0: one that was fetched no earlier
 * is held, and stays. -MTASTS_ESYNTAX, -MTASTS_ETOOLONG, -MTASTS_ENOMEM;
 * -MTASTS_ETIMEDOUT: expired.
 */
int policy_engine_load(struct policy_engine *engine,
                       const struct policy_kept *kept, int64_t now_ms);

/* The same by the administrator, from elsewhere: it is stored, and told of if
   it changes anything. */
int policy_engine_import(struct policy_engine *engine,
                         const struct policy_kept *kept, int64_t now_ms);

/* Fetches it anew soon, whatever is known. */
int policy_engine_refresh(struct policy_engine *engine, const char *domain,
                          int64_t now_ms);

/* Drops what is known of `domain`, the store included; for the
   administrator alone. -MTASTS_ENOTFOUND. */
int policy_engine_flush(struct policy_engine *engine, const char *domain,
                        int64_t now_ms);

/* One domain as the cache has it, for people. */
struct policy_view {
    const char *domain;
    const struct held_policy *held; /* NULL: no policy */
    const struct mx_set *mx;
    enum txt_status txt;
    bool busy; /* a discovery is under way */
    int64_t used_ms;
    int64_t txt_due_ms; /* when the TXT record is looked at again on use */
    int64_t next_ms;    /* refresh, or the end of a negative entry */
    enum mtasts_result failure;
    const char *why;
    int64_t failing_since_ms; /* 0: it is not */
};

/* -MTASTS_ENOTFOUND */
int policy_engine_view(const struct policy_engine *engine, const char *domain,
                       struct policy_view *ret_view);

/*
 * The next of all that is known, in no order that means anything: *cursor is
 * 0 at the start; false at the end. The engine may be used between two calls:
 * what is known all the while comes up once.
 */
bool policy_engine_next(const struct policy_engine *engine, uint64_t *cursor,
                        struct policy_view *ret_view);

struct policy_stats {
    size_t entries;
    size_t policies[3]; /* in force or expired, by enum mtasts_mode */
    size_t negative;
    size_t bytes;
    size_t discoveries; /* under way */
    size_t failing;     /* policies whose refresh fails */
    size_t evicted;     /* so far */
    int64_t oldest_ms;  /* of the policies, the longest since its fetch
                           among those failing; 0: none */
};

void policy_engine_stats(const struct policy_engine *engine,
                         struct policy_stats *ret_stats);

DEFINE_CLEANUP(struct policy_engine *, policy_engine_free, policy_engine)
#define _cleanup_policy_engine_ _cleanup_(cleanup_policy_engine)

#endif
