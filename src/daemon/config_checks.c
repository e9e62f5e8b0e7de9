/*
 * config_checks: what a value must look like. See config_checks.h.
 *
 * Only the form is looked at. Whether an address can be bound or a file be
 * read shows when it is tried, with the reason that the system gives.
 */
#include "daemon/config_checks.h"

#include "base/ascii.h"
#include "base/number.h"
#include "net/address.h"
#include <string.h>
#include <sys/un.h>

#define PORT_MAX 65535u
#define HOST_MAX 255u    /* octets of a host in a URL */
#define NAME_MAX_FD 255u /* octets of FileDescriptorName= in systemd */

static bool is_port(const char *text, size_t len)
{
    uint64_t port;

    return number_parse(text, len, PORT_MAX, &port) == 0 && port > 0;
}

static bool is_address(const char *text, size_t len)
{
    char copy[ADDRESS_TEXT_MAX];
    struct address address;

    if (len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return address_parse(copy, &address) == 0;
}

const char *config_check_server(const char *text)
{
    size_t len = strcspn(text, "@");

    if (is_address(text, len) &&
        (!text[len] || is_port(text + len + 1, strlen(text + len + 1))))
        return NULL;
    return "give an IP address, or ADDRESS@PORT";
}

const char *config_check_cidr(const char *text)
{
    struct address_cidr cidr;

    return address_cidr_parse(text, &cidr) == 0
               ? NULL
               : "give a block such as 10.0.0.0/8, fd00::/8 or one address";
}

/* "HOST:PORT" or "[V6]:PORT", with an optional slash if `is_url`. */
static bool is_host_port(const char *text, bool is_url)
{
    bool brackets = text[0] == '[';
    size_t len = brackets ? strcspn(text, "]") : strcspn(text, ":/");
    const char *after = text + len;
    size_t port_len;

    if (brackets) {
        if (!*after || !memchr(text, ':', len) ||
            !is_address(text + 1, len - 1))
            return false;
        after++;
    } else if (len == 0 || len > HOST_MAX) {
        return false;
    }
    if (*after != ':')
        return false;
    port_len = strcspn(after + 1, "/");
    if (!is_port(after + 1, port_len))
        return false;
    after += 1 + port_len;
    return !*after || (is_url && strcmp(after, "/") == 0);
}

const char *config_check_proxy(const char *text)
{
    static const char *const schemes[] = {"http://", "socks5h://"};

    for (size_t i = 0; i < ELEMENTS(schemes); i++) {
        size_t len = strlen(schemes[i]);

        if (strncmp(text, schemes[i], len) == 0 &&
            is_host_port(text + len, true))
            return NULL;
    }
    return "give http://HOST:PORT or socks5h://HOST:PORT";
}

/* As systemd takes names of descriptors: no control character, no colon. */
static bool is_descriptor_name(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= NAME_MAX_FD && !strchr(text, ':');
}

static const char *check_inet(const char *text)
{
    size_t len = text[0] == '[' ? 0 : strcspn(text, ":");

    if (!is_host_port(text, false))
        return "give inet:ADDRESS:PORT, an IPv6 address in brackets";
    if (len > 0 && !is_address(text, len))
        return "give an IP address: names are not looked up at start";
    return NULL;
}

const char *config_check_listener(const char *text)
{
    const struct sockaddr_un *un = NULL;

    if (strncmp(text, "unix:", 5) == 0) {
        if (!text[5] || text[strlen(text) - 1] == '/')
            return "give unix:PATH, the path of a socket";
        return strlen(text + 5) < sizeof(un->sun_path)
                   ? NULL
                   : "the path of a UNIX socket has at most 107 octets";
    }
    if (strncmp(text, "inet:", 5) == 0)
        return check_inet(text + 5);
    if (strncmp(text, "systemd:", 8) == 0)
        return is_descriptor_name(text + 8)
                   ? NULL
                   : "give systemd:NAME, as FileDescriptorName= has it";
    return "give unix:PATH, inet:ADDRESS:PORT or systemd:NAME";
}

/* Of a name of systemd's it shows at the start. */
const char *config_check_local_listener(const char *text)
{
    const char *reason = config_check_listener(text);
    char host[ADDRESS_TEXT_MAX] = "";
    struct address address;

    if (reason || strncmp(text, "inet:", 5) != 0)
        return reason;
    text += 5;
    text += *text == '[';
    snprintf(host, sizeof(host), "%.*s",
             (int)strcspn(text, strchr(text, ']') ? "]" : ":"), text);
    return address_parse(host, &address) == 0 && address_is_loopback(&address)
               ? NULL
               : "give unix:PATH or a loopback address: what it tells is for "
                 "this machine alone";
}
