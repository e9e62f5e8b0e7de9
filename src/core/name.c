/*
 * Canonical names and next-hop forms (RFC 5321 sections 4.1.2 and 4.1.3,
 * RFC 8461 section 3.4). See mtasts/name.h.
 *
 * Address literals are recognised by inet_pton(3), which is strict: four
 * decimal octets without leading zeros, or IPv6 text form without a zone.
 */
#include <mtasts/name.h>

#include "base/ascii.h"
#include "core/domain.h"
#include <arpa/inet.h>
#include <mtasts/error.h>

/* A service name of RFC 6335 section 5.1. */
#define SERVICE_MAX 15
#define PORT_MAX 65535u

static bool has_8bit(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] > 0x7f)
            return true;
    return false;
}

int mtasts_name_canonical(const char *text, size_t len, unsigned flags,
                          char ret_name[MTASTS_NAME_MAX + 1], size_t *ret_len)
{
    if (len > 1 && text[len - 1] == '.')
        len--;
    if (!domain_valid(text, len, flags))
        return has_8bit(text, len) ? -MTASTS_EIDN : -MTASTS_ENAME;
    domain_lower(ret_name, text, len);
    ret_name[len] = '\0';
    if (ret_len)
        *ret_len = len;
    return 0;
}

/* Writes the canonical text of the address to `ret_name`. */
static bool parse_address(int family, const char *text, size_t len,
                          char ret_name[MTASTS_NAME_MAX + 1])
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address; /* has room for both families */

    if (len == 0 || len >= sizeof(copy) || memchr(text, '\0', len))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return inet_pton(family, copy, &address) == 1 &&
           inet_ntop(family, &address, ret_name, MTASTS_NAME_MAX + 1);
}

/* Most names end in a letter, and need not be tried. */
static bool may_be_ipv4(const char *text, size_t len)
{
    return ascii_is_digit(text[len - 1]);
}

/* A name, of the kind given unless it is an IPv4 address, dot or no dot. */
static int parse_name(const char *text, size_t len, unsigned flags,
                      enum mtasts_next_hop_kind kind,
                      struct mtasts_next_hop *hop)
{
    size_t name_len;
    int r = mtasts_name_canonical(text, len, flags, hop->name, &name_len);

    if (r < 0)
        return r;
    hop->kind = may_be_ipv4(hop->name, name_len) &&
                        parse_address(AF_INET, hop->name, name_len, hop->name)
                    ? MTASTS_NEXT_HOP_LITERAL
                    : kind;
    return 0;
}

/* What stands between brackets: a host name or an address literal. */
static int parse_bracketed(const char *text, size_t len,
                           struct mtasts_next_hop *hop)
{
    static const char tag[] = "ipv6:";
    size_t tag_len = sizeof(tag) - 1;

    hop->kind = MTASTS_NEXT_HOP_LITERAL;
    if (len > tag_len && ascii_equal_nocase(text, tag, tag_len))
        return parse_address(AF_INET6, text + tag_len, len - tag_len, hop->name)
                   ? 0
                   : -MTASTS_ENAME;
    if (parse_address(AF_INET6, text, len, hop->name))
        return 0;
    return parse_name(text, len, MTASTS_NAME_UNDERSCORE, MTASTS_NEXT_HOP_HOST,
                      hop);
}

static bool is_service_name(const char *text, size_t len)
{
    if (len == 0 || len > SERVICE_MAX)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!ascii_is_alnum(text[i]) && text[i] != '-')
            return false;
    return true;
}

/* A number from 1 to 65535, or a service name, which gives port 0. */
static int parse_port(const char *text, size_t len, uint16_t *ret_port)
{
    unsigned port = 0;
    size_t i = 0;

    for (; i < len && ascii_is_digit(text[i]) && port <= PORT_MAX; i++)
        port = port * 10 + (unsigned)(text[i] - '0');
    if (i == len && len > 0) {
        if (port == 0 || port > PORT_MAX)
            return -MTASTS_ESYNTAX;
    } else {
        if (!is_service_name(text, len) || port > PORT_MAX)
            return -MTASTS_ESYNTAX;
        port = 0;
    }
    *ret_port = (uint16_t)port;
    return 0;
}

/* `[host]` or `[host]:port`, after the opening bracket. */
static int parse_after_bracket(const char *text, size_t len,
                               struct mtasts_next_hop *hop)
{
    const char *close = len ? memchr(text, ']', len) : NULL;
    size_t inside = close ? (size_t)(close - text) : 0;

    if (!close)
        return -MTASTS_ESYNTAX;
    if (inside + 1 < len) {
        if (close[1] != ':')
            return -MTASTS_ESYNTAX;
        int r = parse_port(close + 2, len - inside - 2, &hop->port);
        if (r < 0)
            return r;
    }
    return parse_bracketed(text, inside, hop);
}

/* Without brackets: domain, domain:port or an address. */
static int parse_plain(const char *text, size_t len,
                       struct mtasts_next_hop *hop)
{
    const char *colon = len ? memchr(text, ':', len) : NULL;

    hop->kind = MTASTS_NEXT_HOP_LITERAL;
    if (colon && parse_address(AF_INET6, text, len, hop->name))
        return 0;
    if (colon) {
        size_t host_len = (size_t)(colon - text);
        int r = parse_port(colon + 1, len - host_len - 1, &hop->port);
        if (r < 0)
            return r;
        len = host_len;
    }
    return parse_name(text, len, 0, MTASTS_NEXT_HOP_DOMAIN, hop);
}

int mtasts_next_hop_parse(const char *text, size_t len,
                          struct mtasts_next_hop *ret_hop)
{
    struct mtasts_next_hop hop = {0};
    int r;

    if (len > 0 && text[0] == '[') {
        r = parse_after_bracket(text + 1, len - 1, &hop);
    } else if (len > 0 && text[0] == '.') {
        hop.kind = MTASTS_NEXT_HOP_PARENT;
        r = mtasts_name_canonical(text + 1, len - 1, MTASTS_NAME_UNDERSCORE,
                                  hop.name, NULL);
    } else {
        r = parse_plain(text, len, &hop);
    }
    /* Nothing of more than seven bits passes for a name or a port. */
    if (r < 0)
        return has_8bit(text, len) ? -MTASTS_EIDN : r;
    *ret_hop = hop;
    return 0;
}
