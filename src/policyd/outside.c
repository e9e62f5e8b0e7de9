/*
 * outside: guard, trust, resolver, fetcher and gatherer, in this order.
 */
#include "policyd/outside.h"

#include "daemon/log.h"
#include "net/tls.h"
#include <mtasts/error.h>

#define QUERY_MS 10000u /* of one question to DNS */

static int refuse(const char *what, const char *value, int error)
{
    log_say(LOG_EVENT_START_FAILED, LOG_TEXT("option", what),
            LOG_TEXT("value", *value ? value : NULL),
            LOG_TEXT("why", mtasts_strerror(error)));
    return error;
}

static int open_guard(const struct config *config, struct address_guard *guard)
{
    const struct config_list *list = &config->global.allow_private;

    for (size_t i = 0; i < list->count; i++) {
        struct address_cidr *cidr = &guard->exceptions[guard->exception_count];
        int error = guard->exception_count < ADDRESS_EXCEPTIONS_MAX
                        ? address_cidr_parse(list->items[i], cidr)
                        : -MTASTS_ELIMIT;
        if (error)
            return refuse("allow-private", list->items[i], error);
        guard->exception_count++;
    }
    return 0;
}

static const char *said(const char *text)
{
    return *text ? text : NULL;
}

static int open_resolver(struct loop *loop, const struct config *config,
                         struct outside *outside)
{
    const struct config_global *global = &config->global;
    const struct resolver_options options = {
        .forward = said(global->resolver),
        .root_hints = said(global->root_hints),
        .trust_anchor = said(global->trust_anchor),
        .deadline_ms = QUERY_MS};
    int error = resolver_new(loop, &options, &outside->resolver);

    if (error)
        return refuse(said(global->root_hints) ? "root-hints" : "resolver",
                      said(global->root_hints) ? global->root_hints
                                               : global->resolver,
                      error);
    return 0;
}

static int open_gatherer(struct loop *loop, const struct config *config,
                         struct outside *outside)
{
    const struct fetcher_options fetching = {
        .store = outside->trust,
        .guard = &outside->guard,
        .proxy = said(config->global.egress_proxy)};
    int error = fetcher_new(loop, &fetching, &outside->fetcher);

    if (error)
        return refuse("egress-proxy", config->global.egress_proxy, error);
    const struct gatherer_options gathering = {
        .resolver = outside->resolver,
        .fetcher = outside->fetcher,
        .store = outside->trust,
        .guard = &outside->guard,
        .deadline_ms = (uint32_t)config->policyd.discovery_ms};
    return gatherer_new(loop, &gathering, &outside->gatherer);
}

int outside_new(struct loop *loop, const struct config *config,
                const struct lookups_sink *sink, void *ctx,
                struct outside **ret_outside)
{
    _cleanup_outside_ struct outside *outside = calloc(1, sizeof(*outside));
    int error;

    if (!outside)
        return -MTASTS_ENOMEM;
    error = open_guard(config, &outside->guard);
    if (error)
        return error;
    error = tls_store_new(said(config->global.ca_file), &outside->trust);
    if (error)
        return refuse("ca-file", config->global.ca_file, error);
    error = open_resolver(loop, config, outside);
    if (!error)
        error = open_gatherer(loop, config, outside);
    if (!error)
        error = lookups_new(outside->gatherer, sink, ctx, &outside->lookups);
    if (!error)
        *ret_outside = TAKE_PTR(outside);
    return error;
}

void outside_free(struct outside *outside)
{
    if (!outside)
        return;
    lookups_free(outside->lookups);
    gatherer_free(outside->gatherer);
    if (outside->fetcher)
        fetcher_free(outside->fetcher);
    resolver_free(outside->resolver);
    X509_STORE_free(outside->trust);
    free(outside);
}
