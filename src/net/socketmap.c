/*
 * socketmap: requests and replies. See socketmap.h.
 *
 * A netstring is the length in decimal without leading zeros, a colon, so
 * many octets and a comma. What is no netstring is found out as early as it
 * can be: a length is refused at the first octet that is wrong.
 */
#include "net/socketmap.h"

#include "base/ascii.h"
#include "base/cleanup.h"

/* Each with the blank that comes before the data, even if there is none. */
static const struct mtasts_bytes STATUS[] = {
    [SOCKETMAP_OK] = {"OK ", 3},     [SOCKETMAP_NOTFOUND] = {"NOTFOUND ", 9},
    [SOCKETMAP_TEMP] = {"TEMP ", 5}, [SOCKETMAP_TIMEOUT] = {"TIMEOUT ", 8},
    [SOCKETMAP_PERM] = {"PERM ", 5},
};

/* The length, and the octets up to and with the colon. */
static enum socketmap_parsed parse_length(const char *data, size_t len,
                                          size_t *ret_length, size_t *ret_used)
{
    size_t length = 0;
    size_t at = 0;

    for (; at < len && ascii_is_digit(data[at]); at++) {
        if (at > 0 && length == 0)
            return SOCKETMAP_BAD_LENGTH;
        length = 10 * length + (size_t)(data[at] - '0');
        if (length > SOCKETMAP_REQUEST_MAX)
            return SOCKETMAP_TOO_LONG;
    }
    if (at == len)
        return SOCKETMAP_PARTIAL;
    if (at == 0 || data[at] != ':')
        return SOCKETMAP_BAD_LENGTH;
    *ret_length = length;
    *ret_used = at + 1;
    return SOCKETMAP_WHOLE;
}

enum socketmap_parsed socketmap_parse(const char *data, size_t len,
                                      struct socketmap_request *ret_request,
                                      size_t *ret_used)
{
    size_t length = 0;
    size_t start = 0;
    enum socketmap_parsed parsed = parse_length(data, len, &length, &start);

    if (parsed != SOCKETMAP_WHOLE)
        return parsed;
    if (len - start <= length)
        return SOCKETMAP_PARTIAL;
    const char *payload = data + start;
    if (payload[length] != ',')
        return SOCKETMAP_NO_COMMA;
    *ret_used = start + length + 1;
    const char *blank = memchr(payload, ' ', length);
    if (!blank)
        return SOCKETMAP_NO_BLANK;
    size_t map_len = (size_t)(blank - payload);
    *ret_request = (struct socketmap_request){
        .map = {payload, map_len},
        .key = {blank + 1, length - map_len - 1},
    };
    return SOCKETMAP_WHOLE;
}

const char *socketmap_fault(enum socketmap_parsed parsed)
{
    switch (parsed) {
    case SOCKETMAP_NO_BLANK:
        return "the request is not a map's name, a blank and a key";
    case SOCKETMAP_BAD_LENGTH:
        return "the request is not a netstring: it does not begin with a "
               "length and a colon";
    case SOCKETMAP_TOO_LONG: return "the request is longer than 10000 octets";
    case SOCKETMAP_NO_COMMA:
        return "the request is not a netstring: it does not end in a comma";
    default: return NULL;
    }
}

size_t socketmap_data_max(enum socketmap_status status)
{
    return SOCKETMAP_REPLY_MAX - STATUS[status].len;
}

size_t socketmap_head(enum socketmap_status status, size_t data_len,
                      char ret_head[SOCKETMAP_HEAD_MAX])
{
    const struct mtasts_bytes *word = &STATUS[status];
    char digits[sizeof("100000")];
    char *first = digits + sizeof(digits);
    size_t length = word->len + data_len;

    *--first = ':';
    do {
        *--first = (char)('0' + length % 10);
        length /= 10;
    } while (length > 0);
    size_t digits_len = (size_t)(digits + sizeof(digits) - first);
    memcpy(ret_head, first, digits_len);
    memcpy(ret_head + digits_len, word->data, word->len);
    return digits_len + word->len;
}
