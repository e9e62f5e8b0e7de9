/*
 * What the fuzzers of libmtasts share: properties that must hold, and what
 * is true of every list of faults.
 */
#ifndef MTASTS_FUZZ_PROPERTY_H
#define MTASTS_FUZZ_PROPERTY_H

#include "base/ascii.h"
#include "base/cleanup.h"
#include <mtasts/mtasts.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROPERTY(condition)                                                    \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__,         \
                    #condition);                                               \
            abort();                                                           \
        }                                                                      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FAULTS_MAX 64

struct fault_room {
    struct mtasts_fault items[FAULTS_MAX];
    struct mtasts_faults list;
};

static inline _unused_ struct mtasts_faults *fault_room(struct fault_room *room,
                                                        size_t max)
{
    room->list = (struct mtasts_faults){.items = room->items, .max = max};
    return &room->list;
}

/* Counts agree with the items, and every item has a name. */
static inline _unused_ void check_counts(const struct mtasts_faults *faults)
{
    size_t weights[MTASTS_FATAL + 1] = {0};
    size_t stored = MIN_OF(faults->count, faults->max);

    for (size_t i = 0; i < stored; i++) {
        PROPERTY(mtasts_fault_name(faults->items[i].code) != NULL);
        PROPERTY((size_t)faults->items[i].weight <= MTASTS_FATAL);
        weights[faults->items[i].weight]++;
    }
    PROPERTY(faults->quirks + faults->fatal <= faults->count);
    PROPERTY(weights[MTASTS_QUIRK] <= faults->quirks);
    PROPERTY(weights[MTASTS_FATAL] <= faults->fatal);
    if (stored == faults->count) {
        PROPERTY(weights[MTASTS_QUIRK] == faults->quirks);
        PROPERTY(weights[MTASTS_FATAL] == faults->fatal);
    }
}

static inline _unused_ bool same_faults(const struct mtasts_faults *a,
                                        const struct mtasts_faults *b)
{
    size_t stored = MIN_OF(a->count, MIN_OF(a->max, b->max));

    if (a->count != b->count || a->quirks != b->quirks || a->fatal != b->fatal)
        return false;
    for (size_t i = 0; i < stored; i++)
        if (a->items[i].code != b->items[i].code ||
            a->items[i].weight != b->items[i].weight ||
            a->items[i].rr != b->items[i].rr ||
            a->items[i].line != b->items[i].line ||
            a->items[i].column != b->items[i].column ||
            a->items[i].offset != b->items[i].offset ||
            a->items[i].len != b->items[i].len)
            return false;
    return true;
}

/* TXT RRs of an input: cut at 0x1e, each in memory of its own. */
#define RRS_MAX 8
#define RR_SEPARATOR 0x1e

struct rrset {
    struct mtasts_bytes rrs[RRS_MAX];
    char *copies[RRS_MAX];
    size_t count;
};

static inline _unused_ void rrset_clear(struct rrset *set)
{
    for (size_t i = 0; i < set->count; i++)
        free(set->copies[i]);
    set->count = 0;
}

static inline _unused_ void rrset_make(struct rrset *set, const uint8_t *data,
                                       size_t size)
{
    set->count = 0;
    for (;;) {
        const uint8_t *cut = size ? memchr(data, RR_SEPARATOR, size) : NULL;
        size_t len =
            cut && set->count + 1 < RRS_MAX ? (size_t)(cut - data) : size;
        char *copy = malloc(len ? len : 1);

        PROPERTY(copy != NULL);
        if (len > 0)
            memcpy(copy, data, len);
        set->copies[set->count] = copy;
        set->rrs[set->count++] = (struct mtasts_bytes){copy, len};
        if (len == size)
            break;
        data += len + 1;
        size -= len + 1;
    }
}

static inline _unused_ void
check_record_faults(const struct mtasts_faults *faults, const struct rrset *set)
{
    check_counts(faults);
    for (size_t i = 0; i < MIN_OF(faults->count, faults->max); i++) {
        const struct mtasts_fault *fault = &faults->items[i];

        PROPERTY(fault->rr < set->count);
        PROPERTY(fault->offset <= set->rrs[fault->rr].len);
        PROPERTY(fault->len <= set->rrs[fault->rr].len - fault->offset);
        PROPERTY(fault->line == 1);
        PROPERTY(fault->column == fault->offset + 1);
    }
}

/*
 * The grammars once more, rule by rule as in the RFCs and by other means
 * than the library's: `*at` is moved behind what was taken.
 */
static inline _unused_ void take_wsp(const char **at, const char *end)
{
    while (*at < end && ascii_is_wsp(**at))
        (*at)++;
}

static inline _unused_ bool take_word(const char **at, const char *end,
                                      const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(end - *at) < len || memcmp(*at, word, len) != 0)
        return false;
    *at += len;
    return true;
}

/* *WSP ";" *WSP */
static inline _unused_ bool take_delimiter(const char **at, const char *end)
{
    const char *ahead = *at;

    take_wsp(&ahead, end);
    if (!take_word(&ahead, end, ";"))
        return false;
    take_wsp(&ahead, end);
    *at = ahead;
    return true;
}

/* (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".") */
static inline _unused_ bool take_ext_name(const char **at, const char *end)
{
    const char *ahead = *at;

    if (ahead == end || !ascii_is_alnum(*ahead))
        return false;
    while (ahead < end && (ascii_is_alnum(*ahead) || *ahead == '_' ||
                           *ahead == '-' || *ahead == '.'))
        ahead++;
    if (ahead - *at > 32)
        return false;
    *at = ahead;
    return true;
}

/* ext-name "=" 1*(%x21-3A / %x3C / %x3E-7E) */
static inline _unused_ bool take_extension(const char **at, const char *end)
{
    const char *ahead = *at;

    if (!take_ext_name(&ahead, end) || !take_word(&ahead, end, "="))
        return false;
    const char *value = ahead;
    while (ahead<end && * ahead> 0x20 && *ahead < 0x7f && *ahead != ';' &&
           *ahead != '=')
        ahead++;
    *at = ahead;
    return ahead > value;
}

/* Let-dig [Ldh-str] *("." ...), all of it. */
static inline _unused_ bool is_domain(const char *text, size_t len)
{
    size_t label = 0;

    if (len > 253)
        return false;
    for (size_t i = 0; i <= len; i++) {
        bool at_dot = i == len || text[i] == '.';

        if (at_dot && (label == 0 || label > 63 || text[i - 1] == '-'))
            return false;
        if (!at_dot && !ascii_is_alnum(text[i]) &&
            !(text[i] == '-' && label > 0))
            return false;
        label = at_dot ? 0 : label + 1;
    }
    return true;
}

#endif
