/*
 * policy_state: the engine itself, for its files.
 *
 *   policy_engine.c    what comes from outside: questions, time, orders
 *   policy_work.c      what is under way: discovery, refresh, MX look-ups
 *   policy_schedule.c  what an entry has to do by itself, and when
 *   policy_failure.c   what came to nothing
 *   policy_answer.c    what an entry means for an asker
 *   policy_view.c      what is held, to be looked at
 */
#ifndef MTASTS_ENGINE_POLICY_STATE_H
#define MTASTS_ENGINE_POLICY_STATE_H

#include "engine/policy_cache.h"
#include "engine/policy_engine.h"

struct policy_engine {
    struct policy_settings settings;
    struct policy_world world;
    void *world_ctx;
    struct policy_cache cache;
    struct timer_heap waits; /* of waiters */
    size_t works;            /* under way */
    size_t refreshes;        /* of those, that nobody asked for */
    size_t evicted;
};

/* ---- policy_engine.c ---- */

/* `old` and `held`: the policy before and after; NULL: there was, or is now,
   none. */
void engine_tell(struct policy_engine *engine, const struct policy_entry *entry,
                 enum policy_event_kind kind, const struct held_policy *old,
                 const struct held_policy *held, const char *why,
                 int64_t now_ms);

/* ---- policy_work.c ---- */

enum work_cause {
    WORK_ASKED,   /* somebody wants an answer */
    WORK_REFRESH, /* the policy is due to be fetched anew */
    WORK_ORDERED, /* the administrator wants it fetched anew */
};

/* Starts finding out; joins what is under way. False: too much at once, or
   no memory. */
bool work_discover(struct policy_engine *engine, struct policy_entry *entry,
                   enum work_cause cause, int64_t now_ms);

/* Starts looking up the MX hosts, unless that is under way. */
bool work_mx(struct policy_engine *engine, struct policy_entry *entry,
             int64_t now_ms);

/* Somebody waits for it: it is no mere refresh any more. */
void work_asked(struct policy_engine *engine, struct policy_work *work);

/* The administrator's order to forget. Frees the entry. */
void work_flush(struct policy_engine *engine, struct policy_entry *entry,
                int64_t now_ms);

/* Tells what the entry's policy changed, `old` (may be NULL) being the one
   before, and has it stored. */
void work_replaced(struct policy_engine *engine,
                   const struct policy_entry *entry,
                   const struct held_policy *old, const char *why,
                   int64_t now_ms);

/* What is due for an entry by itself. May free it. */
void work_due(struct policy_engine *engine, struct policy_entry *entry,
              int64_t now_ms);

/* Drops whom the caps of the settings have no room for. */
void work_evict(struct policy_engine *engine, int64_t now_ms);

/* ---- policy_schedule.c ---- */

/* Enters into the schedule what an entry has to do next by itself. */
void schedule_entry(struct policy_engine *engine, struct policy_entry *entry,
                    int64_t now_ms);

/* When work that begins now is broken off. */
int64_t schedule_limit_ms(const struct policy_engine *engine, int64_t now_ms);

/* Whether nobody has asked for as long as its policy, which it has, lasts. */
bool schedule_is_unused(const struct policy_entry *entry, int64_t now_ms);

/* 0 to `range` - 1, different for each domain and `salt`, the same each
   run. */
int64_t schedule_jitter_ms(const struct policy_engine *engine,
                           const struct policy_entry *entry, int64_t salt,
                           int64_t range);

/* ---- policy_failure.c ---- */

#define WHY_MAX 256u /* octets of a reason, with its end */

/* Remembers it, with the ones before in a row, and tells who has to know. */
void failure_blame(struct policy_engine *engine, struct policy_entry *entry,
                   enum mtasts_result result, const char *id, const char *why,
                   int64_t now_ms);

/* Forgets it: a discovery or refresh has succeeded. */
void failure_forgive(struct policy_engine *engine, struct policy_entry *entry,
                     int64_t now_ms);

/* When a fetch for this id may be tried again. */
int64_t failure_fetch_ms(const struct policy_engine *engine,
                         const struct policy_entry *entry, const char *id);

/* ---- policy_answer.c ---- */

/* Whether `wants` needs MX hosts that were never looked up. */
bool answer_lacks_mx(const struct policy_engine *engine,
                     const struct policy_entry *entry, unsigned wants,
                     int64_t now_ms);

/* Whether the MX hosts should be looked up (again) for such an asker. */
bool answer_wants_mx(const struct policy_engine *engine,
                     const struct policy_entry *entry, unsigned wants,
                     int64_t now_ms);

/* From what is known. */
void answer_judge(const struct policy_engine *engine,
                  const struct policy_entry *entry, unsigned wants,
                  enum answer_source source, int64_t now_ms,
                  struct policy_answer *ret_answer);

/* Answers those who wait and need nothing more; all, when `all` is set. */
void answer_waiters(struct policy_engine *engine, struct policy_entry *entry,
                    enum answer_source source, bool all, int64_t now_ms);

#endif
