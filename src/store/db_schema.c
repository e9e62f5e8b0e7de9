/*
 * db_schema: is this database ours, and is it the one that this version
 * knows? Brings an older one up to date.
 *
 * The number of the schema is the user_version of SQLite's header, ours is
 * told by the application_id. Both are set in the transaction that brings
 * the tables, so that a file has all of a schema or nothing of it.
 */
#include "store/db_sqlite.h"

#include <inttypes.h>
#include <mtasts/error.h>
#include <string.h>

#define PRAGMA_MAX 64u
#define SMALLEST_PAGE 512u /* of any database of SQLite's */

/* ---- no database at all ---- */

static bool is_text(const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!memchr("\t\n\r", data[i], 3) && (data[i] < ' ' || data[i] > '~'))
            return false;
    return true;
}

/* Read as SQLite has it open: to close a descriptor of our own would let go of
   the locks of this process. */
bool db_may_be_damaged(struct db *db)
{
    static const char magic[] = "SQLite format 3"; /* and its NUL */
    char head[SMALLEST_PAGE] = "";
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    size_t len;

    if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER,
                             &file) != SQLITE_OK ||
        !file || !file->pMethods ||
        file->pMethods->xFileSize(file, &size) != SQLITE_OK || size <= 0)
        return true;
    len = (size_t)MIN_OF(size, (sqlite3_int64)sizeof(head));
    if (file->pMethods->xRead(file, head, (int)len, 0) != SQLITE_OK ||
        (len >= sizeof(magic) && memcmp(head, magic, sizeof(magic)) == 0))
        return true;
    return size % SMALLEST_PAGE == 0 && !is_text(head, len);
}

/* ---- ours ---- */

static int set_pragma(struct db *db, const char *name, unsigned value)
{
    char sql[PRAGMA_MAX];

    snprintf(sql, sizeof(sql), "PRAGMA %s = %u", name, value);
    return db_exec(db, sql);
}

/* In a transaction: another process may have done it in the meantime. */
static int migrate_from(struct db *db, const struct db_options *options)
{
    int64_t version = 0;
    int error = db_ask_number(db, "PRAGMA user_version", &version);

    for (int64_t i = version; !error && i < options->migrations_count; i++)
        error = db_exec(db, options->migrations[i].sql);
    if (!error)
        error = set_pragma(db, "user_version", options->migrations_count);
    if (!error)
        error = set_pragma(db, "application_id", DB_APPLICATION_ID);
    return error;
}

/* A database that nobody has put anything into is ours to take. */
static int check_owner(struct db *db, int64_t application, int64_t version)
{
    char detail[STORE_TEXT_MAX / 8];
    int64_t tables = 0;
    int error =
        db_ask_number(db, "SELECT COUNT(*) FROM sqlite_schema", &tables);

    if (error || (application == 0 && version == 0 && tables == 0))
        return error;
    snprintf(detail, sizeof(detail), "its application id is 0x%08" PRIx64,
             (uint64_t)application);
    return db_fail(db, STORE_FOREIGN, detail);
}

int db_schema_check(struct db *db, const struct db_options *options,
                    unsigned *ret_version)
{
    char detail[STORE_TEXT_MAX / 8];
    int64_t application = 0;
    int64_t version = 0;
    int error = db_ask_number(db, "PRAGMA application_id", &application);

    if (!error)
        error = db_ask_number(db, "PRAGMA user_version", &version);
    if (!error && application != DB_APPLICATION_ID)
        error = check_owner(db, application, version);
    if (error)
        return error;
    if (version < 0 || version > options->migrations_count) {
        snprintf(detail, sizeof(detail),
                 "its schema is %" PRId64 ", this one knows up to %u", version,
                 options->migrations_count);
        return db_fail(db, STORE_NEWER, detail);
    }
    if (options->read_only && version < options->migrations_count)
        return db_fail(db, STORE_MISSING, "its tables are not made yet");
    *ret_version = (unsigned)version;
    return 0;
}

int db_schema_migrate(struct db *db, const struct db_options *options)
{
    int error = db_begin(db);

    if (error)
        return error;
    error = migrate_from(db, options);
    if (error) {
        db_rollback(db);
        return error;
    }
    return db_commit(db);
}
