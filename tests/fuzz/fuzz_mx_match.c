/*
 * A pattern, a line feed, a host: the match against a naive one, label by
 * label, and under changes that must not matter.
 */
#include "property.h"

/* One label of a name, from *at; false at its end. */
static bool next_label(const char **at, const char *end,
                       struct mtasts_bytes *label)
{
    if (*at > end)
        return false;
    const char *dot = *at < end ? memchr(*at, '.', (size_t)(end - *at)) : NULL;

    label->data = *at;
    label->len = (size_t)((dot ? dot : end) - *at);
    *at = dot ? dot + 1 : end + 1;
    return true;
}

/* RFC 8461 section 4.1 with the readings that mtasts/mx_match.h states. */
static bool expected_match(const char *pattern, size_t pattern_len,
                           const char *host, size_t host_len)
{
    const char *pattern_end = pattern + pattern_len;
    bool wildcard = take_word(&pattern, pattern_end, "*.");
    struct mtasts_bytes wanted;
    struct mtasts_bytes label;

    if (!is_domain(pattern, (size_t)(pattern_end - pattern)))
        return false;
    if (host_len > 1 && host[host_len - 1] == '.')
        host_len--;
    const char *host_end = host + host_len;
    if (wildcard) {
        char plain[64];

        if (host_len > 253 || !next_label(&host, host_end, &label) ||
            label.len >= sizeof(plain))
            return false;
        memcpy(plain, label.data, label.len);
        for (size_t i = 0; i < label.len; i++)
            plain[i] = plain[i] == '_' ? 'x' : plain[i];
        if (memchr(plain, '.', label.len) || !is_domain(plain, label.len))
            return false;
    }
    while (next_label(&pattern, pattern_end, &wanted))
        if (!next_label(&host, host_end, &label) || label.len != wanted.len ||
            !ascii_equal_nocase(label.data, wanted.data, wanted.len))
            return false;
    return !next_label(&host, host_end, &label);
}

static char *copy_with_case(const char *text, size_t len, bool upper)
{
    char *copy = malloc(len + 1);

    PROPERTY(copy != NULL);
    for (size_t i = 0; i < len; i++) {
        bool letter = ascii_is_alpha(text[i]);

        copy[i] = !letter ? text[i]
                  : upper ? (char)(text[i] & ~0x20)
                          : (char)(text[i] | 0x20);
    }
    copy[len] = '.';
    return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size ? (const char *)data : "";
    const char *cut = size ? memchr(text, '\n', size) : NULL;
    size_t pattern_len = cut ? (size_t)(cut - text) : size;
    size_t host_len = cut ? size - pattern_len - 1 : 0;
    _cleanup_free_ char *upper = copy_with_case(text, pattern_len, true);
    _cleanup_free_ char *host =
        copy_with_case(cut ? cut + 1 : "", host_len, false);
    const char *raw_host = cut ? cut + 1 : "";
    bool match = mtasts_mx_match(text, pattern_len, raw_host, host_len);

    PROPERTY(match == expected_match(text, pattern_len, raw_host, host_len));
    PROPERTY(match == mtasts_mx_match(upper, pattern_len, host, host_len));
    if (host_len > 0 && host[host_len - 1] != '.')
        PROPERTY(match ==
                 mtasts_mx_match(upper, pattern_len, host, host_len + 1));
    if (match)
        PROPERTY(mtasts_mx_pattern_valid(text, pattern_len));

    bool is_pattern = mtasts_mx_pattern_valid(text, pattern_len);
    bool is_wildcard = pattern_len > 0 && text[0] == '*';
    PROPERTY(mtasts_mx_match(text, pattern_len, text, pattern_len) ==
             (is_pattern && !is_wildcard));
    return 0;
}
