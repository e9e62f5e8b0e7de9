/*
 * policyd: the daemon that answers what TLS a domain demands, for its files.
 *
 *   policyd.c          made, reloaded and taken down
 *   policyd_engine.c   the policy engine on the loop: its clock, timer, wishes
 *   policyd_settings.c the configuration as settings of the engine
 *   outside.c          what asks the world
 *   lookups.c          the engine's questions, put to it
 *   doors.c            the sockets that it listens on
 *   storage.c          what outlives the process
 *   question.c         what an MTA asks about, as a domain
 *   front_*.c          a protocol each
 *
 * One thread, but for that of the store's writer.
 */
#ifndef MTASTS_POLICYD_POLICYD_H
#define MTASTS_POLICYD_POLICYD_H

#include "daemon/config.h"
#include "daemon/engine_clock.h"
#include "engine/overrides.h"
#include "engine/policy_engine.h"
#include "engine/reply_map.h"
#include "policyd/outside.h"
#include "policyd/policyd_metrics.h"
#include "policyd/storage.h"

struct front_socketmap;
struct front_exim;
struct front_http;
struct doors;

struct daemon;

struct policyd {
    struct daemon *daemon;
    struct loop *loop;
    const struct config *config; /* in force */
    struct engine_clock clock;
    struct outside *outside;
    struct outside *retired; /* those before that are still in use; NULL:
                                none */
    struct policy_engine *engine;
    struct loop_timer *tick;
    int64_t tick_ms; /* when `tick` runs; INT64_MAX: it is not set */
    struct reply_settings reply;
    struct overrides *overrides; /* NULL: none */
    struct loop_timer *rules;    /* looks for those that expire */
    struct loop_timer *wall;     /* looks whether somebody has set the wall */
    int64_t wall_ahead_ms;       /* of `clock`, when it was last set */
    int64_t started_ms;
    struct storage *storage;
    struct front_socketmap *socketmap;
    struct front_exim *exim;
    struct front_http *http;
    struct doors *doors;
    struct metrics *metrics;
};

/* ---- policyd.c ---- */

/* What asks the world is made anew, as `config` says, and asks on for what is
   being asked. Errors are logged, and leave the old one. */
int policyd_renew_outside(struct policyd *policyd, const struct config *config);

/* Frees what was retired and is not used any more. Neither may be called from
   a callback of what asks the world. */
void policyd_free_retired(struct policyd *policyd);

/* ---- policyd_engine.c ---- */

/* Where lookups of any `outside` end. */
extern const struct lookups_sink policyd_sink;

int policyd_engine_new(struct policyd *policyd,
                       const struct policy_settings *settings);

/* Looks at the clock of the wall in `ms`, and on from there. */
int policyd_watch_wall(struct policyd *policyd, uint64_t ms);

static inline int64_t policyd_now(const struct policyd *policyd)
{
    return engine_clock_now(&policyd->clock);
}

/*
 * policy_engine_ask() at the present time, after the site's own rules, and
 * the engine's timer set anew. 1: *ret_answer; 0: `waiter` waits, and passes
 * what it gets through policyd_finish().
 */
int policyd_ask(struct policyd *policyd, const char *domain, unsigned wants,
                struct policy_waiter *waiter, struct policy_answer *ret_answer);

/* What a waiter has got, as the site wants it: with its own rules. Counted. */
void policyd_finish(struct policyd *policyd, const char *domain,
                    struct policy_answer *answer);

/* After any other call of the engine: its timer may have to run earlier. */
void policyd_arm(struct policyd *policyd);

/* ---- policyd_settings.c ---- */

/* All but the seed. */
void policyd_settings(const struct config *config,
                      struct policy_settings *ret_settings);
void policyd_reply_settings(const struct config *config,
                            struct reply_settings *ret_settings);

#endif
