/*
 * unbound_context: libunbound's settings, as a table.
 *
 * All of them must be made before the first query, which is when libunbound
 * reads them; so one query that needs no network is made here, to have what
 * is wrong with them now. libunbound logs to stderr by default: that is
 * switched off, its reasons come with the answers.
 */
#include "net/unbound_context.h"

#include "net/root_hints.h"
#include <ifaddrs.h>
#include <mtasts/error.h>
#include <string.h>
#include <sys/resource.h>
#include <unbound-event.h>

#define RANGE_MAX 4096u /* sockets for queries under way */
#define VALUE_TEXT_MAX 32u

struct setting {
    const char *name;
    const char *value;
};

static const struct setting SETTINGS[] = {
    {"edns-buffer-size:", "1232"},
    {"qname-minimisation:", "yes"},
    {"qname-minimisation-strict:", "no"},
    {"minimal-responses:", "yes"}, /* only answers are read */
    {"rrset-roundrobin:", "no"},   /* the same facts each time */
    {"val-log-level:", "2"},       /* why an answer is bogus */
    {"val-bogus-ttl:", "60"},
    /* RFC 8767 4: a week. By default a day, and TTLs over it unseen. */
    {"cache-max-ttl:", "604800"},
    /* Queries that tell the root which anchors we hold. */
    {"trust-anchor-signaling:", "no"},
    {"root-key-sentinel:", "no"},
    {"outgoing-num-tcp:", "32"}, /* answers over 1232 octets */
    /* A server found dead is tried again after a minute: the default would
       keep a forwarder that was away for a moment out for 15. */
    {"infra-host-ttl:", "60"},
    {"infra-keep-probing:", "yes"},
    /* libunbound answers these itself by default: labs use the one, sites
       the other. (It misreads the type `nodefault` here.) */
    {"local-zone:", "test. transparent"},
    {"local-zone:", "home.arpa. transparent"},
};

/* Parts of the cache, in sixteenths. */
static const struct cache {
    const char *name;
    size_t sixteenths;
} CACHES[] = {
    {"rrset-cache-size:", 8},
    {"msg-cache-size:", 4},
    {"key-cache-size:", 2},
    {"neg-cache-size:", 2},
};

static int set_number(struct ub_ctx *context, const char *name, size_t value)
{
    char text[VALUE_TEXT_MAX];

    snprintf(text, sizeof(text), "%zu", value);
    return ub_ctx_set_option(context, name, text);
}

/* No more sockets at once than the process may have, with half of those left
   to others. */
static unsigned socket_range(unsigned queries)
{
    struct rlimit limit;
    rlim_t most = RANGE_MAX;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 2 < most)
        most = limit.rlim_cur / 2;
    return MAX_OF(1u, MIN_OF(queries, (unsigned)most));
}

/* Neither loopback nor link-local. */
static bool is_usable_ipv6(const struct sockaddr *sockaddr)
{
    static const uint8_t loopback[16] = {[15] = 1};
    struct address address;

    if (!sockaddr || address_from_sockaddr(sockaddr, &address) < 0 ||
        !address.ipv6)
        return false;
    return memcmp(address.octets, loopback, sizeof(loopback)) != 0 &&
           (address.octets[0] != 0xfe || (address.octets[1] & 0xc0) != 0x80);
}

/* Whether this machine has an IPv6 address to ask servers from. */
static bool has_ipv6(void)
{
    struct ifaddrs *interfaces = NULL;
    bool found = false;

    if (getifaddrs(&interfaces) < 0)
        return true;
    for (const struct ifaddrs *i = interfaces; i && !found; i = i->ifa_next)
        found = is_usable_ipv6(i->ifa_addr);
    freeifaddrs(interfaces);
    return found;
}

/* Whether who is to be asked is on this machine. Else no delegation of a
   stranger may lead there. */
static bool asks_itself(const struct unbound_settings *settings)
{
    struct forwarder_address address;

    for (size_t i = 0; i < settings->forwarders.count; i++)
        if (!forwarder_address_parse(settings->forwarders.text[i], &address) &&
            address_is_loopback(&address.address))
            return true;
    return settings->root_hints && root_hints_file_local(settings->root_hints);
}

/* 0 or one of libunbound's errors. */
static int set_options(struct ub_ctx *context,
                       const struct unbound_settings *settings)
{
    bool recurse = settings->forwarders.count == 0;
    const char *modules =
        settings->trust_anchor ? "validator iterator" : "iterator";
    int error = ub_ctx_set_option(context, "module-config:", modules);

    for (size_t i = 0; !error && i < ELEMENTS(SETTINGS); i++)
        error = ub_ctx_set_option(context, SETTINGS[i].name, SETTINGS[i].value);
    for (size_t i = 0; !error && i < ELEMENTS(CACHES); i++)
        error = set_number(context, CACHES[i].name,
                           settings->cache_bytes / 16 * CACHES[i].sixteenths);
    if (!error)
        error = set_number(context,
                           "outgoing-range:", socket_range(settings->queries));
    if (!error)
        error =
            set_number(context, "num-queries-per-thread:", settings->queries);
    if (!error)
        error = ub_ctx_set_option(context, "do-not-query-localhost:",
                                  asks_itself(settings) ? "no" : "yes");
    if (!error && recurse)
        error =
            ub_ctx_set_option(context, "do-ip6:", has_ipv6() ? "yes" : "no");
    return error;
}

static int set_sources(struct ub_ctx *context,
                       const struct unbound_settings *settings)
{
    int error = 0;

    for (size_t i = 0; !error && i < settings->forwarders.count; i++)
        error = ub_ctx_set_fwd(context, settings->forwarders.text[i]);
    if (!error && settings->root_hints)
        error = ub_ctx_set_option(context, "root-hints:", settings->root_hints);
    if (!error && settings->trust_anchor)
        error = ub_ctx_add_ta_file(context, settings->trust_anchor);
    return error;
}

static void ignore_answer(void *ctx, int rcode, void *packet, int len,
                          int secure, char *why, int limited)
{
    (void)ctx;
    (void)rcode;
    (void)packet;
    (void)len;
    (void)secure;
    (void)why;
    (void)limited;
}

/* Makes libunbound read its settings: it answers for `localhost.` itself. */
static int start(struct ub_ctx *context)
{
    return ub_resolve_event(context, "localhost.", 1, 1, NULL, ignore_answer,
                            NULL);
}

int unbound_context_new(struct loop *loop,
                        const struct unbound_settings *settings,
                        struct ub_ctx **ret_context)
{
    _cleanup_ub_ctx_ struct ub_ctx *context = NULL;

    if (!loop_event_base(loop))
        return -MTASTS_EINVAL;
    context = ub_ctx_create_event(loop_event_base(loop));
    if (!context)
        return -MTASTS_ENOMEM;
    ub_ctx_debugout(context, NULL);
    if (set_options(context, settings) || set_sources(context, settings))
        return -MTASTS_ESYNTAX;
    switch (start(context)) {
    case UB_NOERROR: break;
    case UB_INITFAIL: return -MTASTS_ESYNTAX;
    case UB_NOMEM: return -MTASTS_ENOMEM;
    default: return -MTASTS_ESYSTEM;
    }
    *ret_context = TAKE_PTR(context);
    return 0;
}
