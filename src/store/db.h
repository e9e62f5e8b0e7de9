/*
 * db: a connection to a database, its statements and its transactions; thin
 * over SQLite, and the only file (with db_schema.c) that knows it.
 *
 * What stands above writes SQL that SQLite and PostgreSQL share: parameters
 * are $1, $2, ... in the order of their first use; types are TEXT, BIGINT and
 * BYTEA; no row ids, no INSERT OR, no PRAGMA.
 *
 * A function that can fail returns 0 or a negative error, -MTASTS_EIO for
 * most; db_fault() says more.
 *
 * Threads: a connection and its statements belong to one thread at a time;
 * different threads take different connections. Only db_interrupt() may come
 * from another one.
 */
#ifndef MTASTS_STORE_DB_H
#define MTASTS_STORE_DB_H

#include "base/cleanup.h"
#include "store/store_fault.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_statement;

/* One step from a schema to the next; its number is its place, from 1. */
struct db_migration {
    const char *name;
    const char *sql; /* statements that run in one transaction */
};

/* Those in sql/, in order; made by tools/embed-sql. */
extern const struct db_migration db_migrations[];
extern const unsigned db_migrations_count;

#define DB_APPLICATION_ID 0x4d545354 /* "MTST", in the file's header */
#define DB_PAGE_SIZE 4096u           /* octets */

struct db_options {
    const char *path;
    bool read_only;
    unsigned busy_ms;   /* how long a call waits for somebody's lock */
    unsigned cache_kib; /* of pages, at most */
    const struct db_migration *migrations; /* NULL: db_migrations */
    unsigned migrations_count;
};

/*
 * Opens a database; makes it (mode 0600) and brings it to the last schema
 * unless `read_only`. A reader of a file that nobody has made, or brought up
 * to date, gets MISSING. `fault` is filled in on failure.
 */
int db_open(const struct db_options *options, struct db **ret_db,
            struct store_fault *fault);
/* NULL is fine. Its statements must be freed before. */
void db_close(struct db *db);

/* Whether a reader took it as it was, in a place where nothing can be written:
   what a writer does later is not seen. */
bool db_as_is(const struct db *db);

/* What is in the write-ahead log stays there when the connection closes, and
   so do its files: for who looks at what is damaged. */
void db_keep_log(struct db *db);

/* No log and no sync from now on: for a new file, which is thrown away if
   anything fails, and synced by the caller in the end. */
int db_begin_bulk(struct db *db);

/* Of the last call on this connection that failed. */
const struct store_fault *db_fault(const struct db *db);

/* The caller has found damage that the database does not see: -MTASTS_EIO. */
int db_damaged(struct db *db, const char *detail);

/* Makes the call under way in another thread fail with STOPPED. The caller
   sees to it that the connection is not being closed. */
void db_interrupt(struct db *db);

/* Walks through all pages: 0, or a negative error; CORRUPT where the file's
   structure is damaged. A second for a quarter of a gigabyte. */
int db_check(struct db *db);

/* Several statements without parameters. */
int db_exec(struct db *db, const char *sql);

/* One writer at a time; the lock is taken at once. */
int db_begin(struct db *db);
int db_commit(struct db *db); /* on failure the transaction is gone */
void db_rollback(struct db *db);

/* SQL that the database does not understand counts as CORRUPT: its tables
   are not what they should be. */
int db_prepare(struct db *db, const char *sql, struct db_statement **ret);
void db_statement_free(struct db_statement *statement); /* NULL is fine */

/* The same for one that is kept: only if *kept is NULL. */
int db_prepare_kept(struct db *db, const char *sql, struct db_statement **kept);

/* `index` from 1. What is bound must live until db_reset(). An error sticks
   until then and comes out of db_step(). */
void db_bind_number(struct db_statement *statement, int index, int64_t number);
void db_bind_text(struct db_statement *statement, int index, const char *text);
void db_bind_octets(struct db_statement *statement, int index, const void *data,
                    size_t len);

/* 1: a row; 0: no more rows; or a negative error. */
int db_step(struct db_statement *statement);
/* Ready for the next use; what was bound is forgotten. */
void db_reset(struct db_statement *statement);
/* db_step() to the end, db_reset(). Rows are thrown away. */
int db_run(struct db_statement *statement);

/* Columns from 0; pointers are good until the next step or reset. A text is
   terminated. NULL comes as "" and 0. */
int64_t db_number(struct db_statement *statement, int column);
const char *db_text(struct db_statement *statement, int column);
const void *db_octets(struct db_statement *statement, int column,
                      size_t *ret_len);

/* Of the last INSERT, UPDATE or DELETE. */
uint64_t db_changes(const struct db *db);

DEFINE_CLEANUP(struct db *, db_close, db)
#define _cleanup_db_ _cleanup_(cleanup_db)

DEFINE_CLEANUP(struct db_statement *, db_statement_free, db_statement)
#define _cleanup_db_statement_ _cleanup_(cleanup_db_statement)

#endif
