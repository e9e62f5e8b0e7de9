/*
 * history_store: the table `history`. See history_store.h and sql/.
 */
#include "store/history_store.h"

#include <mtasts/error.h>

enum {
    NEXT,
    ADD,
    RESTORE,
    DOMAIN_BOUND,
    AGE_BOUND,
    BOUND,
    READ,
    STATEMENTS,
};

#define ROW_COLUMNS                                                            \
    "seq, domain, at, event, old_mode, old_id, new_mode, new_id, detail, sum"
#define ROW_ADD                                                                \
    "INSERT INTO history (" ROW_COLUMNS ") "                                   \
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"

static const char *const SQL[STATEMENTS] = {
    [NEXT] = "SELECT COALESCE(MAX(seq), 0) + 1 FROM history",
    [ADD] = ROW_ADD,
    [RESTORE] = ROW_ADD " ON CONFLICT (seq) DO NOTHING",
    [DOMAIN_BOUND] = "DELETE FROM history WHERE domain = $1 AND seq <= "
                     "(SELECT seq FROM history WHERE domain = $1 "
                     "ORDER BY seq DESC LIMIT 1 OFFSET $2)",
    [AGE_BOUND] = "DELETE FROM history WHERE at < $1",
    [BOUND] = "DELETE FROM history WHERE seq <= (SELECT seq FROM history "
              "ORDER BY seq DESC LIMIT 1 OFFSET $1)",
    [READ] = "SELECT " ROW_COLUMNS " FROM history WHERE domain = $1 "
             "ORDER BY seq DESC",
};

struct history_store {
    struct db *db;
    struct db_statement *statements[STATEMENTS];
    unsigned added;    /* since the last purge */
    int64_t purged_ms; /* when that was; 0: never */
};

int history_store_new(struct db *db, struct history_store **ret_store)
{
    struct history_store *store = calloc(1, sizeof(*store));

    if (!store)
        return -MTASTS_ENOMEM;
    store->db = db;
    *ret_store = store;
    return 0;
}

void history_store_free(struct history_store *store)
{
    if (!store)
        return;
    for (size_t i = 0; i < STATEMENTS; i++)
        db_statement_free(store->statements[i]);
    free(store);
}

static int prepare(struct history_store *store, int which,
                   struct db_statement **ret_statement)
{
    int error =
        db_prepare_kept(store->db, SQL[which], &store->statements[which]);

    *ret_statement = store->statements[which];
    return error;
}

/* ---- writing ---- */

static int write_row(struct history_store *store, int which, int64_t seq,
                     const struct history_row *row)
{
    struct db_statement *statement = NULL;
    int error = prepare(store, which, &statement);

    if (error)
        return error;
    db_bind_number(statement, 1, seq);
    db_bind_text(statement, 2, row->domain);
    db_bind_number(statement, 3, row->at_ms);
    db_bind_text(statement, 4, row->event);
    db_bind_text(statement, 5, row->old_mode);
    db_bind_text(statement, 6, row->old_id);
    db_bind_text(statement, 7, row->new_mode);
    db_bind_text(statement, 8, row->new_id);
    db_bind_text(statement, 9, row->detail);
    db_bind_number(statement, 10, history_row_sum(seq, row));
    return db_run(statement);
}

static int next_seq(struct history_store *store, int64_t *ret_seq)
{
    struct db_statement *statement = NULL;
    int error = prepare(store, NEXT, &statement);

    if (error)
        return error;
    error = db_step(statement);
    if (error > 0)
        *ret_seq = db_number(statement, 0);
    db_reset(statement);
    return error < 0 ? error : 0;
}

static int bound_domain(struct history_store *store, const char *domain)
{
    struct db_statement *statement = NULL;
    int error = prepare(store, DOMAIN_BOUND, &statement);

    if (error)
        return error;
    db_bind_text(statement, 1, domain);
    db_bind_number(statement, 2, HISTORY_DOMAIN_ROWS_MAX);
    return db_run(statement);
}

/* A statement with one number in it. */
static int run_with(struct history_store *store, int which, int64_t number)
{
    struct db_statement *statement = NULL;
    int error = prepare(store, which, &statement);

    if (error)
        return error;
    db_bind_number(statement, 1, number);
    return db_run(statement);
}

/* Room for those that come before it is looked at again. */
static int purge(struct history_store *store, int64_t now_ms)
{
    int error = run_with(store, AGE_BOUND, now_ms - HISTORY_AGE_MAX_MS);

    if (!error)
        error = run_with(store, BOUND, HISTORY_ROWS_MAX - HISTORY_PURGE_ROWS);
    if (error)
        return error;
    store->added = 0;
    store->purged_ms = now_ms;
    return 0;
}

int history_store_add(struct history_store *store,
                      const struct history_row *row)
{
    int64_t seq = 0;
    int error = next_seq(store, &seq);

    if (!error &&
        (store->purged_ms == 0 || store->added >= HISTORY_PURGE_ROWS ||
         row->at_ms - store->purged_ms >= HISTORY_PURGE_MS))
        error = purge(store, row->at_ms);
    if (!error)
        error = write_row(store, ADD, seq, row);
    if (!error)
        error = bound_domain(store, row->domain);
    if (!error)
        store->added++;
    return error;
}

int history_store_restore(struct history_store *store, int64_t seq,
                          const struct history_row *row)
{
    return write_row(store, RESTORE, seq, row);
}

/* ---- reading ---- */

static bool read_row(struct db_statement *statement,
                     struct history_row *ret_row)
{
    *ret_row = (struct history_row){
        .domain = db_text(statement, 1),
        .at_ms = db_number(statement, 2),
        .event = db_text(statement, 3),
        .old_mode = db_text(statement, 4),
        .old_id = db_text(statement, 5),
        .new_mode = db_text(statement, 6),
        .new_id = db_text(statement, 7),
        .detail = db_text(statement, 8),
    };
    return history_row_sum(db_number(statement, 0), ret_row) ==
           db_number(statement, 9);
}

static int read_all(struct history_store *store, struct db_statement *statement,
                    history_row_fn *fn, void *ctx)
{
    struct history_row row;
    int damaged = 0;
    int error;

    while ((error = db_step(statement)) > 0) {
        if (!read_row(statement, &row)) {
            db_damaged(store->db, "a row has the wrong checksum");
            damaged = -MTASTS_ESYNTAX;
        } else if (!fn(ctx, &row)) {
            break;
        }
    }
    return error < 0 ? error : damaged;
}

int history_store_read(struct history_store *store, const char *domain,
                       history_row_fn *fn, void *ctx)
{
    struct db_statement *statement = NULL;
    int error = prepare(store, READ, &statement);

    if (error)
        return error;
    db_bind_text(statement, 1, domain);
    error = read_all(store, statement, fn, ctx);
    db_reset(statement);
    return error;
}
