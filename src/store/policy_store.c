/*
 * policy_store: the tables `policies` and `clock`. See policy_store.h and
 * sql/.
 */
#include "store/policy_store.h"

#include "store/row_sum.h"
#include <mtasts/error.h>
#include <string.h>

#define CLOCK_ROW "engine"

enum {
    PUT,
    MERGE,
    DELETE,
    GET,
    ALL,
    TIME_GET,
    TIME_PUT,
    STATEMENTS,
};

#define ROW_COLUMNS "domain, id, fetched_at, used_at, sum, body"
#define ROW_PUT                                                                \
    "INSERT INTO policies (" ROW_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6) "  \
    "ON CONFLICT (domain) DO UPDATE SET id = excluded.id, "                    \
    "fetched_at = excluded.fetched_at, used_at = excluded.used_at, "           \
    "sum = excluded.sum, body = excluded.body"

static const char *const SQL[STATEMENTS] = {
    [PUT] = ROW_PUT,
    [MERGE] = ROW_PUT " WHERE excluded.fetched_at > policies.fetched_at "
                      "OR (excluded.fetched_at = policies.fetched_at "
                      "AND excluded.used_at > policies.used_at)",
    [DELETE] = "DELETE FROM policies WHERE domain = $1",
    [GET] = "SELECT " ROW_COLUMNS " FROM policies WHERE domain = $1",
    [ALL] = "SELECT " ROW_COLUMNS " FROM policies",
    [TIME_GET] = "SELECT newest_at, sum FROM clock WHERE name = $1",
    [TIME_PUT] = "INSERT INTO clock (name, newest_at, sum) "
                 "VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET "
                 "newest_at = excluded.newest_at, sum = excluded.sum "
                 "WHERE excluded.newest_at > clock.newest_at",
};

struct policy_store {
    struct db *db;
    struct db_statement *statements[STATEMENTS];
    int64_t newest_ms; /* seen by this store; 0: none */
};

int64_t policy_clock_sum(const char *name, int64_t newest_ms)
{
    struct row_sum sum;

    row_sum_begin(&sum, "clock");
    row_sum_text(&sum, name);
    row_sum_number(&sum, newest_ms);
    return row_sum_end(&sum);
}

int policy_store_new(struct db *db, struct policy_store **ret_store)
{
    struct policy_store *store = calloc(1, sizeof(*store));

    if (!store)
        return -MTASTS_ENOMEM;
    store->db = db;
    *ret_store = store;
    return 0;
}

void policy_store_free(struct policy_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < STATEMENTS; i++)
        db_statement_free(store->statements[i]);
    free(store);
}

static int prepare(struct policy_store *store, int which,
                   struct db_statement **ret_statement)
{
    int error =
        db_prepare_kept(store->db, SQL[which], &store->statements[which]);

    *ret_statement = store->statements[which];
    return error;
}

/* ---- writing ---- */

static int write_row(struct policy_store *store, int which,
                     const struct policy_row *row)
{
    struct db_statement *statement = NULL;
    int error;

    if (!policy_row_valid(row))
        return -MTASTS_EINVAL;
    error = prepare(store, which, &statement);
    if (error)
        return error;
    db_bind_text(statement, 1, row->domain);
    db_bind_text(statement, 2, row->id);
    db_bind_number(statement, 3, row->fetched_ms);
    db_bind_number(statement, 4, row->used_ms);
    db_bind_number(statement, 5, policy_row_sum(row));
    db_bind_octets(statement, 6, row->body, row->len);
    error = db_run(statement);
    if (!error)
        policy_store_note_time(store, MAX_OF(row->fetched_ms, row->used_ms));
    return error;
}

int policy_store_put(struct policy_store *store, const struct policy_row *row)
{
    return write_row(store, PUT, row);
}

int policy_store_merge(struct policy_store *store, const struct policy_row *row)
{
    return write_row(store, MERGE, row);
}

int policy_store_delete(struct policy_store *store, const char *domain)
{
    struct db_statement *statement = NULL;
    int error = prepare(store, DELETE, &statement);

    if (error)
        return error;
    db_bind_text(statement, 1, domain);
    return db_run(statement);
}

void policy_store_note_time(struct policy_store *store, int64_t ms)
{
    store->newest_ms = MAX_OF(store->newest_ms, ms);
}

int policy_store_write_time(struct policy_store *store)
{
    struct db_statement *statement = NULL;
    int error;

    if (store->newest_ms == 0)
        return 0;
    error = prepare(store, TIME_PUT, &statement);
    if (error)
        return error;
    db_bind_text(statement, 1, CLOCK_ROW);
    db_bind_number(statement, 2, store->newest_ms);
    db_bind_number(statement, 3, policy_clock_sum(CLOCK_ROW, store->newest_ms));
    return db_run(statement);
}

/* ---- reading ---- */

static int damaged(struct policy_store *store)
{
    db_damaged(store->db, "a row has the wrong checksum");
    return -MTASTS_ESYNTAX;
}

static int read_row(struct policy_store *store, struct db_statement *statement,
                    struct policy_row *ret_row)
{
    struct policy_row row = {
        .domain = db_text(statement, 0),
        .id = db_text(statement, 1),
        .fetched_ms = db_number(statement, 2),
        .used_ms = db_number(statement, 3),
    };

    row.body = db_octets(statement, 5, &row.len);
    if (!policy_row_valid(&row) ||
        policy_row_sum(&row) != db_number(statement, 4))
        return damaged(store);
    *ret_row = row;
    return 0;
}

static int read_copy(struct policy_store *store, struct db_statement *statement,
                     struct policy_row **ret_row)
{
    struct policy_row row;
    struct policy_row *copy;
    int error = db_step(statement);

    if (error <= 0)
        return error ? error : -MTASTS_ENOTFOUND;
    error = read_row(store, statement, &row);
    if (error)
        return error;
    copy = policy_row_copy(&row);
    if (!copy)
        return -MTASTS_ENOMEM;
    *ret_row = copy;
    return 0;
}

int policy_store_get(struct policy_store *store, const char *domain,
                     struct policy_row **ret_row)
{
    struct db_statement *statement = NULL;
    int error = prepare(store, GET, &statement);

    if (error)
        return error;
    db_bind_text(statement, 1, domain);
    error = read_copy(store, statement, ret_row);
    /* An open statement would keep the log from being cut. */
    db_reset(statement);
    return error;
}

int policy_store_next(struct policy_store *store, struct policy_row *ret_row)
{
    struct db_statement *statement = NULL;
    int error = prepare(store, ALL, &statement);

    if (error)
        return error;
    error = db_step(statement);
    if (error > 0) {
        error = read_row(store, statement, ret_row);
        return error ? error : 1;
    }
    db_reset(statement);
    return error;
}

void policy_store_rewind(struct policy_store *store)
{
    if (store->statements[ALL])
        db_reset(store->statements[ALL]);
}

static int read_time(struct policy_store *store, struct db_statement *statement,
                     int64_t *ret_ms)
{
    int error = db_step(statement);
    int64_t newest = 0;

    if (error < 0)
        return error;
    if (error > 0) {
        newest = db_number(statement, 0);
        if (policy_clock_sum(CLOCK_ROW, newest) != db_number(statement, 1))
            return damaged(store);
    }
    *ret_ms = newest;
    return 0;
}

int policy_store_newest(struct policy_store *store, int64_t *ret_ms)
{
    struct db_statement *statement = NULL;
    int error = prepare(store, TIME_GET, &statement);

    if (error)
        return error;
    db_bind_text(statement, 1, CLOCK_ROW);
    error = read_time(store, statement, ret_ms);
    db_reset(statement);
    return error;
}
