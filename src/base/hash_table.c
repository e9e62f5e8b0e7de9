/*
 * hash_table: linear probing in the order of the hashes.
 *
 * An item's place is by the upper bits of its hash, or after it; all items
 * stand in the order of their hashes. So there are no gaps to mark when one
 * leaves: its followers move up. The slots past the end spare the wrap-around.
 */
#include "base/hash_table.h"

#include <mtasts/error.h>
#include <stdlib.h>
#include <string.h>

#define BITS_MIN 6u
#define BITS_MAX 40u
#define TAIL 64u /* slots past the end: longer runs make the table grow */

static size_t slots_of(const struct hash_table *table)
{
    return table->slots ? ((size_t)1 << table->bits) + TAIL : 0;
}

static size_t home(const struct hash_table *table, uint64_t hash)
{
    return (size_t)(hash >> (64 - table->bits));
}

/* The first slot at or after the hash's own that is free or not less. The
   last slot is always free. */
static size_t seek(const struct hash_table *table, uint64_t hash)
{
    size_t at = home(table, hash);

    while (table->slots[at].item && table->slots[at].hash < hash)
        at++;
    return at;
}

void *hash_table_find(const struct hash_table *table, uint64_t hash,
                      hash_same_fn *same, const void *key)
{
    if (!table->slots)
        return NULL;
    for (size_t at = seek(table, hash);
         table->slots[at].item && table->slots[at].hash == hash; at++)
        if (same(table->slots[at].item, key))
            return table->slots[at].item;
    return NULL;
}

/* False: the run goes to the end of the slots. */
static bool place(struct hash_table *table, uint64_t hash, void *item)
{
    size_t at = seek(table, hash);
    size_t end = at;

    while (table->slots[end].item)
        end++;
    if (end + 1 >= slots_of(table))
        return false;
    memmove(&table->slots[at + 1], &table->slots[at],
            (end - at) * sizeof(*table->slots));
    table->slots[at] = (struct hash_slot){hash, item};
    table->count++;
    return true;
}

/* All items into `table`, which is empty; false if a run gets too long. */
static bool move_all(const struct hash_table *from, struct hash_table *table)
{
    for (size_t i = 0; i < slots_of(from); i++)
        if (from->slots[i].item &&
            !place(table, from->slots[i].hash, from->slots[i].item))
            return false;
    return true;
}

static int grow(struct hash_table *table)
{
    struct hash_table larger = {.bits =
                                    table->slots ? table->bits + 1 : BITS_MIN};

    for (; larger.bits <= BITS_MAX; larger.bits++) {
        larger.count = 0;
        larger.slots =
            calloc(((size_t)1 << larger.bits) + TAIL, sizeof(*larger.slots));
        if (!larger.slots)
            return -MTASTS_ENOMEM;
        if (move_all(table, &larger)) {
            free(table->slots);
            *table = larger;
            return 0;
        }
        free(larger.slots);
    }
    return -MTASTS_ENOMEM;
}

int hash_table_add(struct hash_table *table, uint64_t hash, void *item)
{
    size_t room = table->slots ? (size_t)1 << table->bits : 0;
    int error = 0;

    if (table->count >= room - room / 4)
        error = grow(table);
    while (!error && !place(table, hash, item))
        error = grow(table);
    return error;
}

void hash_table_remove(struct hash_table *table, uint64_t hash,
                       const void *item)
{
    size_t at = seek(table, hash);

    while (table->slots[at].item != item)
        at++;
    for (; table->slots[at + 1].item &&
           home(table, table->slots[at + 1].hash) <= at;
         at++)
        table->slots[at] = table->slots[at + 1];
    table->slots[at] = (struct hash_slot){.item = NULL};
    table->count--;
}

void *hash_table_next(const struct hash_table *table, uint64_t *cursor)
{
    size_t end = slots_of(table);

    if (!end || *cursor == UINT64_MAX)
        return NULL;
    for (size_t at = seek(table, *cursor); at < end; at++)
        if (table->slots[at].item) {
            uint64_t hash = table->slots[at].hash;
            *cursor = hash == UINT64_MAX ? hash : hash + 1;
            return table->slots[at].item;
        }
    return NULL;
}

size_t hash_table_size(const struct hash_table *table)
{
    return slots_of(table) * sizeof(*table->slots);
}

void hash_table_clear(struct hash_table *table)
{
    free(table->slots);
    *table = (struct hash_table){.slots = NULL};
}
