/*
 * policyd_engine: the policy engine on the loop.
 *
 * Its due time is looked at after every call; the loop's timer is set anew
 * only when it has to run earlier than it would.
 */
#include "daemon/log.h"
#include "policyd/policyd.h"

#define TICK_LATEST_MS 60000 /* the wall may have been asleep */
#define WALL_LOOK_MS 10000u  /* between two looks at the wall, at most */
#define WALL_STEP_MS 10000   /* what is less does no harm */

/* ---- time ---- */

static void on_tick(void *ctx)
{
    struct policyd *policyd = ctx;

    policyd->tick = NULL;
    policyd->tick_ms = INT64_MAX;
    policy_engine_tick(policyd->engine, policyd_now(policyd));
    policyd_arm(policyd);
}

void policyd_arm(struct policyd *policyd)
{
    int64_t due = policy_engine_due(policyd->engine);
    int64_t now;

    if (due >= policyd->tick_ms)
        return;
    now = policyd_now(policyd);
    due = MIN_OF(MAX_OF(due, now), now + TICK_LATEST_MS);
    if (due >= policyd->tick_ms)
        return;
    loop_timer_cancel(policyd->tick);
    policyd->tick = NULL;
    policyd->tick_ms = INT64_MAX;
    if (loop_timer(policyd->loop, (uint64_t)(due - now), on_tick, policyd,
                   &policyd->tick) == 0)
        policyd->tick_ms = due;
}

/* ---- the wall ---- */

static int64_t wall_step(const struct policyd *policyd)
{
    int64_t step =
        engine_clock_wall_ahead(&policyd->clock) - policyd->wall_ahead_ms;

    return step > WALL_STEP_MS || step < -WALL_STEP_MS ? step : 0;
}

/*
 * What policies live by does not care. But libunbound keeps answers until a
 * time of the wall, and that a key is forged or a server dead as well: a
 * clock that was years ahead, and is set right, would leave us with all of
 * that for years. So what asks the world begins anew.
 */
static void on_wall(void *ctx)
{
    struct policyd *policyd = ctx;
    int64_t step = wall_step(policyd);

    policyd->wall = NULL;
    policyd_free_retired(policyd);
    if (step) {
        log_say(LOG_EVENT_CLOCK_STEPPED, LOG_NUMBER("seconds", step / 1000));
        if (policyd_renew_outside(policyd, policyd->config) == 0)
            policyd->wall_ahead_ms += step;
    }
    policyd_watch_wall(policyd, WALL_LOOK_MS);
}

int policyd_watch_wall(struct policyd *policyd, uint64_t ms)
{
    loop_timer_cancel(policyd->wall);
    policyd->wall = NULL;
    return loop_timer(policyd->loop, ms, on_wall, policyd, &policyd->wall);
}

/* With each answer of the world: whatever of it libunbound has kept under a
   wrong clock is not kept for long. */
static void look_at_wall(struct policyd *policyd)
{
    if (wall_step(policyd))
        policyd_watch_wall(policyd, 0);
}

/* ---- questions ---- */

static const struct override *rule_for(const struct policyd *policyd,
                                       const char *domain, int64_t now_ms)
{
    return overrides_find(policyd->overrides, domain, now_ms / 1000);
}

static void finish(struct policyd *policyd, const struct override *rule,
                   int64_t now_ms, struct policy_answer *answer)
{
    override_apply(rule, now_ms / 1000, answer);
    policyd_metrics_answer(policyd->metrics, answer);
}

void policyd_finish(struct policyd *policyd, const char *domain,
                    struct policy_answer *answer)
{
    int64_t now_ms = policyd_now(policyd);

    finish(policyd, rule_for(policyd, domain, now_ms), now_ms, answer);
}

/* The clock is read once: that is a good part of an answer from the cache. */
int policyd_ask(struct policyd *policyd, const char *domain, unsigned wants,
                struct policy_waiter *waiter, struct policy_answer *ret_answer)
{
    int64_t now_ms = policyd_now(policyd);
    const struct override *rule = rule_for(policyd, domain, now_ms);
    int known;

    /* Who is exempt, or has a policy of ours, is not asked. */
    if (rule && rule->action != OVERRIDE_ENFORCE) {
        *ret_answer = (struct policy_answer){.why = ""};
        finish(policyd, rule, now_ms, ret_answer);
        return 1;
    }
    if (storage_loading(policyd->storage))
        storage_fetch(policyd->storage, domain);
    known = policy_engine_ask(policyd->engine, domain, wants, now_ms, waiter,
                              ret_answer);
    if (known)
        finish(policyd, rule, now_ms, ret_answer);
    policyd_arm(policyd);
    return known;
}

/* ---- what the world says ---- */

static void on_txt(void *ctx, const char *domain,
                   const struct txt_outcome *outcome)
{
    struct policyd *policyd = ctx;

    policy_engine_txt(policyd->engine, domain, outcome, policyd_now(policyd));
    look_at_wall(policyd);
    policyd_arm(policyd);
}

static void on_fetched(void *ctx, const char *domain,
                       const struct fetch_outcome *outcome)
{
    struct policyd *policyd = ctx;

    policyd_metrics_fetch(policyd->metrics, outcome->result);
    policy_engine_fetched(policyd->engine, domain, outcome,
                          policyd_now(policyd));
    look_at_wall(policyd);
    policyd_arm(policyd);
}

static void on_mx(void *ctx, const char *domain,
                  const struct mx_outcome *outcome)
{
    struct policyd *policyd = ctx;

    policy_engine_mx(policyd->engine, domain, outcome, policyd_now(policyd));
    look_at_wall(policyd);
    policyd_arm(policyd);
}

static void on_took(void *ctx, enum lookup_kind kind, uint32_t elapsed_ms)
{
    policyd_metrics_lookup(((struct policyd *)ctx)->metrics, kind, elapsed_ms);
}

const struct lookups_sink policyd_sink = {
    .txt = on_txt,
    .fetched = on_fetched,
    .mx = on_mx,
    .took = on_took,
};

/* ---- what the engine wants ---- */

static void ask_txt(void *ctx, const char *domain)
{
    lookups_txt(((struct policyd *)ctx)->outside->lookups, domain);
}

static void fetch(void *ctx, const char *domain)
{
    lookups_fetch(((struct policyd *)ctx)->outside->lookups, domain);
}

static void ask_mx(void *ctx, const char *domain, bool with_dane)
{
    lookups_mx(((struct policyd *)ctx)->outside->lookups, domain, with_dane);
}

static void store(void *ctx, const char *domain, const struct held_policy *held,
                  int64_t used_ms)
{
    storage_put(((struct policyd *)ctx)->storage, domain, held, used_ms);
}

static void forget(void *ctx, const char *domain)
{
    storage_delete(((struct policyd *)ctx)->storage, domain);
}

/* The messages stand in the order of the events. */
static enum log_event message_of(enum policy_event_kind kind)
{
    _Static_assert((int)LOG_EVENT_POLICY_FLUSHED -
                           (int)LOG_EVENT_POLICY_FOUND ==
                       (int)EVENT_POLICY_FLUSHED,
                   "a message for each event");
    return (enum log_event)(LOG_EVENT_POLICY_FOUND + kind);
}

static void log_event(const struct policy_event *event)
{
    bool had = event->had;
    bool has = event->has;
    bool failed = event->result != MTASTS_RESULT_SUCCESS;

    log_say(
        message_of(event->kind), LOG_TEXT("domain", event->domain),
        LOG_TEXT("mode", has ? mtasts_mode_name(event->mode) : NULL),
        LOG_TEXT("id", has ? event->id : NULL),
        LOG_TEXT("old_mode", had ? mtasts_mode_name(event->old_mode) : NULL),
        LOG_TEXT("old_id", had ? event->old_id : NULL),
        LOG_TEXT("result", failed ? mtasts_result_name(event->result) : NULL),
        LOG_TEXT("why", *event->why ? event->why : NULL));
}

static void tell(void *ctx, const struct policy_event *event)
{
    struct policyd *policyd = ctx;

    policyd_metrics_event(policyd->metrics, event);
    log_event(event);
    storage_note(policyd->storage, event);
}

static const struct policy_world world = {
    .ask_txt = ask_txt,
    .fetch = fetch,
    .ask_mx = ask_mx,
    .store = store,
    .forget = forget,
    .tell = tell,
};

int policyd_engine_new(struct policyd *policyd,
                       const struct policy_settings *settings)
{
    policyd->tick_ms = INT64_MAX;
    return policy_engine_new(settings, &world, policyd, &policyd->engine);
}
