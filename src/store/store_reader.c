/*
 * store_reader: reads a store from the event loop. See store_reader.h.
 *
 * One connection, opened when it is needed and closed when the writer has put
 * another file in the place of the one it reads.
 */
#include "store/store_reader.h"

#include "store/policy_store.h"
#include "store/store_queue.h"
#include <errno.h>
#include <mtasts/error.h>
#include <string.h>
#include <unistd.h>

#define CACHE_KIB 4096u

struct store_reader {
    char *path;
    struct store_writer *writer;
    struct db *db; /* NULL: not open */
    struct policy_store *policies;
    struct history_store *history;
    unsigned generation; /* of the file that is open */
    bool loading;        /* half-way through all rows */
    struct store_fault fault;
};

int store_reader_new(const char *path, struct store_writer *writer,
                     struct store_reader **ret_reader)
{
    struct store_reader *reader = calloc(1, sizeof(*reader));

    if (reader)
        reader->path = strdup(path);
    if (!reader || !reader->path) {
        free(reader);
        return -MTASTS_ENOMEM;
    }
    reader->writer = writer;
    *ret_reader = reader;
    return 0;
}

static void close_file(struct store_reader *reader)
{
    reader->loading = false;
    policy_store_free(TAKE_PTR(reader->policies));
    history_store_free(TAKE_PTR(reader->history));
    db_close(TAKE_PTR(reader->db));
}

void store_reader_free(struct store_reader *reader)
{
    if (!reader)
        return;
    close_file(reader);
    free(reader->path);
    free(reader);
}

const struct store_fault *store_reader_fault(const struct store_reader *reader)
{
    return &reader->fault;
}

static int open_file(struct store_reader *reader)
{
    const struct db_options options = {
        .path = reader->path, .read_only = true, .cache_kib = CACHE_KIB};
    int error = db_open(&options, &reader->db, &reader->fault);

    if (!error)
        error = policy_store_new(reader->db, &reader->policies);
    if (!error)
        error = history_store_new(reader->db, &reader->history);
    if (error)
        close_file(reader);
    return error;
}

/*
 * Opens the file that is there now, unless it is open. A load goes on in the
 * file that it began with, whatever becomes of that: what it still gives is
 * right, and nobody should wait for it until a new file is made.
 */
static int be_open(struct store_reader *reader)
{
    unsigned generation = 0;
    int error;

    if (reader->loading)
        return 0;
    if (!store_writer_readable(reader->writer, &generation)) {
        close_file(reader);
        store_fault_set(&reader->fault, STORE_CORRUPT, reader->path,
                        "a new file is being made of it");
        return -MTASTS_EIO;
    }
    if (reader->db && reader->generation == generation && !db_as_is(reader->db))
        return 0;
    close_file(reader);
    error = open_file(reader);
    if (!error)
        reader->generation = generation;
    else if (reader->fault.trouble == STORE_CORRUPT)
        store_writer_suspect(reader->writer, generation, &reader->fault);
    return error;
}

/* What a call on the database returned; keeps why it failed. Of a file that
   is being read to its end after another took its place nobody is told. */
static int result(struct store_reader *reader, int error)
{
    if (error >= 0 || error == -MTASTS_ENOTFOUND)
        return error;
    reader->fault = *db_fault(reader->db);
    if (reader->fault.trouble == STORE_CORRUPT)
        store_writer_suspect(reader->writer, reader->generation,
                             &reader->fault);
    return error;
}

/* ---- all policies ---- */

/* What to do where the file could not be opened. */
static enum store_load wait_or_end(const struct store_reader *reader)
{
    bool missing = reader->fault.trouble == STORE_MISSING &&
                   access(reader->path, F_OK) < 0 &&
                   (errno == ENOENT || errno == ENOTDIR);

    return missing ? STORE_LOAD_DONE : STORE_LOAD_WAIT;
}

/* 1: a row, or one that was left out; 0: the end; or an error. */
static int load_row(struct store_reader *reader, policy_row_fn *fn, void *ctx)
{
    struct policy_row row;
    int error = result(reader, policy_store_next(reader->policies, &row));

    if (error > 0)
        fn(ctx, &row);
    /* The others are not to wait until the file is rebuilt. */
    return error == -MTASTS_ESYNTAX ? 1 : error;
}

enum store_load store_reader_load(struct store_reader *reader, unsigned max,
                                  policy_row_fn *fn, void *ctx)
{
    int more = 1;

    if (store_writer_waiting(reader->writer) > STORE_CHANGES_MAX / 2) {
        store_fault_set(&reader->fault, STORE_FULL, reader->path,
                        "much waits to be written");
        return STORE_LOAD_WAIT;
    }
    if (be_open(reader) < 0)
        return wait_or_end(reader);
    reader->loading = true;
    for (unsigned i = 0; more > 0 && i < max; i++)
        more = load_row(reader, fn, ctx);
    if (more > 0)
        return STORE_LOAD_MORE;
    reader->loading = false;
    policy_store_rewind(reader->policies);
    return more == 0 ? STORE_LOAD_DONE : STORE_LOAD_WAIT;
}

/* ---- single things ---- */

int store_reader_get(struct store_reader *reader, const char *domain,
                     struct policy_row **ret_row)
{
    int error = be_open(reader);

    if (error)
        return error;
    return result(reader, policy_store_get(reader->policies, domain, ret_row));
}

int store_reader_newest(struct store_reader *reader, int64_t *ret_ms)
{
    int error = be_open(reader);

    if (error)
        return error;
    return result(reader, policy_store_newest(reader->policies, ret_ms));
}

int store_reader_history(struct store_reader *reader, const char *domain,
                         history_row_fn *fn, void *ctx)
{
    int error = be_open(reader);

    if (error)
        return error;
    return result(reader, history_store_read(reader->history, domain, fn, ctx));
}
