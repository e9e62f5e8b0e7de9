/*
 * Policies in a database: put, replaced, deleted, read, and never given out
 * with a wrong checksum. The sums of known rows are written out here: a file
 * outlives the version that wrote it.
 */
#include "store/policy_store.h"
#include "store/row_sum.h"
#include "store_place.h"
#include "unit.h"

#include <mtasts/error.h>

#define MANY 1000u

static struct place place;
static struct db *db;
static struct policy_store *store;

static int setup(void **state)
{
    (void)state;
    place_make(&place);
    db = place_open(&place, false);
    assert_int_equal(policy_store_new(db, &store), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    policy_store_free(store);
    db_close(db);
    place_remove(&place);
    return 0;
}

static void put(unsigned n, int64_t fetched_ms, size_t len)
{
    static struct made_row made;

    assert_int_equal(
        policy_store_put(store, made_row(&made, n, fetched_ms, len)), 0);
}

/* What is there of dN.example is this row. */
static void is_there(unsigned n, int64_t fetched_ms, size_t len)
{
    static struct made_row made;
    struct policy_row *row = NULL;

    made_row(&made, n, fetched_ms, len);
    assert_int_equal(policy_store_get(store, made.domain, &row), 0);
    assert_same_row(row, &made.row);
    free(row);
}

static void is_gone(const char *domain)
{
    struct policy_row *row = NULL;

    assert_int_equal(policy_store_get(store, domain, &row), -MTASTS_ENOTFOUND);
    assert_null(row);
}

/* ---- sums ---- */

static const char LONG_BODY[] = "version: STSv1\nmode: enforce\n"
                                "mx: mail.example.com\nmx: *.example.net\n"
                                "max_age: 604800\n";

static void test_sums_stay(void **state)
{
    struct policy_row row = {
        .domain = "example.com",
        .id = "20260101T000000",
        .fetched_ms = 1767225600123,
        .used_ms = 1767225600456,
        .body = "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n",
        .len = 44,
    };

    (void)state;
    assert_int_equal(policy_row_sum(&row), INT64_C(8706157226581259930));
    row.body = LONG_BODY;
    row.len = sizeof(LONG_BODY) - 1;
    assert_int_equal(policy_row_sum(&row), INT64_C(3443367874406130396));
    assert_int_equal(policy_clock_sum("engine", 1767225600456),
                     INT64_C(-6190593547860903000));
}

/* Every value is in the sum, and none runs into the next. */
static void test_sums_differ(void **state)
{
    static const struct policy_row ROWS[] = {
        {"ab", "c", 1, 2, "de", 2}, {"a", "bc", 1, 2, "de", 2},
        {"ab", "cd", 1, 2, "e", 1}, {"ab", "c", 2, 1, "de", 2},
        {"ab", "c", 1, 2, "df", 2}, {"ab", "c", 1, 3, "de", 2},
        {"ab", "", 1, 2, "cde", 3}, {"ab", "c", 1, 2, "d", 1},
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(ROWS); i++)
        for (size_t j = 0; j < i; j++)
            assert_true(policy_row_sum(&ROWS[i]) != policy_row_sum(&ROWS[j]));
}

/* ---- put, get, delete ---- */

static void test_put_and_get(void **state)
{
    (void)state;
    put(1, 1000, 0);
    put(2, 2000, 5000);
    put(3, 3000, MTASTS_POLICY_BODY_MAX);
    is_there(1, 1000, 0);
    is_there(2, 2000, 5000);
    is_there(3, 3000, MTASTS_POLICY_BODY_MAX);
    is_gone("d4.example");
    is_gone("");
}

static void test_replace(void **state)
{
    (void)state;
    put(1, 2000, 0);
    put(1, 1000, 300);
    is_there(1, 1000, 300);
}

static void test_merge(void **state)
{
    static struct made_row made;
    struct policy_row *row = NULL;

    (void)state;
    put(1, 2000, 0);
    assert_int_equal(policy_store_merge(store, made_row(&made, 1, 1000, 300)),
                     0);
    is_there(1, 2000, 0);
    assert_int_equal(policy_store_merge(store, made_row(&made, 1, 3000, 300)),
                     0);
    is_there(1, 3000, 300);
    made_row(&made, 1, 3000, 400);
    made.row.used_ms++;
    assert_int_equal(policy_store_merge(store, &made.row), 0);
    assert_int_equal(policy_store_get(store, "d1.example", &row), 0);
    assert_same_row(row, &made.row);
    free(row);
}

static void test_delete(void **state)
{
    (void)state;
    put(1, 1000, 0);
    put(2, 1000, 0);
    assert_int_equal(policy_store_delete(store, "d1.example"), 0);
    assert_int_equal(policy_store_delete(store, "d1.example"), 0);
    is_gone("d1.example");
    is_there(2, 1000, 0);
}

static void test_empty_body_and_id(void **state)
{
    static const struct policy_row ROW = {"a.example", "", 1, 2, NULL, 0};
    struct policy_row *row = NULL;

    (void)state;
    assert_int_equal(policy_store_put(store, &ROW), 0);
    assert_int_equal(policy_store_get(store, "a.example", &row), 0);
    assert_string_equal(row->id, "");
    assert_int_equal(row->len, 0);
    assert_string_equal(row->body, "");
    free(row);
}

static void test_bounds(void **state)
{
    static char body[MTASTS_POLICY_BODY_MAX + 1];
    static char name[MTASTS_NAME_MAX + 2];
    struct policy_row row = {name, "1", 1, 2, body, MTASTS_POLICY_BODY_MAX};

    (void)state;
    assert_int_equal(policy_store_put(store, &row), -MTASTS_EINVAL);
    memset(name, 'a', MTASTS_NAME_MAX);
    assert_int_equal(policy_store_put(store, &row), 0);
    row.len++;
    assert_int_equal(policy_store_put(store, &row), -MTASTS_EINVAL);
    row.len--;
    row.id = "123456789012345678901234567890123";
    assert_int_equal(policy_store_put(store, &row), -MTASTS_EINVAL);
    row.id = "12345678901234567890123456789012";
    assert_int_equal(policy_store_put(store, &row), 0);
    name[MTASTS_NAME_MAX] = 'a';
    assert_int_equal(policy_store_put(store, &row), -MTASTS_EINVAL);
}

/* ---- all rows ---- */

static unsigned number_of(const struct policy_row *row)
{
    unsigned number = 0;

    for (const char *at = row->domain + 1; *at != '.'; at++)
        number = 10 * number + (unsigned)(*at - '0');
    return number;
}

/* Reads on until the end; the numbers of the domains that come. */
static unsigned read_all(bool seen[MANY])
{
    static struct made_row made;
    struct policy_row row;
    unsigned count = 0;
    int error;

    while ((error = policy_store_next(store, &row)) != 0) {
        if (error == -MTASTS_ESYNTAX)
            continue;
        assert_int_equal(error, 1);
        unsigned n = number_of(&row);
        assert_true(n < MANY);
        assert_false(seen[n]);
        seen[n] = true;
        count++;
        assert_same_row(&row, made_row(&made, n, n, 0));
    }
    return count;
}

static void put_many(void)
{
    assert_int_equal(db_begin(db), 0);
    for (unsigned n = 0; n < MANY; n++)
        put(n, n, 0);
    assert_int_equal(db_commit(db), 0);
}

static void test_all(void **state)
{
    bool seen[MANY] = {false};
    bool again[MANY] = {false};
    struct policy_row row;

    (void)state;
    assert_int_equal(policy_store_next(store, &row), 0);
    put_many();
    assert_int_equal(read_all(seen), MANY);
    assert_int_equal(policy_store_next(store, &row), 1);
    policy_store_rewind(store);
    assert_int_equal(read_all(again), MANY);
}

/* ---- damage ---- */

static void test_damaged_row(void **state)
{
    static const char *const CHANGES[] = {
        "UPDATE policies SET fetched_at = 9 WHERE domain = 'd7.example'",
        "UPDATE policies SET used_at = used_at + 1 WHERE domain = 'd7.example'",
        "UPDATE policies SET id = 'x' WHERE domain = 'd7.example'",
        "UPDATE policies SET body = x'00' WHERE domain = 'd7.example'",
        "UPDATE policies SET sum = sum - 1 WHERE domain = 'd7.example'",
    };

    (void)state;
    put_many();
    for (size_t i = 0; i < ELEMENTS(CHANGES); i++) {
        bool seen[MANY] = {false};
        struct policy_row *row = NULL;

        put(7, 7, 0);
        assert_int_equal(db_exec(db, CHANGES[i]), 0);
        assert_int_equal(policy_store_get(store, "d7.example", &row),
                         -MTASTS_ESYNTAX);
        assert_null(row);
        assert_int_equal(db_fault(db)->trouble, STORE_CORRUPT);
        assert_int_equal(read_all(seen), MANY - 1);
        assert_false(seen[7]);
    }
    assert_int_equal(db_exec(db, "UPDATE policies SET domain = 'd7.examplf' "
                                 "WHERE domain = 'd8.example'"),
                     0);
    struct policy_row *row = NULL;
    assert_int_equal(policy_store_get(store, "d7.examplf", &row),
                     -MTASTS_ESYNTAX);
}

/* ---- the newest time ---- */

static int64_t newest(void)
{
    int64_t ms = -1;

    assert_int_equal(policy_store_newest(store, &ms), 0);
    return ms;
}

static void test_newest_time(void **state)
{
    struct policy_store *other = NULL;

    (void)state;
    assert_int_equal(newest(), 0);
    assert_int_equal(policy_store_write_time(store), 0);
    assert_int_equal(newest(), 0);
    put(1, 1000, 0); /* used 5 ms later */
    assert_int_equal(policy_store_write_time(store), 0);
    assert_int_equal(newest(), 1005);
    policy_store_note_time(store, 3000);
    put(2, 2000, 0);
    assert_int_equal(policy_store_write_time(store), 0);
    assert_int_equal(newest(), 3000);
    /* A later run, which knows of older rows only, takes nothing back. */
    assert_int_equal(policy_store_new(db, &other), 0);
    policy_store_note_time(other, 2500);
    assert_int_equal(policy_store_write_time(other), 0);
    policy_store_free(other);
    assert_int_equal(newest(), 3000);
}

static void test_damaged_time(void **state)
{
    int64_t ms = -1;

    (void)state;
    put(1, 1000, 0);
    assert_int_equal(policy_store_write_time(store), 0);
    assert_int_equal(
        db_exec(db, "UPDATE clock SET newest_at = 9000000000000000000"), 0);
    assert_int_equal(policy_store_newest(store, &ms), -MTASTS_ESYNTAX);
    assert_int_equal(ms, -1);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sums_stay),
        cmocka_unit_test(test_sums_differ),
        IN_PLACE(test_put_and_get),
        IN_PLACE(test_replace),
        IN_PLACE(test_merge),
        IN_PLACE(test_delete),
        IN_PLACE(test_empty_body_and_id),
        IN_PLACE(test_bounds),
        IN_PLACE(test_all),
        IN_PLACE(test_damaged_row),
        IN_PLACE(test_newest_time),
        IN_PLACE(test_damaged_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
