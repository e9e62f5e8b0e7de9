/*
 * A value in the log: printable ASCII, one bare word or one quoted string
 * whatever went in; and what was plain ASCII text comes out of the quotes as
 * it was.
 */
#include "daemon/logfmt.h"

#include "property.h"

static bool is_hex(const char *text)
{
    for (size_t i = 0; i < 4; i++)
        if (!ascii_is_xdigit(text[i]))
            return false;
    return true;
}

/* Octets that the character at `at` takes: an escape is one. */
static size_t length_of(const char *at)
{
    if (*at != '\\')
        return 1;
    if (at[1] == 'u') {
        PROPERTY(is_hex(at + 2));
        return 6;
    }
    PROPERTY(at[1] && strchr("\"\\nrt", at[1]));
    return 2;
}

static void check_value(const char *value, size_t len)
{
    size_t at = 1;

    for (size_t i = 0; i < len; i++)
        PROPERTY(value[i] >= ' ' && value[i] <= '~');
    if (value[0] != '"') {
        PROPERTY(len > 0 && !strpbrk(value, " =\"\\"));
        return;
    }
    while (at < len && value[at] != '"')
        at += length_of(value + at);
    PROPERTY(at == len - 1);
}

/* The other way round, for what has no escapes but those of one character. */
static void check_same(const char *value, size_t len, const uint8_t *data,
                       size_t size)
{
    size_t at = value[0] == '"';
    size_t i = 0;

    for (; i < size; i++) {
        if (value[at] == '\\')
            at++;
        PROPERTY(at < len && (uint8_t)value[at++] == data[i]);
    }
    PROPERTY(at == len - (value[0] == '"'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct log_field field = LOG_OCTETS("k", (const char *)data, size);
    bool plain = size <= LOGFMT_VALUE_MAX;
    _cleanup_buf_ struct buf buf = BUF(8 * LOGFMT_VALUE_MAX);

    logfmt_value(&buf, &field);
    PROPERTY(buf.error == 0 && buf.len > 0);
    check_value(buf.data, buf.len);
    for (size_t i = 0; i < size; i++)
        plain = plain && data[i] >= ' ' && data[i] <= '~';
    if (plain)
        check_same(buf.data, buf.len, data, size);
    return 0;
}
