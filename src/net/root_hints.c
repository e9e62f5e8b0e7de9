/*
 * root_hints: looks for addresses of this machine in a zone file.
 *
 * Every word that is an address counts, wherever it stands: one too many
 * only lets through what its operator wrote there.
 */
#include "net/root_hints.h"

#include "base/cleanup.h"
#include "net/address.h"
#include <string.h>

static const char SPACE[] = " \t\r\n()";

static bool is_local(const char *word, size_t len)
{
    char text[ADDRESS_TEXT_MAX];
    struct address address;

    if (len >= sizeof(text))
        return false;
    memcpy(text, word, len);
    text[len] = '\0';
    return address_parse(text, &address) == 0 && address_is_loopback(&address);
}

static bool is_space(char c)
{
    return c == '\0' || strchr(SPACE, c);
}

bool root_hints_local(const char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        size_t end = at;
        if (text[at] == ';') { /* a comment */
            const char *newline = memchr(text + at, '\n', len - at);
            at = newline ? (size_t)(newline - text) : len;
            continue;
        }
        while (end < len && text[end] != ';' && !is_space(text[end]))
            end++;
        if (is_local(text + at, end - at))
            return true;
        at = end > at ? end : at + 1;
    }
    return false;
}

bool root_hints_file_local(const char *file)
{
    _cleanup_file_ FILE *stream = fopen(file, "re");
    _cleanup_free_ char *text = malloc(ROOT_HINTS_MAX);

    if (!stream || !text)
        return false;
    return root_hints_local(text, fread(text, 1, ROOT_HINTS_MAX, stream));
}
