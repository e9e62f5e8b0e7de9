/*
 * rua: where a TLS report goes. See rua.h.
 *
 * Does not judge the URI: libmtasts has done that.
 */
#include "net/rua.h"

#include "base/ascii.h"
#include "base/buf.h"
#include "core/uri.h"

#define HTTPS_PORT 443u
#define PORT_MAX 65535u
#define DECODED_MAX 4096u /* octets of a mailto path: an address has 320 */

static unsigned hex_value(char c)
{
    if (ascii_is_digit(c))
        return (unsigned)(c - '0');
    return (unsigned)(ascii_lower(c) - 'a') + 10;
}

/* Up to the first comma that is one (RFC 6068: those of a name are %2C). */
static int decode_first(struct mtasts_bytes path, struct buf *text)
{
    for (size_t i = 0; i < path.len && path.data[i] != ','; i++) {
        char c = path.data[i];
        if (c == '%' && path.len - i > 2 && ascii_is_xdigit(path.data[i + 1]) &&
            ascii_is_xdigit(path.data[i + 2])) {
            c = (char)(hex_value(path.data[i + 1]) << 4 |
                       hex_value(path.data[i + 2]));
            i += 2;
        }
        buf_putc(text, c);
    }
    return text->error ? -MTASTS_ESYNTAX : 0;
}

static int parse_mailto(const struct uri *uri, struct rua_target *target)
{
    _cleanup_buf_ struct buf text;
    buf_init(&text, DECODED_MAX);
    int error = decode_first(uri->path, &text);
    if (error)
        return error;
    const char *address = buf_text(&text);
    const char *at = memrchr(address, '@', text.len);
    if (!at || at == address)
        return -MTASTS_ESYNTAX;
    return mtasts_name_canonical(at + 1, text.len - (size_t)(at + 1 - address),
                                 0, target->domain, NULL);
}

/* ":8443" behind the host, or nothing. */
static int parse_port(const char *at, const char *end, uint16_t *ret_port)
{
    unsigned port = 0;
    if (at == end || *at != ':' || at + 1 == end || !ascii_is_digit(at[1])) {
        *ret_port = HTTPS_PORT;
        return 0;
    }
    while (++at < end && ascii_is_digit(*at)) {
        port = port * 10 + (unsigned)(*at - '0');
        if (port > PORT_MAX)
            return -MTASTS_ESYNTAX;
    }
    if (port == 0)
        return -MTASTS_ESYNTAX;
    *ret_port = (uint16_t)port;
    return 0;
}

static int parse_https(const char *text, size_t len, const struct uri *uri,
                       struct rua_target *target)
{
    if (!uri->host.data || uri->host.len == 0)
        return -MTASTS_ESYNTAX;
    target->https = true;
    int error =
        parse_port(uri->host.data + uri->host.len, text + len, &target->port);
    return error ? error
                 : mtasts_name_canonical(uri->host.data, uri->host.len, 0,
                                         target->domain, NULL);
}

int rua_parse(const char *uri, size_t len, struct rua_target *ret_target)
{
    struct uri parts;
    struct rua_target target = {0};
    int error = -MTASTS_ESYNTAX;
    if (!uri_parse(uri, len, &parts))
        return error;
    if (ascii_is_nocase(parts.scheme.data, parts.scheme.len, "mailto"))
        error = parse_mailto(&parts, &target);
    else if (ascii_is_nocase(parts.scheme.data, parts.scheme.len, "https"))
        error = parse_https(uri, len, &parts, &target);
    if (error)
        return error;
    *ret_target = target;
    return 0;
}
