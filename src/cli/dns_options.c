/*
 * dns_options: how DNS is asked. See dns_options.h.
 */
#include "cli/dns_options.h"

#include "base/cleanup.h"
#include "cli/complain.h"
#include "net/address.h"
#include <errno.h>
#include <mtasts/error.h>
#include <string.h>

static int check_file(const char *who, const char *option, const char *path)
{
    if (!path || access(path, R_OK) == 0)
        return 0;
    complain("%s: --%s: %s: %s", who, option, path, strerror(errno));
    return -MTASTS_EINVAL;
}

/* "192.0.2.1", "2001:db8::1@5353". */
static int check_server(const char *who, const char *server)
{
    char text[ADDRESS_TEXT_MAX];
    struct address address;
    unsigned port = 0;
    if (!server)
        return 0;
    size_t len = strcspn(server, "@");
    if (len < sizeof(text)) {
        memcpy(text, server, len);
        text[len] = '\0';
        if (address_parse(text, &address) == 0 &&
            (!server[len] ||
             (option_number(server + len + 1, 65535, &port) == 0 && port > 0)))
            return 0;
    }
    complain("%s: --resolver: '%s' will not do; give an IP address, or "
             "ADDRESS@PORT",
             who, server);
    return -MTASTS_EINVAL;
}

int dns_options_resolver(const char *who, struct loop *loop,
                         const struct dns_options *options,
                         uint32_t deadline_ms, struct resolver **ret_resolver)
{
    if (options->resolver && options->root_hints) {
        complain("%s: --resolver and --root-hints exclude each other; either "
                 "a resolver is asked or the authoritative servers are",
                 who);
        return -MTASTS_EINVAL;
    }
    int error = check_server(who, options->resolver);
    if (!error)
        error = check_file(who, "root-hints", options->root_hints);
    if (!error)
        error = check_file(who, "trust-anchor", options->trust_anchor);
    if (error)
        return error;
    const struct resolver_options with = {
        .forward = options->resolver,
        .root_hints = options->root_hints,
        .trust_anchor = options->trust_anchor,
        .deadline_ms = deadline_ms,
    };
    error = resolver_new(loop, &with, ret_resolver);
    if (error)
        complain("%s: the resolver will not start: %s; try --resolver, or a "
                 "readable --trust-anchor",
                 who, mtasts_strerror(error));
    return error;
}
