/*
 * listen_address: where a server listens. See listen_address.h.
 */
#include "net/listen_address.h"

#include "base/cleanup.h"
#include "base/number.h"
#include "net/why.h"
#include <mtasts/error.h>

#define PORT_MAX 65535u

static bool copy(char *to, size_t size, const char *from, size_t len)
{
    if (len == 0 || len >= size)
        return false;
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

static int parse_host(const char *text, size_t len, struct address *ret_address)
{
    char host[ADDRESS_TEXT_MAX];
    bool bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';

    if (bracketed) {
        text++;
        len -= 2;
    }
    if (!copy(host, sizeof(host), text, len) ||
        bracketed != (strchr(host, ':') != NULL))
        return -MTASTS_EINVAL;
    return address_parse(host, ret_address);
}

static int parse_inet(const char *text, struct listen_address *address,
                      char why[LISTEN_WHY_MAX])
{
    const char *colon = strrchr(text, ':');
    uint64_t port;

    if (!colon || number_parse(colon + 1, strlen(colon + 1), PORT_MAX, &port))
        return why_say(why, -MTASTS_EINVAL,
                       "inet:%s does not end in a port, as inet:127.0.0.1:8461 "
                       "does",
                       text);
    if (parse_host(text, (size_t)(colon - text), &address->address))
        return why_say(why, -MTASTS_EINVAL,
                       "inet:%s has no IP address: write inet:IPV4:PORT or "
                       "inet:[IPV6]:PORT",
                       text);
    address->port = (uint16_t)port;
    return 0;
}

static int parse_unix(const char *text, struct listen_address *address,
                      char why[LISTEN_WHY_MAX])
{
    size_t len = strlen(text);

    if (text[0] != '/' || text[len - 1] == '/')
        return why_say(why, -MTASTS_EINVAL,
                       "unix:%s is not the whole path of a socket, as "
                       "unix:/run/mtasts/socketmap.sock is",
                       text);
    if (!copy(address->name, LISTEN_PATH_MAX, text, len))
        return why_say(
            why, -MTASTS_ETOOLONG,
            "a UNIX socket's path has at most %zu octets, and this one "
            "has %zu: %s. Choose a shorter one; whoever connects is "
            "bound by the same limit",
            LISTEN_PATH_MAX - 1, len, text);
    return 0;
}

static int parse_systemd(const char *text, struct listen_address *address,
                         char why[LISTEN_WHY_MAX])
{
    if (!copy(address->name, sizeof(address->name), text, strlen(text)))
        return why_say(
            why, -MTASTS_EINVAL,
            "after systemd: comes the FileDescriptorName= of a socket "
            "unit");
    return 0;
}

int listen_address_parse(const char *text, struct listen_address *ret_address,
                         char why[LISTEN_WHY_MAX])
{
    static const struct {
        const char *scheme;
        enum listen_kind kind;
        int (*parse)(const char *text, struct listen_address *address,
                     char why[LISTEN_WHY_MAX]);
    } schemes[] = {
        {"inet:", LISTEN_INET, parse_inet},
        {"unix:", LISTEN_UNIX, parse_unix},
        {"systemd:", LISTEN_SYSTEMD, parse_systemd},
    };

    for (size_t i = 0; i < ELEMENTS(schemes); i++) {
        size_t len = strlen(schemes[i].scheme);
        struct listen_address address = {.kind = schemes[i].kind};

        if (strncmp(text, schemes[i].scheme, len) != 0)
            continue;
        int error = schemes[i].parse(text + len, &address, why);
        if (!error)
            *ret_address = address;
        return error;
    }
    return why_say(why, -MTASTS_EINVAL,
                   "%s is nothing to listen on: write inet:ADDRESS:PORT, "
                   "unix:/PATH or systemd:NAME",
                   text);
}
