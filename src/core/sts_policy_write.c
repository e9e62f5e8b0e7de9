/*
 * Writing a policy (RFC 8461 section 3.2) in the one form that every reader
 * takes: version first, one space after each colon, lines ended by CRLF.
 * See mtasts/sts_policy.h.
 */
#include <mtasts/sts_policy.h>

#include "core/domain.h"
#include <mtasts/error.h>
#include <mtasts/mx_match.h>
#include <stdio.h>
#include <string.h>

/* Text being written; `failed` is sticky. */
struct text {
    char *buf;
    size_t size;
    size_t len;
    bool failed;
};

static void append(struct text *text, const char *from, size_t len)
{
    if (text->failed || len >= text->size - text->len) {
        text->failed = true;
        return;
    }
    memcpy(text->buf + text->len, from, len);
    text->len += len;
}

static void append_line(struct text *text, const char *key, const char *value)
{
    append(text, key, strlen(key));
    append(text, ": ", 2);
    append(text, value, strlen(value));
    append(text, "\r\n", 2);
}

static void append_mx(struct text *text, const char *pattern)
{
    size_t start = text->len + sizeof("mx: ") - 1;

    append_line(text, "mx", pattern);
    if (!text->failed)
        domain_lower(text->buf + start, text->buf + start, strlen(pattern));
}

static int check_mx(const char *const *mx, size_t mx_count, size_t *ret_len)
{
    for (size_t i = 0; i < mx_count; i++) {
        if (mtasts_mx_pattern_valid(mx[i], strlen(mx[i])))
            continue;
        *ret_len = i;
        return -MTASTS_ENAME;
    }
    return 0;
}

int mtasts_sts_policy_write(enum mtasts_mode mode, uint32_t max_age,
                            const char *const *mx, size_t mx_count, char *buf,
                            size_t size, size_t *ret_len)
{
    const char *mode_name = mtasts_mode_name(mode);
    struct text text = {.buf = buf, .size = size};
    char seconds[sizeof("4294967295")];
    int r;

    if (!mode_name || max_age > MTASTS_MAX_AGE_MAX || !buf || !ret_len ||
        (mx_count > 0 && !mx) || (mode != MTASTS_MODE_NONE && mx_count == 0))
        return -MTASTS_EINVAL;
    r = check_mx(mx, mx_count, ret_len);
    if (r < 0)
        return r;

    /* The limit of readers, and room for the terminator. */
    if (text.size > MTASTS_POLICY_BODY_MAX)
        text.size = MTASTS_POLICY_BODY_MAX + 1;
    snprintf(seconds, sizeof(seconds), "%u", (unsigned)max_age);
    append_line(&text, "version", "STSv1");
    append_line(&text, "mode", mode_name);
    for (size_t i = 0; i < mx_count; i++)
        append_mx(&text, mx[i]);
    append_line(&text, "max_age", seconds);
    if (text.failed)
        return -MTASTS_ETOOLONG;
    buf[text.len] = '\0';
    *ret_len = text.len;
    return 0;
}
