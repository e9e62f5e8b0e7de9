/*
 * The grammar of RFC 3986, appendix A: `URI`, with everything below it. A
 * scheme is needed, so relative references are refused. Nothing is decoded
 * or normalised, and no scheme's own rules are applied.
 *
 * A cursor walks the text once; `failed` is sticky.
 */
#include "core/uri.h"

#include "base/ascii.h"
#include <arpa/inet.h>

struct uri_cursor {
    const char *text;
    size_t len;
    size_t pos;
    bool failed;
};

static bool at_end(const struct uri_cursor *cursor)
{
    return cursor->pos == cursor->len;
}

static bool take(struct uri_cursor *cursor, char c)
{
    if (at_end(cursor) || cursor->text[cursor->pos] != c)
        return false;
    cursor->pos++;
    return true;
}

static bool is_unreserved(char c)
{
    return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* strchr() alone would find the terminator of `list`, too. */
static bool is_one_of(char c, const char *list)
{
    return c != '\0' && strchr(list, c) != NULL;
}

static bool is_sub_delim(char c)
{
    return is_one_of(c, "!$&'()*+,;=");
}

/* Takes unreserved, pct-encoded, sub-delims and what `also` lists. */
static struct mtasts_bytes take_run(struct uri_cursor *cursor, const char *also)
{
    size_t start = cursor->pos;

    for (; !at_end(cursor); cursor->pos++) {
        const char *at = cursor->text + cursor->pos;

        if (*at == '%') {
            if (cursor->len - cursor->pos < 3 || !ascii_is_xdigit(at[1]) ||
                !ascii_is_xdigit(at[2])) {
                cursor->failed = true;
                break;
            }
            cursor->pos += 2;
        } else if (!is_unreserved(*at) && !is_sub_delim(*at) &&
                   !is_one_of(*at, also)) {
            break;
        }
    }
    return (struct mtasts_bytes){cursor->text + start, cursor->pos - start};
}

static struct mtasts_bytes take_scheme(struct uri_cursor *cursor)
{
    size_t start = cursor->pos;

    if (at_end(cursor) || !ascii_is_alpha(cursor->text[start]))
        cursor->failed = true;
    for (; !at_end(cursor); cursor->pos++) {
        char c = cursor->text[cursor->pos];

        if (!ascii_is_alnum(c) && c != '+' && c != '-' && c != '.')
            break;
    }
    return (struct mtasts_bytes){cursor->text + start, cursor->pos - start};
}

static bool is_ipv6(const char *text, size_t len)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (len >= sizeof(copy) || memchr(text, '\0', len))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return inet_pton(AF_INET6, copy, &address) == 1;
}

/* "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ) */
static bool is_ip_future(const char *text, size_t len)
{
    size_t i = 1;

    if (len == 0 || ascii_lower(text[0]) != 'v')
        return false;
    while (i < len && ascii_is_xdigit(text[i]))
        i++;
    if (i == 1 || i + 1 >= len || text[i] != '.')
        return false;
    for (i++; i < len; i++)
        if (!is_unreserved(text[i]) && !is_sub_delim(text[i]) && text[i] != ':')
            return false;
    return true;
}

static struct mtasts_bytes take_ip_literal(struct uri_cursor *cursor)
{
    const char *start = cursor->text + cursor->pos;
    const char *close = memchr(start, ']', cursor->len - cursor->pos);
    size_t inside = close ? (size_t)(close - start) - 1 : 0;

    if (!close ||
        (!is_ipv6(start + 1, inside) && !is_ip_future(start + 1, inside))) {
        cursor->failed = true;
        return (struct mtasts_bytes){start, 0};
    }
    cursor->pos += inside + 2;
    return (struct mtasts_bytes){start, inside + 2};
}

/* An IPv4 address is a reg-name as well. */
static struct mtasts_bytes take_host(struct uri_cursor *cursor)
{
    if (!at_end(cursor) && cursor->text[cursor->pos] == '[')
        return take_ip_literal(cursor);
    return take_run(cursor, "");
}

static struct mtasts_bytes take_port(struct uri_cursor *cursor)
{
    size_t start = cursor->pos;

    while (!at_end(cursor) && ascii_is_digit(cursor->text[cursor->pos]))
        cursor->pos++;
    return (struct mtasts_bytes){cursor->text + start, cursor->pos - start};
}

/* [ userinfo "@" ] host [ ":" port ] */
static void take_authority(struct uri_cursor *cursor, struct uri *uri)
{
    struct uri_cursor ahead = *cursor;
    struct mtasts_bytes userinfo = take_run(&ahead, ":");

    if (take(&ahead, '@')) {
        uri->userinfo = userinfo;
        *cursor = ahead;
    }
    uri->host = take_host(cursor);
    if (take(cursor, ':'))
        uri->port = take_port(cursor);
    if (!at_end(cursor) && !is_one_of(cursor->text[cursor->pos], "/?#"))
        cursor->failed = true;
}

bool uri_parse(const char *text, size_t len, struct uri *ret_uri)
{
    struct uri_cursor cursor = {.text = text, .len = len};
    struct uri uri = {0};

    uri.scheme = take_scheme(&cursor);
    if (!take(&cursor, ':'))
        return false;
    if (len - cursor.pos >= 2 && memcmp(text + cursor.pos, "//", 2) == 0) {
        cursor.pos += 2;
        take_authority(&cursor, &uri);
    }
    uri.path = take_run(&cursor, ":@/");
    size_t rest = cursor.pos;
    if (take(&cursor, '?'))
        take_run(&cursor, ":@/?");
    if (take(&cursor, '#'))
        take_run(&cursor, ":@/?");
    if (cursor.failed || !at_end(&cursor))
        return false;
    uri.rest = (struct mtasts_bytes){text + rest, len - rest};
    *ret_uri = uri;
    return true;
}
