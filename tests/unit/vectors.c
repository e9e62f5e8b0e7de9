/*
 * See vectors.h. Base64 and UTF-8 decoding here are the tests' own, so that
 * a fault in the library's cannot hide itself.
 */
#include "vectors.h"

#include <mtasts/sts_record.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a character-string in TXT RDATA. */
#define STRING_MAX 255

static void give_up(const char *what, const char *detail)
{
    fprintf(stderr, "vectors: %s: %s\n", what, detail);
    abort();
}

static void *get_memory(size_t size)
{
    void *memory = malloc(size ? size : 1);

    if (!memory)
        give_up("malloc", "out of memory");
    return memory;
}

json_t *vectors_load(const char *file, size_t min)
{
    char path[4096];
    json_error_t error;

    snprintf(path, sizeof(path), "%s/%s", VECTORS_DIR, file);
    json_t *cases = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (!cases)
        give_up(path, error.text);
    if (json_array_size(cases) < min)
        give_up(path, "fewer cases than there should be");
    return cases;
}

/* The code point at *at, which must be well-formed: jansson has checked. */
static unsigned long next_code_point(const unsigned char **at)
{
    static const unsigned char first_bits[] = {0x7f, 0x1f, 0x0f, 0x07};
    unsigned more = **at < 0x80 ? 0 : **at < 0xe0 ? 1 : **at < 0xf0 ? 2 : 3;
    unsigned long point = *(*at)++ & first_bits[more];

    while (more-- > 0)
        point = point << 6 | (*(*at)++ & 0x3f);
    return point;
}

char *vectors_octets(const json_t *string, size_t *ret_len)
{
    if (!json_is_string(string))
        give_up("octets", "not a string");
    const unsigned char *at = (const unsigned char *)json_string_value(string);
    const unsigned char *end = at + json_string_length(string);
    char *octets = get_memory(json_string_length(string));
    size_t len = 0;

    while (at < end) {
        const unsigned char *start = at;
        unsigned long point = next_code_point(&at);

        if (point <= 0xff) {
            octets[len++] = (char)point;
        } else {
            memcpy(octets + len, start, (size_t)(at - start));
            len += (size_t)(at - start);
        }
    }
    *ret_len = len;
    return octets;
}

char *vectors_base64(const json_t *string, size_t *ret_len)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789+/";
    if (!json_is_string(string))
        give_up("base64", "not a string");
    const char *text = json_string_value(string);
    char *octets = get_memory(strlen(text));
    unsigned long bits = 0;
    unsigned bit_count = 0;
    size_t len = 0;

    for (; *text && *text != '='; text++) {
        const char *found = strchr(alphabet, *text);

        if (!found)
            give_up("base64", "bad character");
        bits = (bits << 6 | (unsigned long)(found - alphabet)) & 0xffffff;
        bit_count += 6;
        if (bit_count >= 8) {
            bit_count -= 8;
            octets[len++] = (char)(bits >> bit_count & 0xff);
        }
    }
    *ret_len = len;
    return octets;
}

/* Writes one character-string, in pieces if it is over-long. */
static size_t put_string(unsigned char *rdata, const char *octets, size_t len)
{
    size_t written = 0;

    do {
        size_t part = len < STRING_MAX ? len : STRING_MAX;

        rdata[written++] = (unsigned char)part;
        memcpy(rdata + written, octets, part);
        written += part;
        octets += part;
        len -= part;
    } while (len > 0);
    return written;
}

static struct mtasts_bytes join_rr(const json_t *strings)
{
    size_t index;
    json_t *string;
    size_t room = 1;
    size_t rdata_len = 0;

    json_array_foreach(strings, index, string) room +=
        2 * json_string_length(string) + 2;
    unsigned char *rdata = get_memory(room);
    json_array_foreach(strings, index, string)
    {
        size_t len;
        char *octets = vectors_octets(string, &len);

        rdata_len += put_string(rdata + rdata_len, octets, len);
        free(octets);
    }

    char *joined = get_memory(rdata_len);
    struct mtasts_bytes rr = {.data = joined};
    if (mtasts_txt_join(rdata, rdata_len, joined, rdata_len, &rr.len) != 0)
        give_up("mtasts_txt_join", "failed");
    free(rdata);
    return rr;
}

struct mtasts_bytes *vectors_rrs(const json_t *rrset, size_t *ret_count)
{
    if (!json_is_array(rrset))
        give_up("txt_rrset", "not an array");
    size_t count = json_array_size(rrset);
    struct mtasts_bytes *rrs = get_memory(count * sizeof(*rrs));

    for (size_t i = 0; i < count; i++)
        rrs[i] = join_rr(json_array_get(rrset, i));
    *ret_count = count;
    return rrs;
}

void vectors_free_rrs(struct mtasts_bytes *rrs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *data; /* join_rr() made it: not const */

        memcpy(&data, &rrs[i].data, sizeof(data));
        free(data);
    }
    free(rrs);
}

const char *vectors_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

bool vectors_verdict_fits(const json_t *test, const json_t *expect,
                          const char *verdict)
{
    size_t index;
    json_t *other;

    if (strcmp(vectors_text(expect, "verdict"), verdict) == 0)
        return true;
    json_array_foreach(json_object_get(test, "alt_verdicts"), index,
                       other) if (strcmp(json_string_value(other), verdict) ==
                                  0) return true;
    return false;
}
