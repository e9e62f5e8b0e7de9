/*
 * unbound_context: a libunbound context on our loop, with our settings.
 */
#ifndef MTASTS_NET_UNBOUND_CONTEXT_H
#define MTASTS_NET_UNBOUND_CONTEXT_H

#include "base/cleanup.h"
#include "net/forwarders.h"
#include "net/loop.h"
#include <unbound.h>

struct unbound_settings {
    struct forwarders forwarders; /* none: recurse from root_hints */
    const char *root_hints;
    const char *trust_anchor; /* NULL: do not validate */
    size_t cache_bytes;       /* of all caches together */
    unsigned queries;         /* expected at once */
};

/*
 * Ready to take queries: settings, hints and anchors have been read.
 * -MTASTS_ESYNTAX: libunbound refuses one of them. -MTASTS_ESYSTEM: it
 * cannot start, for want of descriptors perhaps.
 */
int unbound_context_new(struct loop *loop,
                        const struct unbound_settings *settings,
                        struct ub_ctx **ret_context);

DEFINE_CLEANUP(struct ub_ctx *, ub_ctx_delete, ub_ctx)
#define _cleanup_ub_ctx_ _cleanup_(cleanup_ub_ctx)

#endif
