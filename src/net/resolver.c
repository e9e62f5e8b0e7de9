/*
 * resolver: a libunbound context on our loop, from its options to its end.
 * Questions: resolver_query.c; whether to validate: resolver_probe.c.
 */
#include "net/resolver.h"

#include "net/resolving.h"
#include <mtasts/error.h>
#include <string.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define CACHE_BYTES (16u << 20)
#define QUERIES_EXPECTED 4096u /* at once; more only queue in libunbound */

static int choose_servers(struct resolver *resolver,
                          const struct resolver_options *options)
{
    struct forwarders *forwarders = &resolver->settings.forwarders;

    if (options->forward)
        return forwarders_one(options->forward, forwarders);
    if (!options->root_hints)
        return forwarders_read(options->resolv_conf ? options->resolv_conf
                                                    : RESOLV_CONF,
                               forwarders);
    resolver->root_hints = strdup(options->root_hints);
    resolver->settings.root_hints = resolver->root_hints;
    if (!resolver->root_hints)
        return -MTASTS_ENOMEM;
    return access(options->root_hints, R_OK) ? -MTASTS_ENOTFOUND : 0;
}

/* A machine without Debian's anchor works on unvalidated, and says so. */
static int choose_anchor(struct resolver *resolver,
                         const struct resolver_options *options)
{
    const char *file =
        options->trust_anchor ? options->trust_anchor : RESOLVER_TRUST_ANCHOR;

    if (access(file, R_OK) < 0) {
        if (options->trust_anchor)
            return -MTASTS_ENOTFOUND;
        return 0;
    }
    resolver->trust_anchor = strdup(file);
    resolver->settings.trust_anchor = resolver->trust_anchor;
    return resolver->trust_anchor ? 0 : -MTASTS_ENOMEM;
}

int resolver_new(struct loop *loop, const struct resolver_options *options,
                 struct resolver **ret_resolver)
{
    _cleanup_resolver_ struct resolver *resolver = calloc(1, sizeof(*resolver));
    uint32_t probe_ms =
        options->probe_ms ? options->probe_ms : RESOLVER_PROBE_MS;
    int error;

    if (!resolver)
        return -MTASTS_ENOMEM;
    resolver->loop = loop;
    resolver->deadline_ms =
        options->deadline_ms ? options->deadline_ms : RESOLVER_DEADLINE_MS;
    resolver->settings.cache_bytes =
        options->cache_bytes ? options->cache_bytes : CACHE_BYTES;
    resolver->settings.queries = QUERIES_EXPECTED;
    error = choose_servers(resolver, options);
    if (!error)
        error = choose_anchor(resolver, options);
    if (!error)
        error = resolver_begin(resolver, probe_ms);
    if (error)
        return error;
    *ret_resolver = TAKE_PTR(resolver);
    return 0;
}

void resolver_free(struct resolver *resolver)
{
    if (!resolver)
        return;
    if (resolver->gone)
        *resolver->gone = true;
    resolver_cancel_all(resolver);
    forwarder_probe_cancel(resolver->probe);
    loop_timer_cancel(resolver->probe_timer);
    loop_timer_cancel(resolver->drain);
    if (resolver->context)
        ub_ctx_delete(resolver->context);
    free(resolver->root_hints);
    free(resolver->trust_anchor);
    free(resolver);
}

bool resolver_validating(const struct resolver *resolver)
{
    return resolver->ready && resolver->validates;
}

const char *resolver_note(const struct resolver *resolver)
{
    return resolver->ready && *resolver->note ? resolver->note : NULL;
}
