/*
 * JSON from outside: whatever is accepted keeps within the limits, and is
 * the same value when written and read again, in either layout.
 */
#include "property.h"
#include "json/json.h"
#include "json/octets.h"

static const struct json_limits limits = {
    .size = 100000,
    .depth = 16,
    .values = 1000,
};

static size_t depth_of(const struct json *json)
{
    size_t deepest = 0;
    struct json_member member = {0};

    if (json_kind(json) == JSON_IS_ARRAY)
        for (size_t i = 0; i < json_count(json); i++)
            deepest = MAX_OF(deepest, depth_of(json_at(json, i)));
    else if (json_kind(json) == JSON_IS_OBJECT)
        while (json_next(json, &member))
            deepest = MAX_OF(deepest, depth_of(member.value));
    else
        return 0;
    return deepest + 1;
}

static size_t values_of(const struct json *json)
{
    size_t count = 1;
    struct json_member member = {0};
    size_t len = 0;

    if (json_kind(json) == JSON_IS_ARRAY)
        for (size_t i = 0; i < json_count(json); i++)
            count += values_of(json_at(json, i));
    else if (json_kind(json) == JSON_IS_OBJECT)
        while (json_next(json, &member))
            count += values_of(member.value);
    else if (json_text(json, &len))
        PROPERTY(strlen(json_text(json, NULL)) == len &&
                 utf8_valid(json_text(json, NULL), len));
    return count;
}

static void check_same(const struct json *json, enum json_layout layout)
{
    struct json *again = NULL;
    _cleanup_buf_ struct buf text = BUF(1 << 20);
    _cleanup_buf_ struct buf text_again = BUF(1 << 20);

    PROPERTY(json_write(json, layout, &text) == 0);
    PROPERTY(json_parse(text.data, text.len, NULL, NULL, &again) == 0);
    PROPERTY(json_write(again, layout, &text_again) == 0);
    PROPERTY(text.len == text_again.len);
    PROPERTY(memcmp(text.data, text_again.data, text.len) == 0);
    json_free(again);
}

static void check_base64(const char *data, size_t size)
{
    _cleanup_buf_ struct buf text = BUF(base64_encoded_len(size));
    _cleanup_buf_ struct buf octets = BUF(size);

    PROPERTY(base64_encode(&text, data, size) == 0);
    PROPERTY(text.len == base64_encoded_len(size));
    PROPERTY(base64_decode(&octets, buf_text(&text), text.len) == 0);
    PROPERTY(octets.len == size);
    PROPERTY(size == 0 || memcmp(octets.data, data, size) == 0);

    /* And the input as Base64: what is taken is the one way to write it. */
    buf_clear(&octets);
    buf_clear(&text);
    text.max = size;
    if (base64_decode(&octets, data, size) != 0)
        return;
    PROPERTY(base64_encode(&text, buf_text(&octets), octets.len) == 0);
    PROPERTY(text.len == size);
    PROPERTY(size == 0 || memcmp(text.data, data, size) == 0);
}

static void check_repair(const char *data, size_t size)
{
    _cleanup_buf_ struct buf repaired = BUF(size * 3);

    PROPERTY(utf8_repair(&repaired, data, size) == 0);
    PROPERTY(utf8_valid(buf_text(&repaired), repaired.len));
    if (utf8_valid(data, size))
        PROPERTY(repaired.len == size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct json_fault fault = {0};
    struct json *json = NULL;

    check_base64(text, size);
    check_repair(text, size);
    if (json_parse(text, size, &limits, &fault, &json) != 0) {
        PROPERTY(fault.text[0] != '\0');
        PROPERTY(fault.offset <= size);
        return 0;
    }
    PROPERTY(size <= limits.size);
    PROPERTY(depth_of(json) <= limits.depth);
    PROPERTY(values_of(json) <= limits.values);
    check_same(json, JSON_ONE_LINE);
    check_same(json, JSON_INDENTED);
    json_free(json);
    return 0;
}
