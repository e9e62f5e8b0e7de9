/*
 * row_sum: a checksum over the values of a row. See row_sum.h.
 *
 * Every value goes in with its length, so that none runs into the next.
 * Short ones as they are, for speed; a long one as its own hash. A row has at
 * most a dozen of them.
 */
#include "store/row_sum.h"

#include <assert.h>
#include <endian.h>
#include <sodium.h>
#include <string.h>

#define SHORT_MAX 64u

static const uint8_t KEY[crypto_shorthash_KEYBYTES] = {
    'm', 't', 'a', 's', 't', 's', ' ', 's',
    't', 'o', 'r', 'e', ' ', 's', 'u', 'm'};

static void append(struct row_sum *sum, const void *data, size_t len)
{
    assert(len <= sizeof(sum->data) - sum->len);
    memcpy(sum->data + sum->len, data, len);
    sum->len += len;
}

void row_sum_number(struct row_sum *sum, int64_t number)
{
    uint64_t octets = htole64((uint64_t)number);

    append(sum, &octets, sizeof(octets));
}

void row_sum_octets(struct row_sum *sum, const void *data, size_t len)
{
    uint8_t hash[crypto_shorthash_BYTES];

    row_sum_number(sum, (int64_t)len);
    if (len > SHORT_MAX) {
        crypto_shorthash(hash, data, len, KEY);
        append(sum, hash, sizeof(hash));
    } else if (len > 0) {
        append(sum, data, len);
    }
}

void row_sum_text(struct row_sum *sum, const char *text)
{
    row_sum_octets(sum, text, strlen(text));
}

void row_sum_begin(struct row_sum *sum, const char *table)
{
    sum->len = 0;
    row_sum_text(sum, table);
}

int64_t row_sum_end(const struct row_sum *sum)
{
    uint8_t hash[crypto_shorthash_BYTES];
    uint64_t octets;

    crypto_shorthash(hash, sum->data, sum->len, KEY);
    memcpy(&octets, hash, sizeof(octets));
    return (int64_t)le64toh(octets);
}
