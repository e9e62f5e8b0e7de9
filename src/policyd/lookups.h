/*
 * lookups: the questions of the policy engine, put to the world, and what
 * comes back as the outcomes that it takes.
 *
 * Each ends with an outcome within the gatherer's deadline.
 */
#ifndef MTASTS_POLICYD_LOOKUPS_H
#define MTASTS_POLICYD_LOOKUPS_H

#include "engine/outcome.h"
#include "net/gather.h"

#define LOOKUPS_WHY_MAX 512u /* octets of a sentence */

struct lookups;

enum lookup_kind {
    LOOKUP_KIND_TXT,
    LOOKUP_KIND_FETCH,
    LOOKUP_KIND_MX,
    LOOKUP_KINDS,
};

/* Outcomes are good for the length of the call. */
struct lookups_sink {
    void (*txt)(void *ctx, const char *domain,
                const struct txt_outcome *outcome);
    void (*fetched)(void *ctx, const char *domain,
                    const struct fetch_outcome *outcome);
    void (*mx)(void *ctx, const char *domain, const struct mx_outcome *outcome);
    /* Before each of them: how long it took. */
    void (*took)(void *ctx, enum lookup_kind kind, uint32_t elapsed_ms);
};

/* `gatherer` must outlive the lookups; `sink` is copied. */
int lookups_new(struct gatherer *gatherer, const struct lookups_sink *sink,
                void *ctx, struct lookups **ret_lookups);
void lookups_free(struct lookups *lookups); /* cancels what is left */

/* `domain` is copied. Without memory nothing is begun, and no outcome comes:
   the engine gives up by itself. */
void lookups_txt(struct lookups *lookups, const char *domain);
void lookups_fetch(struct lookups *lookups, const char *domain);
void lookups_mx(struct lookups *lookups, const char *domain, bool with_dane);

/* What is under way is asked anew by `to`. Not from within an outcome. */
void lookups_hand_over(struct lookups *from, struct lookups *to);

/* The same from facts gathered otherwise; they live as long as `facts`. */
void lookups_read_txt(const struct facts *facts,
                      struct mtasts_sts_record *record,
                      struct txt_outcome *ret_outcome);
void lookups_read_fetch(const struct facts *facts, char why[LOOKUPS_WHY_MAX],
                        struct fetch_outcome *ret_outcome);

DEFINE_CLEANUP(struct lookups *, lookups_free, lookups)
#define _cleanup_lookups_ _cleanup_(cleanup_lookups)

#endif
