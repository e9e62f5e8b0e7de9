/*
 * Pages of a damaged database: whatever they hold, values lie within what was
 * read, within their limits, and reading ends.
 *
 * The input is a file: the first page is read as a leaf, all of them are
 * there for records to go on in.
 */
#include "store/db.h"
#include "store/leaf_page.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct file {
    const uint8_t *pages;
    size_t count;
    unsigned records;
};

static void check(bool good)
{
    if (!good)
        abort();
}

static const uint8_t *page_of(void *ctx, uint32_t number)
{
    const struct file *file = ctx;

    return number >= 1 && number <= file->count
               ? file->pages + (size_t)(number - 1) * DB_PAGE_SIZE
               : NULL;
}

static int take(void *ctx, const struct leaf_record *record)
{
    struct file *file = ctx;
    size_t octets = 0;
    unsigned sum = 0;

    check(record->count >= 1 && record->count <= LEAF_COLUMNS_MAX);
    for (unsigned i = 0; i < record->count; i++) {
        const struct leaf_value *value = &record->values[i];
        check(value->type <= LEAF_OTHER);
        if (value->type != LEAF_TEXT && value->type != LEAF_OCTETS)
            continue;
        octets += value->len;
        for (size_t j = 0; j < value->len; j++)
            sum += (unsigned char)value->data[j];
    }
    check(octets <= LEAF_PAYLOAD_MAX);
    check(sum <= 255u * octets);
    file->records++;
    return file->records == 100 ? -1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct file file = {.count = size / DB_PAGE_SIZE};
    _cleanup_buf_ struct buf scratch = BUF(LEAF_PAYLOAD_MAX);
    _cleanup_free_ uint8_t *pages = NULL;
    int result;

    if (file.count == 0)
        return 0;
    /* Nothing behind it, so that a read past its end is seen. */
    pages = malloc(file.count * DB_PAGE_SIZE);
    check(pages != NULL);
    memcpy(pages, data, file.count * DB_PAGE_SIZE);
    file.pages = pages;
    result = leaf_page_read(
        pages, &(struct leaf_reader){page_of, take, &file, &scratch});
    check(result == (file.records == 100 ? -1 : 0));
    return 0;
}
