/*
 * leaf_page: the records in one page of a damaged SQLite database.
 *
 * SQLite gives up where the way to a page is lost. Rows stand in leaf pages
 * that can be read without that way: this reads one, as sections 1.6 and 2.1
 * of SQLite's file format say, and believes nothing of what it reads. Whether
 * a record is one of ours is the caller's to find out (row_sum).
 *
 * Pure: bytes in, values out.
 */
#ifndef MTASTS_STORE_LEAF_PAGE_H
#define MTASTS_STORE_LEAF_PAGE_H

#include "base/buf.h"
#include <stdbool.h>
#include <stdint.h>

#define LEAF_COLUMNS_MAX 12u     /* our widest table has ten */
#define LEAF_PAYLOAD_MAX 131072u /* octets of a record: a body, and room */

enum leaf_type {
    LEAF_NULL,
    LEAF_NUMBER,
    LEAF_TEXT,
    LEAF_OCTETS,
    LEAF_OTHER, /* a floating-point number: we have none */
};

struct leaf_value {
    enum leaf_type type;
    int64_t number;   /* of NUMBER */
    const char *data; /* of TEXT and OCTETS; not terminated */
    size_t len;
};

/* Good for the length of the call. */
struct leaf_record {
    unsigned count;
    struct leaf_value values[LEAF_COLUMNS_MAX];
};

struct leaf_reader {
    /* The page of this number, where a record goes on; NULL: there is none. */
    const uint8_t *(*page)(void *ctx, uint32_t number);
    /* A negative error ends the reading. */
    int (*record)(void *ctx, const struct leaf_record *record);
    void *ctx;
    struct buf *scratch; /* for records of more than one page; its maximum is
                            LEAF_PAYLOAD_MAX at least */
};

/*
 * Calls reader->record for all that can be read of a page of DB_PAGE_SIZE
 * octets. 0 also for a page with no records, or of another kind; else what
 * the function returned.
 */
int leaf_page_read(const uint8_t *page, const struct leaf_reader *reader);

#endif
