/*
 * rua: where a TLS report goes. See rua.h.
 *
 * Stricter than RFC 6068 in four things, since whoever sends a report takes
 * the address from a stranger's DNS: no control character anywhere, encoded
 * or not; an @ or a colon in a local part only in a quoted string or (the @)
 * encoded; no letters beyond ASCII, which would need SMTPUTF8; no domain but
 * a name. Laxer in one: a comma, semicolon or @ that is encoded in a local
 * part without quotes is taken as meant, as RFC 8460 suggests with its
 * "percent-encode them". Who writes such an address into a mail quotes it.
 */
#include "core/rua.h"

#include "base/ascii.h"
#include "core/domain.h"
#include <arpa/inet.h>

#define HTTPS_PORT 443u
#define PORT_MAX 65535u

/* ---- percent-encoding ---- */

/* Walks text that uri_parse() has found well-formed. */
struct decoder {
    const char *at;
    const char *end;
    char octet; /* the one last read */
    bool encoded;
};

static struct decoder decode(struct mtasts_bytes text)
{
    return (struct decoder){.at = text.data, .end = text.data + text.len};
}

static unsigned hex_value(char c)
{
    if (ascii_is_digit(c))
        return (unsigned)(c - '0');
    return (unsigned)(ascii_lower(c) - 'a') + 10;
}

/* Reads the next octet; false at the end. */
static bool next(struct decoder *text)
{
    if (text->at == text->end)
        return false;
    text->encoded = *text->at == '%';
    if (text->encoded) {
        text->octet =
            (char)(hex_value(text->at[1]) << 4 | hex_value(text->at[2]));
        text->at += 3;
    } else {
        text->octet = *text->at++;
    }
    return true;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool has_control(struct mtasts_bytes part)
{
    struct decoder text = decode(part);

    while (next(&text))
        if (is_control(text.octet))
            return true;
    return false;
}

/* ---- mailto ---- */

/* strchr() alone would find the terminator of the list, too. */
static bool is_one_of(char c, const char *list)
{
    return c != '\0' && strchr(list, c) != NULL;
}

/* What is behind the opening quote: quoted-string of RFC 5322 3.2.4. */
static bool is_quoted_string(struct decoder *text)
{
    while (next(text)) {
        if (text->octet == '"')
            return !next(text);
        if (text->octet == '\\' && !next(text))
            return false;
        if (is_control(text->octet) || (unsigned char)text->octet > 0x7e)
            return false;
    }
    return false;
}

/* A dot-atom, its dots anywhere (RFC 5322 3.2.3), or a quoted string. */
static bool is_local_part(struct mtasts_bytes part)
{
    struct decoder text = decode(part);

    if (!next(&text))
        return false;
    if (text.octet == '"')
        return is_quoted_string(&text);
    do {
        bool fits = ascii_is_alnum(text.octet) ||
                    is_one_of(text.octet, "!#$%&'*+-/=?^_`{|}~.") ||
                    (text.encoded && is_one_of(text.octet, ",;@"));
        if (!fits)
            return false;
    } while (next(&text));
    return true;
}

static bool read_domain(struct mtasts_bytes part, char *ret_domain)
{
    struct decoder text = decode(part);
    char name[MTASTS_NAME_MAX + 1]; /* room for a final dot */
    size_t len = 0;

    while (next(&text)) {
        if (len == sizeof(name))
            return false;
        name[len++] = text.octet;
    }
    return mtasts_name_canonical(name, len, 0, ret_domain, &len) == 0 &&
           !domain_ends_in_digits(ret_domain, len);
}

static bool read_mailto(const struct uri *uri, struct rua_target *target)
{
    const struct mtasts_bytes *path = &uri->path;
    const char *at = memrchr(path->data, '@', path->len);

    if (uri->host.data || !at || has_control(*path) || has_control(uri->rest))
        return false;
    struct mtasts_bytes local = {path->data, (size_t)(at - path->data)};
    struct mtasts_bytes domain = {at + 1, path->len - local.len - 1};
    return is_local_part(local) && read_domain(domain, target->domain);
}

/* ---- https ---- */

static bool is_ipv4(const struct mtasts_bytes *host)
{
    char copy[INET_ADDRSTRLEN];
    struct in_addr address;

    if (host->len >= sizeof(copy) || memchr(host->data, '\0', host->len))
        return false;
    memcpy(copy, host->data, host->len);
    copy[host->len] = '\0';
    return inet_pton(AF_INET, copy, &address) == 1;
}

static bool read_host(const struct mtasts_bytes *host, char *ret_domain)
{
    size_t len = 0;

    if (host->len == 0)
        return false;
    if (host->data[0] == '[') /* IPv6, or what a future version may have */
        return ascii_lower(host->data[1]) != 'v';
    if (is_ipv4(host))
        return true;
    return mtasts_name_canonical(host->data, host->len, 0, ret_domain, &len) ==
               0 &&
           !domain_ends_in_digits(ret_domain, len);
}

static bool read_port(const struct mtasts_bytes *digits, uint16_t *ret_port)
{
    unsigned port = 0;

    for (size_t i = 0; i < digits->len; i++) {
        port = port * 10 + (unsigned)(digits->data[i] - '0');
        if (port > PORT_MAX)
            return false;
    }
    if (digits->len > 0 && port == 0)
        return false;
    *ret_port = (uint16_t)(digits->len > 0 ? port : HTTPS_PORT);
    return true;
}

/* RFC 9110 section 4.2.4: credentials in a stranger's URI are an error. */
static bool read_https(const struct uri *uri, struct rua_target *target)
{
    target->https = true;
    return !uri->userinfo.data && read_host(&uri->host, target->domain) &&
           read_port(&uri->port, &target->port);
}

/* ---- either ---- */

bool rua_read(const struct uri *uri, struct rua_target *ret_target)
{
    const struct mtasts_bytes *scheme = &uri->scheme;
    struct rua_target target = {0};
    bool usable = false;

    if (ascii_is_nocase(scheme->data, scheme->len, "mailto"))
        usable = read_mailto(uri, &target);
    else if (ascii_is_nocase(scheme->data, scheme->len, "https"))
        usable = read_https(uri, &target);
    if (usable)
        *ret_target = target;
    return usable;
}

bool rua_parse(const char *text, size_t len, struct rua_target *ret_target)
{
    struct uri uri;

    return uri_parse(text, len, &uri) && rua_read(&uri, ret_target);
}
