/*
 * mx_lookup: the MX hosts of a domain, for `mtasts make --mx auto`.
 */
#ifndef MTASTS_CLI_MX_LOOKUP_H
#define MTASTS_CLI_MX_LOOKUP_H

#include "check/facts.h"
#include "cli/dns_options.h"
#include <mtasts/name.h>

struct mx_list {
    char names[FACTS_RR_MAX][MTASTS_NAME_MAX + 1]; /* canonical, as answered */
    size_t count;
    bool implicit; /* no MX: the domain itself */
    enum dnssec_status dnssec;
};

/*
 * Asks and waits. Errors, after a complaint: -MTASTS_ENOTFOUND (none, null
 * MX, or DNS could not tell), those of dns_options_resolver().
 */
int mx_lookup(const char *who, const struct dns_options *options,
              const char *domain, struct mx_list *ret_list);

#endif
