/*
 * dns_name: names in wire format (RFC 1035 3.1) and as text.
 */
#include "net/dns_name.h"

#include "base/ascii.h"
#include <mtasts/error.h>
#include <mtasts/name.h>

bool dns_name_add_label(struct dns_name *name, const uint8_t *label, size_t len)
{
    if (name->len + 1 + len > DNS_NAME_WIRE_MAX)
        return false;
    name->octets[name->len++] = (uint8_t)len;
    for (size_t i = 0; i < len; i++)
        name->octets[name->len++] = (uint8_t)ascii_lower((char)label[i]);
    return true;
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
    return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

static size_t escape_octet(uint8_t octet, char *text)
{
    if (octet <= 0x20 || octet >= 0x7f) {
        text[0] = '\\';
        text[1] = (char)('0' + octet / 100);
        text[2] = (char)('0' + octet / 10 % 10);
        text[3] = (char)('0' + octet % 10);
        return 4;
    }
    if (strchr(".\\\"();@$", octet)) {
        text[0] = '\\';
        text[1] = (char)octet;
        return 2;
    }
    text[0] = (char)octet;
    return 1;
}

void dns_name_text(const struct dns_name *name,
                   char ret_text[DNS_NAME_TEXT_MAX + 1])
{
    size_t at = 0;
    size_t out = 0;

    while (at < name->len && name->octets[at] != 0) {
        size_t len = name->octets[at++];
        if (out)
            ret_text[out++] = '.';
        for (size_t i = 0; i < len; i++)
            out += escape_octet(name->octets[at + i], ret_text + out);
        at += len;
    }
    if (out == 0)
        ret_text[out++] = '.';
    ret_text[out] = '\0';
}

int dns_name_parse(const char *text, struct dns_name *ret_name)
{
    struct dns_name name = {.len = 0};

    if (!*text)
        return -MTASTS_ENAME;
    if (strcmp(text, ".") == 0)
        text++;
    while (*text) {
        size_t len = strcspn(text, ".");
        if (len == 0 || len > MTASTS_LABEL_MAX ||
            !dns_name_add_label(&name, (const uint8_t *)text, len))
            return -MTASTS_ENAME;
        text += len;
        if (*text == '.')
            text++;
    }
    if (!dns_name_add_label(&name, NULL, 0))
        return -MTASTS_ENAME;
    *ret_name = name;
    return 0;
}
