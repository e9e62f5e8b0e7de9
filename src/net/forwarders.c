/*
 * forwarders: addresses with ports, and the nameserver lines of
 * resolv.conf(5). Nothing else of that file: search lists and options do not
 * matter where all names are full.
 */
#include "net/forwarders.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include <errno.h>
#include <mtasts/error.h>

#define DNS_PORT 53u

static const char KEYWORD[] = "nameserver";
static const char DEFAULT[] = "127.0.0.1";

static int parse_port(const char *text, uint16_t *ret_port)
{
    unsigned port = 0;
    size_t len = strlen(text);

    if (len < 1 || len > 5)
        return -MTASTS_EINVAL;
    for (size_t i = 0; i < len; i++) {
        if (!ascii_is_digit(text[i]))
            return -MTASTS_EINVAL;
        port = 10 * port + (unsigned)(text[i] - '0');
    }
    if (port < 1 || port > UINT16_MAX)
        return -MTASTS_EINVAL;
    *ret_port = (uint16_t)port;
    return 0;
}

int forwarder_address_parse(const char *text,
                            struct forwarder_address *ret_address)
{
    struct forwarder_address parsed = {.port = DNS_PORT};
    const char *at = strchr(text, '@');
    size_t len = at ? (size_t)(at - text) : strlen(text);
    char address[ADDRESS_TEXT_MAX];

    if (len >= sizeof(address) || (at && parse_port(at + 1, &parsed.port) < 0))
        return -MTASTS_EINVAL;
    memcpy(address, text, len);
    address[len] = '\0';
    if (address_parse(address, &parsed.address) < 0)
        return -MTASTS_EINVAL;
    *ret_address = parsed;
    return 0;
}

/* A zone id is libunbound's to read. */
static bool is_forwarder(const char *text)
{
    struct forwarder_address address;

    return strchr(text, '%') || forwarder_address_parse(text, &address) == 0;
}

static void add(struct forwarders *forwarders, const char *text, size_t len)
{
    char *slot = forwarders->text[forwarders->count];

    if (len >= FORWARDER_TEXT_MAX)
        return;
    memcpy(slot, text, len);
    slot[len] = '\0';
    if (is_forwarder(slot))
        forwarders->count++;
}

int forwarders_one(const char *text, struct forwarders *ret_forwarders)
{
    struct forwarders forwarders = {.count = 0};

    add(&forwarders, text, strlen(text));
    if (forwarders.count == 0)
        return -MTASTS_EINVAL;
    *ret_forwarders = forwarders;
    return 0;
}

static size_t blanks(const char *text, size_t len)
{
    size_t count = 0;

    while (count < len && ascii_is_wsp(text[count]))
        count++;
    return count;
}

static void parse_line(const char *line, size_t len,
                       struct forwarders *forwarders)
{
    size_t keyword = sizeof(KEYWORD) - 1;
    size_t gap, end;

    if (len <= keyword || memcmp(line, KEYWORD, keyword) != 0)
        return;
    gap = blanks(line + keyword, len - keyword);
    line += keyword + gap;
    len -= keyword + gap;
    for (end = 0; end < len && !ascii_is_wsp(line[end]); end++)
        if (line[end] == '\r' || line[end] == '\0')
            break;
    if (gap > 0 && forwarders->count < FORWARDERS_MAX)
        add(forwarders, line, end);
}

void forwarders_parse(const char *text, size_t len,
                      struct forwarders *ret_forwarders)
{
    struct forwarders forwarders = {.count = 0};

    while (len > 0) {
        const char *newline = memchr(text, '\n', len);
        size_t line = newline ? (size_t)(newline - text) : len;
        parse_line(text, line, &forwarders);
        line += newline != NULL;
        text += line;
        len -= line;
    }
    if (forwarders.count == 0)
        add(&forwarders, DEFAULT, strlen(DEFAULT));
    *ret_forwarders = forwarders;
}

int forwarders_read(const char *file, struct forwarders *ret_forwarders)
{
    _cleanup_file_ FILE *stream = fopen(file, "re");
    _cleanup_free_ char *text = malloc(RESOLV_CONF_MAX);
    size_t len;

    if (!text)
        return -MTASTS_ENOMEM;
    if (!stream) {
        if (errno != ENOENT)
            return -MTASTS_EIO;
        forwarders_parse("", 0, ret_forwarders);
        return 0;
    }
    len = fread(text, 1, RESOLV_CONF_MAX, stream);
    if (ferror(stream))
        return -MTASTS_EIO;
    forwarders_parse(text, len, ret_forwarders);
    return 0;
}
