/*
 * row_sum: a checksum over the values of a row.
 *
 * SQLite keeps none, and a damaged page may still be a well-formed one. The
 * sum stands in the row; what does not agree with it was not written by us.
 * It guards against accidents, not against people. The same on every machine
 * and for every database. SipHash-2-4 of libsodium, with a key that anyone
 * may know.
 */
#ifndef MTASTS_STORE_ROW_SUM_H
#define MTASTS_STORE_ROW_SUM_H

#include <stddef.h>
#include <stdint.h>

#define ROW_SUM_MAX                                                            \
    1024u /* octets gathered; longer values are hashed first                   \
           */

struct row_sum {
    size_t len;
    uint8_t data[ROW_SUM_MAX];
};

/* `table`: its name, so that no row of one is taken for one of another. */
void row_sum_begin(struct row_sum *sum, const char *table);
void row_sum_number(struct row_sum *sum, int64_t number);
void row_sum_octets(struct row_sum *sum, const void *data, size_t len);
void row_sum_text(struct row_sum *sum, const char *text);
int64_t row_sum_end(const struct row_sum *sum);

#endif
