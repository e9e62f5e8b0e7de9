/*
 * map_list: the value of Postfix's smtp_tls_policy_maps: which of its tables
 * ask us, and what it has to be.
 *
 * Pure. Tables are apart by commas or white space, except within braces.
 * Ours is "socketmap:ADDRESS:NAME", perhaps behind "proxy:".
 */
#ifndef MTASTS_CLI_MAP_LIST_H
#define MTASTS_CLI_MAP_LIST_H

#include "base/buf.h"
#include <stdbool.h>

#define MAP_ENTRY_MAX 512u     /* octets of one that asks us, with its end */
#define MAP_ADDRESSES_MAX 128u /* a listener below the queue has two */

/* Where we answer, as Postfix writes it: "inet:127.0.0.1:8461". */
struct map_addresses {
    const char *items[MAP_ADDRESSES_MAX];
    size_t count;
};

struct map_list {
    size_t ours;               /* tables that ask us */
    char entry[MAP_ENTRY_MAX]; /* the first of them, whole */
    char address[MAP_ENTRY_MAX];
    char name[MAP_ENTRY_MAX];  /* the map that it asks for */
    size_t before;             /* other tables in front of it */
    size_t after;              /* and behind it */
    char rival[MAP_ENTRY_MAX]; /* another socketmap; "": none */
};

/* -MTASTS_ESYNTAX: a brace is not closed. */
int map_list_read(const char *list, const struct map_addresses *addresses,
                  struct map_list *ret_list);

/* Appends the list as it is to be: all other tables as they stand, in their
   order, and then `entry`. As map_list_read(); or what `buf` says. */
int map_list_make(const char *list, const struct map_addresses *addresses,
                  const char *entry, struct buf *buf);

/* Whether `a`, as Postfix has it, is where we answer at `b`: it may say
   localhost, which is this machine everywhere. */
bool map_list_same(const char *a, const char *b);

#endif
