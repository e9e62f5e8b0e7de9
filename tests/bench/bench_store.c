/*
 * bench_store: what the store costs, beside SQLite alone.
 *
 *     bench_store make FILE ROWS     a file with so many policies; how many
 *                                    octets of text they are
 *     bench_store load FILE          reading all of it: seconds of the reader
 *                                    in slices, with its checksums, and of a
 *                                    bare loop over the same file
 *     bench_store start FILE         milliseconds to the first look-up
 *     bench_store write FILE ROWS    policies handed over as fast as the
 *                                    writer takes them, and the same rows by
 *                                    a bare loop with the same transactions:
 *                                    rows a second of both, microseconds of
 *                                    CPU a row of both, and nanoseconds that
 *                                    handing over one costs the caller
 *
 * Bare loops use SQLite's functions and the settings of db.c, nothing else of
 * ours. Best of several rounds, taken in turn.
 */
#include "base/number.h"
#include "bench.h"
#include "store/db.h"
#include "store/policy_store.h"
#include "store/store_file.h"
#include "store/store_queue.h"
#include "store/store_reader.h"

#include <sqlite3.h>
#include <string.h>
#include <time.h>

#define ROUNDS 5
#define BODY_MAX 300u
#define ROWS_MAX 100000000u

struct policy {
    char domain[64];
    char body[BODY_MAX];
    struct policy_row row;
};

static double now_s(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_store: %s\n", what);
    exit(2);
}

static int64_t wall_ms(void)
{
    return (int64_t)(now_s(CLOCK_REALTIME) * 1e3);
}

/* As fetched a moment ago. */
static const struct policy_row *policy(struct policy *policy, unsigned n)
{
    int len;

    snprintf(policy->domain, sizeof(policy->domain), "%08x.d%u.example",
             bench_mixed(n), n);
    len = snprintf(policy->body, sizeof(policy->body),
                   "version: STSv1\r\nmode: enforce\r\n"
                   "mx: mx1.mail.d%u.example\r\nmx: mx2.mail.d%u.example\r\n"
                   "max_age: 604800\r\n",
                   n, n);
    policy->row = (struct policy_row){
        .domain = policy->domain,
        .id = "20260101T000000",
        .fetched_ms = wall_ms(),
        .used_ms = wall_ms(),
        .body = policy->body,
        .len = (size_t)len,
    };
    return &policy->row;
}

/* ---- make ---- */

static void do_make(const char *path, unsigned rows)
{
    const struct db_options options = {.path = path, .cache_kib = 65536};
    struct store_fault fault;
    struct db *db = NULL;
    struct policy_store *store = NULL;
    struct policy room = {.domain = ""};
    uint64_t octets = 0;

    must(db_open(&options, &db, &fault) == 0, "cannot make the file");
    must(policy_store_new(db, &store) == 0, "memory");
    must(db_begin(db) == 0, "begin");
    for (unsigned n = 0; n < rows; n++) {
        must(policy_store_put(store, policy(&room, n)) == 0, "put");
        octets += room.row.len;
    }
    must(policy_store_write_time(store) == 0 && db_commit(db) == 0, "commit");
    policy_store_free(store);
    db_close(db);
    printf("make %u %llu\n", rows, (unsigned long long)octets);
}

/* ---- load ---- */

struct loaded {
    uint64_t rows;
    uint64_t octets; /* so that every value is looked at */
};

static void count(void *ctx, const struct policy_row *row)
{
    struct loaded *loaded = ctx;

    loaded->rows++;
    loaded->octets += strlen(row->domain) + strlen(row->id) + row->len +
                      (uint64_t)(row->fetched_ms + row->used_ms);
}

static double load_by_reader(struct store_writer *writer, const char *path,
                             struct loaded *loaded)
{
    struct store_reader *reader = NULL;
    double begin = now_s(CLOCK_MONOTONIC);
    enum store_load load;

    must(store_reader_new(path, writer, &reader) == 0, "memory");
    do {
        load = store_reader_load(reader, STORE_LOAD_ROWS, count, loaded);
    } while (load == STORE_LOAD_MORE);
    must(load == STORE_LOAD_DONE, "load");
    store_reader_free(reader);
    return now_s(CLOCK_MONOTONIC) - begin;
}

static sqlite3 *open_bare(const char *path, const char *settings)
{
    sqlite3 *db = NULL;

    must(sqlite3_open_v2(path, &db,
                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                             SQLITE_OPEN_NOMUTEX,
                         NULL) == SQLITE_OK,
         "open");
    must(sqlite3_exec(db, settings, NULL, NULL, NULL) == SQLITE_OK, "settings");
    return db;
}

static double load_bare(const char *path, struct loaded *loaded)
{
    double begin = now_s(CLOCK_MONOTONIC);
    sqlite3 *db = open_bare(path, "PRAGMA cache_size = -4096");
    sqlite3_stmt *statement = NULL;
    struct policy_row row;

    must(sqlite3_prepare_v2(db,
                            "SELECT domain, id, fetched_at, used_at, sum, body "
                            "FROM policies",
                            -1, &statement, NULL) == SQLITE_OK,
         "prepare");
    while (sqlite3_step(statement) == SQLITE_ROW) {
        row.domain = (const char *)sqlite3_column_text(statement, 0);
        row.id = (const char *)sqlite3_column_text(statement, 1);
        row.fetched_ms = sqlite3_column_int64(statement, 2);
        row.used_ms = sqlite3_column_int64(statement, 3);
        row.body = sqlite3_column_blob(statement, 5);
        row.len = (size_t)sqlite3_column_bytes(statement, 5);
        count(loaded, &row);
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return now_s(CLOCK_MONOTONIC) - begin;
}

static struct store_writer *start(const char *path)
{
    struct store_writer *writer = NULL;
    struct store_fault fault = {.text = ""};

    must(store_writer_start(path, &writer, &fault) == 0, fault.text);
    return writer;
}

static void do_load(const char *path, unsigned rows)
{
    struct store_writer *writer = start(path);
    double ours = 0;
    double bare = 0;
    uint64_t all = 0;

    (void)rows;
    for (int round = 0; round < ROUNDS; round++) {
        struct loaded loaded[2] = {{0, 0}, {0, 0}};
        double seconds = load_bare(path, &loaded[0]);
        if (round == 0 || seconds < bare)
            bare = seconds;
        seconds = load_by_reader(writer, path, &loaded[1]);
        if (round == 0 || seconds < ours)
            ours = seconds;
        must(loaded[0].rows == loaded[1].rows &&
                 loaded[0].octets == loaded[1].octets,
             "the two do not read the same");
        all = loaded[0].rows;
    }
    must(store_writer_stop(writer, 10000, NULL) == 0, "stop");
    printf("load %lu %.3f %.3f\n", (unsigned long)all, ours, bare);
}

/* ---- start ---- */

static void do_start(const char *path, unsigned rows)
{
    double begin = now_s(CLOCK_MONOTONIC);
    struct store_writer *writer = start(path);
    struct store_reader *reader = NULL;
    struct policy_row *row = NULL;
    struct policy room = {.domain = ""};
    int64_t newest = 0;

    (void)rows;
    must(store_reader_new(path, writer, &reader) == 0, "memory");
    must(store_reader_newest(reader, &newest) == 0 && newest > 0, "newest");
    must(store_reader_get(reader, policy(&room, 7)->domain, &row) == 0, "get");
    printf("start %.1f\n", (now_s(CLOCK_MONOTONIC) - begin) * 1e3);
    free(row);
    store_reader_free(reader);
    must(store_writer_stop(writer, 10000, NULL) == 0, "stop");
}

/* ---- write ---- */

struct cost {
    double wall; /* seconds */
    double cpu;  /* of all threads */
};

static struct cost cost_now(void)
{
    return (struct cost){now_s(CLOCK_MONOTONIC),
                         now_s(CLOCK_PROCESS_CPUTIME_ID)};
}

static void keep_best(struct cost *best, struct cost before, int round)
{
    struct cost now = cost_now();
    struct cost spent = {now.wall - before.wall, now.cpu - before.cpu};

    if (round == 0 || spent.wall < best->wall)
        best->wall = spent.wall;
    if (round == 0 || spent.cpu < best->cpu)
        best->cpu = spent.cpu;
}

/* *caller_s: seconds of the caller's own CPU for handing over. */
static void write_behind(const char *path, unsigned rows, double *caller_s)
{
    static const struct timespec PAUSE = {.tv_nsec = 1000000};
    struct store_writer *writer = start(path);
    struct policy room = {.domain = ""};

    for (unsigned n = 0; n < rows; n++) {
        const struct policy_row *row = policy(&room, n);
        while (n % 64 == 0 &&
               store_writer_waiting(writer) > STORE_CHANGES_MAX / 2)
            nanosleep(&PAUSE, NULL);
        double before = now_s(CLOCK_THREAD_CPUTIME_ID);
        must(store_writer_put(writer, row) == 0, "put");
        *caller_s += now_s(CLOCK_THREAD_CPUTIME_ID) - before;
    }
    must(store_writer_stop(writer, 600000, NULL) == 0, "stop");
}

static sqlite3_stmt *prepare_put(sqlite3 *db)
{
    sqlite3_stmt *put = NULL;

    must(sqlite3_prepare_v2(
             db,
             "INSERT INTO policies (domain, id, fetched_at, used_at, sum, "
             "body) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (domain) "
             "DO UPDATE SET id = excluded.id, "
             "fetched_at = excluded.fetched_at, used_at = excluded.used_at, "
             "sum = excluded.sum, body = excluded.body",
             -1, &put, NULL) == SQLITE_OK,
         "prepare");
    return put;
}

static void put_bare(sqlite3_stmt *put, const struct policy_row *row)
{
    sqlite3_bind_text(put, 1, row->domain, -1, SQLITE_STATIC);
    sqlite3_bind_text(put, 2, row->id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(put, 3, row->fetched_ms);
    sqlite3_bind_int64(put, 4, row->used_ms);
    sqlite3_bind_int64(put, 5, row->used_ms);
    sqlite3_bind_blob64(put, 6, row->body, row->len, SQLITE_STATIC);
    must(sqlite3_step(put) == SQLITE_DONE, "insert");
    sqlite3_reset(put);
}

static void write_bare(const char *path, unsigned rows)
{
    sqlite3 *db = open_bare(path, "PRAGMA cache_size = -16384;"
                                  "PRAGMA synchronous = FULL;"
                                  "PRAGMA journal_mode = WAL");
    sqlite3_stmt *put;
    struct policy room = {.domain = ""};

    must(sqlite3_exec(db, db_migrations[0].sql, NULL, NULL, NULL) == SQLITE_OK,
         "tables");
    put = prepare_put(db);
    for (unsigned n = 0; n < rows; n++) {
        if (n % STORE_BATCH_MAX == 0)
            must(sqlite3_exec(db, n ? "COMMIT; BEGIN" : "BEGIN", NULL, NULL,
                              NULL) == SQLITE_OK,
                 "commit");
        put_bare(put, policy(&room, n));
    }
    must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, "commit");
    sqlite3_finalize(put);
    sqlite3_close(db);
}

static void do_write(const char *path, unsigned rows)
{
    struct cost ours = {0, 0};
    struct cost bare = {0, 0};
    double caller = 0;

    for (int round = 0; round < ROUNDS; round++) {
        double caller_s = 0;
        struct cost before;

        unlink(path);
        before = cost_now();
        write_bare(path, rows);
        keep_best(&bare, before, round);
        unlink(path);
        before = cost_now();
        write_behind(path, rows, &caller_s);
        keep_best(&ours, before, round);
        if (round == 0 || caller_s < caller)
            caller = caller_s;
    }
    printf("write %u %.0f %.0f %.2f %.2f %.0f\n", rows, rows / ours.wall,
           rows / bare.wall, ours.cpu / rows * 1e6, bare.cpu / rows * 1e6,
           caller / rows * 1e9);
}

static const struct {
    const char *name;
    void (*run)(const char *path, unsigned rows);
} MODES[] = {
    {"make", do_make},
    {"load", do_load},
    {"start", do_start},
    {"write", do_write},
};

int main(int argc, char **argv)
{
    uint64_t rows = 0;

    must(argc >= 3 && (argc < 4 || number_parse(argv[3], strlen(argv[3]),
                                                ROWS_MAX, &rows) == 0),
         "usage: bench_store make|load|start|write FILE [ROWS]");
    for (size_t i = 0; i < ELEMENTS(MODES); i++)
        if (strcmp(argv[1], MODES[i].name) == 0) {
            MODES[i].run(argv[2], (unsigned)rows);
            return 0;
        }
    must(false, "no such mode");
    return 2;
}
