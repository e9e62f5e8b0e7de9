/*
 * front_exim: Exim asks here by ${readsocket}: a domain in, a line out.
 */
#ifndef MTASTS_POLICYD_FRONT_EXIM_H
#define MTASTS_POLICYD_FRONT_EXIM_H

#include "net/line_server.h"

struct policyd;
struct front_exim;

int front_exim_new(struct policyd *policyd, size_t peers_max,
                   struct front_exim **ret_front);
void front_exim_free(struct front_exim *front); /* NULL is fine */

struct stream_server *front_exim_stream(struct front_exim *front);

void front_exim_stats(const struct front_exim *front,
                      struct line_stats *ret_stats);

#endif
