/*
 * hash_table: items by a 64-bit hash that their owner computes.
 *
 * Open addressing, kept in the order of the hashes: a search looks at
 * neighbouring slots and touches an item only when its hash is the right one;
 * a walk has a cursor that stays good while items come and go. The hash must
 * be keyed where strangers choose what is hashed.
 */
#ifndef MTASTS_BASE_HASH_TABLE_H
#define MTASTS_BASE_HASH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash_slot {
    uint64_t hash;
    void *item; /* NULL: free */
};

/* Zeroed is empty. */
struct hash_table {
    struct hash_slot *slots;
    size_t count;
    unsigned bits; /* 1 << bits slots, and some more at the end */
};

/* Whether `item` is the one that `key` names. */
typedef bool hash_same_fn(const void *item, const void *key);

/* NULL: not there. */
void *hash_table_find(const struct hash_table *table, uint64_t hash,
                      hash_same_fn *same, const void *key);

/* `item` must not be in the table. -MTASTS_ENOMEM. */
int hash_table_add(struct hash_table *table, uint64_t hash, void *item);

/* `item` must be in the table, under this hash. Cannot fail. */
void hash_table_remove(struct hash_table *table, uint64_t hash,
                       const void *item);

/*
 * The next item at or after *cursor (0: from the start), which is moved past
 * it; NULL at the end. The table may change between two calls: what is in it
 * all the while comes up once.
 */
void *hash_table_next(const struct hash_table *table, uint64_t *cursor);

/* The octets of the table itself. */
size_t hash_table_size(const struct hash_table *table);

/* Frees the table's own memory; the items are their owner's. */
void hash_table_clear(struct hash_table *table);

#endif
