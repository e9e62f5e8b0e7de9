/*
 * mta_resolvers: the resolvers that an MTA asks by the C library, and whether
 * DANE can rest on them.
 *
 * Such an MTA does not validate: it believes the AD bit. So every one of them
 * has to validate, and nobody may be on the way to it: RFC 7672 section 2.2.1
 * and Postfix's TLS_README ask for a resolver on the same machine.
 */
#ifndef MTASTS_CLI_MTA_RESOLVERS_H
#define MTASTS_CLI_MTA_RESOLVERS_H

#include "cli/setup_findings.h"
#include "net/ad_probe.h"

#define MTA_RESOLV_CONF "/etc/resolv.conf"

struct mta_resolver {
    char name[FORWARDER_TEXT_MAX];
    bool loopback;
    enum ad_state ad;
    bool unknown; /* it could not be asked */
};

struct mta_resolvers {
    struct mta_resolver items[FORWARDERS_MAX];
    size_t count; /* 0: the file could not be read */
};

/* Those of a resolv.conf(5), each asked: that may take AD_PROBE_MS each. */
void mta_resolvers_look(const char *file, struct mta_resolvers *ret_resolvers);

/* What keeps DANE from resting on them. */
struct mta_hindrance {
    enum setup_grade grade; /* SETUP_WARNING, or SETUP_UNKNOWN */
    char text[SETUP_TEXT_MAX];
};

/* True: nothing does. `trusted`: those on other machines will do. What is
   known to be wrong goes before what could not be told. Pure. */
bool mta_resolvers_judge(const struct mta_resolvers *resolvers, bool trusted,
                         struct mta_hindrance *ret_hindrance);

#endif
