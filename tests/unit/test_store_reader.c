/*
 * Reading beside the writer, of sound files and of damaged ones, which are
 * rebuilt under everybody's feet.
 */
#include "store_world.h"
#include "unit.h"

#include <mtasts/error.h>
#include <sys/stat.h>

/* ---- reading ---- */

static void test_get_while_loading(void **state)
{
    unsigned counts[MANY] = {0};
    unsigned rows = 0;

    (void)state;
    world_fill();
    world_start();
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(
            store_reader_load(world.reader, SLICE, world_count_row, counts),
            STORE_LOAD_MORE);
    for (unsigned n = 0; n < MANY; n++)
        rows += counts[n];
    assert_int_equal(rows, 5 * SLICE);
    assert_int_equal(world_in_file(MANY - 1), MANY - 1);
    assert_int_equal(world_in_file(MANY + 7), 0);
    /* What is written meanwhile does not disturb it. */
    world_put_range(0, 50);
    assert_int_equal(store_writer_delete(world.writer, "d70.example"), 0);
    await_fine();
    while (store_reader_load(world.reader, SLICE, world_count_row, counts) ==
           STORE_LOAD_MORE) {
    }
    for (unsigned n = 0; n < MANY; n++)
        assert_int_equal(counts[n], 1);
    assert_int_equal(world_in_file(70), 0);
    world_stop();
}

static void test_no_rows(void **state)
{
    unsigned counts[MANY];

    (void)state;
    world_start();
    assert_int_equal(world_load(counts), 0);
    assert_int_equal(world_in_file(1), 0);
    world_stop();
}

/* ---- damage ---- */

static off_t size_of_file(void)
{
    struct stat file;

    assert_int_equal(stat(world.place.path, &file), 0);
    return file.st_size;
}

static void smash_page(long page)
{
    place_smash(world.place.path, page * (long)DB_PAGE_SIZE, DB_PAGE_SIZE);
}

static void test_damaged_at_start(void **state)
{
    unsigned counts[MANY];

    (void)state;
    world_fill();
    smash_page(0);
    world_start();
    world_put(MANY, 5);
    assert_told(STORE_NEWS_FAILING, "not a database");
    assert_int_equal(world_load(counts), MANY);
    await_fine();
    await_generation(2);
    assert_told(STORE_NEWS_REBUILT, ".corrupt-20");
    assert_told(STORE_NEWS_RECOVERED, "is written again");
    assert_int_equal(place_count(&world.place, ".corrupt-"), 1);
    assert_int_equal(world_in_file(MANY), 5);
    assert_int_equal(world_in_file(6), 6);
    world_stop();
}

/* Nobody reads it but the check at the start. */
static void test_check_finds_damage(void **state)
{
    (void)state;
    world_fill();
    smash_page(size_of_file() / DB_PAGE_SIZE / 2);
    world_start();
    await_generation(2);
    assert_told(STORE_NEWS_FAILING, "damaged");
    assert_told(STORE_NEWS_REBUILT, ".corrupt-20");
    world_put(MANY - 1, 7);
    await_fine();
    assert_int_equal(world_in_file(MANY - 1), 7);
    world_stop();
}

/* A load comes upon a page that SQLite cannot read. */
static void test_load_finds_damage(void **state)
{
    unsigned counts[MANY];

    (void)state;
    world_fill();
    smash_page(size_of_file() / DB_PAGE_SIZE / 2);
    world_start();
    assert_in_range(world_load(counts), MANY - 100, MANY - 1);
    await_generation(2);
    await_fine();
    world_stop();
}

/*
 * Wrong rows, which only their checksums tell. The load goes on in the old
 * file while the new one takes its place, and the log of the new one stays
 * when the old one is closed. What is still found in the old one says nothing
 * of the new one.
 */
static void test_load_during_rebuild(void **state)
{
    unsigned counts[MANY] = {0};

    (void)state;
    world_fill();
    place_change(&world.place,
                 "UPDATE policies SET used_at = 1 "
                 "WHERE domain IN ('d2.example', 'd2990.example')");
    world_start();
    assert_int_equal(
        store_reader_load(world.reader, SLICE, world_count_row, counts),
        STORE_LOAD_MORE);
    await_generation(2);
    world_put(MANY, 12345);
    await_fine();
    while (store_reader_load(world.reader, SLICE, world_count_row, counts) ==
           STORE_LOAD_MORE) {
    }
    for (unsigned n = 0; n < MANY; n++)
        assert_int_equal(counts[n], n != 2 && n != 2990);
    assert_int_equal(place_count(&world.place, "-wal"), 1);
    assert_int_equal(world_in_file(MANY), 12345); /* closes the old file */
    assert_int_equal(place_count(&world.place, "-wal"), 1);
    assert_int_equal(world_in_file(2), 0);
    assert_int_equal(world_in_file(3), 3);
    assert_int_equal(world_state().generation, 2);
    world_stop();
    world_start();
    assert_int_equal(world_in_file(MANY), 12345);
    world_stop();
}

static void test_damage_again_and_again(void **state)
{
    struct store_fault fault;

    (void)state;
    world_start();
    store_fault_set(&fault, STORE_CORRUPT, world.place.path, "so it seems");
    for (unsigned i = 0; i < STORE_REBUILDS_MAX; i++) {
        store_writer_suspect(world.writer, world_state().generation, &fault);
        await_generation(2 + i);
    }
    store_writer_suspect(world.writer, world_state().generation, &fault);
    await_trouble(STORE_FAILED);
    assert_non_null(strstr(world_state().fault.text, "again and again"));
    /* And their logs, where there were any. */
    assert_true(place_count(&world.place, ".corrupt-") >= STORE_REBUILDS_MAX);
}

/* ---- the file goes away ---- */

static void test_file_is_deleted(void **state)
{
    (void)state;
    world_start();
    world_put(1, 10);
    await_fine();
    assert_int_equal(world_in_file(1), 10);
    assert_int_equal(unlink(world.place.path), 0);
    world_put(2, 20);
    await_generation(2);
    await_fine();
    assert_told(STORE_NEWS_REPLACED, "moved or deleted");
    assert_int_equal(world_in_file(2), 20);
    assert_int_equal(world_in_file(1), 0);
    world_stop();
    world_start();
    assert_int_equal(world_in_file(2), 20);
    world_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_get_while_loading),
        IN_WORLD(test_no_rows),
        IN_WORLD(test_damaged_at_start),
        IN_WORLD(test_check_finds_damage),
        IN_WORLD(test_load_finds_damage),
        IN_WORLD(test_load_during_rebuild),
        IN_WORLD(test_damage_again_and_again),
        IN_WORLD(test_file_is_deleted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
