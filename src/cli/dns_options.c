/*
 * dns_options: how DNS is asked. See dns_options.h.
 */
#include "cli/dns_options.h"

#include "base/cleanup.h"
#include "cli/complain.h"
#include "cli/slurp.h"
#include "net/address.h"
#include <mtasts/error.h>
#include <stdio.h>
#include <string.h>

#define RECORDS_MAX (1u << 20) /* octets of root hints or trust anchors */

/* libunbound takes a file that holds nothing of use without a word, and then
   answers as if it had not been given. */
static int check_records(const char *who, const char *option, const char *path,
                         const char *type, const char *other_type)
{
    char what[64];
    _cleanup_buf_ struct buf buf = BUF(RECORDS_MAX);
    if (!path)
        return 0;
    snprintf(what, sizeof(what), "%s: --%s", who, option);
    int error = slurp(what, path, &buf);
    if (error)
        return error;
    if (strstr(buf_text(&buf), type) || strstr(buf_text(&buf), other_type))
        return 0;
    complain("%s: %s: holds no %s or %s record; give a file such as those of "
             "Debian's dns-root-data",
             what, path, type, other_type);
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

/* The resolver does not say which of the two it cannot read. */
static void complain_files(const char *who, const struct dns_options *options)
{
    const char *hints = options->root_hints;
    const char *anchor = options->trust_anchor;
    if (hints && anchor)
        complain("%s: --root-hints %s or --trust-anchor %s: not in the form "
                 "of a zone file; give files such as those of Debian's "
                 "dns-root-data",
                 who, hints, anchor);
    else if (hints || anchor)
        complain("%s: --%s: %s: not in the form of a zone file; give a file "
                 "such as those of Debian's dns-root-data",
                 who, hints ? "root-hints" : "trust-anchor",
                 hints ? hints : anchor);
    else
        complain("%s: the system's DNSSEC trust anchor cannot be read; name "
                 "another with --trust-anchor",
                 who);
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
        error =
            check_records(who, "root-hints", options->root_hints, "NS", "A");
    if (!error)
        error = check_records(who, "trust-anchor", options->trust_anchor, "DS",
                              "DNSKEY");
    if (error)
        return error;
    const struct resolver_options with = {
        .forward = options->resolver,
        .root_hints = options->root_hints,
        .trust_anchor = options->trust_anchor,
        .deadline_ms = deadline_ms,
    };
    error = resolver_new(loop, &with, ret_resolver);
    if (error == -MTASTS_ESYNTAX)
        complain_files(who, options);
    else if (error)
        complain("%s: the resolver will not start: %s; try --resolver", who,
                 mtasts_strerror(error));
    return error;
}
