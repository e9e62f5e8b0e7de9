/*
 * Requests of socketmap: the verdict against a second reading of the
 * grammar, every prefix of a request against the whole, and what is taken
 * written again.
 */
#include "net/socketmap.h"
#include "property.h"

/* Netstrings once more, the slow way: -1 not one, 0 perhaps, else its octets
   with `*ret_payload`. */
static long second_reading(const char *data, size_t len, size_t *ret_start)
{
    size_t digits = 0;
    size_t length = 0;

    while (digits < len && ascii_is_digit(data[digits]))
        digits++;
    for (size_t i = 0; i < digits; i++) {
        length = length * 10 + (size_t)(data[i] - '0');
        if (length > SOCKETMAP_REQUEST_MAX)
            return -1;
    }
    if (digits > 1 && data[0] == '0')
        return -1;
    if (digits == len)
        return 0;
    if (digits == 0 || data[digits] != ':')
        return -1;
    *ret_start = digits + 1;
    if (len <= digits + 1 + length)
        return 0;
    return data[digits + 1 + length] == ',' ? (long)(digits + length + 2) : -1;
}

static void check_request(const char *data, size_t start, size_t used,
                          const struct socketmap_request *request)
{
    const char *end = data + used - 1;

    PROPERTY(request->map.data == data + start);
    PROPERTY(!memchr(request->map.data, ' ', request->map.len));
    PROPERTY(request->map.data[request->map.len] == ' ');
    PROPERTY(request->key.data == request->map.data + request->map.len + 1);
    PROPERTY(request->key.data + request->key.len == end);
}

/* Shorter it is not whole, nor is it a fault. */
static void check_prefixes(const char *data, size_t used)
{
    struct socketmap_request request;
    size_t taken;

    for (size_t len = 0; len < used; len += 1 + len / 8)
        PROPERTY(socketmap_parse(data, len, &request, &taken) ==
                 SOCKETMAP_PARTIAL);
    PROPERTY(socketmap_parse(data, used - 1, &request, &taken) ==
             SOCKETMAP_PARTIAL);
}

static void check_head(const struct socketmap_request *request)
{
    char head[SOCKETMAP_HEAD_MAX];
    char again[SOCKETMAP_HEAD_MAX + 1];
    size_t data_len = request->key.len;
    size_t len = socketmap_head(SOCKETMAP_TIMEOUT, data_len, head);
    int wanted = snprintf(again, sizeof(again), "%zu:TIMEOUT ", data_len + 8);

    PROPERTY((size_t)wanted == len && memcmp(head, again, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* In memory of its own, so that reading past the end shows. */
    char *text = malloc(size ? size : 1);
    struct socketmap_request request;
    size_t used = 0;
    size_t start = 0;

    PROPERTY(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    enum socketmap_parsed parsed = socketmap_parse(text, size, &request, &used);
    long second = second_reading(text, size, &start);
    if (second < 0) {
        PROPERTY(parsed >= SOCKETMAP_BAD_LENGTH);
    } else if (second == 0) {
        PROPERTY(parsed == SOCKETMAP_PARTIAL);
    } else {
        PROPERTY(parsed == SOCKETMAP_WHOLE || parsed == SOCKETMAP_NO_BLANK);
        PROPERTY(used == (size_t)second);
        check_prefixes(text, used);
        if (parsed == SOCKETMAP_WHOLE) {
            check_request(text, start, used, &request);
            check_head(&request);
        }
    }
    PROPERTY((socketmap_fault(parsed) == NULL) ==
             (parsed == SOCKETMAP_WHOLE || parsed == SOCKETMAP_PARTIAL));
    free(text);
    return 0;
}
