/*
 * The lines of a policy body. See core/policy_line.h.
 *
 * Lines end with LF or CRLF and nothing else: a carriage return alone, a
 * form feed or U+2028 are part of the line. Only space and tab are trimmed.
 */
#include "core/policy_line.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "core/bytes.h"
#include "core/fault_list.h"

/* sts-policy-ext-name: one alphanumeric and up to 31 more characters. */
#define KEY_MAX 32

void policy_fault(struct policy_cursor *cursor, const struct policy_line *line,
                  enum mtasts_fault_code code, enum mtasts_weight weight,
                  const char *at, size_t len)
{
    size_t column = (size_t)(at - line->text);

    fault_add(cursor->faults, (struct mtasts_fault){
                                  .code = code,
                                  .weight = weight,
                                  .line = line->number,
                                  .column = column + 1,
                                  .offset = line->offset + column,
                                  .len = len,
                              });
}

void policy_slice_fault(struct policy_cursor *cursor,
                        const struct policy_line *line,
                        enum mtasts_fault_code code, enum mtasts_weight weight,
                        const struct mtasts_bytes *slice)
{
    policy_fault(cursor, line, code, weight, slice->data, slice->len);
}

void policy_skip_bom(struct policy_cursor *cursor)
{
    static const char bom[] = "\xef\xbb\xbf";
    size_t len = sizeof(bom) - 1;
    struct policy_line first = {.text = cursor->body, .number = 1};

    if (cursor->len < len || memcmp(cursor->body, bom, len) != 0)
        return;
    policy_fault(cursor, &first, MTASTS_FAULT_BOM, MTASTS_QUIRK, cursor->body,
                 len);
    cursor->start = cursor->pos = len;
}

bool policy_next_line(struct policy_cursor *cursor, struct policy_line *line)
{
    const char *text = cursor->body + cursor->pos;
    size_t left = cursor->len - cursor->pos;
    const char *lf = left > 0 ? memchr(text, '\n', left) : NULL;
    size_t len = lf ? (size_t)(lf - text) : left;

    if (left == 0)
        return false;
    *line = (struct policy_line){
        .text = text,
        .len = len,
        .offset = cursor->pos,
        .number = ++cursor->line_number,
        .has_lf = lf != NULL,
    };
    cursor->pos += len + line->has_lf;
    if (lf && len > 0 && text[len - 1] == '\r')
        line->len--;
    return true;
}

void policy_split_line(struct policy_line *line)
{
    const char *colon = line->len ? memchr(line->text, ':', line->len) : NULL;

    if (!colon)
        return;
    line->key.data = line->text;
    line->key.len = (size_t)(colon - line->text);
    line->value.data = colon + 1;
    line->value.len = line->len - line->key.len - 1;
    bytes_trim(&line->key);
    bytes_trim(&line->value);
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

bool policy_find_control(struct policy_cursor *cursor,
                         const struct policy_line *line, const char *text,
                         size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!is_control(text[i]))
            continue;
        policy_fault(cursor, line, MTASTS_FAULT_CONTROL, MTASTS_FATAL, text + i,
                     1);
        return true;
    }
    return false;
}

void policy_check_space(struct policy_cursor *cursor,
                        const struct policy_line *line)
{
    const char *key_end = line->key.data + line->key.len;

    if (line->key.data > line->text && line->key.len > 0)
        policy_fault(cursor, line, MTASTS_FAULT_LINE_SPACE, MTASTS_QUIRK,
                     line->text, (size_t)(line->key.data - line->text));
    if (*key_end != ':')
        policy_fault(cursor, line, MTASTS_FAULT_COLON_SPACE, MTASTS_QUIRK,
                     key_end, 1);
}

/* sts-policy-ext-name. */
static bool is_key(const struct mtasts_bytes *key)
{
    if (key->len == 0 || key->len > KEY_MAX || !ascii_is_alnum(key->data[0]))
        return false;
    for (size_t i = 1; i < key->len; i++) {
        char c = key->data[i];

        if (!ascii_is_alnum(c) && c != '_' && c != '-' && c != '.')
            return false;
    }
    return true;
}

/*
 * sts-policy-ext-value: visible ASCII, UTF-8, spaces inside. Reports the
 * first fault of each sort.
 */
static void check_value(struct policy_cursor *cursor,
                        const struct policy_line *line)
{
    const char *text = line->value.data;
    size_t len = line->value.len;
    bool tab_seen = false;
    bool utf8_seen = false;
    size_t step;

    if (len == 0)
        policy_fault(cursor, line, MTASTS_FAULT_VALUE_EMPTY, MTASTS_QUIRK, text,
                     0);
    for (size_t i = 0; i < len; i += step) {
        step = 1;
        if (text[i] >= 0x20 && text[i] < 0x7f)
            continue;
        if ((unsigned char)text[i] >= 0x80) {
            size_t sequence = utf8_sequence(text + i, len - i);

            if (sequence > 0) {
                step = sequence;
            } else if (!utf8_seen) {
                utf8_seen = true;
                policy_fault(cursor, line, MTASTS_FAULT_UTF8, MTASTS_QUIRK,
                             text + i, 1);
            }
        } else if (text[i] != '\t') {
            policy_fault(cursor, line, MTASTS_FAULT_CONTROL, MTASTS_FATAL,
                         text + i, 1);
            return;
        } else if (!tab_seen) {
            tab_seen = true;
            policy_fault(cursor, line, MTASTS_FAULT_VALUE, MTASTS_QUIRK,
                         text + i, 1);
        }
    }
}

bool policy_check_extension(struct policy_cursor *cursor,
                            const struct policy_line *line)
{
    const struct mtasts_bytes *key = &line->key;
    bool has_key = is_key(key);

    if (!has_key && !policy_find_control(cursor, line, key->data, key->len))
        policy_slice_fault(cursor, line, MTASTS_FAULT_KEY, MTASTS_QUIRK, key);
    check_value(cursor, line);
    return has_key;
}
