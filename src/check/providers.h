/*
 * providers: mail providers known by their MX hosts, and the mx lines that
 * they tell their customers to publish.
 */
#ifndef MTASTS_CHECK_PROVIDERS_H
#define MTASTS_CHECK_PROVIDERS_H

#include <stddef.h>

#define PROVIDER_PATTERNS_MAX 6

struct provider {
    const char *name;
    const char *suffixes[4]; /* of its MX hosts; NULL ends the list */
    /* What to publish; empty: the MX hosts by name, since they are the
       customer's own or differ by region. */
    const char *patterns[PROVIDER_PATTERNS_MAX + 1];
};

/* `host`: lower-case. NULL if it is nobody's that we know. */
const struct provider *provider_of(const char *host);

/* All of them, for tests and documentation. */
const struct provider *providers_all(size_t *ret_count);

#endif
