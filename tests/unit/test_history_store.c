/*
 * What happened to policies: newest first, bounded a domain, in all and by
 * age; texts from outside made harmless.
 */
#include "store/history_store.h"
#include "store_place.h"
#include "unit.h"

#include <mtasts/error.h>
#include <mtasts/name.h>

#define SEEN_MAX 300u

static struct place place;
static struct db *db;
static struct history_store *store;

static int setup(void **state)
{
    (void)state;
    place_make(&place);
    db = place_open(&place, false);
    assert_int_equal(history_store_new(db, &store), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    history_store_free(store);
    db_close(db);
    place_remove(&place);
    return 0;
}

static struct history_row row_of(const char *domain, int64_t at_ms)
{
    return (struct history_row){
        .domain = domain,
        .at_ms = at_ms,
        .event = "policy-changed",
        .old_mode = "testing",
        .old_id = "1",
        .new_mode = "enforce",
        .new_id = "2",
        .detail = "as it goes",
    };
}

static void add(const char *domain, int64_t at_ms)
{
    const struct history_row row = row_of(domain, at_ms);

    assert_int_equal(history_store_add(store, &row), 0);
}

struct seen {
    unsigned count;
    unsigned max;
    int64_t at_ms[SEEN_MAX];
};

static bool see(void *ctx, const struct history_row *row)
{
    struct seen *seen = ctx;
    const struct history_row like = row_of(row->domain, row->at_ms);

    assert_true(seen->count < SEEN_MAX);
    seen->at_ms[seen->count++] = row->at_ms;
    assert_int_equal(history_row_sum(1, row), history_row_sum(1, &like));
    return seen->count < seen->max;
}

static struct seen history_of(const char *domain)
{
    struct seen seen = {.max = SEEN_MAX};

    assert_int_equal(history_store_read(store, domain, see, &seen), 0);
    return seen;
}

static int64_t total(void)
{
    struct db_statement *statement = NULL;
    int64_t count;

    assert_int_equal(db_prepare(db, "SELECT COUNT(*) FROM history", &statement),
                     0);
    assert_int_equal(db_step(statement), 1);
    count = db_number(statement, 0);
    db_statement_free(statement);
    return count;
}

static void test_newest_first(void **state)
{
    struct seen seen;

    (void)state;
    add("a.example", 1000);
    add("b.example", 2000);
    add("a.example", 3000);
    add("a.example", 3000);
    seen = history_of("a.example");
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.at_ms[0], 3000);
    assert_int_equal(seen.at_ms[1], 3000);
    assert_int_equal(seen.at_ms[2], 1000);
    assert_int_equal(history_of("b.example").count, 1);
    assert_int_equal(history_of("c.example").count, 0);
    seen = (struct seen){.max = 2};
    assert_int_equal(history_store_read(store, "a.example", see, &seen), 0);
    assert_int_equal(seen.count, 2);
}

static void test_bound_of_a_domain(void **state)
{
    struct seen seen;

    (void)state;
    add("b.example", 1);
    for (int64_t at = 1; at <= HISTORY_DOMAIN_ROWS_MAX + 50; at++)
        add("a.example", at);
    seen = history_of("a.example");
    assert_int_equal(seen.count, HISTORY_DOMAIN_ROWS_MAX);
    assert_int_equal(seen.at_ms[0], HISTORY_DOMAIN_ROWS_MAX + 50);
    assert_int_equal(seen.at_ms[HISTORY_DOMAIN_ROWS_MAX - 1], 51);
    assert_int_equal(history_of("b.example").count, 1);
}

/* Never above the maximum; the oldest go, of whatever domain. */
static void test_bound_of_all(void **state)
{
    const unsigned more = HISTORY_ROWS_MAX + 2 * HISTORY_PURGE_ROWS;
    char domain[32];

    (void)state;
    assert_int_equal(db_begin(db), 0);
    for (unsigned i = 1; i <= more; i++) {
        snprintf(domain, sizeof(domain), "d%u.example", i);
        add(domain, i);
        if (i % HISTORY_PURGE_ROWS == 0)
            assert_true(total() <= HISTORY_ROWS_MAX);
    }
    assert_int_equal(db_commit(db), 0);
    assert_true(total() > HISTORY_ROWS_MAX - 2 * HISTORY_PURGE_ROWS);
    assert_int_equal(history_of("d1.example").count, 0);
    assert_int_equal(history_of(domain).count, 1);
}

static void test_age(void **state)
{
    struct history_store *later = NULL;
    const int64_t now = HISTORY_AGE_MAX_MS + 500000;
    const struct history_row row = row_of("b.example", now);

    (void)state;
    add("a.example", 499999);
    add("a.example", 500000);
    /* The first row of a later run looks at the rest. */
    assert_int_equal(history_store_new(db, &later), 0);
    assert_int_equal(history_store_add(later, &row), 0);
    history_store_free(later);
    assert_int_equal(history_of("a.example").count, 1);
    assert_int_equal(history_of("a.example").at_ms[0], 500000);
    /* The same run looks once a day. */
    add("b.example", now + HISTORY_PURGE_MS);
    assert_int_equal(history_of("a.example").count, 0);
    assert_int_equal(history_of("b.example").count, 2);
}

static void test_restore(void **state)
{
    const struct history_row row = row_of("a.example", 7);
    const struct history_row other = row_of("a.example", 8);
    struct seen seen;

    (void)state;
    assert_int_equal(history_store_restore(store, 5, &row), 0);
    assert_int_equal(history_store_restore(store, 5, &other), 0);
    assert_int_equal(history_store_restore(store, 3, &other), 0);
    add("a.example", 9);
    seen = history_of("a.example");
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.at_ms[0], 9);
    assert_int_equal(seen.at_ms[1], 7);
    assert_int_equal(seen.at_ms[2], 8);
}

static void test_damaged_row(void **state)
{
    struct seen seen = {.max = SEEN_MAX};

    (void)state;
    add("a.example", 1);
    add("a.example", 2);
    add("a.example", 3);
    assert_int_equal(db_exec(db, "UPDATE history SET event = 'x' WHERE at = 2"),
                     0);
    assert_int_equal(history_store_read(store, "a.example", see, &seen),
                     -MTASTS_ESYNTAX);
    assert_int_equal(db_fault(db)->trouble, STORE_CORRUPT);
    assert_int_equal(seen.count, 2);
}

/* ---- copies ---- */

static void copied(const char *detail, const char *expected)
{
    struct history_row row = row_of("a.example", 1);
    struct history_row *copy;

    row.detail = detail;
    copy = history_row_copy(&row);
    assert_non_null(copy);
    assert_string_equal(copy->detail, expected);
    assert_string_equal(copy->domain, "a.example");
    assert_string_equal(copy->new_id, "2");
    assert_int_equal(copy->at_ms, 1);
    free(copy);
}

static void test_copy(void **state)
{
    (void)state;
    copied("", "");
    copied("plain text, \xc3\xa4 and \xe2\x82\xac",
           "plain text, \xc3\xa4 and \xe2\x82\xac");
    copied("a\nb\x1b[31mc\x7f\td", "a?b?[31mc\?\?d");
    copied("\xff\xc3(\xe2\x82", "\?\?(\?\?");
}

static void test_copy_cuts(void **state)
{
    static char detail[HISTORY_DETAIL_MAX + 10];
    struct history_row row;
    struct history_row *copy;

    (void)state;
    memset(detail, 'a', sizeof(detail) - 1);
    row = row_of(detail, 1);
    row.event = detail;
    row.detail = detail;
    /* A character that stands across the end goes. */
    memcpy(detail + HISTORY_DETAIL_MAX - 1, "\xc3\xa4", 2);
    copy = history_row_copy(&row);
    assert_non_null(copy);
    assert_int_equal(strlen(copy->detail), HISTORY_DETAIL_MAX - 1);
    assert_int_equal(strlen(copy->event), HISTORY_WORD_MAX);
    assert_int_equal(strlen(copy->domain), MTASTS_NAME_MAX);
    free(copy);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_newest_first), IN_PLACE(test_bound_of_a_domain),
        IN_PLACE(test_bound_of_all), IN_PLACE(test_age),
        IN_PLACE(test_restore),      IN_PLACE(test_damaged_row),
        cmocka_unit_test(test_copy), cmocka_unit_test(test_copy_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
