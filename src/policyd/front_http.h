/*
 * front_http: people and programs of this machine ask here: answers,
 * explanations, the cache, metrics, health.
 */
#ifndef MTASTS_POLICYD_FRONT_HTTP_H
#define MTASTS_POLICYD_FRONT_HTTP_H

#include "net/http_server.h"

struct policyd;
struct front_http;

int front_http_new(struct policyd *policyd, struct front_http **ret_front);
void front_http_free(struct front_http *front); /* NULL is fine */

struct http_server *front_http_server(struct front_http *front);

#endif
