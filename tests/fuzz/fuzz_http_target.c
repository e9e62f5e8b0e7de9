/*
 * Targets and Host headers: the first line of the input is a target, the
 * second a Host header. What is decoded is short enough, printable, and the
 * same once it is encoded again.
 */
#include "base/buf.h"
#include "net/http_target.h"
#include "property.h"

static const char ROUTE[] = "/v1/policy/";

static bool is_clean(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

/* Every octet escaped: the longest way to say it. */
static void escape(struct buf *to, const char *text)
{
    for (; *text; text++)
        buf_printf(to, "%%%02X", (unsigned char)*text);
}

static void check_name(const char *name)
{
    _cleanup_buf_ struct buf target = BUF(1u << 16);
    char again[HTTP_NAME_MAX];

    PROPERTY(is_clean(name));
    buf_puts(&target, ROUTE);
    escape(&target, name);
    PROPERTY(http_target_match(buf_text(&target), ROUTE, again) == 1);
    PROPERTY(strcmp(again, name) == 0);
}

static void check_value(const char *value)
{
    _cleanup_buf_ struct buf target = BUF(1u << 16);
    char again[HTTP_NAME_MAX];

    PROPERTY(is_clean(value));
    buf_puts(&target, "/?a=b&key=");
    escape(&target, value);
    PROPERTY(
        http_target_query(buf_text(&target), "key", again, sizeof(again)) == 1);
    PROPERTY(strcmp(again, value) == 0);
}

/* What names the host names it with a port, and in capitals. */
static void check_host(const char *host)
{
    _cleanup_buf_ struct buf with_port = BUF(1u << 16);

    if (!http_host_is(host, "localhost"))
        return;
    PROPERTY(ascii_equal_nocase(host, "localhost", strlen("localhost")));
    PROPERTY(!http_host_is(host, "[::1]"));
    buf_printf(&with_port, "LOCALHOST%s", host + strlen("localhost"));
    PROPERTY(http_host_is(buf_text(&with_port), "localhost"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char name[HTTP_NAME_MAX], value[HTTP_NAME_MAX];

    PROPERTY(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    char *host = strchr(text, '\n');
    if (host)
        *host++ = '\0';
    if (http_target_match(text, ROUTE, name) == 1)
        check_name(name);
    if (http_target_match(text, "/metrics", name) == 1)
        PROPERTY(name[0] == '\0');
    if (http_target_query(text, "key", value, sizeof(value)) == 1)
        check_value(value);
    if (host)
        check_host(host);
    free(text);
    return 0;
}
