/*
 * fetch_response: the header lines that matter to a policy fetch.
 *
 * libcurl hands the lines over and reads the body by them. It takes the
 * first number of `Content-Length: 120, 80`, and prefers chunks to a length
 * in silence; RFC 9112 6.3 calls both an error, and so do we: whoever cannot
 * say where his policy ends has not given one.
 */
#include "net/fetch_response.h"

#include "base/ascii.h"
#include "base/cleanup.h"
#include "net/fetch.h"

static const char MEDIA_TYPE[] = "text/plain";

static size_t skip_blanks(const char *text, size_t len)
{
    size_t count = 0;

    while (count < len && ascii_is_wsp(text[count]))
        count++;
    return count;
}

static size_t trimmed(const char *text, size_t len)
{
    while (len > 0 && ascii_is_wsp(text[len - 1]))
        len--;
    return len;
}

static bool type_ok(const char *value, size_t len)
{
    size_t media = sizeof(MEDIA_TYPE) - 1;
    size_t lead = skip_blanks(value, len);

    value += lead;
    len = trimmed(value, len - lead);
    if (len < media || !ascii_equal_nocase(value, MEDIA_TYPE, media))
        return false;
    media += skip_blanks(value + media, len - media);
    return media == len || value[media] == ';';
}

bool fetch_content_type_ok(const char *value)
{
    return value && type_ok(value, strlen(value));
}

void fetch_printable(char *ret_text, size_t size, const char *text, size_t len)
{
    size_t kept = MIN_OF(len, size - 1);

    for (size_t i = 0; i < kept; i++)
        ret_text[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    ret_text[kept] = '\0';
}

static void take_length(struct fetch_response *response, const char *value,
                        size_t len)
{
    uint64_t length = 0;

    if (len == 0)
        response->contradictory = true;
    for (size_t i = 0; i < len; i++) {
        if (!ascii_is_digit(value[i])) {
            response->contradictory = true;
            return;
        }
        unsigned digit = (unsigned)(value[i] - '0');
        length = length > (UINT64_MAX - digit) / 10 ? UINT64_MAX
                                                    : length * 10 + digit;
    }
    if (response->chunked ||
        (response->has_length && response->length != length))
        response->contradictory = true;
    response->has_length = true;
    response->length = length;
}

static void take_coding(struct fetch_response *response, const char *value,
                        size_t len)
{
    if (!ascii_is_nocase(value, len, "chunked") || response->has_length ||
        response->chunked)
        response->contradictory = true;
    response->chunked = true;
}

static void take_type(struct fetch_response *response, const char *value,
                      size_t len)
{
    bool ok = type_ok(value, len);

    if (!response->has_type || (response->type_ok && !ok))
        fetch_printable(response->type, sizeof(response->type), value, len);
    response->type_ok = ok && (!response->has_type || response->type_ok);
    response->has_type = true;
}

static void take_location(struct fetch_response *response, const char *value,
                          size_t len)
{
    if (!*response->location)
        fetch_printable(response->location, sizeof(response->location), value,
                        len);
}

static const struct field {
    const char *name;
    void (*take)(struct fetch_response *response, const char *value,
                 size_t len);
} FIELDS[] = {
    {"content-length", take_length},
    {"transfer-encoding", take_coding},
    {"content-type", take_type},
    {"location", take_location},
};

static void take_field(struct fetch_response *response, const char *line,
                       size_t len)
{
    const char *colon = memchr(line, ':', len);
    size_t name, lead;

    if (!colon)
        return;
    name = (size_t)(colon - line);
    line += name + 1;
    len -= name + 1;
    lead = skip_blanks(line, len);
    for (size_t i = 0; i < ELEMENTS(FIELDS); i++)
        if (ascii_is_nocase(colon - name, name, FIELDS[i].name))
            FIELDS[i].take(response, line + lead,
                           trimmed(line + lead, len - lead));
}

static void begin(struct fetch_response *response)
{
    size_t octets = response->octets;

    *response = (struct fetch_response){.octets = octets};
}

void fetch_response_line(struct fetch_response *response, const char *line,
                         size_t len)
{
    response->octets += len;
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
        len--;
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
        begin(response);
    else if (len == 0)
        response->complete = true;
    else if (!response->complete)
        take_field(response, line, len);
}

bool fetch_response_ends_by_close(const struct fetch_response *response)
{
    return !response->has_length && !response->chunked;
}
