/*
 * mta_resolvers: resolvers that validate for an MTA. See mta_resolvers.h.
 */
#include "cli/mta_resolvers.h"

#define RESOLVERS_MAX 3u /* the C library takes no more of resolv.conf(5) */

static void look(const char *text, struct mta_resolver *resolver)
{
    struct forwarder_address address;
    if (forwarder_address_parse(text, &address) < 0) {
        snprintf(resolver->name, sizeof(resolver->name), "%s", text);
        resolver->unknown = true;
        return;
    }
    forwarder_address_text(&address, resolver->name);
    resolver->loopback = address_is_loopback(&address.address);
    resolver->unknown = ad_probe(&address, AD_PROBE_MS, &resolver->ad) < 0;
}

void mta_resolvers_look(const char *file, struct mta_resolvers *ret_resolvers)
{
    struct forwarders forwarders;
    *ret_resolvers = (struct mta_resolvers){0};
    if (forwarders_read(file, &forwarders) < 0)
        return;
    ret_resolvers->count = MIN_OF(forwarders.count, RESOLVERS_MAX);
    for (size_t i = 0; i < ret_resolvers->count; i++)
        look(forwarders.text[i], &ret_resolvers->items[i]);
}

/* True: it will do. */
static bool judge(const struct mta_resolver *resolver, bool trusted,
                  struct mta_hindrance *hindrance)
{
    static const char *const states[] = {
        [AD_SET] = "validates, but is not on this machine: AD can be forged",
        [AD_UNSET] = "says of no answer that it was validated (no AD)",
        [AD_REFUSED] = "does not answer questions",
        [AD_NO_ANSWER] = "is silent",
    };
    bool silent = !resolver->unknown && resolver->ad == AD_NO_ANSWER;
    if (!resolver->unknown && resolver->ad == AD_SET &&
        (resolver->loopback || trusted))
        return true;
    hindrance->grade =
        resolver->unknown || silent ? SETUP_UNKNOWN : SETUP_WARNING;
    snprintf(hindrance->text, sizeof(hindrance->text), "The resolver %s %s.",
             resolver->name,
             resolver->unknown ? "could not be asked" : states[resolver->ad]);
    return false;
}

bool mta_resolvers_judge(const struct mta_resolvers *resolvers, bool trusted,
                         struct mta_hindrance *ret_hindrance)
{
    bool good = resolvers->count > 0;
    *ret_hindrance = (struct mta_hindrance){.grade = SETUP_UNKNOWN};
    snprintf(ret_hindrance->text, sizeof(ret_hindrance->text),
             "Its resolvers could not be told.");
    for (size_t i = 0; i < resolvers->count; i++) {
        struct mta_hindrance one;
        if (judge(&resolvers->items[i], trusted, &one))
            continue;
        if (good || (ret_hindrance->grade == SETUP_UNKNOWN &&
                     one.grade == SETUP_WARNING))
            *ret_hindrance = one;
        good = false;
    }
    return good;
}
