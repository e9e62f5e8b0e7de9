/*
 * leaf_page: the records in one page of a damaged SQLite database. See
 * leaf_page.h.
 *
 * A page is: kind (13: leaf of a table), first free block, number of cells,
 * start of the cells, one octet; then an array of the cells' places. A cell
 * is: length of the record, row id, the record's first octets and, if it did
 * not fit, the number of the page where it goes on. A record is: length of
 * its header, a type for each column; then the values.
 *
 * The first page of a file, with the header and the schema before the cells,
 * has no rows of ours.
 */
#include "store/leaf_page.h"

#include "store/db.h"
#include <string.h>

#define KIND_TABLE_LEAF 13u
#define CELLS_AT 8u /* octets before the array */
#define VARINT_MAX 9u
#define LOCAL_MAX (DB_PAGE_SIZE - 35u)
#define LOCAL_MIN ((DB_PAGE_SIZE - 12u) * 32u / 255u - 23u)
#define NEXT_LEN 4u /* octets of a page's number */
#define CHAIN_MAX (LEAF_PAYLOAD_MAX / (DB_PAGE_SIZE - NEXT_LEN) + 1u)

/* A run of octets to read from; a read past its end sticks. */
struct cursor {
    const uint8_t *at;
    size_t left;
    bool failed;
};

static const uint8_t *take(struct cursor *cursor, size_t len)
{
    const uint8_t *at = cursor->at;

    if (cursor->failed || len > cursor->left) {
        cursor->failed = true;
        return NULL;
    }
    cursor->at += len;
    cursor->left -= len;
    return at;
}

/* Seven bits an octet, most significant first; all eight of the ninth. */
static uint64_t take_varint(struct cursor *cursor)
{
    uint64_t value = 0;

    for (unsigned i = 1; i <= VARINT_MAX; i++) {
        const uint8_t *octet = take(cursor, 1);
        if (!octet)
            return 0;
        if (i == VARINT_MAX)
            return value << 8 | *octet;
        value = value << 7 | (*octet & 0x7f);
        if (*octet < 0x80)
            break;
    }
    return value;
}

static uint32_t big_endian(const uint8_t *at, unsigned len)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < len; i++)
        value = value << 8 | at[i];
    return value;
}

static int64_t signed_number(const uint8_t *at, unsigned len)
{
    uint64_t value = at[0] & 0x80 ? UINT64_MAX : 0;

    for (unsigned i = 0; i < len; i++)
        value = value << 8 | at[i];
    return (int64_t)value;
}

/* ---- a record ---- */

static void take_number(struct cursor *body, unsigned len,
                        struct leaf_value *value)
{
    const uint8_t *at = take(body, len);

    value->type = LEAF_NUMBER;
    if (at)
        value->number = signed_number(at, len);
}

static void take_value(struct cursor *body, uint64_t type,
                       struct leaf_value *value)
{
    static const unsigned LENGTHS[] = {0, 1, 2, 3, 4, 6, 8, 8};

    *value = (struct leaf_value){.type = LEAF_NULL};
    if (type >= 12) {
        value->type = type % 2 ? LEAF_TEXT : LEAF_OCTETS;
        value->len = (size_t)MIN_OF((type - 12) / 2, (uint64_t)SIZE_MAX);
        value->data = (const char *)take(body, value->len);
    } else if (type == 8 || type == 9) {
        value->type = LEAF_NUMBER;
        value->number = type == 9;
    } else if (type >= 1 && type <= 6) {
        take_number(body, LENGTHS[type], value);
    } else if (type == 7) {
        value->type = LEAF_OTHER;
        take(body, LENGTHS[type]);
    } else if (type != 0) {
        body->failed = true; /* 10 and 11 are nobody's */
    }
}

static bool parse(struct cursor payload, struct leaf_record *record)
{
    struct cursor types = payload;
    uint64_t header = take_varint(&types);
    size_t width = payload.left - types.left;

    if (types.failed || header < width || header > payload.left)
        return false;
    types.left = (size_t)header - width;
    take(&payload, (size_t)header);
    for (record->count = 0; types.left > 0; record->count++) {
        if (record->count == LEAF_COLUMNS_MAX)
            return false;
        take_value(&payload, take_varint(&types),
                   &record->values[record->count]);
        if (types.failed || payload.failed)
            return false;
    }
    return record->count > 0;
}

/* ---- a cell ---- */

/* Octets of a record of `len` that stand in the leaf itself. */
static size_t local_part(size_t len)
{
    size_t part;

    if (len <= LOCAL_MAX)
        return len;
    part = LOCAL_MIN + (len - LOCAL_MIN) % (DB_PAGE_SIZE - NEXT_LEN);
    return part <= LOCAL_MAX ? part : LOCAL_MIN;
}

/* The rest of a record of `len` octets, behind what `scratch` has of it. */
static bool follow(const struct leaf_reader *reader, uint32_t number,
                   size_t len)
{
    struct buf *scratch = reader->scratch;

    for (unsigned i = 0; scratch->len < len && i < CHAIN_MAX; i++) {
        const uint8_t *page = reader->page(reader->ctx, number);
        size_t part =
            MIN_OF(len - scratch->len, (size_t)(DB_PAGE_SIZE - NEXT_LEN));
        if (!page || buf_append(scratch, page + NEXT_LEN, part) < 0)
            return false;
        number = big_endian(page, NEXT_LEN);
    }
    return scratch->len == len;
}

static bool gather(const struct leaf_reader *reader, struct cursor *cell,
                   size_t len)
{
    size_t local = local_part(len);
    const uint8_t *first = take(cell, local);
    const uint8_t *next = take(cell, NEXT_LEN);

    buf_consume(reader->scratch, reader->scratch->len);
    return next && buf_append(reader->scratch, first, local) == 0 &&
           follow(reader, big_endian(next, NEXT_LEN), len);
}

static int read_cell(struct cursor cell, const struct leaf_reader *reader)
{
    struct leaf_record record;
    uint64_t len = take_varint(&cell);

    take_varint(&cell); /* the row id */
    if (cell.failed || len == 0 || len > LEAF_PAYLOAD_MAX)
        return 0;
    if (local_part((size_t)len) < len) {
        if (!gather(reader, &cell, (size_t)len))
            return 0;
        cell.at = (const uint8_t *)reader->scratch->data;
        cell.left = reader->scratch->len;
    }
    cell.left = MIN_OF(cell.left, (size_t)len);
    if (cell.left < len || !parse(cell, &record))
        return 0;
    return reader->record(reader->ctx, &record);
}

int leaf_page_read(const uint8_t *page, const struct leaf_reader *reader)
{
    uint32_t cells = big_endian(page + 3, 2);
    int error = 0;

    if (page[0] != KIND_TABLE_LEAF)
        return 0;
    cells = MIN_OF(cells, (uint32_t)(DB_PAGE_SIZE - CELLS_AT) / 2);
    for (uint32_t i = 0; i < cells && !error; i++) {
        uint32_t place = big_endian(page + CELLS_AT + 2 * (size_t)i, 2);
        if (place < DB_PAGE_SIZE)
            error = read_cell(
                (struct cursor){page + place, DB_PAGE_SIZE - place, false},
                reader);
    }
    return error;
}
