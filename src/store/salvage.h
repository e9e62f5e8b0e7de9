/*
 * salvage: what can still be read of a damaged database.
 *
 * Goes through the file and its write-ahead log page by page, without SQLite,
 * and puts every row with a right checksum into a sound database. Of several
 * versions of a policy the one that was fetched last counts. A row that was
 * deleted not long before may come back.
 *
 * Threads: those of the connection. Opens and closes the damaged file: by
 * POSIX that lets go of the locks that this process has on it.
 */
#ifndef MTASTS_STORE_SALVAGE_H
#define MTASTS_STORE_SALVAGE_H

#include "store/db.h"
#include <stdatomic.h>

struct salvaged {
    size_t policies; /* rows found: versions of one count for themselves */
    size_t history;
};

/*
 * Into `db`, in transactions of its own. `stop`, from any thread: gives up,
 * -MTASTS_ECANCELED. Other errors: -MTASTS_EIO, -MTASTS_ENOMEM, with `fault`
 * filled in.
 */
int salvage(const char *path, struct db *db, const atomic_bool *stop,
            struct salvaged *ret_salvaged, struct store_fault *fault);

#endif
