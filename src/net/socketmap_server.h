/*
 * socketmap_server: answers Postfix's socketmap and Sendmail's socket map.
 *
 * The protocol is in socketmap.h, connections and their limits are
 * stream_server.h's. What is not a request at all is answered PERM, with the
 * reason; after what is not even a netstring the connection is closed.
 */
#ifndef MTASTS_NET_SOCKETMAP_SERVER_H
#define MTASTS_NET_SOCKETMAP_SERVER_H

#include "net/socketmap.h"
#include "net/stream_server.h"

struct socketmap_server;

struct socketmap_owner {
    /* `request` is good until this returns. socketmap_answer() is called
       once, from in here or later. May not free the server. */
    void (*asked)(void *ctx, struct asker *asker,
                  const struct socketmap_request *request);
    /* The asker has gone, and with the return of this call its handle. */
    void (*cancelled)(void *ctx, struct asker *asker);
};

struct socketmap_stats {
    struct stream_stats stream;
    uint64_t faults[SOCKETMAP_PARSED_COUNT]; /* by kind; see
                                                socketmap_fault() */
};

/* `owner` is copied. */
int socketmap_server_new(struct loop *loop,
                         const struct stream_options *options,
                         const struct socketmap_owner *owner, void *ctx,
                         struct socketmap_server **ret_server);

/* Cancels those who wait. NULL is fine. */
void socketmap_server_free(struct socketmap_server *server);

/* Its connections: where to listen. */
struct stream_server *socketmap_server_stream(struct socketmap_server *server);

/* The handle is gone; `data` is the caller's. What is longer than
   socketmap_data_max() goes out as a TEMP that says so. */
void socketmap_answer(struct asker *asker, enum socketmap_status status,
                      const char *data, size_t len);

void socketmap_server_stats(const struct socketmap_server *server,
                            struct socketmap_stats *ret_stats);

DEFINE_CLEANUP(struct socketmap_server *, socketmap_server_free,
               socketmap_server)
#define _cleanup_socketmap_server_ _cleanup_(cleanup_socketmap_server)

#endif
