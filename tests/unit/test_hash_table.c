/*
 * The hash table against a plain array, and its walk while items come and go.
 */
#include "base/cleanup.h"
#include "base/hash_table.h"
#include "unit.h"

#define ITEMS 5000u

struct item {
    uint64_t hash;
    unsigned key;
    bool in;
    unsigned seen;
};

static bool same(const void *item, const void *key)
{
    return ((const struct item *)item)->key == *(const unsigned *)key;
}

/* SplitMix64 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static struct item *items_new(uint64_t (*hash_of)(unsigned key))
{
    struct item *items = calloc(ITEMS, sizeof(*items));

    assert_non_null(items);
    for (unsigned i = 0; i < ITEMS; i++)
        items[i] = (struct item){.key = i, .hash = hash_of(i)};
    return items;
}

static uint64_t spread(unsigned key)
{
    uint64_t state = key;

    return next_random(&state);
}

/* All of few homes, with some hashes alike, and the ends of the range. */
static uint64_t crowded(unsigned key)
{
    static const uint64_t homes[] = {0, UINT64_MAX, UINT64_C(1) << 63, 12345};

    return homes[key % 4] ^ (key % 1000 / 4);
}

static void check_all(const struct hash_table *table, const struct item *items,
                      size_t count)
{
    assert_int_equal(table->count, count);
    for (unsigned i = 0; i < ITEMS; i++) {
        const void *found =
            hash_table_find(table, items[i].hash, same, &items[i].key);
        assert_ptr_equal(found, items[i].in ? &items[i] : NULL);
    }
}

static void run_random(uint64_t (*hash_of)(unsigned key), unsigned most)
{
    _cleanup_free_ struct item *items = items_new(hash_of);
    struct hash_table table = {.slots = NULL};
    uint64_t random = 42;
    size_t count = 0;

    for (unsigned round = 0; round < 8 * ITEMS; round++) {
        struct item *item = &items[next_random(&random) % most];
        if (item->in) {
            hash_table_remove(&table, item->hash, item);
            count--;
        } else {
            assert_int_equal(hash_table_add(&table, item->hash, item), 0);
            count++;
        }
        item->in = !item->in;
        if (round % 4000 == 0)
            check_all(&table, items, count);
    }
    check_all(&table, items, count);
    for (unsigned i = 0; i < ITEMS; i++)
        if (items[i].in) {
            items[i].in = false;
            hash_table_remove(&table, items[i].hash, &items[i]);
        }
    check_all(&table, items, 0);
    hash_table_clear(&table);
}

static void test_random(void **state)
{
    (void)state;
    run_random(spread, ITEMS);
}

static void test_crowded(void **state)
{
    (void)state;
    run_random(crowded, 200);
}

static void test_empty(void **state)
{
    struct hash_table table = {.slots = NULL};
    uint64_t cursor = 0;
    unsigned key = 1;

    (void)state;
    assert_null(hash_table_find(&table, 1, same, &key));
    assert_null(hash_table_next(&table, &cursor));
    assert_int_equal(hash_table_size(&table), 0);
    hash_table_clear(&table);
}

/* What is in the table all the while comes up once, though it grows and
   shrinks around it. */
static void test_walk(void **state)
{
    _cleanup_free_ struct item *items = items_new(spread);
    struct hash_table table = {.slots = NULL};
    unsigned other = ITEMS / 2;
    uint64_t cursor = 0;
    struct item *item;

    (void)state;
    for (unsigned i = 0; i < ITEMS / 2; i++)
        assert_int_equal(hash_table_add(&table, items[i].hash, &items[i]), 0);
    while ((item = hash_table_next(&table, &cursor))) {
        item->seen++;
        if (other < ITEMS) {
            assert_int_equal(
                hash_table_add(&table, items[other].hash, &items[other]), 0);
            other++;
        }
        if (item->key >= ITEMS / 2)
            hash_table_remove(&table, item->hash, item);
    }
    for (unsigned i = 0; i < ITEMS; i++)
        if (i < ITEMS / 2)
            assert_int_equal(items[i].seen, 1);
        else
            assert_true(items[i].seen <= 1);
    hash_table_clear(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_crowded),
        cmocka_unit_test(test_walk),
    };

    return cmocka_run_group_tests_name("hash_table", tests, NULL, NULL);
}
