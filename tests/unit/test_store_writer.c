/*
 * Writing behind: what is handed over gets into the file, whatever is wrong
 * with the file for a while.
 */
#include "store/store_file.h"
#include "store_world.h"
#include "unit.h"

#include <mtasts/error.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

/* ---- writing ---- */

static void test_written_behind(void **state)
{
    int64_t begin;
    int64_t took;

    (void)state;
    world_start();
    begin = now_ms();
    world_put(1, 10);
    assert_int_equal(store_writer_waiting(world.writer), 1);
    assert_int_equal(world_in_file(1), 0);
    while (world_in_file(1) != 10 && now_ms() - begin < PATIENCE_MS)
        pause_ms(1);
    took = now_ms() - begin;
    assert_int_equal(world_in_file(1), 10);
    /* Half a second, and what a busy machine adds. */
    assert_in_range(took, STORE_INTERVAL_MS - 50, STORE_INTERVAL_MS + 3000);
    await_fine();
    assert_int_equal(world_state().written, 1);
    assert_int_equal(store_writer_waiting(world.writer), 0);
    assert_nothing_told();
    world_stop();
}

static void test_newest_state(void **state)
{
    (void)state;
    world_start();
    world_put(1, 10);
    world_put(1, 20);
    world_put(2, 10);
    assert_int_equal(store_writer_delete(world.writer, "d2.example"), 0);
    assert_int_equal(store_writer_delete(world.writer, "d3.example"), 0);
    world_put(3, 30);
    await_fine();
    assert_int_equal(world_state().written, 3);
    assert_int_equal(world_in_file(1), 20);
    assert_int_equal(world_in_file(2), 0);
    assert_int_equal(world_in_file(3), 30);
    world_put(1, 15);
    await_fine();
    assert_int_equal(world_in_file(1), 15);
    world_stop();
}

static void test_stop_writes(void **state)
{
    unsigned counts[MANY];

    (void)state;
    world_fill();
    world_start();
    assert_int_equal(world_load(counts), MANY);
    for (unsigned n = 0; n < MANY; n++)
        assert_int_equal(counts[n], 1);
    world_stop();
    /* Everything is in the one file. */
    assert_int_equal(place_count(&world.place, ""), 1);
}

static bool count_history(void *ctx, const struct history_row *row)
{
    assert_string_equal(row->event, "policy-found");
    ++*(unsigned *)ctx;
    return true;
}

static void test_history(void **state)
{
    const struct history_row row = {"a.example", 5000, "policy-found", "", "",
                                    "enforce",   "1",  "new"};
    unsigned count = 0;

    (void)state;
    world_start();
    for (unsigned i = 0; i < 7; i++)
        assert_int_equal(store_writer_history(world.writer, &row), 0);
    await_fine();
    assert_int_equal(
        store_reader_history(world.reader, "a.example", count_history, &count),
        0);
    assert_int_equal(count, 7);
    world_stop();
}

static void test_newest_time(void **state)
{
    const struct history_row row = {"a.example", 5000, "policy-found", "", "",
                                    "enforce",   "1",  "new"};
    int64_t newest = -1;

    (void)state;
    world_start();
    assert_int_equal(store_reader_newest(world.reader, &newest), 0);
    assert_int_equal(newest, 0);
    world_put(1, 4000);
    assert_int_equal(store_writer_delete(world.writer, "d1.example"), 0);
    world_put(2, 3000);
    world_stop();
    world_start();
    assert_int_equal(store_reader_newest(world.reader, &newest), 0);
    assert_int_equal(newest, 3005);
    assert_int_equal(store_writer_history(world.writer, &row), 0);
    await_fine();
    assert_int_equal(store_reader_newest(world.reader, &newest), 0);
    assert_int_equal(newest, 5000);
    world_stop();
}

static void test_not_valid(void **state)
{
    const struct policy_row row = {"", "1", 1, 2, "", 0};

    (void)state;
    world_start();
    assert_int_equal(store_writer_put(world.writer, &row), -MTASTS_EINVAL);
    assert_int_equal(store_writer_delete(world.writer, ""), -MTASTS_EINVAL);
    assert_int_equal(store_writer_waiting(world.writer), 0);
    world_stop();
}

/* Many callers at once, and a reader: for ThreadSanitizer above all. */
static void *put_many(void *ctx)
{
    unsigned first = *(unsigned *)ctx;
    struct store_state now;

    for (unsigned n = first; n < MANY; n += 4) {
        world_put(n, n);
        if (n % 64 == first)
            store_writer_state(world.writer, &now);
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[4];
    unsigned firsts[4] = {0, 1, 2, 3};
    unsigned counts[MANY];

    (void)state;
    world_start();
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, put_many, &firsts[i]), 0);
    for (unsigned i = 0; i < 20; i++) {
        world_load(counts);
        pause_ms(50);
    }
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    await_fine();
    assert_int_equal(world_load(counts), MANY);
    world_stop();
}

/* ---- somebody holds a lock ---- */

static void test_locked(void **state)
{
    struct db *other;

    (void)state;
    world_start();
    world_put(1, 10);
    await_fine();
    other = place_open(&world.place, false);
    assert_int_equal(db_begin(other), 0);
    world_put(1, 20);
    world_put(2, 20);
    await_trouble(STORE_LOCKED);
    assert_told(STORE_NEWS_FAILING, "fuser");
    world_put(2, 30);
    world_put(3, 30);
    assert_int_equal(store_writer_waiting(world.writer), 3);
    assert_int_equal(world_in_file(1), 10);
    db_rollback(other);
    db_close(other);
    await_fine();
    assert_told(STORE_NEWS_RECOVERED, "is written again");
    assert_nothing_told();
    assert_int_equal(world_in_file(1), 20);
    assert_int_equal(world_in_file(2), 30);
    assert_int_equal(world_in_file(3), 30);
    assert_int_equal(world_state().lost, 0);
    world_stop();
}

static void test_stop_while_locked(void **state)
{
    struct db *other;
    struct store_loss loss;
    int64_t begin;

    (void)state;
    world_start();
    other = place_open(&world.place, false);
    assert_int_equal(db_begin(other), 0);
    world_put_range(0, 5);
    await_trouble(STORE_LOCKED);
    store_reader_free(TAKE_PTR(world.reader));
    begin = now_ms();
    assert_int_equal(store_writer_stop(TAKE_PTR(world.writer), 300, &loss),
                     -MTASTS_EIO);
    assert_in_range(now_ms() - begin, 250, 3000);
    assert_int_equal(loss.count, 5);
    assert_int_equal(loss.why.trouble, STORE_LOCKED);
    db_rollback(other);
    db_close(other);
}

/* The lock goes while it stops: then nothing is lost. */
static void *release(void *ctx)
{
    pause_ms(500);
    db_rollback(ctx);
    return NULL;
}

static void test_lock_goes_while_stopping(void **state)
{
    struct db *other;
    pthread_t thread;

    (void)state;
    world_start();
    other = place_open(&world.place, false);
    assert_int_equal(db_begin(other), 0);
    world_put_range(0, 5);
    await_trouble(STORE_LOCKED);
    assert_int_equal(pthread_create(&thread, NULL, release, other), 0);
    world_stop();
    pthread_join(thread, NULL);
    db_close(other);
    world_start();
    assert_int_equal(world_in_file(4), 4);
    world_stop();
}

static void test_too_much_waits(void **state)
{
    unsigned counts[MANY] = {0};
    struct db *other;
    unsigned n;

    (void)state;
    world_start();
    other = place_open(&world.place, false);
    assert_int_equal(db_begin(other), 0);
    world_put(0, 0);
    await_trouble(STORE_LOCKED);
    assert_told(STORE_NEWS_FAILING, "fuser");
    for (n = 1; n < STORE_CHANGES_MAX / 2; n++)
        world_put(n, 0);
    assert_int_equal(
        store_reader_load(world.reader, 1, world_count_row, counts),
        STORE_LOAD_DONE);
    for (; n <= STORE_CHANGES_MAX * 3 / 4; n++)
        world_put(n, 0);
    /* A load would bring more to delete. */
    assert_int_equal(
        store_reader_load(world.reader, 1, world_count_row, counts),
        STORE_LOAD_WAIT);
    world_put(17, 5);
    /* While it is tried to write what waits, as much again has room. */
    while (world_state().lost == 0 && n < 3 * STORE_CHANGES_MAX)
        world_try_put(n++, 0);
    assert_in_range(n, STORE_CHANGES_MAX, 2 * STORE_CHANGES_MAX + 1);
    assert_told(STORE_NEWS_LOST, "will not be kept");
    db_rollback(other);
    db_close(other);
    await_fine();
    assert_int_equal(world_state().written + world_state().lost, n);
    assert_true(world_state().written >= STORE_CHANGES_MAX);
    assert_int_equal(world_in_file(17), 5);
    world_stop();
}

/* ---- the disk does not answer ---- */

int __real_store_file_write(struct store_file *file, struct store_queue *batch,
                            uint64_t *written, struct store_fault *fault);
int __wrap_store_file_write(struct store_file *file, struct store_queue *batch,
                            uint64_t *written, struct store_fault *fault);

static atomic_bool stuck;
static struct store_writer *left_behind;

int __wrap_store_file_write(struct store_file *file, struct store_queue *batch,
                            uint64_t *written, struct store_fault *fault)
{
    while (atomic_load(&stuck))
        pause_ms(5);
    return __real_store_file_write(file, batch, written, fault);
}

static void test_disk_is_stuck(void **state)
{
    (void)state;
    world_start();
    world_put(1, 10);
    await_fine();
    atomic_store(&stuck, true);
    world_put(2, 20);
    pause_ms(STORE_INTERVAL_MS + STORE_SLOW_MS / 2);
    world_put(3, 30);
    assert_false(world_state().failing);
    assert_int_equal(world_state().waiting, 2);
    assert_int_equal(world_in_file(1), 10);
    await_trouble(STORE_FAILED);
    assert_told(STORE_NEWS_FAILING, "does not answer");
    atomic_store(&stuck, false);
    await_fine();
    assert_told(STORE_NEWS_RECOVERED, "is written again");
    assert_int_equal(world_in_file(3), 30);
    world_stop();
}

/* The thread is left behind, and nobody waits for it. */
static void test_stop_while_stuck(void **state)
{
    struct store_loss loss;
    int64_t begin;

    (void)state;
    world_start();
    atomic_store(&stuck, true);
    world_put_range(0, 3);
    pause_ms(STORE_INTERVAL_MS + 500);
    world_put_range(3, 5);
    store_reader_free(TAKE_PTR(world.reader));
    left_behind = TAKE_PTR(world.writer);
    begin = now_ms();
    assert_int_equal(store_writer_stop(left_behind, 300, &loss),
                     -MTASTS_ETIMEDOUT);
    assert_in_range(now_ms() - begin, 300, 3000);
    assert_int_equal(loss.count, 5);
    assert_non_null(strstr(loss.why.text, "does not answer"));
    /* When the disk comes back it ends what it has begun, and itself. */
    atomic_store(&stuck, false);
    world_start();
    for (begin = now_ms();
         world_in_file(2) != 2 && now_ms() - begin < PATIENCE_MS;)
        pause_ms(5);
    assert_int_equal(world_in_file(2), 2);
    world_stop();
}

/* ---- what it does not start with ---- */

static void refused(enum store_trouble trouble, const char *words)
{
    struct store_fault fault = {.text = ""};

    assert_int_equal(
        store_writer_start(world.place.path, &world.writer, &fault),
        -MTASTS_EIO);
    assert_null(world.writer);
    assert_int_equal(fault.trouble, trouble);
    assert_non_null(strstr(fault.text, words));
    assert_non_null(strstr(fault.text, world.place.path));
}

static void test_newer(void **state)
{
    (void)state;
    place_change(&world.place, "PRAGMA user_version = 99");
    refused(STORE_NEWER, "install that version again");
}

static void test_foreign(void **state)
{
    (void)state;
    place_change(&world.place, "PRAGMA application_id = 99");
    refused(STORE_FOREIGN, "name another file");
    assert_int_equal(place_count(&world.place, ".corrupt-"), 0);
}

/* A wrong name in the configuration is no reason to move somebody's file. */
static void test_not_a_database(void **state)
{
    static const char text[] = "root:x:0:0:root:/root:/bin/sh\n";
    char now[sizeof(text)] = "";
    FILE *file = fopen(world.place.path, "w");

    (void)state;
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    refused(STORE_FOREIGN, "name another file");
    file = fopen(world.place.path, "r");
    assert_non_null(file);
    assert_int_equal(fread(now, 1, sizeof(now), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    assert_string_equal(now, text);
    assert_int_equal(place_count(&world.place, ".corrupt-"), 0);
}

/* The folder comes later: until then it works from memory. */
static void test_folder_comes_later(void **state)
{
    const struct place before = world.place;
    unsigned counts[MANY];

    (void)state;
    snprintf(world.place.path, sizeof(world.place.path), "%s/later/cache.db",
             before.folder);
    world_start();
    await_trouble(STORE_MISSING);
    assert_told(STORE_NEWS_FAILING, "create its folder");
    assert_int_equal(world_load(counts), 0);
    world_put(1, 10);
    snprintf(world.place.folder, sizeof(world.place.folder), "%.90s/later",
             before.folder);
    assert_int_equal(mkdir(world.place.folder, 0700), 0);
    await_fine();
    assert_int_equal(world_in_file(1), 10);
    world_stop();
    place_remove(&world.place);
    world.place = before;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_WORLD(test_written_behind),
        IN_WORLD(test_newest_state),
        IN_WORLD(test_stop_writes),
        IN_WORLD(test_history),
        IN_WORLD(test_newest_time),
        IN_WORLD(test_not_valid),
        IN_WORLD(test_threads),
        IN_WORLD(test_locked),
        IN_WORLD(test_stop_while_locked),
        IN_WORLD(test_lock_goes_while_stopping),
        IN_WORLD(test_too_much_waits),
        IN_WORLD(test_disk_is_stuck),
        IN_WORLD(test_stop_while_stuck),
        IN_WORLD(test_newer),
        IN_WORLD(test_foreign),
        IN_WORLD(test_not_a_database),
        IN_WORLD(test_folder_comes_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
