/*
 * db: a connection to a SQLite database. See db.h.
 *
 * The file is in WAL mode, so that readers and the one writer never wait for
 * each other, and synchronous is FULL: what a commit has said is there after
 * a power cut too. A cached policy that is gone is protection that is gone,
 * and there are two commits a second at most, on a thread of their own.
 *
 * Nothing is mapped into memory but the WAL's index, as SQLite wants it: an
 * input error would be a signal. Pages in memory have a stated maximum.
 */
#include "store/db_sqlite.h"

#include "base/ascii.h"
#include "base/buf.h"
#include <errno.h>
#include <fcntl.h>
#include <mtasts/error.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE_PRIVATE 0600 /* whom this site writes to is nobody's business */
#define PRAGMA_MAX 512u
#define URI_MAX 4096u

struct db_statement {
    struct db *db;
    sqlite3_stmt *handle;
    int code; /* the first failure to bind; SQLITE_OK */
};

const struct store_fault *db_fault(const struct db *db)
{
    return &db->fault;
}

/* Never 0, whatever the table of troubles says. */
static int error_of(const struct db *db)
{
    int error = store_trouble_error(db->fault.trouble);

    return error < 0 ? error : -MTASTS_EIO;
}

int db_fail(struct db *db, enum store_trouble trouble, const char *detail)
{
    store_fault_set(&db->fault, trouble, db->path, detail);
    return error_of(db);
}

int db_damaged(struct db *db, const char *detail)
{
    return db_fail(db, STORE_CORRUPT, detail);
}

static bool is_no_room(int error)
{
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

static enum store_trouble trouble_of(int code, int system_error)
{
    switch (code & 0xff) {
    case SQLITE_OK: return STORE_FINE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return STORE_LOCKED;
    case SQLITE_FULL: return STORE_FULL;
    case SQLITE_NOMEM: return STORE_NO_MEMORY;
    case SQLITE_INTERRUPT: return STORE_STOPPED;
    case SQLITE_READONLY: return STORE_READ_ONLY;
    case SQLITE_CANTOPEN:
        return system_error == ENOENT ? STORE_MISSING : STORE_FAILED;
    /* Our statements are right: the tables are not. */
    case SQLITE_ERROR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return STORE_CORRUPT;
    case SQLITE_IOERR:
        if (code == SQLITE_IOERR_NOMEM)
            return STORE_NO_MEMORY;
        return is_no_room(system_error) ? STORE_FULL : STORE_FAILED;
    default: return STORE_FAILED;
    }
}

/* Whether it may be about who may do what, which the file system knows. */
static bool is_about_access(int code)
{
    int primary = code & 0xff;

    return primary == SQLITE_CANTOPEN || primary == SQLITE_READONLY ||
           primary == SQLITE_PERM || primary == SQLITE_IOERR;
}

/* SQLite forgets it at times; callers set errno to 0 before they call. */
static int system_errno(const struct db *db)
{
    int before = errno;
    int error = sqlite3_system_errno(db->handle);

    return error ? error : before;
}

int db_failed(struct db *db, int code)
{
    int system_error = system_errno(db);
    enum store_trouble trouble = trouble_of(code, system_error);
    char detail[STORE_TEXT_MAX / 4];
    bool in_system = is_about_access(code) && system_error != 0;

    if ((code & 0xff) == SQLITE_NOTADB && !db_may_be_damaged(db))
        return db_fail(db, STORE_FOREIGN, "it is none of SQLite's either");
    if (trouble != STORE_FULL && is_about_access(code) &&
        store_fault_look(db->path, &db->fault) != STORE_FINE)
        return error_of(db);
    snprintf(detail, sizeof(detail), "%s%s%s", sqlite3_errstr(code),
             in_system ? ": " : "",
             in_system ? strerrordesc_np(system_error) : "");
    return db_fail(db, trouble, detail);
}

/* ---- opening ---- */

/* SQLite would make it for all to read; log and index take its mode over. */
static void make_private(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE_PRIVATE);

    if (fd >= 0)
        close(fd);
}

/* A name that begins like a URI would be taken for one. */
static int file_uri(const char *path, bool immutable, struct buf *uri)
{
    buf_puts(uri, "file:");
    for (; *path; path++)
        if (ascii_is_alnum(*path) || strchr("/._-", *path))
            buf_putc(uri, *path);
        else
            buf_printf(uri, "%%%02x", (unsigned char)*path);
    return buf_puts(uri, immutable ? "?immutable=1" : "");
}

static int open_handle(struct db *db, const struct db_options *options)
{
    int flags = options->read_only ? SQLITE_OPEN_READONLY
                                   : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    _cleanup_buf_ struct buf uri = BUF(URI_MAX);
    int code;

    if (file_uri(db->path, db->as_is, &uri) < 0)
        return db_fail(db, STORE_FAILED, "its name is too long");
    if (!options->read_only)
        make_private(db->path);
    errno = 0;
    /* One thread at a time, see db.h: no locks inside. */
    code = sqlite3_open_v2(uri.data, &db->handle,
                           flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                               SQLITE_OPEN_EXRESCODE,
                           NULL);
    if (!db->handle)
        return db_fail(db, STORE_NO_MEMORY, NULL);
    if (code)
        return db_failed(db, code);
    if (!options->read_only && sqlite3_db_readonly(db->handle, "main") == 1)
        return db_failed(db, SQLITE_READONLY);
    return 0;
}

static int configure(struct db *db, const struct db_options *options)
{
    char sql[PRAGMA_MAX];

    sqlite3_busy_timeout(db->handle, (int)options->busy_ms);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* Only the writer moves the log into the file. */
    if (options->read_only)
        db_keep_log(db);
    snprintf(sql, sizeof(sql),
             "PRAGMA page_size = %u; PRAGMA cache_size = -%u;"
             "PRAGMA mmap_size = 0; PRAGMA synchronous = FULL;"
             "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
             "PRAGMA temp_store = MEMORY",
             DB_PAGE_SIZE, options->cache_kib);
    return db_exec(db, sql);
}

/* A file system without shared memory keeps its old mode and says so. */
static int use_wal(struct db *db)
{
    _cleanup_db_statement_ struct db_statement *statement = NULL;
    int error = db_prepare(db, "PRAGMA journal_mode = WAL", &statement);

    if (error)
        return error;
    error = db_step(statement);
    if (error < 0)
        return error;
    if (strcmp(db_text(statement, 0), "wal") != 0)
        return db_fail(db, STORE_FAILED,
                       "its file system cannot do write-ahead logging");
    return 0;
}

static int open_all(struct db *db, const struct db_options *options)
{
    unsigned version = 0;
    int error = open_handle(db, options);

    if (!error)
        error = configure(db, options);
    /* Nothing is written into what is not ours. */
    if (!error)
        error = db_schema_check(db, options, &version);
    if (error || options->read_only)
        return error;
    error = use_wal(db);
    if (!error && version < options->migrations_count)
        error = db_schema_migrate(db, options);
    return error;
}

static bool has_log(const char *path)
{
    char log[STORE_TEXT_MAX];
    struct stat file;
    int len = snprintf(log, sizeof(log), "%s-wal", path);

    return len >= (int)sizeof(log) ||
           (stat(log, &file) == 0 ? file.st_size > 0 : errno != ENOENT);
}

/*
 * Where nothing can be written SQLite cannot make its index of the log, and
 * does not read either. If there is no log, nobody writes, and it is told so.
 */
static int open_as_is(struct db *db, const struct db_options *options)
{
    enum store_trouble trouble = db->fault.trouble;

    if (!options->read_only || has_log(db->path) ||
        (trouble != STORE_DENIED && trouble != STORE_READ_ONLY))
        return error_of(db);
    sqlite3_close_v2(db->handle);
    db->handle = NULL;
    db->as_is = true;
    return open_all(db, options);
}

int db_open(const struct db_options *options, struct db **ret_db,
            struct store_fault *fault)
{
    struct db_options known = *options;
    _cleanup_db_ struct db *db = calloc(1, sizeof(*db));
    int error;

    if (db)
        db->path = strdup(options->path);
    if (!db || !db->path) {
        store_fault_set(fault, STORE_NO_MEMORY, options->path, NULL);
        return -MTASTS_ENOMEM;
    }
    if (!known.migrations) {
        known.migrations = db_migrations;
        known.migrations_count = db_migrations_count;
    }
    error = open_all(db, &known);
    if (error)
        error = open_as_is(db, &known);
    if (error) {
        *fault = db->fault;
        return error;
    }
    *ret_db = TAKE_PTR(db);
    return 0;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    sqlite3_close_v2(db->handle);
    free(db->path);
    free(db);
}

void db_keep_log(struct db *db)
{
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

int db_begin_bulk(struct db *db)
{
    return db_exec(db,
                   "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
}

bool db_as_is(const struct db *db)
{
    return db->as_is;
}

void db_interrupt(struct db *db)
{
    sqlite3_interrupt(db->handle);
}

/* ---- statements ---- */

int db_exec(struct db *db, const char *sql)
{
    int code;

    errno = 0;
    code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return code ? db_failed(db, code) : 0;
}

int db_begin(struct db *db)
{
    return db_exec(db, "BEGIN IMMEDIATE");
}

void db_rollback(struct db *db)
{
    /* Some failures have rolled it back already. */
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

int db_commit(struct db *db)
{
    int error = db_exec(db, "COMMIT");

    if (error)
        db_rollback(db);
    return error;
}

int db_prepare(struct db *db, const char *sql, struct db_statement **ret)
{
    _cleanup_free_ struct db_statement *statement =
        calloc(1, sizeof(*statement));
    int code;

    if (!statement) {
        db_fail(db, STORE_NO_MEMORY, NULL);
        return -MTASTS_ENOMEM;
    }
    statement->db = db;
    errno = 0;
    code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                              &statement->handle, NULL);
    if (code) {
        db_failed(db, code);
        return -MTASTS_EIO;
    }
    *ret = TAKE_PTR(statement);
    return 0;
}

int db_prepare_kept(struct db *db, const char *sql, struct db_statement **kept)
{
    return *kept ? 0 : db_prepare(db, sql, kept);
}

void db_statement_free(struct db_statement *statement)
{
    if (!statement)
        return;
    sqlite3_finalize(statement->handle);
    free(statement);
}

static void bound(struct db_statement *statement, int code)
{
    if (!statement->code)
        statement->code = code;
}

void db_bind_number(struct db_statement *statement, int index, int64_t number)
{
    bound(statement, sqlite3_bind_int64(statement->handle, index, number));
}

void db_bind_text(struct db_statement *statement, int index, const char *text)
{
    bound(statement,
          sqlite3_bind_text(statement->handle, index, text, -1, SQLITE_STATIC));
}

void db_bind_octets(struct db_statement *statement, int index, const void *data,
                    size_t len)
{
    /* A null pointer would be NULL. */
    bound(statement, sqlite3_bind_blob64(statement->handle, index,
                                         data ? data : "", len, SQLITE_STATIC));
}

int db_step(struct db_statement *statement)
{
    int code = statement->code;

    errno = 0;
    if (!code)
        code = sqlite3_step(statement->handle);
    if (code == SQLITE_ROW)
        return 1;
    return code == SQLITE_DONE ? 0 : db_failed(statement->db, code);
}

void db_reset(struct db_statement *statement)
{
    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
    statement->code = SQLITE_OK;
}

int db_run(struct db_statement *statement)
{
    int error;

    do {
        error = db_step(statement);
    } while (error > 0);
    db_reset(statement);
    return error;
}

int64_t db_number(struct db_statement *statement, int column)
{
    return sqlite3_column_int64(statement->handle, column);
}

const char *db_text(struct db_statement *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement->handle, column);

    return text ? (const char *)text : "";
}

const void *db_octets(struct db_statement *statement, int column,
                      size_t *ret_len)
{
    const void *data = sqlite3_column_blob(statement->handle, column);

    *ret_len =
        data ? (size_t)sqlite3_column_bytes(statement->handle, column) : 0;
    return data ? data : "";
}

uint64_t db_changes(const struct db *db)
{
    return (uint64_t)sqlite3_changes64(db->handle);
}

int db_ask_number(struct db *db, const char *sql, int64_t *ret_number)
{
    _cleanup_db_statement_ struct db_statement *statement = NULL;
    int error = db_prepare(db, sql, &statement);

    if (error)
        return error;
    error = db_step(statement);
    if (error < 0)
        return error;
    *ret_number = db_number(statement, 0);
    return 0;
}

int db_check(struct db *db)
{
    _cleanup_db_statement_ struct db_statement *statement = NULL;
    int error = db_prepare(db, "PRAGMA quick_check(1)", &statement);

    if (error)
        return error;
    error = db_step(statement);
    if (error < 0)
        return error;
    if (strcmp(db_text(statement, 0), "ok") != 0)
        return db_fail(db, STORE_CORRUPT, db_text(statement, 0));
    return 0;
}
