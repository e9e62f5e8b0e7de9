/*
 * policy_entry: all that the engine knows of one domain, and what is under
 * way for it. For the files of policy_engine.
 */
#ifndef MTASTS_ENGINE_POLICY_ENTRY_H
#define MTASTS_ENGINE_POLICY_ENTRY_H

#include "base/queue.h"
#include "base/timer_heap.h"
#include "engine/held_policy.h"
#include "engine/mx_set.h"
#include "engine/outcome.h"

/* Why the last discovery or refresh came to nothing. */
struct entry_failure {
    enum mtasts_result result;  /* of the fetch; SUCCESS: there was none */
    int64_t at_ms;              /* the last time */
    int64_t since_ms;           /* the first time in a row */
    int64_t retry_ms;           /* a refresh is not tried again before */
    unsigned count;             /* in a row */
    bool slow;                  /* it took longer than anybody should wait */
    bool told;                  /* EVENT_REFRESH_FAILING */
    char id[MTASTS_ID_MAX + 1]; /* that the fetch was for; "" for none */
    char why[];
};

/* What is under way. */
struct policy_work {
    struct queue waiters; /* of struct policy_waiter */
    int64_t started_ms;
    int64_t limit_ms;           /* what is not answered then is broken off */
    bool txt;                   /* asked, not answered */
    bool fetch;                 /* likewise */
    bool mx;                    /* likewise */
    bool refresh;               /* fetches whatever the TXT record says */
    bool forced;                /* and however lately that has failed */
    bool asked;                 /* somebody waited for it, or would have */
    char id[MTASTS_ID_MAX + 1]; /* that the fetch is for */
};

/* What a cached answer needs stands together, next to the name. */
struct policy_entry {
    struct queue_node lru;   /* in its line of the cache */
    struct timer_node timer; /* the next thing to do by itself */
    struct entry_failure *failure;
    struct policy_work *work;
    struct mx_set *mx;
    int64_t used_ms;
    struct held_policy *held;
    int64_t expires_ms; /* of `held`; INT64_MIN: there is none */
    int64_t txt_due_ms; /* the TXT answer is good until then */
    int64_t known_ms;   /* that there is no policy, is known until then */
    uint32_t size;      /* octets accounted for */
    uint8_t mode;       /* enum mtasts_mode, of `held` */
    uint8_t txt;        /* enum txt_status */
    bool scheduled : 1; /* its timer is in the heap */
    bool uncovered : 1; /* EVENT_MX_UNCOVERED was told */
    char domain[];
};

static inline bool entry_in_force(const struct policy_entry *entry,
                                  int64_t now_ms)
{
    return now_ms <= entry->expires_ms;
}

static inline enum mtasts_mode entry_mode(const struct policy_entry *entry)
{
    return (enum mtasts_mode)entry->mode;
}

/* Whether it is being found out what the policy is. */
static inline bool entry_discovering(const struct policy_entry *entry)
{
    return entry->work && (entry->work->txt || entry->work->fetch);
}

#endif
