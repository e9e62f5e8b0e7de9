/*
 * policyd: made, reloaded and taken down.
 *
 * The order at the start: sockets are opened while root may; then, as the
 * daemon's user and in the sandbox, what asks the world, the store, the
 * engine with a clock that is not behind the store, and last the doors.
 */
#include "policyd/policyd.h"

#include "daemon/log.h"
#include "daemon/overrides_file.h"
#include "daemon/start.h"
#include "policyd/doors.h"
#include "policyd/front_exim.h"
#include "policyd/front_http.h"
#include "policyd/front_socketmap.h"
#include "policyd/role.h"
#include "policyd/site_rules.h"
#include <mtasts/error.h>
#include <string.h>
#include <sys/random.h>

#define RULES_MS (86400u * 1000) /* between two looks for what expires */

static void stop(void *state)
{
    struct policyd *policyd = state;

    if (!policyd)
        return;
    doors_free(policyd->doors);
    front_socketmap_free(policyd->socketmap);
    front_exim_free(policyd->exim);
    front_http_free(policyd->http);
    loop_timer_cancel(policyd->tick);
    loop_timer_cancel(policyd->rules);
    loop_timer_cancel(policyd->wall);
    policyd_free_retired(policyd);
    outside_free(policyd->outside);
    storage_free(policyd->storage);
    overrides_free(policyd->overrides);
    metrics_free(policyd->metrics);
    policy_engine_free(policyd->engine);
    free(policyd);
}

static int open_doors(struct daemon *daemon, void **ret_state)
{
    struct policyd *policyd = calloc(1, sizeof(*policyd));
    int error;

    if (!policyd)
        return -MTASTS_ENOMEM;
    policyd->loop = daemon_loop(daemon);
    policyd->config = daemon_config(daemon);
    policyd->daemon = daemon;
    error = policyd_metrics_new(&policyd->metrics);
    if (!error)
        error = doors_open(policyd->config, daemon_inherited(daemon),
                           &policyd->doors);
    if (error) {
        stop(policyd);
        return error;
    }
    *ret_state = policyd;
    return 0;
}

static int make_engine(struct policyd *policyd)
{
    struct policy_settings settings;

    policyd_settings(policyd->config, &settings);
    policyd_reply_settings(policyd->config, &policyd->reply);
    if (getrandom(settings.seed, sizeof(settings.seed), 0) !=
        (ssize_t)sizeof(settings.seed))
        return -MTASTS_ESYSTEM;
    engine_clock_init(&policyd->clock, storage_newest(policyd->storage));
    policyd->wall_ahead_ms = engine_clock_wall_ahead(&policyd->clock);
    policyd->started_ms = policyd_now(policyd);
    return policyd_engine_new(policyd, &settings);
}

static int64_t now_of(void *ctx)
{
    return policyd_now(ctx);
}

static void on_loaded(void *ctx)
{
    policyd_arm(ctx);
}

static int socketmap_door(void *ctx, struct listener *listener)
{
    return stream_server_listen(front_socketmap_stream(ctx), listener);
}

static int exim_door(void *ctx, struct listener *listener)
{
    return stream_server_listen(front_exim_stream(ctx), listener);
}

static int http_door(void *ctx, struct listener *listener)
{
    return http_server_listen(front_http_server(ctx), listener);
}

static int make_fronts(struct policyd *policyd)
{
    size_t most = policyd->config->policyd.connections_max;
    int error = front_socketmap_new(policyd, most, &policyd->socketmap);

    if (!error)
        error = front_exim_new(policyd, most, &policyd->exim);
    if (!error)
        error = front_http_new(policyd, &policyd->http);
    if (!error)
        error = doors_start(policyd->doors, DOOR_SOCKETMAP, socketmap_door,
                            policyd->socketmap);
    if (!error)
        error =
            doors_start(policyd->doors, DOOR_EXIM, exim_door, policyd->exim);
    if (!error)
        error =
            doors_start(policyd->doors, DOOR_HTTP, http_door, policyd->http);
    return error;
}

/* ---- the site's own rules ---- */

static void on_rules(void *ctx)
{
    struct policyd *policyd = ctx;

    policyd->rules = NULL;
    site_rules_warn(policyd->overrides, policyd_now(policyd) / 1000);
    loop_timer(policyd->loop, RULES_MS, on_rules, policyd, &policyd->rules);
}

static int make_rules(struct policyd *policyd)
{
    int error =
        site_rules_load(policyd->daemon, policyd->config,
                        policyd_now(policyd) / 1000, &policyd->overrides);

    if (!error)
        error =
            loop_timer(policyd->loop, 0, on_rules, policyd, &policyd->rules);
    return error;
}

static int start(void *state)
{
    struct policyd *policyd = state;
    char why[OUTSIDE_WHY_MAX];
    int error = outside_new(policyd->loop, policyd->config, &policyd_sink,
                            policyd, why, &policyd->outside);

    if (error)
        daemon_refuse(policyd->daemon, why);
    else
        error = storage_new(policyd->loop, policyd->config->policyd.database,
                            &policyd->storage);
    if (!error)
        error = make_engine(policyd);
    if (!error)
        error = storage_load(policyd->storage, policyd->engine, now_of,
                             on_loaded, policyd);
    if (!error)
        error = make_rules(policyd);
    if (!error)
        error = policyd_watch_wall(policyd, 0);
    if (!error)
        error = make_fronts(policyd);
    return error;
}

int policyd_renew_outside(struct policyd *policyd, const struct config *config)
{
    struct outside *outside;
    char why[OUTSIDE_WHY_MAX];
    int error = outside_new(policyd->loop, config, &policyd_sink, policyd, why,
                            &outside);

    if (error) {
        daemon_refuse(policyd->daemon, why);
        return error;
    }
    lookups_hand_over(policyd->outside->lookups, outside->lookups);
    policyd->outside->next = policyd->retired;
    policyd->retired = policyd->outside;
    policyd->outside = outside;
    policyd_free_retired(policyd);
    return 0;
}

void policyd_free_retired(struct policyd *policyd)
{
    struct outside **link = &policyd->retired;

    while (*link) {
        struct outside *outside = *link;
        if (outside->users > 0) {
            link = &outside->next;
            continue;
        }
        *link = outside->next;
        outside_free(outside);
    }
}

/* Doors and the database cannot be changed by a process that has given up
   its rights: then the old configuration stays, and it says so. */
static bool can_change(const struct policyd *policyd,
                       const struct config *config)
{
    const char *why = NULL;

    if (doors_differ(policyd->doors, config))
        why = "listeners cannot be changed while it runs: restart it";
    else if (strcmp(config->policyd.database,
                    policyd->config->policyd.database) != 0)
        why = "the database cannot be changed while it runs: restart it";
    if (why)
        daemon_refuse(policyd->daemon, why);
    return !why;
}

static void tell_what_waits(struct policyd *policyd,
                            const struct config *config)
{
    char was[16];
    char is[16];

    snprintf(was, sizeof(was), "%u", policyd->config->policyd.connections_max);
    snprintf(is, sizeof(is), "%u", config->policyd.connections_max);
    daemon_waits(policyd->daemon, "policyd.max-connections", was, is);
}

static int reload(void *state, const struct config *config)
{
    struct policyd *policyd = state;
    struct policy_settings settings;
    struct overrides *overrides;
    int error;

    if (!can_change(policyd, config))
        return -MTASTS_EINVAL;
    error = site_rules_load(policyd->daemon, config,
                            policyd_now(policyd) / 1000, &overrides);
    if (error)
        return error;
    error = policyd_renew_outside(policyd, config);
    if (error) {
        overrides_free(overrides);
        return error;
    }
    overrides_free(policyd->overrides);
    policyd->overrides = overrides;
    site_rules_warn(overrides, policyd_now(policyd) / 1000);
    tell_what_waits(policyd, config);
    policyd->config = config;
    policyd_settings(config, &settings);
    policy_engine_set(policyd->engine, &settings);
    policyd_reply_settings(config, &policyd->reply);
    policyd_arm(policyd);
    return 0;
}

static void status(void *state, struct buf *buf)
{
    struct policyd *policyd = state;
    struct policy_stats stats;

    policy_engine_stats(policyd->engine, &stats);
    buf_printf(buf, "%zu domains known: %zu enforce, %zu testing; %zu failing",
               stats.entries, stats.policies[MTASTS_MODE_ENFORCE],
               stats.policies[MTASTS_MODE_TESTING], stats.failing);
}

static int check(const struct config *config, struct buf *faults)
{
    const char *path = config->policyd.overrides;
    _cleanup_overrides_file_ struct overrides_file *file = NULL;

    return *path ? overrides_file_load(path, faults, &file) : 0;
}

static void grant(const struct config *config, struct sandbox *sandbox)
{
    sandbox_allow_edited(sandbox, config->policyd.overrides);
    sandbox_allow_kept(sandbox, config->policyd.database);
}

const struct daemon_role policyd_role = {
    .name = "mtasts-policyd",
    .summary = "answers what TLS a recipient's domain demands",
    .check = check,
    .grant = grant,
    .open = open_doors,
    .start = start,
    .reload = reload,
    .status = status,
    .stop = stop,
};
