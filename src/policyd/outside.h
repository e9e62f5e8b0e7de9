/*
 * outside: everything that asks the world, as the configuration says.
 */
#ifndef MTASTS_POLICYD_OUTSIDE_H
#define MTASTS_POLICYD_OUTSIDE_H

#include "daemon/config.h"
#include "policyd/lookups.h"

struct outside {
    struct address_guard guard;
    X509_STORE *trust;
    struct resolver *resolver;
    struct fetcher *fetcher;
    struct gatherer *gatherer;
    struct lookups *lookups;
    unsigned users;       /* explanations that ask by it */
    struct outside *next; /* that was retired before it */
};

#define OUTSIDE_WHY_MAX 1024u /* octets of a sentence */

/* What `sink` gets, it gets with `ctx`. On failure `why` has the option that
   will not do, with the way out. */
int outside_new(struct loop *loop, const struct config *config,
                const struct lookups_sink *sink, void *ctx,
                char why[OUTSIDE_WHY_MAX], struct outside **ret_outside);

/* Cancels what is under way. NULL is fine. */
void outside_free(struct outside *outside);

DEFINE_CLEANUP(struct outside *, outside_free, outside)
#define _cleanup_outside_ _cleanup_(cleanup_outside)

#endif
