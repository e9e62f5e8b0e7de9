/*
 * forwarders: addresses with ports, and the nameserver lines of
 * resolv.conf(5). Nothing else of that file: search lists and options do not
 * matter where all names are full.
 */
#include "net/forwarders.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include "base/number.h"
#include <errno.h>
#include <mtasts/error.h>
#include <net/if.h>
#include <string.h>

#define DNS_PORT 53u
#define PORT_DIGITS_MAX 5u

static const char KEYWORD[] = "nameserver";
static const char DEFAULT[] = "127.0.0.1";

static int parse_port(const char *text, uint16_t *ret_port)
{
    size_t len = strlen(text);
    uint64_t port;

    if (len > PORT_DIGITS_MAX ||
        number_parse(text, len, UINT16_MAX, &port) < 0 || port < 1)
        return -MTASTS_EINVAL;
    *ret_port = (uint16_t)port;
    return 0;
}

/* The name of an interface as the kernel takes them, or its number. */
static int parse_zone(const char *text, size_t len,
                      char ret_zone[FORWARDER_ZONE_MAX])
{
    if (len < 1 || len >= FORWARDER_ZONE_MAX)
        return -MTASTS_EINVAL;
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~' || strchr("/%", text[i]))
            return -MTASTS_EINVAL;
    memcpy(ret_zone, text, len);
    ret_zone[len] = '\0';
    return 0;
}

int forwarder_address_parse(const char *text,
                            struct forwarder_address *ret_address)
{
    struct forwarder_address parsed = {.port = DNS_PORT};
    const char *at = strchr(text, '@');
    size_t end = at ? (size_t)(at - text) : strlen(text);
    const char *percent = memchr(text, '%', end);
    size_t len = percent ? (size_t)(percent - text) : end;
    char address[ADDRESS_TEXT_MAX];

    if (len >= sizeof(address) || (at && parse_port(at + 1, &parsed.port) < 0))
        return -MTASTS_EINVAL;
    memcpy(address, text, len);
    address[len] = '\0';
    if (address_parse(address, &parsed.address) < 0)
        return -MTASTS_EINVAL;
    if (percent && (!parsed.address.ipv6 ||
                    parse_zone(percent + 1, end - len - 1, parsed.zone) < 0))
        return -MTASTS_EINVAL;
    *ret_address = parsed;
    return 0;
}

void forwarder_address_text(const struct forwarder_address *address,
                            char ret_text[FORWARDER_TEXT_MAX])
{
    char text[ADDRESS_TEXT_MAX];

    address_text(&address->address, text);
    snprintf(ret_text, FORWARDER_TEXT_MAX, "%s%s%s", text,
             *address->zone ? "%" : "", address->zone);
}

/* By name, else by number. */
static uint32_t interface_of(const char *zone)
{
    uint64_t number = if_nametoindex(zone);

    if (number == 0 &&
        number_parse(zone, strlen(zone), UINT32_MAX, &number) < 0)
        return 0;
    return (uint32_t)number;
}

socklen_t forwarder_address_sockaddr(const struct forwarder_address *address,
                                     struct sockaddr_storage *ret_sockaddr)
{
    socklen_t len =
        address_sockaddr(&address->address, address->port, ret_sockaddr);

    if (*address->zone)
        ((struct sockaddr_in6 *)ret_sockaddr)->sin6_scope_id =
            interface_of(address->zone);
    return len;
}

static void add(struct forwarders *forwarders, const char *text, size_t len)
{
    char *slot = forwarders->text[forwarders->count];
    struct forwarder_address address;

    if (len >= FORWARDER_TEXT_MAX)
        return;
    memcpy(slot, text, len);
    slot[len] = '\0';
    if (forwarder_address_parse(slot, &address) == 0)
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

void forwarders_names(const struct forwarders *forwarders,
                      char ret_names[FORWARDERS_NAMES_MAX])
{
    size_t count = forwarders->count;
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        const char *before = i + 1 < count ? ", " : " and ";
        if (i == 0)
            before = count == 1 ? "the resolver " : "the resolvers ";
        len += (size_t)snprintf(ret_names + len, FORWARDERS_NAMES_MAX - len,
                                "%s%s", before, forwarders->text[i]);
    }
    ret_names[len] = '\0';
}
