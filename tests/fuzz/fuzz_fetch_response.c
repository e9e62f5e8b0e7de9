/*
 * Header lines as a policy host may send them: what is kept is printable and
 * short, and a line alone says of its media type what the whole says.
 */
#include "net/fetch.h"
#include "net/fetch_response.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
    if (!good)
        abort();
}

static void check_text(const char *text)
{
    check(strlen(text) <= FETCH_VALUE_MAX);
    for (; *text; text++)
        check(*text >= ' ' && *text <= '~');
}

static void check_type(const char *line, size_t len)
{
    char *value = malloc(len + 1);

    check(value != NULL);
    memcpy(value, line, len);
    value[len] = '\0';
    if (fetch_content_type_ok(value))
        check(strlen(value) >= strlen("text/plain"));
    free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fetch_response response = {0};
    const char *text = (const char *)data;

    while (size > 0) {
        const char *newline = memchr(text, '\n', size);
        size_t len = newline ? (size_t)(newline - text) + 1 : size;
        size_t before = response.octets;
        fetch_response_line(&response, text, len);
        check(response.octets == before + len);
        check_type(text, len);
        text += len;
        size -= len;
    }
    check_text(response.type);
    check_text(response.location);
    check(response.has_type || (!response.type_ok && !*response.type));
    check(response.has_length || response.length == 0 ||
          response.contradictory);
    check(fetch_response_ends_by_close(&response) ==
          (!response.has_length && !response.chunked));
    return 0;
}
