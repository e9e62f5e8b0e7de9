/*
 * http_target: the target of an HTTP request. See http_target.h.
 */
#include "net/http_target.h"

#include "base/ascii.h"
#include <mtasts/error.h>

static int hex_digit(char c)
{
    if (ascii_is_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The octet at `*at`, which moves past it; -1 if it is no escape. */
static int take_octet(const char *text, size_t len, size_t *at, bool plus)
{
    char c = text[(*at)++];

    if (c == '+' && plus)
        return ' ';
    if (c != '%')
        return (unsigned char)c;
    if (len - *at < 2)
        return -1;
    int high = hex_digit(text[*at]);
    int low = hex_digit(text[*at + 1]);
    *at += 2;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Control characters have no business in what becomes a C string, a name or
   a line of a log. */
static int decode(const char *text, size_t len, bool plus, char *to,
                  size_t size)
{
    size_t at = 0, put = 0;

    while (at < len) {
        int octet = take_octet(text, len, &at, plus);
        if (octet < ' ' || octet == 0x7f)
            return -MTASTS_ESYNTAX;
        if (put + 1 >= size)
            return -MTASTS_ETOOLONG;
        to[put++] = (char)octet;
    }
    to[put] = '\0';
    return 0;
}

static size_t path_len(const char *target)
{
    return strcspn(target, "?#");
}

int http_target_match(const char *target, const char *route,
                      char ret_name[HTTP_NAME_MAX])
{
    size_t len = path_len(target);
    size_t route_len = strlen(route);
    char name[HTTP_NAME_MAX] = "";

    if (len < route_len || memcmp(target, route, route_len) != 0)
        return 0;
    const char *rest = target + route_len;
    len -= route_len;
    if (route_len > 1 && route[route_len - 1] == '/') {
        if (len == 0 || memchr(rest, '/', len))
            return 0;
        int error = decode(rest, len, false, name, sizeof(name));
        if (error)
            return error;
    } else if (len > 0) {
        return 0;
    }
    memcpy(ret_name, name, strlen(name) + 1);
    return 1;
}

int http_target_query(const char *target, const char *key, char *value,
                      size_t size)
{
    const char *at = target + path_len(target);

    while (*at == '?' || *at == '&') {
        at++;
        size_t len = strcspn(at, "&#");
        size_t key_len = strcspn(at, "=&#");
        if (ascii_is(at, key_len, key)) {
            const char *from = at + key_len + (key_len < len);
            int error =
                decode(from, (size_t)(at + len - from), true, value, size);
            return error ? error : 1;
        }
        at += len;
    }
    return 0;
}

bool http_host_is(const char *header, const char *name)
{
    const char *end = header[0] == '[' ? strchr(header, ']') : NULL;
    size_t len = end ? (size_t)(end - header) + 1 : strcspn(header, ":");
    const char *port = header + len;

    if (*port &&
        (*port != ':' || strspn(port + 1, "0123456789") != strlen(port + 1)))
        return false;
    if (!end && len > 1 && header[len - 1] == '.')
        len--;
    return ascii_is_nocase(header, len, name);
}
