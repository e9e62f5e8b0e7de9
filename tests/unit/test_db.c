/*
 * The connection: whose file it is, what schema it has, and what is said
 * where it cannot be used.
 */
#include "store/db.h"
#include "store_place.h"
#include "unit.h"

#include <mtasts/error.h>
#include <sys/stat.h>

static struct place place;

static int setup(void **state)
{
    (void)state;
    place_make(&place);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    place_remove(&place);
    return 0;
}

static int64_t ask(struct db *db, const char *sql)
{
    struct db_statement *statement = NULL;
    int64_t number;

    assert_int_equal(db_prepare(db, sql, &statement), 0);
    assert_int_equal(db_step(statement), 1);
    number = db_number(statement, 0);
    db_statement_free(statement);
    return number;
}

/* It cannot be opened: for this reason, and the sentence has these words. */
static void refused(const struct db_options *options,
                    enum store_trouble trouble, const char *words)
{
    struct store_fault fault = {.trouble = STORE_FINE};
    struct db *db = NULL;

    assert_int_equal(db_open(options, &db, &fault),
                     store_trouble_error(trouble));
    assert_null(db);
    if (fault.trouble != trouble || !strstr(fault.text, words) ||
        !strstr(fault.text, options->path) || !strstr(fault.text, "; "))
        fail_msg("%s: %s", store_trouble_name(fault.trouble), fault.text);
}

static void write_file(const char *text)
{
    FILE *file = fopen(place.path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* ---- making and opening ---- */

static void test_make(void **state)
{
    struct stat file;
    struct db *db = place_open(&place, false);

    (void)state;
    assert_int_equal(ask(db, "PRAGMA application_id"), DB_APPLICATION_ID);
    assert_int_equal(ask(db, "PRAGMA user_version"), db_migrations_count);
    assert_int_equal(ask(db, "PRAGMA synchronous"), 2);
    assert_int_equal(ask(db, "PRAGMA page_size"), DB_PAGE_SIZE);
    assert_int_equal(ask(db, "SELECT COUNT(*) FROM policies"), 0);
    assert_int_equal(stat(place.path, &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    assert_int_equal(stat(place_path(&place, "-wal"), &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    db_close(db);
}

static void test_open_again(void **state)
{
    struct db *db = place_open(&place, false);
    struct db *reader;

    (void)state;
    assert_int_equal(db_exec(db, "INSERT INTO clock (name, newest_at, sum) "
                                 "VALUES ('x', 7, 8)"),
                     0);
    reader = place_open(&place, true);
    assert_int_equal(ask(reader, "SELECT newest_at FROM clock"), 7);
    db_close(reader);
    db_close(db);
    db = place_open(&place, false);
    assert_int_equal(ask(db, "SELECT newest_at FROM clock"), 7);
    assert_int_equal(db_check(db), 0);
    db_close(db);
}

static void test_odd_name(void **state)
{
    (void)state;
    snprintf(place.path, sizeof(place.path), "%s/cache.db?mode=memory#a%%20 b",
             place.folder);
    db_close(place_open(&place, false));
    assert_int_equal(place_count(&place, "?mode=memory#a%20 b"), 1);
}

static void test_relative_name_like_a_uri(void **state)
{
    struct db_options options = {.path = "file:cache.db", .cache_kib = 1024};
    struct store_fault fault;
    struct db *db = NULL;
    struct stat file;
    char before[PLACE_PATH_MAX];

    (void)state;
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(place.folder), 0);
    assert_int_equal(db_open(&options, &db, &fault), 0);
    assert_int_equal(stat("file:cache.db", &file), 0);
    db_close(db);
    assert_int_equal(chdir(before), 0);
}

/* ---- the schema ---- */

static const struct db_migration STEPS[] = {
    {"0001-a", "CREATE TABLE a (n BIGINT NOT NULL);"},
    {"0002-b", "CREATE TABLE b (n BIGINT NOT NULL);"
               "INSERT INTO b (n) SELECT n + 1 FROM a;"},
    {"0003-wrong", "CREATE TABLE c (n BIGINT NOT NULL);"
                   "INSERT INTO nowhere (n) VALUES (1);"},
};

static struct db_options up_to(unsigned count)
{
    return (struct db_options){.path = place.path,
                               .cache_kib = 1024,
                               .migrations = STEPS,
                               .migrations_count = count};
}

static struct db *open_up_to(unsigned count)
{
    const struct db_options options = up_to(count);
    struct store_fault fault = {.text = ""};
    struct db *db = NULL;

    if (db_open(&options, &db, &fault) < 0)
        fail_msg("%s", fault.text);
    return db;
}

static void test_migrates(void **state)
{
    struct db *db = open_up_to(1);

    (void)state;
    assert_int_equal(db_exec(db, "INSERT INTO a (n) VALUES (41)"), 0);
    db_close(db);
    db = open_up_to(2);
    assert_int_equal(ask(db, "SELECT n FROM b"), 42);
    assert_int_equal(ask(db, "PRAGMA user_version"), 2);
    db_close(db);
}

/* All of a step, or nothing of it. */
static void test_migration_fails(void **state)
{
    const struct db_options three = up_to(3);
    struct db *db = open_up_to(1);

    (void)state;
    db_close(db);
    refused(&three, STORE_CORRUPT, "");
    db = open_up_to(1);
    assert_int_equal(ask(db, "PRAGMA user_version"), 1);
    assert_int_equal(ask(db, "SELECT COUNT(*) FROM sqlite_schema"), 1);
    db_close(db);
}

static void test_newer(void **state)
{
    const struct db_options one = up_to(1);

    (void)state;
    db_close(open_up_to(2));
    refused(&one, STORE_NEWER, "its schema is 2, this one knows up to 1");
    refused(&one, STORE_NEWER, "install that version again");
    db_close(open_up_to(2));
}

static void test_reader_of_older(void **state)
{
    struct db_options two = up_to(2);

    (void)state;
    db_close(open_up_to(1));
    two.read_only = true;
    refused(&two, STORE_MISSING, "not made yet");
}

/* ---- what is no database of ours ---- */

static void test_foreign(void **state)
{
    struct db_options options = {.path = place.path, .cache_kib = 1024};
    struct db *db = place_open(&place, false);

    (void)state;
    assert_int_equal(db_exec(db, "PRAGMA application_id = 77"), 0);
    db_close(db);
    refused(&options, STORE_FOREIGN, "0x0000004d");
    refused(&options, STORE_FOREIGN, "name another file");
    options.read_only = true;
    refused(&options, STORE_FOREIGN, "0x0000004d");
}

/* Nothing of it may be changed, not even its mode of logging. */
static void test_foreign_is_left_alone(void **state)
{
    const struct db_options options = {.path = place.path, .cache_kib = 1024};
    struct db *db = place_open(&place, false);
    char before[100] = "";
    char after[100] = "";
    FILE *file;

    (void)state;
    assert_int_equal(db_exec(db, "PRAGMA application_id = 0;"
                                 "PRAGMA journal_mode = DELETE"),
                     0);
    db_close(db);
    file = fopen(place.path, "r");
    assert_int_equal(fread(before, 1, sizeof(before), file), sizeof(before));
    fclose(file);
    refused(&options, STORE_FOREIGN, "0x00000000");
    file = fopen(place.path, "r");
    assert_int_equal(fread(after, 1, sizeof(after), file), sizeof(after));
    fclose(file);
    assert_memory_equal(before, after, sizeof(before));
}

static void test_no_database(void **state)
{
    const struct db_options options = {.path = place.path, .cache_kib = 1024};

    (void)state;
    write_file("this is a text of more than a few octets, and no database\n");
    refused(&options, STORE_FOREIGN, "none of SQLite's");
}

/* Of a size that a database may have: still a text. */
static void test_text_of_a_page(void **state)
{
    const struct db_options options = {.path = place.path, .cache_kib = 1024};
    char text[DB_PAGE_SIZE + 1];

    (void)state;
    memset(text, 'a', DB_PAGE_SIZE);
    text[DB_PAGE_SIZE - 1] = '\n';
    text[DB_PAGE_SIZE] = '\0';
    write_file(text);
    refused(&options, STORE_FOREIGN, "none of SQLite's");
}

static void test_octets_of_no_page(void **state)
{
    const struct db_options options = {.path = place.path, .cache_kib = 1024};

    (void)state;
    write_file("\x7f"
               "ELF\x02\x01\x01, and what else belongs to a program");
    refused(&options, STORE_FOREIGN, "none of SQLite's");
}

/* What was ours is damaged, and no more. */
static void test_start_is_smashed(void **state)
{
    const struct db_options options = {.path = place.path, .cache_kib = 1024};

    (void)state;
    db_close(place_open(&place, false));
    place_smash(place.path, 0, 100);
    refused(&options, STORE_CORRUPT, "not a database");
}

static void test_reader_of_nothing(void **state)
{
    struct db_options options = {
        .path = place.path, .read_only = true, .cache_kib = 1024};

    (void)state;
    refused(&options, STORE_MISSING, "");
    assert_int_equal(place_count(&place, ""), 0);
    write_file("");
    refused(&options, STORE_MISSING, "not made yet");
}

static void test_no_folder(void **state)
{
    struct db_options options = {.cache_kib = 1024};
    char path[PLACE_PATH_MAX];

    (void)state;
    snprintf(path, sizeof(path), "%s/nowhere/cache.db", place.folder);
    options.path = path;
    refused(&options, STORE_MISSING, "/nowhere: No such file or directory");
    refused(&options, STORE_MISSING, "create its folder");
    options.path = place.folder;
    refused(&options, STORE_FAILED, "");
}

/* ---- damage ---- */

static void test_check(void **state)
{
    struct db *db = place_open(&place, false);

    (void)state;
    assert_int_equal(db_exec(db, "INSERT INTO clock (name, newest_at, sum) "
                                 "VALUES ('x', 7, 8)"),
                     0);
    db_close(db);
    place_smash(place.path, DB_PAGE_SIZE, DB_PAGE_SIZE);
    db = place_open(&place, false);
    assert_int_equal(db_check(db), -MTASTS_EIO);
    assert_int_equal(db_fault(db)->trouble, STORE_CORRUPT);
    assert_non_null(strstr(db_fault(db)->text, place.path));
    db_close(db);
}

static void test_wrong_statement(void **state)
{
    struct db *db = place_open(&place, false);
    struct db_statement *statement = NULL;

    (void)state;
    assert_int_equal(db_prepare(db, "SELECT a FROM nowhere", &statement),
                     -MTASTS_EIO);
    assert_null(statement);
    assert_int_equal(db_fault(db)->trouble, STORE_CORRUPT);
    db_close(db);
}

/* ---- transactions ---- */

static void test_transaction(void **state)
{
    static const char ADD[] = "INSERT INTO clock (name, newest_at, sum) "
                              "VALUES ('x', 7, 8)";
    struct db *db = place_open(&place, false);
    struct db *other = place_open(&place, false);

    (void)state;
    assert_int_equal(db_begin(db), 0);
    assert_int_equal(db_exec(db, ADD), 0);
    assert_int_equal(ask(other, "SELECT COUNT(*) FROM clock"), 0);
    assert_int_equal(db_begin(other), -MTASTS_EIO);
    assert_int_equal(db_fault(other)->trouble, STORE_LOCKED);
    assert_non_null(strstr(db_fault(other)->text, "fuser"));
    db_rollback(db);
    db_rollback(db); /* none is no mistake */
    assert_int_equal(ask(db, "SELECT COUNT(*) FROM clock"), 0);
    assert_int_equal(db_begin(other), 0);
    assert_int_equal(db_exec(other, ADD), 0);
    assert_int_equal(db_commit(other), 0);
    assert_int_equal(ask(db, "SELECT COUNT(*) FROM clock"), 1);
    db_close(other);
    db_close(db);
}

static void test_troubles_have_names(void **state)
{
    struct store_fault fault;

    (void)state;
    for (unsigned i = 0; i < STORE_TROUBLES; i++) {
        store_fault_set(&fault, (enum store_trouble)i, "/a/b", "so\nit is");
        assert_non_null(strstr(fault.text, "/a/b: "));
        assert_non_null(strstr(fault.text, " (so it is); "));
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(store_trouble_name((enum store_trouble)i),
                                    store_trouble_name((enum store_trouble)j));
    }
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(test_make),
        IN_PLACE(test_open_again),
        IN_PLACE(test_odd_name),
        IN_PLACE(test_relative_name_like_a_uri),
        IN_PLACE(test_migrates),
        IN_PLACE(test_migration_fails),
        IN_PLACE(test_newer),
        IN_PLACE(test_reader_of_older),
        IN_PLACE(test_foreign),
        IN_PLACE(test_foreign_is_left_alone),
        IN_PLACE(test_no_database),
        IN_PLACE(test_text_of_a_page),
        IN_PLACE(test_octets_of_no_page),
        IN_PLACE(test_start_is_smashed),
        IN_PLACE(test_reader_of_nothing),
        IN_PLACE(test_no_folder),
        IN_PLACE(test_check),
        IN_PLACE(test_wrong_statement),
        IN_PLACE(test_transaction),
        cmocka_unit_test(test_troubles_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
