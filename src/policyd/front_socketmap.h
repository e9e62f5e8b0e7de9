/*
 * front_socketmap: Postfix, Sendmail and libmtasts-client ask here, by the
 * map that they name.
 */
#ifndef MTASTS_POLICYD_FRONT_SOCKETMAP_H
#define MTASTS_POLICYD_FRONT_SOCKETMAP_H

#include "net/socketmap_server.h"

struct policyd;
struct front_socketmap;

/* Answers once `policyd` has an engine; until then askers wait. */
int front_socketmap_new(struct policyd *policyd, size_t peers_max,
                        struct front_socketmap **ret_front);
void front_socketmap_free(struct front_socketmap *front); /* NULL is fine */

struct stream_server *front_socketmap_stream(struct front_socketmap *front);

void front_socketmap_stats(const struct front_socketmap *front,
                           struct socketmap_stats *ret_stats);

#endif
