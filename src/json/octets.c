/*
 * octets: UTF-8 repaired, and Base64 both ways. See octets.h.
 */
#include "json/octets.h"

#include "base/utf8.h"
#include <mtasts/error.h>
#include <stdint.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Octets at the beginning that are UTF-8. */
static size_t valid_prefix(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        if ((unsigned char)text[at] < 0x80) { /* nearly always */
            at++;
            continue;
        }
        size_t step = utf8_sequence(text + at, len - at);
        if (step == 0)
            break;
        at += step;
    }
    return at;
}

bool utf8_valid(const char *text, size_t len)
{
    return valid_prefix(text, len) == len;
}

int utf8_repair(struct buf *buf, const char *text, size_t len)
{
    while (len > 0) {
        size_t good = valid_prefix(text, len);
        buf_append(buf, text, good);
        text += good;
        len -= good;
        if (len == 0)
            break;
        buf_puts(buf, REPLACEMENT);
        text++;
        len--;
    }
    return buf->error;
}

static const char alphabet[64] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encoded_len(size_t len)
{
    return (len + 2) / 3 * 4;
}

int base64_encode(struct buf *buf, const char *data, size_t len)
{
    const unsigned char *octets = (const unsigned char *)data;

    for (size_t i = 0; i < len; i += 3) {
        size_t have = MIN_OF(len - i, (size_t)3);
        uint32_t bits = (uint32_t)octets[i] << 16;
        if (have > 1)
            bits |= (uint32_t)octets[i + 1] << 8;
        if (have > 2)
            bits |= octets[i + 2];
        char group[4] = {
            alphabet[bits >> 18],
            alphabet[bits >> 12 & 63],
            have > 1 ? alphabet[bits >> 6 & 63] : '=',
            have > 2 ? alphabet[bits & 63] : '=',
        };
        buf_append(buf, group, sizeof(group));
    }
    return buf->error;
}

static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* One group of four; `octets` is how many it stands for, 1 to 3. */
static int decode_group(struct buf *buf, const char *group, size_t octets)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < 4; i++) {
        int value = i <= octets ? sextet(group[i]) : 0;
        if (value < 0 || (i > octets && group[i] != '='))
            return -MTASTS_ESYNTAX;
        bits = bits << 6 | (uint32_t)value;
    }
    if (octets < 3 && (bits & (octets == 1 ? 0xffffu : 0xffu)) != 0)
        return -MTASTS_ESYNTAX;
    char out[3] = {(char)(bits >> 16), (char)(bits >> 8 & 0xff),
                   (char)(bits & 0xff)};
    return buf_append(buf, out, octets);
}

int base64_decode(struct buf *buf, const char *text, size_t len)
{
    if (len % 4 != 0)
        return -MTASTS_ESYNTAX;
    for (size_t i = 0; i < len; i += 4) {
        bool last = i + 4 == len;
        size_t octets = 3;
        if (last && text[i + 3] == '=')
            octets = text[i + 2] == '=' ? 1 : 2;
        int error = decode_group(buf, text + i, octets);
        if (error)
            return error;
    }
    return buf->error;
}
