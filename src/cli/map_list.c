/*
 * map_list: the tables of smtp_tls_policy_maps. See map_list.h.
 */
#include "cli/map_list.h"

#include "base/ascii.h"
#include <mtasts/error.h>
#include <string.h>

#define SOCKETMAP "socketmap:"
#define PROXY "proxy:"

struct entry {
    const char *at;
    size_t len;
};

static bool is_gap(char c)
{
    return c == ' ' || c == '\t' || c == ',' || c == '\n' || c == '\r';
}

/* 1: there is one; 0: the end; -MTASTS_ESYNTAX. */
static int next_entry(const char **at, struct entry *entry)
{
    unsigned depth = 0;
    while (is_gap(**at))
        ++*at;
    entry->at = *at;
    for (; **at && (depth > 0 || !is_gap(**at)); ++*at) {
        if (**at == '{')
            depth++;
        else if (**at == '}' && depth > 0)
            depth--;
    }
    entry->len = (size_t)(*at - entry->at);
    if (depth > 0)
        return -MTASTS_ESYNTAX;
    return entry->len > 0;
}

static bool take(struct entry *entry, const char *prefix)
{
    size_t len = strlen(prefix);
    if (entry->len < len || memcmp(entry->at, prefix, len) != 0)
        return false;
    entry->at += len;
    entry->len -= len;
    return true;
}

static void copy(char to[MAP_ENTRY_MAX], const char *at, size_t len)
{
    snprintf(to, MAP_ENTRY_MAX, "%.*s", (int)MIN_OF(len, MAP_ENTRY_MAX), at);
}

/* Takes "[proxy:]socketmap:ADDRESS:NAME" apart; false: it is something else. */
static bool is_socketmap(struct entry entry, char ret_address[MAP_ENTRY_MAX],
                         char ret_name[MAP_ENTRY_MAX])
{
    take(&entry, PROXY);
    if (!take(&entry, SOCKETMAP) || entry.len >= MAP_ENTRY_MAX)
        return false;
    const char *colon = memrchr(entry.at, ':', entry.len);
    if (!colon)
        return false;
    copy(ret_address, entry.at, (size_t)(colon - entry.at));
    copy(ret_name, colon + 1, entry.len - (size_t)(colon + 1 - entry.at));
    return true;
}

bool map_list_same(const char *a, const char *b)
{
    static const char name[] = "inet:localhost:";
    static const char number[] = "inet:127.0.0.1:";
    if (strncmp(a, name, strlen(name)) == 0 &&
        strncmp(b, number, strlen(number)) == 0)
        return strcmp(a + strlen(name), b + strlen(number)) == 0;
    return strcmp(a, b) == 0;
}

static bool is_listed(const struct map_addresses *addresses,
                      const char *address)
{
    for (size_t i = 0; i < addresses->count; i++)
        if (map_list_same(address, addresses->items[i]))
            return true;
    return false;
}

static void count(struct map_list *list, const struct entry *entry,
                  const struct map_addresses *addresses)
{
    char address[MAP_ENTRY_MAX];
    char name[MAP_ENTRY_MAX];
    bool socketmap = is_socketmap(*entry, address, name);
    if (socketmap && is_listed(addresses, address)) {
        if (list->ours++ == 0) {
            copy(list->entry, entry->at, entry->len);
            copy(list->address, address, strlen(address));
            copy(list->name, name, strlen(name));
        }
        return;
    }
    if (socketmap && !*list->rival)
        copy(list->rival, entry->at, entry->len);
    if (list->ours > 0)
        list->after++;
    else
        list->before++;
}

int map_list_read(const char *list, const struct map_addresses *addresses,
                  struct map_list *ret_list)
{
    struct map_list seen = {0};
    struct entry entry;
    int more;
    while ((more = next_entry(&list, &entry)) > 0)
        count(&seen, &entry, addresses);
    if (more == 0)
        *ret_list = seen;
    return more;
}

int map_list_make(const char *list, const struct map_addresses *addresses,
                  const char *entry, struct buf *buf)
{
    char address[MAP_ENTRY_MAX];
    char name[MAP_ENTRY_MAX];
    struct entry next;
    int more;
    while ((more = next_entry(&list, &next)) > 0) {
        if (is_socketmap(next, address, name) && is_listed(addresses, address))
            continue;
        buf_append(buf, next.at, next.len);
        buf_puts(buf, ", ");
    }
    buf_puts(buf, entry);
    return more < 0 ? more : buf->error;
}
