/*
 * map_address: the addresses of listeners for an MTA. See map_address.h.
 */
#include "cli/map_address.h"

#include "net/listen_address.h"
#include <stdio.h>
#include <string.h>

#define UNIX "unix:"

static void add(struct map_address_list *list, const char *path,
                const char *format, ...) _printf_(3, 4);

/* One that does not fit is left out: LISTEN_PATH_MAX is far below. */
static void add(struct map_address_list *list, const char *path,
                const char *format, ...)
{
    struct map_address *address = &list->items[list->count];
    va_list args;
    if (list->count == ELEMENTS(list->items))
        return;
    *address = (struct map_address){0};
    va_start(args, format);
    vsnprintf(address->text, sizeof(address->text), format, args);
    va_end(args);
    snprintf(address->path, sizeof(address->path), "%s", path);
    list->count++;
}

static bool is_any(const struct address *address)
{
    static const uint8_t zero[16];
    return memcmp(address->octets, zero, address->ipv6 ? 16 : 4) == 0;
}

static void add_inet(struct map_address_list *list,
                     const struct listen_address *listener)
{
    char text[ADDRESS_TEXT_MAX];
    bool ipv6 = listener->address.ipv6;
    address_text(&listener->address, text);
    if (is_any(&listener->address))
        snprintf(text, sizeof(text), "%s", ipv6 ? "::1" : "127.0.0.1");
    add(list, "", "inet:%s%s%s:%u", ipv6 ? "[" : "", text, ipv6 ? "]" : "",
        (unsigned)listener->port);
}

static void add_unix(struct map_address_list *list, const char *path,
                     const char *queue)
{
    size_t len = strlen(queue);
    if (len > 1 && strncmp(path, queue, len) == 0 && path[len] == '/')
        add(list, path, UNIX "%s", path + len + 1);
    add(list, path, UNIX "%s", path);
}

void map_addresses_of(const struct config_list *listeners, const char *queue,
                      struct map_address_list *ret_list)
{
    *ret_list = (struct map_address_list){0};
    for (size_t i = 0; i < listeners->count; i++) {
        struct listen_address listener;
        char why[LISTEN_WHY_MAX];
        if (listen_address_parse(listeners->items[i], &listener, why) < 0)
            continue; /* the configuration was checked */
        switch (listener.kind) {
        case LISTEN_INET: add_inet(ret_list, &listener); break;
        case LISTEN_UNIX: add_unix(ret_list, listener.name, queue); break;
        case LISTEN_SYSTEMD: ret_list->inherited = true; break;
        }
    }
}

bool map_address_in_chroot(const struct map_address *address)
{
    return !*address->path || address->text[strlen(UNIX)] != '/';
}
