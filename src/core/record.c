/*
 * Choosing and splitting TXT records: RFC 8461 section 3.1 and RFC 8460
 * section 3, which share all but the version and one field.
 *
 * The order is the RFC's: RRs that do not begin with the version and its
 * semicolon are dropped when several came back, then the rest is counted,
 * then the one left is parsed. A single RR is judged by the grammar alone,
 * which has room for white space before that semicolon (erratum 6285).
 */
#include "core/record.h"

#include "base/ascii.h"
#include "core/fault_list.h"

void record_fault(struct record_cursor *cursor, enum mtasts_fault_code code,
                  enum mtasts_weight weight, const char *at, size_t len)
{
    size_t offset = (size_t)(at - cursor->text.data);

    fault_add(cursor->faults, (struct mtasts_fault){
                                  .code = code,
                                  .weight = weight,
                                  .rr = cursor->rr,
                                  .line = 1,
                                  .column = offset + 1,
                                  .offset = offset,
                                  .len = len,
                              });
}

void record_missing(struct record_cursor *cursor, enum mtasts_fault_code code)
{
    record_fault(cursor, code, MTASTS_FATAL,
                 cursor->text.data + cursor->text.len, 0);
}

/* A fault about an RR as a whole. */
static void rr_fault(struct mtasts_faults *faults, size_t rr, size_t len,
                     enum mtasts_fault_code code, enum mtasts_weight weight)
{
    fault_add(faults, (struct mtasts_fault){
                          .code = code,
                          .weight = weight,
                          .rr = rr,
                          .line = 1,
                          .column = 1,
                          .len = len,
                      });
}

static size_t skip_space(const struct mtasts_bytes *text, size_t pos)
{
    while (pos < text->len && ascii_is_wsp(text->data[pos]))
        pos++;
    return pos;
}

static bool has_version(const struct record_kind *kind,
                        const struct mtasts_bytes *rr, size_t at)
{
    return rr->len - at >= kind->version_len &&
           memcmp(rr->data + at, kind->version, kind->version_len) == 0;
}

/* The filter for several RRs: the version, and the semicolon at once. */
static bool begins_exactly(const struct record_kind *kind,
                           const struct mtasts_bytes *rr)
{
    return rr->len > kind->version_len && has_version(kind, rr, 0) &&
           rr->data[kind->version_len] == ';';
}

/* Whether somebody meant this RR to be a record of this kind. */
static bool looks_meant(const struct record_kind *kind,
                        const struct mtasts_bytes *rr)
{
    const char *word = kind->version + 2; /* without "v=" */
    size_t len = kind->version_len - 2;
    size_t start = skip_space(rr, 0);

    if (rr->len - start >= kind->stem_len &&
        ascii_equal_nocase(rr->data + start, kind->version, kind->stem_len))
        return true;
    for (size_t i = 0; i + len <= rr->len; i++)
        if (ascii_equal_nocase(rr->data + i, word, len))
            return true;
    return false;
}

/* No record of this kind: says of each RR whether it was meant as one. */
static enum mtasts_verdict none_of(const struct record_kind *kind,
                                   const struct mtasts_bytes *rrs, size_t count,
                                   struct mtasts_faults *faults)
{
    for (size_t i = 0; i < count; i++) {
        if (looks_meant(kind, &rrs[i]))
            rr_fault(faults, i, rrs[i].len, MTASTS_FAULT_RECORD_VERSION,
                     MTASTS_FATAL);
        else
            rr_fault(faults, i, rrs[i].len, MTASTS_FAULT_UNRELATED_TXT,
                     MTASTS_NOTE);
    }
    return MTASTS_VERDICT_NONE;
}

static enum mtasts_verdict select_single(struct record_cursor *cursor,
                                         unsigned flags)
{
    const struct record_kind *kind = cursor->kind;
    struct mtasts_bytes *text = &cursor->text;
    size_t start = 0;

    if (kind->leading_space_is_quirk)
        start = skip_space(text, 0);
    if (!has_version(kind, text, start))
        return none_of(kind, text, 1, cursor->faults);

    size_t end = start + kind->version_len;
    cursor->pos = skip_space(text, end);
    if (cursor->pos == text->len || text->data[cursor->pos] != ';')
        return none_of(kind, text, 1, cursor->faults);
    if (start > 0) {
        record_fault(cursor, MTASTS_FAULT_LEADING_SPACE, MTASTS_QUIRK,
                     text->data, start);
        if (!(flags & MTASTS_TOLERANT))
            return MTASTS_VERDICT_NONE;
    }
    if (cursor->pos > end)
        record_fault(cursor, MTASTS_FAULT_SPACE_BEFORE_SEMICOLON, MTASTS_NOTE,
                     text->data + end, cursor->pos - end);
    return MTASTS_VERDICT_VALID;
}

static enum mtasts_verdict select_of_several(struct record_cursor *cursor,
                                             const struct mtasts_bytes *rrs,
                                             size_t count)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        if (!begins_exactly(cursor->kind, &rrs[i]))
            continue;
        if (found++ == 0)
            cursor->rr = i;
    }
    if (found == 0)
        return none_of(cursor->kind, rrs, count, cursor->faults);
    for (size_t i = 0; i < count; i++) {
        if (!begins_exactly(cursor->kind, &rrs[i]))
            rr_fault(cursor->faults, i, rrs[i].len, MTASTS_FAULT_UNRELATED_TXT,
                     MTASTS_NOTE);
        else if (i != cursor->rr)
            rr_fault(cursor->faults, i, rrs[i].len, MTASTS_FAULT_MULTIPLE,
                     MTASTS_FATAL);
    }
    if (found > 1)
        return MTASTS_VERDICT_MULTIPLE;
    cursor->text = rrs[cursor->rr];
    cursor->pos = cursor->kind->version_len;
    return MTASTS_VERDICT_VALID;
}

enum mtasts_verdict record_select(const struct record_kind *kind,
                                  const struct mtasts_bytes *rrs, size_t count,
                                  unsigned flags, struct mtasts_faults *faults,
                                  struct record_cursor *cursor)
{
    *cursor = (struct record_cursor){.kind = kind, .faults = faults};
    if (count == 0)
        return MTASTS_VERDICT_NONE;
    if (count > 1)
        return select_of_several(cursor, rrs, count);
    cursor->text = rrs[0];
    return select_single(cursor, flags);
}

/* Splits at the first `=`, if there is one. */
static struct record_field split_field(const char *text, size_t len)
{
    const char *equals = memchr(text, '=', len);
    struct record_field field = {.name = {text, len}};

    if (equals) {
        field.name.len = (size_t)(equals - text);
        field.value.data = equals + 1;
        field.value.len = len - field.name.len - 1;
    }
    return field;
}

bool record_next(struct record_cursor *cursor, struct record_field *ret_field)
{
    const struct mtasts_bytes *text = &cursor->text;

    while (cursor->pos < text->len) {
        size_t start = skip_space(text, cursor->pos + 1);
        const char *from = text->data + start;
        const char *semicolon =
            start < text->len ? memchr(from, ';', text->len - start) : NULL;
        size_t end = semicolon ? (size_t)(semicolon - text->data) : text->len;
        size_t stop = end;

        cursor->pos = end;
        while (stop > start && ascii_is_wsp(text->data[stop - 1]))
            stop--;
        if (stop > start) {
            if (!semicolon && stop < end)
                record_fault(cursor, MTASTS_FAULT_TRAILING_SPACE, MTASTS_QUIRK,
                             text->data + stop, end - stop);
            *ret_field = split_field(from, stop - start);
            return true;
        }
        if (semicolon) /* else: the one delimiter that may end a record */
            record_fault(cursor, MTASTS_FAULT_FIELD_EMPTY, MTASTS_QUIRK,
                         semicolon, 1);
    }
    return false;
}

static bool is_name(const struct mtasts_bytes *name)
{
    if (name->len == 0 || !ascii_is_alnum(name->data[0]))
        return false;
    for (size_t i = 1; i < name->len; i++) {
        char c = name->data[i];

        if (!ascii_is_alnum(c) && c != '_' && c != '-' && c != '.')
            return false;
    }
    return true;
}

static bool is_value_octet(char c)
{
    return c >= 0x21 && c <= 0x7e && c != '=' && c != ';';
}

static void check_value(struct record_cursor *cursor,
                        const struct mtasts_bytes *value)
{
    if (value->len == 0)
        record_fault(cursor, MTASTS_FAULT_FIELD_VALUE, MTASTS_QUIRK,
                     value->data, 0);
    for (size_t i = 0; i < value->len; i++) {
        if (is_value_octet(value->data[i]))
            continue;
        record_fault(cursor, MTASTS_FAULT_FIELD_VALUE, MTASTS_FATAL,
                     value->data + i, 1);
        return;
    }
}

void record_check_extension(struct record_cursor *cursor,
                            const struct record_field *field)
{
    enum mtasts_weight long_name =
        cursor->kind->long_name_is_quirk ? MTASTS_QUIRK : MTASTS_FATAL;

    if (!field->value.data) {
        record_fault(cursor, MTASTS_FAULT_FIELD_SYNTAX, MTASTS_FATAL,
                     field->name.data, field->name.len);
        return;
    }
    if (!is_name(&field->name))
        record_fault(cursor, MTASTS_FAULT_FIELD_NAME, MTASTS_FATAL,
                     field->name.data, field->name.len);
    else if (field->name.len > RECORD_NAME_MAX)
        record_fault(cursor, MTASTS_FAULT_FIELD_NAME, long_name,
                     field->name.data, field->name.len);
    check_value(cursor, &field->value);
}
