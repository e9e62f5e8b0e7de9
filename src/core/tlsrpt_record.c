/*
 * The `_smtp._tls` TXT RRset (RFC 8460 section 3). See
 * mtasts/tlsrpt_record.h.
 *
 * The grammar is that of the `_mta-sts` record but for the `rua` field: URIs
 * (RFC 3986) between commas, with "," and "!" percent-encoded inside. Any
 * scheme is legal; which URIs are of use rua.h says. A rua field after the
 * first that is no URI list fits the extension grammar: strict refuses it,
 * tolerant leaves that field out.
 */
#include <mtasts/tlsrpt_record.h>

#include "base/ascii.h"
#include "base/cleanup.h"
#include "core/bytes.h"
#include "core/fault_list.h"
#include "core/record.h"
#include "core/rua.h"
#include <mtasts/error.h>

/* Repeats are looked for among this many URIs: more is nobody's record. */
#define URIS_COMPARED_MAX 16

static const struct record_kind tlsrpt_kind = {
    .version = "v=TLSRPTv1",
    .version_len = 10,
    .stem_len = 8,
    .leading_space_is_quirk = true,
    .long_name_is_quirk = true,
};

/* What is found, and where it goes. */
struct rua_list {
    struct mtasts_bytes *usable; /* the caller's */
    size_t max;
    size_t usable_count;
    size_t ignored_count;
    struct mtasts_bytes seen[URIS_COMPARED_MAX];
};

/* The rua field being read. */
struct rua_field {
    struct record_cursor *cursor;
    struct rua_list *list;
    enum mtasts_weight worst; /* what a bad URI is here */
    size_t uris;              /* URIs, bad ones too */
    bool bad;                 /* not a list of URIs */
};

/* Length of DMARC's size limit at the end, such as `!10m` (RFC 7489 6.2). */
static size_t size_suffix(const struct mtasts_bytes *text)
{
    size_t i = text->len;

    if (i > 0 && strchr("kmgtKMGT", text->data[i - 1]) && text->data[i - 1])
        i--;
    size_t digits_end = i;
    while (i > 0 && ascii_is_digit(text->data[i - 1]))
        i--;
    if (i == digits_end || i == 0 || text->data[i - 1] != '!')
        return 0;
    return text->len - i + 1;
}

/* Why no report can go to the URI. */
static enum mtasts_fault_code why_unusable(const struct uri *uri)
{
    const struct mtasts_bytes *scheme = &uri->scheme;

    if (ascii_is_nocase(scheme->data, scheme->len, "mailto"))
        return MTASTS_FAULT_RUA_MAILTO;
    if (ascii_is_nocase(scheme->data, scheme->len, "https"))
        return MTASTS_FAULT_RUA_HTTPS;
    return MTASTS_FAULT_RUA_SCHEME;
}

static void note(struct rua_field *field, enum mtasts_fault_code code,
                 const struct mtasts_bytes *text)
{
    record_fault(field->cursor, code, MTASTS_NOTE, text->data, text->len);
}

static void note_repeats(struct rua_field *field,
                         const struct mtasts_bytes *text)
{
    struct rua_list *list = field->list;
    size_t number = list->usable_count + list->ignored_count;

    for (size_t i = 0; i < MIN_OF(number, URIS_COMPARED_MAX); i++) {
        if (text->len != list->seen[i].len ||
            memcmp(text->data, list->seen[i].data, text->len) != 0)
            continue;
        note(field, MTASTS_FAULT_RUA_DUPLICATE, text);
        break;
    }
    if (number < URIS_COMPARED_MAX)
        list->seen[number] = *text;
    if (number == 1)
        note(field, MTASTS_FAULT_RUA_MANY, text);
}

static void add_uri(struct rua_field *field, const struct uri *uri,
                    const struct mtasts_bytes *text)
{
    struct rua_list *list = field->list;
    struct rua_target target;

    note_repeats(field, text);
    if (!rua_read(uri, &target)) {
        note(field, why_unusable(uri), text);
        list->ignored_count++;
        return;
    }
    if (list->usable_count < list->max)
        list->usable[list->usable_count] = *text;
    list->usable_count++;
}

static void read_uri(struct rua_field *field, struct mtasts_bytes text)
{
    struct uri uri;
    const char *bang = memchr(text.data, '!', text.len);

    field->uris++;
    if (bang) {
        record_fault(field->cursor, MTASTS_FAULT_RUA_UNENCODED, MTASTS_QUIRK,
                     bang, 1);
        text.len -= size_suffix(&text);
    }
    if (!uri_parse(text.data, text.len, &uri)) {
        record_fault(field->cursor, MTASTS_FAULT_RUA_URI, field->worst,
                     text.data, text.len);
        field->bad = true;
        return;
    }
    add_uri(field, &uri, &text);
}

/* tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri) */
static void read_uris(struct rua_field *field, const struct mtasts_bytes *value)
{
    const char *at = value->data;
    const char *end = value->data + value->len;

    for (;;) {
        size_t left = (size_t)(end - at);
        const char *comma = left > 0 ? memchr(at, ',', left) : NULL;
        struct mtasts_bytes text = {at, (size_t)((comma ? comma : end) - at)};

        bytes_trim(&text);
        if (text.len > 0)
            read_uri(field, text);
        else if (value->len > 0)
            record_fault(field->cursor, MTASTS_FAULT_RUA_EMPTY, MTASTS_QUIRK,
                         text.data, 0);
        if (!comma)
            break;
        at = comma + 1;
    }
    if (field->uris == 0) {
        record_fault(field->cursor, MTASTS_FAULT_RUA_EMPTY, field->worst,
                     value->data, value->len);
        field->bad = true;
    }
}

/* A rua field. Leaves the list as it was if the field is bad. */
static void read_rua(struct record_cursor *cursor, struct rua_list *list,
                     const struct record_field *field, bool is_first)
{
    size_t usable_count = list->usable_count;
    size_t ignored_count = list->ignored_count;
    struct rua_field rua = {
        .cursor = cursor,
        .list = list,
        .worst = is_first ? MTASTS_FATAL : MTASTS_QUIRK,
    };

    if (ascii_is_wsp(field->name.data[field->name.len - 1]))
        record_fault(cursor, MTASTS_FAULT_RUA_SPACE, MTASTS_QUIRK,
                     field->name.data, field->name.len);
    if (field->value.len > 0 && ascii_is_wsp(field->value.data[0]))
        record_fault(cursor, MTASTS_FAULT_RUA_SPACE, MTASTS_QUIRK,
                     field->value.data, 1);
    read_uris(&rua, &field->value);
    if (!rua.bad)
        return;
    list->usable_count = usable_count;
    list->ignored_count = ignored_count;
}

/* "rua", or with white space behind it, which is a quirk. */
static bool is_rua(const struct record_field *field)
{
    struct mtasts_bytes name = field->name;

    bytes_trim(&name);
    return field->value.data && ascii_is(name.data, name.len, "rua");
}

static void read_other(struct record_cursor *cursor,
                       const struct record_field *field)
{
    struct fault_mark mark = fault_mark(cursor->faults);
    bool is_version = ascii_is(field->name.data, field->name.len, "v");

    record_check_extension(cursor, field);
    if (fault_accepts(cursor->faults, mark, false))
        record_fault(cursor,
                     is_version ? MTASTS_FAULT_FIELD_DUPLICATE
                                : MTASTS_FAULT_FIELD_UNKNOWN,
                     MTASTS_NOTE, field->name.data, field->name.len);
}

static void read_fields(struct record_cursor *cursor, struct rua_list *list)
{
    struct record_field field;
    bool rua_seen = false;

    while (record_next(cursor, &field)) {
        if (!is_rua(&field)) {
            read_other(cursor, &field);
            continue;
        }
        read_rua(cursor, list, &field, !rua_seen);
        rua_seen = true;
    }
    if (!rua_seen)
        record_missing(cursor, MTASTS_FAULT_RUA_MISSING);
}

int mtasts_tlsrpt_record_parse(const struct mtasts_bytes *rrs, size_t count,
                               unsigned flags, struct mtasts_faults *faults,
                               struct mtasts_bytes *rua, size_t rua_max,
                               struct mtasts_tlsrpt_record *ret_record)
{
    struct mtasts_faults ignored = {0};
    struct mtasts_tlsrpt_record record = {0};
    struct record_cursor cursor;

    if ((count > 0 && !rrs) || (rua_max > 0 && !rua) || !ret_record ||
        (flags & ~(unsigned)MTASTS_TOLERANT))
        return -MTASTS_EINVAL;
    if (!faults)
        faults = &ignored;

    record.verdict =
        record_select(&tlsrpt_kind, rrs, count, flags, faults, &cursor);
    record.rr = cursor.rr;
    if (record.verdict == MTASTS_VERDICT_VALID) {
        struct fault_mark mark = fault_mark(faults);
        struct rua_list list = {.usable = rua, .max = rua_max};

        read_fields(&cursor, &list);
        if (fault_accepts(faults, mark, flags & MTASTS_TOLERANT)) {
            record.rua_count = list.usable_count;
            record.ignored_count = list.ignored_count;
        } else {
            record.verdict = MTASTS_VERDICT_INVALID;
        }
    }
    *ret_record = record;
    return 0;
}
