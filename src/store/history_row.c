/*
 * history_row: something that happened to a domain's policy. See
 * history_row.h.
 */
#include "store/history_row.h"

#include "base/cleanup.h"
#include "base/utf8.h"
#include "store/row_sum.h"
#include <mtasts/name.h>
#include <string.h>

/* The texts of a row, and how long each may be. */
static const struct {
    size_t offset;
    size_t max;
} TEXTS[] = {
    {offsetof(struct history_row, domain), MTASTS_NAME_MAX},
    {offsetof(struct history_row, event), HISTORY_WORD_MAX},
    {offsetof(struct history_row, old_mode), HISTORY_WORD_MAX},
    {offsetof(struct history_row, old_id), HISTORY_WORD_MAX},
    {offsetof(struct history_row, new_mode), HISTORY_WORD_MAX},
    {offsetof(struct history_row, new_id), HISTORY_WORD_MAX},
    {offsetof(struct history_row, detail), HISTORY_DETAIL_MAX},
};

static const char *text_of(const struct history_row *row, size_t i)
{
    const char *text;

    memcpy(&text, (const char *)row + TEXTS[i].offset, sizeof(text));
    return text;
}

int64_t history_row_sum(int64_t seq, const struct history_row *row)
{
    struct row_sum sum;

    row_sum_begin(&sum, "history");
    row_sum_number(&sum, seq);
    row_sum_number(&sum, row->at_ms);
    for (size_t i = 0; i < ELEMENTS(TEXTS); i++)
        row_sum_text(&sum, text_of(row, i));
    return row_sum_end(&sum);
}

/* Octets of the character at `text`; 0: none that may be kept. */
static size_t character(const char *text, size_t len)
{
    unsigned char first = (unsigned char)*text;

    if (first < 0x20 || first == 0x7f)
        return 0;
    return first < 0x80 ? 1 : utf8_sequence(text, len);
}

/* At most `max` octets and a NUL; returns what is behind it. */
static char *put(char *at, const char *text, size_t max)
{
    size_t left = strlen(text);

    while (left > 0) {
        size_t len = character(text, left);
        size_t taken = len ? len : 1;
        if (taken > max)
            break;
        if (len)
            memcpy(at, text, len);
        else
            *at = '?';
        at += taken;
        text += taken;
        left -= taken;
        max -= taken;
    }
    *at = '\0';
    return at + 1;
}

struct history_row *history_row_copy(const struct history_row *row)
{
    size_t size = sizeof(*row);
    struct history_row *copy;
    char *at;

    for (size_t i = 0; i < ELEMENTS(TEXTS); i++)
        size += strnlen(text_of(row, i), TEXTS[i].max) + 1;
    copy = malloc(size);
    if (!copy)
        return NULL;
    at = (char *)(copy + 1);
    copy->at_ms = row->at_ms;
    for (size_t i = 0; i < ELEMENTS(TEXTS); i++) {
        const char *text = at;
        memcpy((char *)copy + TEXTS[i].offset, &text, sizeof(text));
        at = put(at, text_of(row, i), TEXTS[i].max);
    }
    return copy;
}
