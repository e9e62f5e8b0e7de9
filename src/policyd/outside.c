/*
 * outside: guard, trust, resolver, fetcher and gatherer, in this order.
 */
#include "policyd/outside.h"

#include "net/tls.h"
#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <string.h>

#define QUERY_MS 10000u /* of one question to DNS */

static void say(char why[OUTSIDE_WHY_MAX], const char *option,
                const char *value, const char *reason)
{
    snprintf(why, OUTSIDE_WHY_MAX, "%s: '%.512s' will not do: %s", option,
             value, reason);
}

static int refuse(char why[OUTSIDE_WHY_MAX], const char *option,
                  const char *value, int error)
{
    say(why, option, value, mtasts_strerror(error));
    return error;
}

/* Opened to see whether that can be done: the sandbox is not in what access()
   tells, and libunbound would find it out at the first question. */
static int check_file(const char *option, const char *path,
                      char why[OUTSIDE_WHY_MAX])
{
    _cleanup_fd_ int fd =
        *path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
    char reason[OUTSIDE_WHY_MAX / 4];

    if (!*path || fd >= 0)
        return 0;
    snprintf(reason, sizeof(reason), "%s%s", strerrordesc_np(errno),
             errno == EACCES ? "; the daemon's user has to be able to read it, "
                               "and a file that is named anew is opened after "
                               "a restart only"
                             : "");
    say(why, option, path, reason);
    return -MTASTS_EIO;
}

static int check_files(const struct config *config, char why[OUTSIDE_WHY_MAX])
{
    const struct config_global *global = &config->global;
    int error = check_file("ca-file", global->ca_file, why);

    if (!error)
        error = check_file("root-hints", global->root_hints, why);
    if (!error)
        error = check_file("trust-anchor", global->trust_anchor, why);
    return error;
}

static int open_guard(const struct config *config, struct address_guard *guard,
                      char why[OUTSIDE_WHY_MAX])
{
    const struct config_list *list = &config->global.allow_private;

    for (size_t i = 0; i < list->count; i++) {
        struct address_cidr *cidr = &guard->exceptions[guard->exception_count];
        int error = guard->exception_count < ADDRESS_EXCEPTIONS_MAX
                        ? address_cidr_parse(list->items[i], cidr)
                        : -MTASTS_ELIMIT;
        if (error)
            return refuse(why, "allow-private", list->items[i], error);
        guard->exception_count++;
    }
    return 0;
}

static const char *said(const char *text)
{
    return *text ? text : NULL;
}

static int open_trust(const struct config *config, struct outside *outside,
                      char why[OUTSIDE_WHY_MAX])
{
    const char *file = config->global.ca_file;
    int error = tls_store_new(said(file), &outside->trust);

    if (error == -MTASTS_ESYNTAX)
        say(why, "ca-file", file, "there is no certificate (PEM) in it");
    else if (error)
        refuse(why, "ca-file", file, error);
    return error;
}

static int open_resolver(struct loop *loop, const struct config *config,
                         struct outside *outside, char why[OUTSIDE_WHY_MAX])
{
    const struct config_global *global = &config->global;
    const struct resolver_options options = {
        .forward = said(global->resolver),
        .root_hints = said(global->root_hints),
        .trust_anchor = said(global->trust_anchor),
        .deadline_ms = QUERY_MS};
    int error = resolver_new(loop, &options, &outside->resolver);

    if (error)
        refuse(why, *global->root_hints ? "root-hints" : "resolver",
               *global->root_hints ? global->root_hints : global->resolver,
               error);
    return error;
}

static int open_gatherer(struct loop *loop, const struct config *config,
                         struct outside *outside, char why[OUTSIDE_WHY_MAX])
{
    const struct fetcher_options fetching = {
        .store = outside->trust,
        .guard = &outside->guard,
        .proxy = said(config->global.egress_proxy)};
    int error = fetcher_new(loop, &fetching, &outside->fetcher);

    if (error)
        return refuse(why, "egress-proxy", config->global.egress_proxy, error);
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
                char why[OUTSIDE_WHY_MAX], struct outside **ret_outside)
{
    _cleanup_outside_ struct outside *outside = calloc(1, sizeof(*outside));
    int error;

    snprintf(why, OUTSIDE_WHY_MAX, "%s", mtasts_strerror(-MTASTS_ENOMEM));
    if (!outside)
        return -MTASTS_ENOMEM;
    error = check_files(config, why);
    if (!error)
        error = open_guard(config, &outside->guard, why);
    if (!error)
        error = open_trust(config, outside, why);
    if (!error)
        error = open_resolver(loop, config, outside, why);
    if (!error)
        error = open_gatherer(loop, config, outside, why);
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
