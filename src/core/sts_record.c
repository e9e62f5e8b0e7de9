/*
 * The `_mta-sts` TXT RRset (RFC 8461 section 3.1). See mtasts/sts_record.h.
 *
 * One field matters, `id`: its first appearance counts and must be 1 to 32
 * letters and digits. Everything else must fit the extension grammar, later
 * ids included (RFC 8461 section 3.2: duplicates are ignored, not unread).
 */
#include <mtasts/sts_record.h>

#include "base/ascii.h"
#include "base/cleanup.h"
#include "core/fault_list.h"
#include "core/record.h"
#include <mtasts/error.h>

static const struct record_kind sts_kind = {
    .version = "v=STSv1",
    .version_len = 7,
    .stem_len = 5,
};

const char *mtasts_verdict_name(enum mtasts_verdict verdict)
{
    static const char *const names[] = {
        [MTASTS_VERDICT_NONE] = "none",
        [MTASTS_VERDICT_VALID] = "valid",
        [MTASTS_VERDICT_INVALID] = "invalid",
        [MTASTS_VERDICT_MULTIPLE] = "multiple",
    };

    return (size_t)verdict < ELEMENTS(names) ? names[verdict] : NULL;
}

static void read_id(struct record_cursor *cursor,
                    const struct mtasts_bytes *value, char *id)
{
    size_t i = 0;

    while (i < value->len && ascii_is_alnum(value->data[i]))
        i++;
    if (value->len == 0)
        record_fault(cursor, MTASTS_FAULT_ID_EMPTY, MTASTS_FATAL, value->data,
                     0);
    else if (i < value->len)
        record_fault(cursor, MTASTS_FAULT_ID_CHARACTER, MTASTS_FATAL,
                     value->data + i, 1);
    else if (value->len > MTASTS_ID_MAX)
        record_fault(cursor, MTASTS_FAULT_ID_LONG, MTASTS_FATAL, value->data,
                     value->len);
    else
        memcpy(id, value->data, value->len);
}

/* A field that is not the id, or not the first one. */
static void read_other(struct record_cursor *cursor,
                       const struct record_field *field, bool is_id)
{
    enum mtasts_fault_code code = MTASTS_FAULT_FIELD_UNKNOWN;
    struct fault_mark mark = fault_mark(cursor->faults);

    record_check_extension(cursor, field);
    if (!fault_accepts(cursor->faults, mark, false))
        return;
    if (is_id || ascii_is(field->name.data, field->name.len, "v"))
        code = MTASTS_FAULT_FIELD_DUPLICATE;
    record_fault(cursor, code, MTASTS_NOTE, field->name.data, field->name.len);
}

static void read_fields(struct record_cursor *cursor, char *id)
{
    struct record_field field;
    bool id_seen = false;

    while (record_next(cursor, &field)) {
        bool is_id =
            field.value.data && ascii_is(field.name.data, field.name.len, "id");

        if (is_id && !id_seen)
            read_id(cursor, &field.value, id);
        else
            read_other(cursor, &field, is_id);
        id_seen |= is_id;
    }
    if (!id_seen)
        record_missing(cursor, MTASTS_FAULT_ID_MISSING);
}

int mtasts_sts_record_parse(const struct mtasts_bytes *rrs, size_t count,
                            unsigned flags, struct mtasts_faults *faults,
                            struct mtasts_sts_record *ret_record)
{
    struct mtasts_faults ignored = {0};
    struct mtasts_sts_record record = {0};
    struct record_cursor cursor;

    if ((count > 0 && !rrs) || !ret_record ||
        (flags & ~(unsigned)MTASTS_TOLERANT))
        return -MTASTS_EINVAL;
    if (!faults)
        faults = &ignored;

    record.verdict =
        record_select(&sts_kind, rrs, count, flags, faults, &cursor);
    record.rr = cursor.rr;
    if (record.verdict == MTASTS_VERDICT_VALID) {
        struct fault_mark mark = fault_mark(faults);

        read_fields(&cursor, record.id);
        if (!fault_accepts(faults, mark, flags & MTASTS_TOLERANT)) {
            record.verdict = MTASTS_VERDICT_INVALID;
            memset(record.id, 0, sizeof(record.id));
        }
    }
    *ret_record = record;
    return 0;
}
