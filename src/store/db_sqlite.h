/*
 * db_sqlite: what db.c and db_schema.c share, and nobody else sees.
 */
#ifndef MTASTS_STORE_DB_SQLITE_H
#define MTASTS_STORE_DB_SQLITE_H

#include "store/db.h"
#include <sqlite3.h>

struct db {
    sqlite3 *handle;
    char *path;
    bool as_is;
    struct store_fault fault;
};

/* Keeps what `code`, a result of SQLite, means; returns the error for it. */
int db_failed(struct db *db, int code);

/* Keeps this fault; returns the error for it. */
int db_fail(struct db *db, enum store_trouble trouble, const char *detail);

/* The one number that a statement without parameters gives. */
int db_ask_number(struct db *db, const char *sql, int64_t *ret_number);

/* Whether a file that SQLite does not take for a database may be a damaged
   one; else it is something else of somebody's. */
bool db_may_be_damaged(struct db *db);

/*
 * Is it ours, and one that this version knows? *ret_version: the schema's
 * number; 0: nothing is in it yet. FOREIGN, NEWER; MISSING for a reader of
 * an older one.
 */
int db_schema_check(struct db *db, const struct db_options *options,
                    unsigned *ret_version);

/* Brings it up to date, in one transaction. */
int db_schema_migrate(struct db *db, const struct db_options *options);

#endif
