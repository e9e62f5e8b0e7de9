/*
 * Reading a page of a database without SQLite: everything that SQLite has
 * written into it, as it was, and nothing where the page is damaged.
 */
#include "store/leaf_page.h"
#include "store_place.h"
#include "unit.h"

#include <sqlite3.h>

#define ROWS 60u
#define PAGES_MAX 1000u

static struct place place;
static uint8_t pages[PAGES_MAX][DB_PAGE_SIZE];
static size_t pages_count;

struct found {
    unsigned count[ROWS];
    unsigned all;
    int stop_after; /* -1: never */
};

/* Around the lengths at which a record goes on in another page. */
static size_t len_of(unsigned n)
{
    static const size_t LENGTHS[] = {0,    1,    100,  3900,  4000,
                                     4030, 4060, 4080, 4093,  4097,
                                     8180, 8190, 9000, 65536, 100000};

    return LENGTHS[n % ELEMENTS(LENGTHS)] + n;
}

/* Numbers of every width. */
static int64_t number_of(unsigned n)
{
    int64_t number = n < 2 ? n : INT64_C(1) << n;

    return n % 2 ? -number : number;
}

static char *text_of(unsigned n, size_t *ret_len)
{
    size_t len = len_of(n);
    char *text = malloc(len + 1);

    assert_non_null(text);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + (i + n) % 26);
    *ret_len = len;
    return text;
}

static void add_row(sqlite3_stmt *statement, unsigned n)
{
    size_t len;
    char *text = text_of(n, &len);

    sqlite3_bind_int64(statement, 1, n);
    sqlite3_bind_int64(statement, 2, number_of(n));
    sqlite3_bind_null(statement, 3);
    sqlite3_bind_double(statement, 4, 0.5);
    sqlite3_bind_blob64(statement, 5, text, len, SQLITE_STATIC);
    sqlite3_bind_text(statement, 6, "text", -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(statement), SQLITE_DONE);
    sqlite3_reset(statement);
    free(text);
}

static int make_file(void **state)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    FILE *file;

    (void)state;
    place_make(&place);
    assert_int_equal(sqlite3_open(place.path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "CREATE TABLE t (n BIGINT, number BIGINT, empty TEXT,"
                     " half REAL, octets BYTEA, text TEXT); BEGIN",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "INSERT INTO t VALUES "
                                        "($1, $2, $3, $4, $5, $6)",
                                        -1, &statement, NULL),
                     SQLITE_OK);
    for (unsigned n = 0; n < ROWS; n++)
        add_row(statement, n);
    sqlite3_finalize(statement);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    file = fopen(place.path, "r");
    assert_non_null(file);
    pages_count = fread(pages, DB_PAGE_SIZE, PAGES_MAX, file);
    assert_in_range(pages_count, 100, PAGES_MAX - 1);
    fclose(file);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    place_remove(&place);
    return 0;
}

static const uint8_t *page_of(void *ctx, uint32_t number)
{
    (void)ctx;
    return number >= 1 && number <= pages_count ? pages[number - 1] : NULL;
}

static int take(void *ctx, const struct leaf_record *record)
{
    struct found *found = ctx;
    const struct leaf_value *values = record->values;
    unsigned n = (unsigned)values[0].number;
    size_t len;
    char *text = text_of(n, &len);

    assert_int_equal(record->count, 6);
    assert_true(n < ROWS);
    assert_int_equal(values[0].type, LEAF_NUMBER);
    assert_int_equal(values[1].type, LEAF_NUMBER);
    assert_int_equal(values[1].number, number_of(n));
    assert_int_equal(values[2].type, LEAF_NULL);
    assert_int_equal(values[3].type, LEAF_OTHER);
    assert_int_equal(values[4].type, LEAF_OCTETS);
    assert_int_equal(values[4].len, len);
    assert_memory_equal(values[4].data, text, len);
    assert_int_equal(values[5].type, LEAF_TEXT);
    assert_int_equal(values[5].len, 4);
    assert_memory_equal(values[5].data, "text", 4);
    free(text);
    found->count[n]++;
    found->all++;
    return found->stop_after == (int)found->all ? -77 : 0;
}

static int read_page(size_t index, struct found *found, size_t scratch_max)
{
    struct buf scratch;
    int result;

    buf_init(&scratch, scratch_max);
    result = leaf_page_read(
        pages[index], &(struct leaf_reader){page_of, take, found, &scratch});
    buf_clear(&scratch);
    return result;
}

static struct found read_all(size_t scratch_max)
{
    struct found found = {.stop_after = -1};

    /* The first page has the schema, which is no row of ours. */
    for (size_t i = 1; i < pages_count; i++)
        assert_int_equal(read_page(i, &found, scratch_max), 0);
    return found;
}

static void test_all_rows(void **state)
{
    struct found found = read_all(LEAF_PAYLOAD_MAX);

    (void)state;
    for (unsigned n = 0; n < ROWS; n++)
        assert_int_equal(found.count[n], 1);
}

/* The maximum of the buffer holds; shorter rows are read. */
static void test_too_long(void **state)
{
    struct found found = read_all(20000);

    (void)state;
    for (unsigned n = 0; n < ROWS; n++)
        assert_int_equal(found.count[n], len_of(n) < 19900);
}

static void test_error_ends_it(void **state)
{
    struct found found = {.stop_after = 1};
    int result = 0;

    (void)state;
    for (size_t i = 1; i < pages_count && result == 0; i++)
        result = read_page(i, &found, LEAF_PAYLOAD_MAX);
    assert_int_equal(result, -77);
    assert_int_equal(found.all, 1);
}

/* Where a page is missing on which a record goes on, the others come. */
static void test_missing_pages(void **state)
{
    size_t all = pages_count;
    struct found found;

    (void)state;
    pages_count = all / 2;
    found = read_all(LEAF_PAYLOAD_MAX);
    pages_count = all;
    assert_in_range(found.all, 1, ROWS - 1);
}

/* Records of one kind, with one octet changed after the other. */
static int accept(void *ctx, const struct leaf_record *record)
{
    size_t octets = 0;

    for (unsigned i = 0; i < record->count; i++)
        octets += record->values[i].len;
    assert_true(octets <= LEAF_PAYLOAD_MAX);
    ++*(unsigned *)ctx;
    return 0;
}

static void test_damaged_pages(void **state)
{
    static const uint8_t VALUES[] = {0x00, 0x7f, 0x80, 0xff};
    struct buf scratch;
    unsigned count = 0;
    const struct leaf_reader reader = {page_of, accept, &count, &scratch};

    (void)state;
    buf_init(&scratch, LEAF_PAYLOAD_MAX);
    for (size_t at = 0; at < 64; at++)
        for (size_t i = 0; i < ELEMENTS(VALUES); i++) {
            for (size_t page = 1; page < 10; page++) {
                uint8_t *octet = &pages[page][at];
                uint8_t before = *octet;
                *octet = VALUES[i];
                assert_int_equal(leaf_page_read(pages[page], &reader), 0);
                *octet = before;
            }
        }
    buf_clear(&scratch);
    assert_true(count > 0);
}

/* Pages of indexes, free ones and the like have no rows. */
static void test_other_pages(void **state)
{
    uint8_t *page = pages[pages_count - 1];
    struct found found = {.stop_after = -1};

    (void)state;
    while (page[0] != 13)
        page -= DB_PAGE_SIZE;
    for (unsigned kind = 0; kind < 256; kind++) {
        page[0] = (uint8_t)kind;
        assert_int_equal(read_page((size_t)(page - pages[0]) / DB_PAGE_SIZE,
                                   &found, LEAF_PAYLOAD_MAX),
                         0);
        assert_int_equal(found.all > 0, kind >= 13);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_rows),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_error_ends_it),
        cmocka_unit_test(test_missing_pages),
        cmocka_unit_test(test_damaged_pages),
        cmocka_unit_test(test_other_pages),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
