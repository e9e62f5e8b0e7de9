/*
 * front_http: the routes, and what each says.
 *
 *   GET /healthz            "ok"
 *   GET /metrics            Prometheus' text format
 *   GET /v1/status          the daemon
 *   GET /v1/policy/DOMAIN   what an MTA is told; found out if need be
 *   GET /v1/explain/DOMAIN  why
 *   GET /v1/cache           ?after=CURSOR&limit=N: what is known of domains;
 *                           fewer than N where their policies are long
 *   GET /v1/cache/DOMAIN    of one
 *   GET /v1/history/DOMAIN  what happened to its policy, newest first
 *   GET /v1/overrides       the site's own rules
 *   POST /v1/refresh/DOMAIN fetches its policy anew
 *   POST /v1/flush/DOMAIN   forgets it
 *   POST /v1/load           takes policies from elsewhere
 */
#include "policyd/front_http.h"

#include "base/number.h"
#include "policyd/explanation.h"
#include "policyd/load_order.h"
#include "policyd/policy_json.h"
#include "policyd/policyd.h"
#include "policyd/question.h"
#include <mtasts/error.h>
#include <string.h>

#define JSON_TYPE "application/json"
#define TEXT_TYPE "text/plain; charset=utf-8"
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define BODY_MAX (16u << 20) /* octets of an answer */
#define PAGE_DEFAULT 1000u
#define PAGE_MAX 10000u
/* Octets of policies after which a page ends: as JSON, with their patterns in
   lines of their own, they may take ten times as many. */
#define PAGE_OCTETS (1u << 20)
#define CURSOR_MAX 24u /* octets of a cursor as text */

struct front_http {
    struct policyd *policyd;
    struct http_server *server;
};

/* Beside each question that has to wait. */
struct pending {
    struct policy_waiter waiter;
    struct explanation *explanation;
    struct front_http *front;
    struct http_asker *asker;
    char domain[MTASTS_NAME_MAX + 1];
};

/* Takes `json`. */
static void say(struct http_asker *asker, unsigned status, struct json *json)
{
    _cleanup_json_ struct json *value = json;
    _cleanup_buf_ struct buf body = BUF(BODY_MAX);

    if (value && json_write(value, JSON_INDENTED, &body) == 0)
        buf_putc(&body, '\n');
    if (!value || body.error)
        http_answer(asker, 500, TEXT_TYPE, "out of memory\n", 14);
    else
        http_answer(asker, status, JSON_TYPE, buf_text(&body), body.len);
}

static void refuse(struct http_asker *asker, unsigned status, const char *why)
{
    say(asker, status, policy_json_error(why));
}

static void say_text(struct http_asker *asker, const char *type,
                     const char *text, size_t len)
{
    http_answer(asker, 200, type, text, len);
}

/* The domain that the path names, canonical. */
static bool take_domain(struct http_asker *asker,
                        const struct http_request *request,
                        char domain[MTASTS_NAME_MAX + 1])
{
    if (question_domain(request->name, strlen(request->name), domain))
        return true;
    refuse(asker, 400, "that is no domain that can have a policy");
    return false;
}

/* ---- health and numbers ---- */

static void on_health(void *ctx, struct http_asker *asker,
                      const struct http_request *request)
{
    (void)ctx;
    (void)request;
    say_text(asker, TEXT_TYPE, "ok\n", 3);
}

static void on_metrics(void *ctx, struct http_asker *asker,
                       const struct http_request *request)
{
    struct front_http *front = ctx;
    _cleanup_buf_ struct buf text = BUF(2 * METRICS_TEXT_MAX);

    (void)request;
    if (policyd_metrics_write(front->policyd, &text) < 0)
        refuse(asker, 500, "out of memory");
    else
        say_text(asker, METRICS_TYPE, buf_text(&text), text.len);
}

static struct json *cache_numbers(const struct policyd *policyd)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    struct policy_stats stats;

    policy_engine_stats(policyd->engine, &stats);
    json_add_int(&object, "domains", (int64_t)stats.entries);
    json_add_int(&object, "enforce",
                 (int64_t)stats.policies[MTASTS_MODE_ENFORCE]);
    json_add_int(&object, "testing",
                 (int64_t)stats.policies[MTASTS_MODE_TESTING]);
    json_add_int(&object, "none", (int64_t)stats.policies[MTASTS_MODE_NONE]);
    json_add_int(&object, "negative", (int64_t)stats.negative);
    json_add_int(&object, "failing", (int64_t)stats.failing);
    json_add_int(&object, "looking_up", (int64_t)stats.discoveries);
    json_add_int(&object, "bytes", (int64_t)stats.bytes);
    json_add_int(&object, "evicted", (int64_t)stats.evicted);
    return json_built(&object);
}

static struct json *store_numbers(const struct policyd *policyd)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    struct storage_stats stats;

    storage_stats(policyd->storage, &stats);
    json_add_string(&object, "file", policyd->config->policyd.database);
    json_add_bool(&object, "loading", storage_loading(policyd->storage));
    json_add_int(&object, "loaded", (int64_t)stats.loaded);
    json_add_bool(&object, "failing", stats.state.failing);
    json_add_string(&object, "why",
                    stats.state.failing ? stats.state.fault.text : NULL);
    json_add_int(&object, "waiting", (int64_t)stats.state.waiting);
    return json_built(&object);
}

static void on_status(void *ctx, struct http_asker *asker,
                      const struct http_request *request)
{
    struct front_http *front = ctx;
    struct policyd *policyd = front->policyd;
    _cleanup_json_builder_ struct json_builder object = json_build_object();

    (void)request;
    json_add_string(&object, "version", MTASTS_VERSION);
    policy_json_add_time(&object, "time", policyd_now(policyd));
    policy_json_add_time(&object, "started", policyd->started_ms);
    json_add_string(&object, "configuration", policyd->config->path);
    json_add_bool(&object, "configuration_changed",
                  config_has_changed(policyd->config));
    json_add_bool(&object, "dnssec",
                  resolver_validating(policyd->outside->resolver));
    json_add_string(&object, "resolver_note",
                    resolver_note(policyd->outside->resolver));
    json_add_string(&object, "default_tls_level",
                    site_level_name(policyd->reply.level));
    json_add(&object, "cache", cache_numbers(policyd));
    json_add(&object, "store", store_numbers(policyd));
    say(asker, 200, json_built(&object));
}

/* ---- answers ---- */

static void say_answer(struct front_http *front, struct http_asker *asker,
                       const char *domain, const struct policy_answer *answer)
{
    struct policyd *policyd = front->policyd;

    say(asker, 200,
        policy_json_answer(&policyd->reply, domain, answer,
                           policyd_now(policyd)));
}

static void on_answer(void *ctx, const struct policy_answer *answer)
{
    struct pending *pending = ctx;
    struct policy_answer final = *answer;

    policyd_finish(pending->front->policyd, pending->domain, &final);
    say_answer(pending->front, pending->asker, pending->domain, &final);
}

static struct pending *pending_of(struct front_http *front,
                                  struct http_asker *asker)
{
    struct pending *pending = http_asker_extra(asker);

    pending->front = front;
    pending->asker = asker;
    return pending;
}

static void on_policy(void *ctx, struct http_asker *asker,
                      const struct http_request *request)
{
    struct front_http *front = ctx;
    struct pending *pending = pending_of(front, asker);
    struct policy_answer answer;

    if (!take_domain(asker, request, pending->domain))
        return;
    policyd_metrics_question(front->policyd->metrics, FRONT_HTTP);
    pending->waiter.fn = on_answer;
    pending->waiter.ctx = pending;
    if (policyd_ask(front->policyd, pending->domain, ASK_HOSTS,
                    &pending->waiter, &answer))
        say_answer(front, asker, pending->domain, &answer);
}

/* ---- explanations ---- */

static void on_explained(void *ctx, struct json *json)
{
    struct pending *pending = ctx;

    pending->explanation = NULL;
    say(pending->asker, 200, json);
}

static void explain(struct pending *pending)
{
    if (explanation_start(pending->front->policyd, pending->domain,
                          on_explained, pending, &pending->explanation) < 0)
        refuse(pending->asker, 500, "out of memory");
}

/* The cache has been asked by now, so that the explanation is of what an MTA
   would be told. */
static void on_asked_first(void *ctx, const struct policy_answer *answer)
{
    (void)answer;
    explain(ctx);
}

static void on_explain(void *ctx, struct http_asker *asker,
                       const struct http_request *request)
{
    struct front_http *front = ctx;
    struct pending *pending = pending_of(front, asker);
    struct policy_answer answer;

    if (!take_domain(asker, request, pending->domain))
        return;
    pending->waiter.fn = on_asked_first;
    pending->waiter.ctx = pending;
    if (policyd_ask(front->policyd, pending->domain, ASK_HOSTS,
                    &pending->waiter, &answer))
        explain(pending);
}

/* ---- the cache ---- */

static void on_cached(void *ctx, struct http_asker *asker,
                      const struct http_request *request)
{
    struct policyd *policyd = ((struct front_http *)ctx)->policyd;
    char domain[MTASTS_NAME_MAX + 1];
    struct policy_view view;

    if (!take_domain(asker, request, domain))
        return;
    if (storage_loading(policyd->storage))
        storage_fetch(policyd->storage, domain);
    if (policy_engine_view(policyd->engine, domain, &view) < 0)
        refuse(asker, 404, "nothing is known of that domain");
    else
        say(asker, 200, policy_json_view(&view, policyd_now(policyd)));
}

/* 0 where the query does not say; -MTASTS_EINVAL. */
static int take_number(const struct http_request *request, const char *key,
                       uint64_t max, uint64_t *ret_number)
{
    char text[CURSOR_MAX];
    int found = http_target_query(request->target, key, text, sizeof(text));

    if (found == 0)
        return 0;
    return found < 0 ? -MTASTS_EINVAL
                     : number_parse(text, strlen(text), max, ret_number);
}

static struct json *page(const struct policyd *policyd, uint64_t cursor,
                         uint64_t limit)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    _cleanup_json_builder_ struct json_builder list = json_build_array();
    int64_t now_ms = policyd_now(policyd);
    struct policy_view view;
    char text[CURSOR_MAX];
    size_t octets = 0;
    bool more = true;

    for (uint64_t i = 0; more && i < limit && octets < PAGE_OCTETS; i++) {
        more = policy_engine_next(policyd->engine, &cursor, &view);
        if (more) {
            json_add(&list, NULL, policy_json_view(&view, now_ms));
            octets += view.held ? view.held->len : 0;
        }
    }
    json_add(&object, "domains", json_built(&list));
    snprintf(text, sizeof(text), "%llu", (unsigned long long)cursor);
    json_add_string(&object, "after", more ? text : NULL);
    return json_built(&object);
}

static void on_cache(void *ctx, struct http_asker *asker,
                     const struct http_request *request)
{
    struct front_http *front = ctx;
    uint64_t cursor = 0;
    uint64_t limit = PAGE_DEFAULT;

    if (take_number(request, "after", UINT64_MAX, &cursor) < 0)
        refuse(asker, 400, "after: give what the page before gave");
    else if (take_number(request, "limit", PAGE_MAX, &limit) < 0)
        refuse(asker, 400, "limit: a number up to 10000");
    else
        say(asker, 200, page(front->policyd, cursor, limit));
}

static bool add_history(void *ctx, const struct history_row *row)
{
    json_add(ctx, NULL, policy_json_history(row));
    return true;
}

static void on_history(void *ctx, struct http_asker *asker,
                       const struct http_request *request)
{
    struct front_http *front = ctx;
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    _cleanup_json_builder_ struct json_builder list = json_build_array();
    char domain[MTASTS_NAME_MAX + 1];

    if (!take_domain(asker, request, domain))
        return;
    if (storage_history(front->policyd->storage, domain, add_history, &list) <
        0) {
        refuse(asker, 503, "the database cannot be read");
        return;
    }
    json_add_string(&object, "domain", domain);
    json_add(&object, "history", json_built(&list));
    say(asker, 200, json_built(&object));
}

/* ---- orders ---- */

static void say_done(struct http_asker *asker, const char *domain)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();

    json_add_string(&object, "domain", domain);
    say(asker, 200, json_built(&object));
}

static void on_refresh(void *ctx, struct http_asker *asker,
                       const struct http_request *request)
{
    struct policyd *policyd = ((struct front_http *)ctx)->policyd;
    char domain[MTASTS_NAME_MAX + 1];

    if (!take_domain(asker, request, domain))
        return;
    if (policy_engine_refresh(policyd->engine, domain, policyd_now(policyd)) <
        0)
        refuse(asker, 503, "too much is being looked up; try again later");
    else
        say_done(asker, domain);
    policyd_arm(policyd);
}

static void on_flush(void *ctx, struct http_asker *asker,
                     const struct http_request *request)
{
    struct policyd *policyd = ((struct front_http *)ctx)->policyd;
    char domain[MTASTS_NAME_MAX + 1];

    if (!take_domain(asker, request, domain))
        return;
    /* What is read later would bring it back. */
    if (storage_loading(policyd->storage))
        refuse(asker, 503,
               "the policies of the last run are still being read; try again "
               "in some seconds");
    else if (policy_engine_flush(policyd->engine, domain,
                                 policyd_now(policyd)) < 0)
        refuse(asker, 404, "nothing is known of that domain");
    else
        say_done(asker, domain);
    policyd_arm(policyd);
}

static void on_load(void *ctx, struct http_asker *asker,
                    const struct http_request *request)
{
    struct policyd *policyd = ((struct front_http *)ctx)->policyd;

    say(asker, 200, load_order(policyd, request->body, request->len));
    policyd_arm(policyd);
}

/* ---- the site's own rules ---- */

static struct json *rule(const struct override *row, int64_t now_s)
{
    _cleanup_json_builder_ struct json_builder object = json_build_object();

    json_add_string(&object, "pattern", row->pattern);
    json_add_string(&object, "action", override_action_name(row->action));
    json_add_string(&object, "reason", row->reason);
    json_add_string(&object, "owner", *row->owner ? row->owner : NULL);
    policy_json_add_time(&object, "expires", row->expires_s * 1000);
    json_add_bool(&object, "expired", override_expired(row, now_s));
    return json_built(&object);
}

static void on_overrides(void *ctx, struct http_asker *asker,
                         const struct http_request *request)
{
    const struct policyd *policyd = ((struct front_http *)ctx)->policyd;
    _cleanup_json_builder_ struct json_builder object = json_build_object();
    _cleanup_json_builder_ struct json_builder list = json_build_array();
    size_t count = policyd->overrides ? overrides_count(policyd->overrides) : 0;

    (void)request;
    for (size_t i = 0; i < count; i++)
        json_add(&list, NULL,
                 rule(overrides_at(policyd->overrides, i),
                      policyd_now(policyd) / 1000));
    json_add_string(&object, "file", policyd->config->policyd.overrides);
    json_add(&object, "overrides", json_built(&list));
    say(asker, 200, json_built(&object));
}

/* ---- the server ---- */

static const struct http_route routes[] = {
    {.path = "/healthz", .fn = on_health},
    {.path = "/metrics", .fn = on_metrics},
    {.path = "/v1/status", .fn = on_status},
    {.path = "/v1/policy/", .fn = on_policy},
    {.path = "/v1/explain/", .fn = on_explain},
    {.path = "/v1/cache", .fn = on_cache},
    {.path = "/v1/cache/", .fn = on_cached},
    {.path = "/v1/history/", .fn = on_history},
    {.path = "/v1/overrides", .fn = on_overrides},
    {.path = "/v1/refresh/", .fn = on_refresh, .acts = true},
    {.path = "/v1/flush/", .fn = on_flush, .acts = true},
    {.path = "/v1/load", .fn = on_load, .acts = true, .takes_body = true},
    {.path = NULL},
};

static void on_cancelled(void *ctx, struct http_asker *asker)
{
    struct pending *pending = http_asker_extra(asker);

    (void)ctx;
    policy_waiter_cancel(&pending->waiter);
    explanation_cancel(pending->explanation);
}

int front_http_new(struct policyd *policyd, struct front_http **ret_front)
{
    struct front_http *front = calloc(1, sizeof(*front));
    struct http_options options = {.routes = routes,
                                   .cancelled = on_cancelled,
                                   .ctx = front,
                                   .extra = sizeof(struct pending),
                                   .body_max = LOAD_ORDER_MAX};
    int error;

    if (!front)
        return -MTASTS_ENOMEM;
    front->policyd = policyd;
    error = http_server_new(policyd->loop, &options, &front->server);
    if (error) {
        free(front);
        return error;
    }
    *ret_front = front;
    return 0;
}

void front_http_free(struct front_http *front)
{
    if (!front)
        return;
    http_server_free(front->server);
    free(front);
}

struct http_server *front_http_server(struct front_http *front)
{
    return front->server;
}
