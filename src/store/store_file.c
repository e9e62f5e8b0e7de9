/*
 * store_file: the file of a store, open for its one writer. See store_file.h.
 */
#include "store/store_file.h"

#include "store/history_store.h"
#include "store/policy_store.h"
#include "store/rebuild.h"
#include <mtasts/error.h>
#include <string.h>
#include <sys/stat.h>

struct store_file {
    struct db *db;
    struct policy_store *policies;
    struct history_store *history;
    char *path;
    dev_t device;
    ino_t inode;
};

void store_file_close(struct store_file *file, bool damaged)
{
    if (!file)
        return;
    policy_store_free(file->policies);
    history_store_free(file->history);
    if (damaged && file->db)
        db_keep_log(file->db);
    db_close(file->db);
    free(file->path);
    free(file);
}

static int make_stores(struct store_file *file)
{
    int error = policy_store_new(file->db, &file->policies);

    return error ? error : history_store_new(file->db, &file->history);
}

int store_file_open(const char *path, struct store_file **ret_file,
                    struct store_fault *fault)
{
    const struct db_options options = {.path = path,
                                       .busy_ms = STORE_BUSY_MS,
                                       .cache_kib = STORE_WRITER_CACHE_KIB};
    _cleanup_store_file_ struct store_file *file = calloc(1, sizeof(*file));
    struct stat status;
    int error;

    if (file)
        file->path = strdup(path);
    if (!file || !file->path) {
        store_fault_set(fault, STORE_NO_MEMORY, path, NULL);
        return -MTASTS_ENOMEM;
    }
    rebuild_settle(path);
    error = db_open(&options, &file->db, fault);
    if (error)
        return error;
    error = make_stores(file);
    if (error) {
        store_fault_set(fault, STORE_NO_MEMORY, path, NULL);
        return error;
    }
    if (stat(path, &status) == 0) {
        file->device = status.st_dev;
        file->inode = status.st_ino;
    }
    *ret_file = TAKE_PTR(file);
    return 0;
}

bool store_file_gone(const struct store_file *file)
{
    struct stat status;

    return stat(file->path, &status) < 0 || status.st_dev != file->device ||
           status.st_ino != file->inode;
}

/* ---- writing ---- */

/* How many of the changes and of the history one transaction holds. */
struct portion {
    size_t changes;
    size_t history;
};

static int write_change(struct store_file *file,
                        const struct store_change *change)
{
    return change->row ? policy_store_put(file->policies, change->row)
                       : policy_store_delete(file->policies, change->domain);
}

static int write_history(struct store_file *file,
                         const struct store_history *history)
{
    policy_store_note_time(file->policies, history->row->at_ms);
    return history_store_add(file->history, history->row);
}

static int write_rows(struct store_file *file, const struct store_queue *batch,
                      const struct portion *portion)
{
    const struct queue_node *node = batch->changes.first;
    int error = 0;

    for (size_t i = 0; !error && i < portion->changes; i++, node = node->next)
        error = write_change(file, (const struct store_change *)node);
    node = batch->history.first;
    for (size_t i = 0; !error && i < portion->history; i++, node = node->next)
        error = write_history(file, (const struct store_history *)node);
    return error ? error : policy_store_write_time(file->policies);
}

static int commit(struct store_file *file, const struct store_queue *batch,
                  const struct portion *portion)
{
    int error = db_begin(file->db);

    if (error)
        return error;
    error = write_rows(file, batch, portion);
    if (!error)
        return db_commit(file->db);
    db_rollback(file->db);
    return error;
}

static void drop(struct store_queue *batch, const struct portion *portion)
{
    for (size_t i = 0; i < portion->changes; i++)
        store_queue_drop_change(batch);
    for (size_t i = 0; i < portion->history; i++)
        store_queue_drop_history(batch);
}

int store_file_write(struct store_file *file, struct store_queue *batch,
                     uint64_t *written, struct store_fault *fault)
{
    while (store_queue_count(batch) > 0) {
        struct portion portion = {
            MIN_OF(batch->changes.count, (size_t)STORE_BATCH_MAX),
            MIN_OF(batch->history.count, (size_t)STORE_BATCH_MAX)};
        int error = commit(file, batch, &portion);
        if (error) {
            *fault = *db_fault(file->db);
            return error;
        }
        drop(batch, &portion);
        *written += portion.changes + portion.history;
    }
    return 0;
}
