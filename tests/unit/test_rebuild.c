/*
 * Damaged files: whatever was overwritten, cut or lost, every row that is
 * still there comes back, none that is not right, and the damaged file is
 * kept.
 */
#include "store/history_store.h"
#include "store/policy_store.h"
#include "store/rebuild.h"
#include "store_place.h"
#include "unit.h"

#include <mtasts/error.h>
#include <sys/stat.h>

#define MANY 3000u
#define LONG_EVERY 100u /* a row of so many goes over several pages */
#define LONG_LEN 20000u
#define NOW 1767225600 /* 2026-01-01 */
#define NEWEST_MS INT64_C(1767225600123)

static struct place place;
static atomic_bool stop;

static size_t len_of(unsigned n)
{
    return n % LONG_EVERY == 0 ? LONG_LEN + n : 0;
}

static void fill(struct db *db)
{
    static struct made_row made;
    struct policy_store *policies = NULL;
    struct history_store *history = NULL;

    assert_int_equal(policy_store_new(db, &policies), 0);
    assert_int_equal(history_store_new(db, &history), 0);
    assert_int_equal(db_begin(db), 0);
    for (unsigned n = 0; n < MANY; n++) {
        const struct history_row row = {
            "a.example", n, "e", "", "", "", "", "something that happened"};
        assert_int_equal(
            policy_store_put(policies, made_row(&made, n, n, len_of(n))), 0);
        assert_int_equal(history_store_add(history, &row), 0);
    }
    policy_store_note_time(policies, NEWEST_MS);
    assert_int_equal(policy_store_write_time(policies), 0);
    assert_int_equal(db_commit(db), 0);
    policy_store_free(policies);
    history_store_free(history);
}

static int setup(void **state)
{
    struct db *db;

    (void)state;
    place_make(&place);
    atomic_store(&stop, false);
    db = place_open(&place, false);
    fill(db);
    db_close(db);
    assert_int_equal(place_count(&place, ""), 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    place_remove(&place);
    return 0;
}

static off_t size_of(const char *path)
{
    struct stat file;

    assert_int_equal(stat(path, &file), 0);
    return file.st_size;
}

/* ---- what came back ---- */

static unsigned policies_in(struct db *db)
{
    static struct made_row made;
    struct policy_store *store = NULL;
    struct policy_row row;
    unsigned count = 0;
    int error;

    assert_int_equal(policy_store_new(db, &store), 0);
    while ((error = policy_store_next(store, &row)) != 0) {
        assert_int_equal(error, 1);
        unsigned n = (unsigned)row.fetched_ms;
        assert_same_row(&row, made_row(&made, n, n, len_of(n)));
        count++;
    }
    policy_store_free(store);
    return count;
}

static int64_t newest_in(struct db *db)
{
    struct policy_store *store = NULL;
    int64_t newest = -1;

    assert_int_equal(policy_store_new(db, &store), 0);
    assert_int_equal(policy_store_newest(store, &newest), 0);
    policy_store_free(store);
    return newest;
}

static bool count_row(void *ctx, const struct history_row *row)
{
    assert_string_equal(row->detail, "something that happened");
    ++*(unsigned *)ctx;
    return true;
}

static unsigned history_in(struct db *db)
{
    struct history_store *store = NULL;
    unsigned count = 0;

    assert_int_equal(history_store_new(db, &store), 0);
    assert_int_equal(history_store_read(store, "a.example", count_row, &count),
                     0);
    history_store_free(store);
    return count;
}

struct back {
    unsigned policies;
    unsigned history;
    int64_t newest_ms;
};

/* Rebuilds it; the new file is sound, the old one aside as it was. */
static struct back rebuilt(void)
{
    struct rebuilt result;
    struct store_fault fault = {.text = ""};
    struct back back;
    off_t size = size_of(place.path);
    struct db *db;

    if (rebuild(place.path, NOW, &stop, &result, &fault) < 0)
        fail_msg("%s", fault.text);
    assert_string_equal(result.aside,
                        place_path(&place, ".corrupt-20260101T000000Z"));
    assert_int_equal(size_of(result.aside), size);
    assert_int_equal(place_count(&place, ".rebuild"), 0);
    db = place_open(&place, false);
    assert_int_equal(db_check(db), 0);
    back = (struct back){policies_in(db), history_in(db), newest_in(db)};
    assert_true(back.policies <= result.salvaged.policies);
    db_close(db);
    return back;
}

static void all_is_back(void)
{
    struct back back = rebuilt();

    assert_int_equal(back.policies, MANY);
    assert_int_equal(back.history, HISTORY_DOMAIN_ROWS_MAX);
    assert_int_equal(back.newest_ms, NEWEST_MS);
}

/* ---- kinds of damage ---- */

static void test_sound_file(void **state)
{
    (void)state;
    all_is_back();
}

/* Header, schema, and the roots of all tables. */
static void test_start_is_gone(void **state)
{
    (void)state;
    place_smash(place.path, 0, DB_PAGE_SIZE);
    all_is_back();
}

static void test_roots_are_gone(void **state)
{
    struct back back;

    (void)state;
    place_smash(place.path, 0, 8 * DB_PAGE_SIZE);
    back = rebuilt();
    assert_true(back.policies > MANY - 200);
}

static void test_middle_is_gone(void **state)
{
    struct back back;

    (void)state;
    place_smash(place.path,
                size_of(place.path) / 2 / DB_PAGE_SIZE * (long)DB_PAGE_SIZE,
                4 * DB_PAGE_SIZE);
    back = rebuilt();
    assert_true(back.policies > MANY - 150);
}

static void test_end_is_gone(void **state)
{
    struct back back;

    (void)state;
    assert_int_equal(truncate(place.path, size_of(place.path) * 3 / 4 + 100),
                     0);
    back = rebuilt();
    assert_true(back.policies > MANY / 2);
    assert_true(back.policies < MANY);
}

/* A page that is still well-formed, with other contents in it. */
static void test_contents_are_changed(void **state)
{
    static const char FROM[] = "mx1.d77.example";
    FILE *file = fopen(place.path, "r+");
    static char text[4 << 20];
    size_t len;
    char *at;
    struct back back;

    (void)state;
    assert_non_null(file);
    len = fread(text, 1, sizeof(text), file);
    at = memmem(text, len, FROM, sizeof(FROM) - 1);
    assert_non_null(at);
    assert_int_equal(fseek(file, at - text, SEEK_SET), 0);
    assert_int_equal(fputc('b', file), 'b');
    assert_int_equal(fclose(file), 0);
    back = rebuilt();
    assert_int_equal(back.policies, MANY - 1);
}

static void test_nothing_is_left(void **state)
{
    struct back back;

    (void)state;
    assert_int_equal(truncate(place.path, 0), 0);
    back = rebuilt();
    assert_int_equal(back.policies, 0);
    assert_int_equal(back.newest_ms, 0);
}

/* What was committed and stands in the write-ahead log alone. */
static void test_log(void **state)
{
    static struct made_row made;
    struct policy_store *store = NULL;
    struct db *db = place_open(&place, false);
    struct db *new_one;
    struct rebuilt result;
    struct store_fault fault;
    struct policy_row *row = NULL;

    (void)state;
    assert_int_equal(policy_store_new(db, &store), 0);
    made_row(&made, 5, 99999, LONG_LEN);
    assert_int_equal(policy_store_put(store, &made.row), 0);
    policy_store_free(store);
    db_keep_log(db);
    db_close(db);
    place_smash(place.path, 0, 3 * DB_PAGE_SIZE);
    assert_int_equal(rebuild(place.path, NOW, &stop, &result, &fault), 0);
    assert_int_equal(place_count(&place, ".corrupt-20260101T000000Z-wal"), 1);
    assert_int_equal(place_count(&place, "-"), 0);
    new_one = place_open(&place, false);
    assert_int_equal(policy_store_new(new_one, &store), 0);
    assert_int_equal(policy_store_get(store, "d5.example", &row), 0);
    assert_same_row(row, &made.row);
    free(row);
    policy_store_free(store);
    db_close(new_one);
}

static void test_two_in_a_second(void **state)
{
    struct rebuilt result;
    struct store_fault fault;

    (void)state;
    all_is_back();
    assert_int_equal(rebuild(place.path, NOW, &stop, &result, &fault), 0);
    assert_string_equal(result.aside,
                        place_path(&place, ".corrupt-20260101T000000Z-2"));
}

/* ---- what keeps it from being rebuilt ---- */

static void test_stopped(void **state)
{
    struct rebuilt result;
    struct store_fault fault;

    (void)state;
    atomic_store(&stop, true);
    assert_int_equal(rebuild(place.path, NOW, &stop, &result, &fault),
                     -MTASTS_ECANCELED);
    assert_int_equal(fault.trouble, STORE_STOPPED);
    assert_int_equal(place_count(&place, ""), 1);
    atomic_store(&stop, false);
    all_is_back();
}

static void test_no_file(void **state)
{
    struct rebuilt result;
    struct store_fault fault;

    (void)state;
    assert_int_equal(unlink(place.path), 0);
    assert_int_equal(rebuild(place.path, NOW, &stop, &result, &fault),
                     -MTASTS_ENOTFOUND);
    assert_int_equal(place_count(&place, ""), 0);
}

/* ---- killed half-way ---- */

static void make_file(const char *end, const char *text)
{
    FILE *file = fopen(place_path(&place, end), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* While the new file was made: it begins anew. */
static void test_killed_while_filling(void **state)
{
    (void)state;
    make_file(".rebuild", "half a file");
    make_file(".rebuild-wal", "its log");
    rebuild_settle(place.path);
    assert_int_equal(place_count(&place, ""), 1);
    all_is_back();
}

/* Between the two renames: the new file is whole. */
static void test_killed_while_renaming(void **state)
{
    struct db *db;

    (void)state;
    assert_int_equal(rename(place.path, place_path(&place, ".rebuild")), 0);
    make_file("-wal", "the log of the damaged file");
    rebuild_settle(place.path);
    assert_int_equal(place_count(&place, ""), 1);
    db = place_open(&place, false);
    assert_int_equal(policies_in(db), MANY);
    db_close(db);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_sound_file),
        IN_PLACE(test_start_is_gone),
        IN_PLACE(test_roots_are_gone),
        IN_PLACE(test_middle_is_gone),
        IN_PLACE(test_end_is_gone),
        IN_PLACE(test_contents_are_changed),
        IN_PLACE(test_nothing_is_left),
        IN_PLACE(test_log),
        IN_PLACE(test_two_in_a_second),
        IN_PLACE(test_stopped),
        IN_PLACE(test_no_file),
        IN_PLACE(test_killed_while_filling),
        IN_PLACE(test_killed_while_renaming),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
