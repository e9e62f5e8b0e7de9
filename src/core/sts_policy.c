/*
 * The policy body (RFC 8461 section 3.2). See mtasts/sts_policy.h.
 *
 * One pass judges every line and reports each fault with its weight; both
 * readings, strict and tolerant, see the same faults and differ in which
 * weights they accept. A second pass over the mx lines stores the patterns
 * in one allocation of the right size.
 *
 * Strict is the RFC's grammar to the letter. What tolerant accepts beyond
 * it is what MTASTS_QUIRK is given for below; control characters are never
 * accepted, nor a field of ours that does not say what it should.
 *
 * A line longer than memory permits is the caller's to refuse: there is no
 * limit here (MTASTS_POLICY_BODY_MAX is the fetcher's), all work is linear.
 */
#include <mtasts/sts_policy.h>

#include "base/ascii.h"
#include "base/cleanup.h"
#include "core/bytes.h"
#include "core/domain.h"
#include "core/fault_list.h"
#include "core/near_miss.h"
#include "core/policy.h"
#include "core/policy_line.h"
#include <mtasts/error.h>
#include <mtasts/mx_match.h>
#include <mtasts/name.h>

/* max_age: 1*10DIGIT. */
#define MAX_AGE_DIGITS 10
/* Repeats of an mx are looked for among this many, so that work is linear. */
#define MX_COMPARED_MAX 64

enum field {
    FIELD_UNKNOWN,
    FIELD_VERSION,
    FIELD_MODE,
    FIELD_MAX_AGE,
    FIELD_MX,
};

/* What an mx value is worth. */
enum mx_kind {
    MX_BAD,
    MX_ODD,  /* a host name but for underscores: no certificate for that */
    MX_GOOD, /* ["*."] Domain, maybe after taking off a final dot */
};

struct mx_total {
    size_t count;
    size_t octets; /* with terminators */
};

struct parser {
    struct policy_cursor cursor;
    bool wants_notes;

    enum mtasts_mode mode;
    uint32_t max_age;
    bool seen[FIELD_MX + 1];
    bool any_field;
    bool lf_noted;
    size_t bad_mx;
    bool mx_quirk; /* some mx is not to be stored, or not as it stands */
    struct mx_total mx[MX_GOOD + 1];
    size_t compared;
    struct mtasts_bytes mx_seen[MX_COMPARED_MAX];
};

static enum field known_field(const struct mtasts_bytes *key)
{
    switch (key->len) {
    case 2: return memcmp(key->data, "mx", 2) == 0 ? FIELD_MX : FIELD_UNKNOWN;
    case 4:
        return memcmp(key->data, "mode", 4) == 0 ? FIELD_MODE : FIELD_UNKNOWN;
    case 7:
        if (memcmp(key->data, "version", 7) == 0)
            return FIELD_VERSION;
        return memcmp(key->data, "max_age", 7) == 0 ? FIELD_MAX_AGE
                                                    : FIELD_UNKNOWN;
    default: return FIELD_UNKNOWN;
    }
}

/* A known field that does not say what it should. */
static void refuse_value(struct parser *parser, const struct policy_line *line,
                         enum mtasts_fault_code code)
{
    const struct mtasts_bytes *value = &line->value;

    if (value->len == 0)
        code = MTASTS_FAULT_VALUE_EMPTY;
    if (!policy_find_control(&parser->cursor, line, value->data, value->len))
        policy_slice_fault(&parser->cursor, line, code, MTASTS_FATAL, value);
}

static void read_version(struct parser *parser, const struct policy_line *line)
{
    if (!ascii_is(line->value.data, line->value.len, "STSv1"))
        refuse_value(parser, line, MTASTS_FAULT_VERSION_VALUE);
    else if (parser->any_field)
        policy_slice_fault(&parser->cursor, line,
                           MTASTS_FAULT_VERSION_NOT_FIRST, MTASTS_NOTE,
                           &line->key);
}

static void read_mode(struct parser *parser, const struct policy_line *line)
{
    if (mtasts_mode_parse(line->value.data, line->value.len, &parser->mode) < 0)
        refuse_value(parser, line, MTASTS_FAULT_MODE_VALUE);
}

static size_t count_digits(const struct mtasts_bytes *text)
{
    size_t i = 0;

    while (i < text->len && ascii_is_digit(text->data[i]))
        i++;
    return i;
}

static void read_max_age(struct parser *parser, const struct policy_line *line)
{
    const struct mtasts_bytes *value = &line->value;
    uint64_t seconds = 0; /* ten digits fit */
    size_t zeros = 0;

    if (value->len == 0 || count_digits(value) < value->len) {
        refuse_value(parser, line, MTASTS_FAULT_MAX_AGE_VALUE);
        return;
    }
    while (zeros < value->len && value->data[zeros] == '0')
        zeros++;
    if (value->len - zeros > MAX_AGE_DIGITS) {
        refuse_value(parser, line, MTASTS_FAULT_MAX_AGE_DIGITS);
        return;
    }
    if (value->len > MAX_AGE_DIGITS)
        policy_slice_fault(&parser->cursor, line, MTASTS_FAULT_MAX_AGE_DIGITS,
                           MTASTS_QUIRK, value);
    for (size_t i = zeros; i < value->len; i++)
        seconds = seconds * 10 + (uint64_t)(value->data[i] - '0');
    if (seconds > MTASTS_MAX_AGE_MAX) {
        policy_slice_fault(&parser->cursor, line, MTASTS_FAULT_MAX_AGE_RANGE,
                           MTASTS_QUIRK, value);
        seconds = MTASTS_MAX_AGE_MAX;
    }
    parser->max_age = (uint32_t)seconds;
}

/*
 * What the mx value is worth. A final dot is taken off `text`, unless what
 * is left could be no host at all, such as a piece of a reverse zone.
 */
static enum mx_kind judge_mx(struct mtasts_bytes *text)
{
    size_t star = 0;

    if (text->len >= 2 && memcmp(text->data, "*.", 2) == 0)
        star = 2;
    const char *domain = text->data + star;
    size_t len = text->len - star;

    if (domain_valid(domain, len, 0))
        return MX_GOOD;
    if (len > 1 && domain[len - 1] == '.' &&
        !domain_ends_in_digits(domain, len - 1)) {
        text->len--;
        len--;
    }
    if (domain_valid(domain, len, 0))
        return MX_GOOD;
    if (domain_valid(domain, len, MTASTS_NAME_UNDERSCORE))
        return MX_ODD;
    return MX_BAD;
}

static void note_repeated_mx(struct parser *parser,
                             const struct policy_line *line,
                             const struct mtasts_bytes *text)
{
    for (size_t i = 0; i < parser->compared; i++) {
        const struct mtasts_bytes *other = &parser->mx_seen[i];

        if (other->len != text->len ||
            !ascii_equal_nocase(other->data, text->data, text->len))
            continue;
        policy_slice_fault(&parser->cursor, line, MTASTS_FAULT_MX_DUPLICATE,
                           MTASTS_NOTE, text);
        break;
    }
    if (parser->compared < MX_COMPARED_MAX)
        parser->mx_seen[parser->compared++] = *text;
}

static void read_mx(struct parser *parser, const struct policy_line *line)
{
    struct mtasts_bytes text = line->value;
    enum mx_kind kind = judge_mx(&text);

    if (kind != MX_GOOD || text.len < line->value.len)
        parser->mx_quirk = true;
    if (kind == MX_BAD) {
        if (policy_find_control(&parser->cursor, line, text.data, text.len))
            return;
        policy_slice_fault(&parser->cursor, line, MTASTS_FAULT_MX_VALUE,
                           MTASTS_QUIRK, &line->value);
        parser->bad_mx++;
        return;
    }
    if (text.len < line->value.len)
        policy_fault(&parser->cursor, line, MTASTS_FAULT_MX_TRAILING_DOT,
                     MTASTS_QUIRK, text.data + text.len, 1);
    if (kind == MX_ODD)
        policy_slice_fault(&parser->cursor, line, MTASTS_FAULT_MX_UNDERSCORE,
                           MTASTS_QUIRK, &text);
    if (domain_digit_labels(text.data, text.len) == 4)
        policy_slice_fault(&parser->cursor, line, MTASTS_FAULT_MX_ADDRESS,
                           MTASTS_NOTE, &text);
    if (parser->wants_notes)
        note_repeated_mx(parser, line, &text);
    parser->mx[kind].count++;
    parser->mx[kind].octets += text.len + 1;
}

/* A field that is ignored: an extension, or a repeated one of ours. */
static void read_ignored(struct parser *parser, const struct policy_line *line,
                         bool is_repeated)
{
    const struct mtasts_bytes *key = &line->key;
    bool has_key = policy_check_extension(&parser->cursor, line);

    if (is_repeated)
        policy_slice_fault(&parser->cursor, line, MTASTS_FAULT_KEY_DUPLICATE,
                           MTASTS_NOTE, key);
    else if (near_miss(key->data, key->len))
        policy_slice_fault(&parser->cursor, line, MTASTS_FAULT_KEY_NEAR_MISS,
                           MTASTS_NOTE, key);
    else if (has_key)
        policy_slice_fault(&parser->cursor, line, MTASTS_FAULT_KEY_UNKNOWN,
                           MTASTS_NOTE, key);
}

static void read_field(struct parser *parser, const struct policy_line *line)
{
    enum field field = known_field(&line->key);

    policy_check_space(&parser->cursor, line);
    if (field == FIELD_MX)
        read_mx(parser, line);
    else if (field == FIELD_UNKNOWN || parser->seen[field])
        read_ignored(parser, line, field != FIELD_UNKNOWN);
    else if (field == FIELD_VERSION)
        read_version(parser, line);
    else if (field == FIELD_MODE)
        read_mode(parser, line);
    else
        read_max_age(parser, line);
    parser->seen[field] = true;
    parser->any_field = true;
}

/*
 * A line that is no field. A status line of HTTP means that somebody could
 * put a response into the response: nothing after it can be trusted.
 */
static void read_no_field(struct parser *parser, const struct policy_line *line)
{
    static const char status_line[] = "HTTP/";
    struct mtasts_bytes text = {line->text, line->len};
    enum mtasts_weight weight = MTASTS_QUIRK;

    bytes_trim(&text);
    if (text.len == 0) {
        policy_slice_fault(&parser->cursor, line, MTASTS_FAULT_BLANK_LINE,
                           MTASTS_QUIRK,
                           &(struct mtasts_bytes){line->text, line->len});
        return;
    }
    if (!parser->any_field && text.len >= sizeof(status_line) - 1 &&
        memcmp(text.data, status_line, sizeof(status_line) - 1) == 0)
        weight = MTASTS_FATAL;
    parser->any_field = true;
    if (!policy_find_control(&parser->cursor, line, text.data, text.len))
        policy_slice_fault(&parser->cursor, line, MTASTS_FAULT_COLON_MISSING,
                           weight, &text);
}

static void read_line(struct parser *parser, struct policy_line *line)
{
    policy_split_line(line);
    if (line->key.data)
        read_field(parser, line);
    else
        read_no_field(parser, line);
    if (line->has_lf && !parser->lf_noted && line->text[line->len] == '\n') {
        parser->lf_noted = true;
        policy_fault(&parser->cursor, line, MTASTS_FAULT_LINE_ENDS_LF,
                     MTASTS_NOTE, line->text + line->len, 1);
    }
}

static void add_missing(struct parser *parser, const struct policy_line *last,
                        enum mtasts_fault_code code)
{
    policy_fault(&parser->cursor, last, code, MTASTS_FATAL,
                 last->text + last->len, 0);
}

/* What can be said only after the last line, given to it. */
static void check_whole(struct parser *parser, const struct policy_line *last,
                        struct fault_mark mark)
{
    if (!parser->any_field) {
        add_missing(parser, last, MTASTS_FAULT_POLICY_EMPTY);
        return;
    }
    if (!last->has_lf)
        policy_fault(&parser->cursor, last, MTASTS_FAULT_NO_FINAL_NEWLINE,
                     MTASTS_NOTE, last->text + last->len, 0);
    if (!parser->seen[FIELD_VERSION])
        add_missing(parser, last, MTASTS_FAULT_VERSION_MISSING);
    if (!parser->seen[FIELD_MODE])
        add_missing(parser, last, MTASTS_FAULT_MODE_MISSING);
    if (!parser->seen[FIELD_MAX_AGE])
        add_missing(parser, last, MTASTS_FAULT_MAX_AGE_MISSING);
    if (parser->mode == MTASTS_MODE_NONE)
        return;
    if (!parser->seen[FIELD_MX])
        add_missing(parser, last, MTASTS_FAULT_MX_MISSING);
    else if (parser->mx[MX_GOOD].count + parser->mx[MX_ODD].count == 0)
        fault_raise(parser->cursor.faults, mark, MTASTS_FAULT_MX_VALUE,
                    parser->bad_mx);
}

/* Which mx are kept: underscored ones only where there is nothing better. */
static enum mx_kind kept_kind(const struct parser *parser)
{
    return parser->mx[MX_GOOD].count > 0 ? MX_GOOD : MX_ODD;
}

/* Goes over the lines again and stores the patterns of the kind kept. */
static void store_mx(struct parser *parser, struct mtasts_sts_policy *policy)
{
    enum mx_kind kept = kept_kind(parser);
    char *to = (char *)&policy->mx[parser->mx[kept].count];
    struct policy_line line;

    parser->cursor.pos = parser->cursor.start;
    while (policy->mx_count < parser->mx[kept].count &&
           policy_next_line(&parser->cursor, &line)) {
        policy_split_line(&line);
        if (!line.key.data || known_field(&line.key) != FIELD_MX)
            continue;
        if (parser->mx_quirk && judge_mx(&line.value) != kept)
            continue;
        domain_lower(to, line.value.data, line.value.len);
        to[line.value.len] = '\0';
        policy->mx[policy->mx_count++] =
            (struct mtasts_bytes){to, line.value.len};
        to += line.value.len + 1;
    }
}

static int make_policy(struct parser *parser,
                       struct mtasts_sts_policy **ret_policy)
{
    const struct mx_total *total = &parser->mx[kept_kind(parser)];
    /* At most four times the body, so it cannot overflow. */
    struct mtasts_sts_policy *policy = malloc(
        sizeof(*policy) + total->count * sizeof(policy->mx[0]) + total->octets);

    if (!policy)
        return -MTASTS_ENOMEM;
    policy->mode = parser->mode;
    policy->max_age = parser->max_age;
    policy->mx_count = 0;
    store_mx(parser, policy);
    *ret_policy = policy;
    return 0;
}

int mtasts_sts_policy_parse(const char *body, size_t len, unsigned flags,
                            struct mtasts_faults *faults,
                            struct mtasts_sts_policy **ret_policy)
{
    struct mtasts_faults ignored = {0};
    struct policy_line line = {.text = body ? body : "", .number = 1};
    struct parser parser;

    if ((len > 0 && !body) || !ret_policy ||
        (flags & ~(unsigned)MTASTS_TOLERANT))
        return -MTASTS_EINVAL;
    /* All but mx_seen, which is written before it is read. */
    memset(&parser, 0, offsetof(struct parser, mx_seen));
    parser.cursor.body = line.text;
    parser.cursor.len = len;
    parser.cursor.faults = faults ? faults : &ignored;
    parser.wants_notes = faults != NULL;

    struct fault_mark mark = fault_mark(parser.cursor.faults);
    policy_skip_bom(&parser.cursor);
    while (policy_next_line(&parser.cursor, &line))
        read_line(&parser, &line);
    check_whole(&parser, &line, mark);
    if (!fault_accepts(parser.cursor.faults, mark, flags & MTASTS_TOLERANT))
        return -MTASTS_ESYNTAX;
    return make_policy(&parser, ret_policy);
}
