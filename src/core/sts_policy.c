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
#include "core/domain.h"
#include "core/fault_list.h"
#include "core/near_miss.h"
#include "core/policy.h"
#include "core/utf8.h"
#include <mtasts/error.h>
#include <mtasts/mx_match.h>
#include <mtasts/name.h>

/* sts-policy-ext-name: one alphanumeric and up to 31 more characters. */
#define KEY_MAX 32
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

struct line {
    const char *text;
    size_t len;    /* without the line end */
    size_t offset; /* in the body */
    size_t number;
    struct mtasts_bytes key; /* trimmed; `data` NULL: no colon */
    struct mtasts_bytes value;
    bool has_lf;
};

struct parser {
    const char *body;
    size_t len;
    size_t start; /* behind a byte-order mark */
    size_t pos;
    size_t line_number;
    struct mtasts_faults *faults;
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

static void add_fault(struct parser *parser, const struct line *line,
                      enum mtasts_fault_code code, enum mtasts_weight weight,
                      const char *at, size_t len)
{
    size_t column = (size_t)(at - line->text);

    fault_add(parser->faults, (struct mtasts_fault){
                                  .code = code,
                                  .weight = weight,
                                  .line = line->number,
                                  .column = column + 1,
                                  .offset = line->offset + column,
                                  .len = len,
                              });
}

/* The fault of a whole value or key. */
static void add_slice_fault(struct parser *parser, const struct line *line,
                            enum mtasts_fault_code code,
                            enum mtasts_weight weight,
                            const struct mtasts_bytes *slice)
{
    add_fault(parser, line, code, weight, slice->data, slice->len);
}

/* The next line of the body, ended by LF, CRLF or the end; false at the end. */
static bool next_line(struct parser *parser, struct line *line)
{
    const char *text = parser->body + parser->pos;
    size_t left = parser->len - parser->pos;
    const char *lf = left > 0 ? memchr(text, '\n', left) : NULL;
    size_t len = lf ? (size_t)(lf - text) : left;

    if (left == 0)
        return false;
    *line = (struct line){
        .text = text,
        .len = len,
        .offset = parser->pos,
        .number = ++parser->line_number,
        .has_lf = lf != NULL,
    };
    parser->pos += len + line->has_lf;
    if (lf && len > 0 && text[len - 1] == '\r')
        line->len--;
    return true;
}

static void trim_start(struct mtasts_bytes *text)
{
    while (text->len > 0 && ascii_is_wsp(text->data[0])) {
        text->data++;
        text->len--;
    }
}

static void trim_end(struct mtasts_bytes *text)
{
    while (text->len > 0 && ascii_is_wsp(text->data[text->len - 1]))
        text->len--;
}

/* Splits at the first colon, without the white space around the parts. */
static void split_line(struct line *line)
{
    const char *colon = line->len ? memchr(line->text, ':', line->len) : NULL;

    if (!colon)
        return;
    line->key.data = line->text;
    line->key.len = (size_t)(colon - line->text);
    line->value.data = colon + 1;
    line->value.len = line->len - line->key.len - 1;
    trim_start(&line->key);
    trim_end(&line->key);
    trim_start(&line->value);
    trim_end(&line->value);
}

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

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

/* Reports the first control character of `text`; false if it holds none. */
static bool find_control(struct parser *parser, const struct line *line,
                         const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!is_control(text[i]))
            continue;
        add_fault(parser, line, MTASTS_FAULT_CONTROL, MTASTS_FATAL, text + i,
                  1);
        return true;
    }
    return false;
}

/* A known field that does not say what it should. */
static void refuse_value(struct parser *parser, const struct line *line,
                         enum mtasts_fault_code code)
{
    const struct mtasts_bytes *value = &line->value;

    if (value->len == 0)
        code = MTASTS_FAULT_VALUE_EMPTY;
    if (!find_control(parser, line, value->data, value->len))
        add_slice_fault(parser, line, code, MTASTS_FATAL, value);
}

static void read_version(struct parser *parser, const struct line *line)
{
    if (!ascii_is(line->value.data, line->value.len, "STSv1"))
        refuse_value(parser, line, MTASTS_FAULT_VERSION_VALUE);
    else if (parser->any_field)
        add_slice_fault(parser, line, MTASTS_FAULT_VERSION_NOT_FIRST,
                        MTASTS_NOTE, &line->key);
}

static void read_mode(struct parser *parser, const struct line *line)
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

static void read_max_age(struct parser *parser, const struct line *line)
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
        add_slice_fault(parser, line, MTASTS_FAULT_MAX_AGE_DIGITS, MTASTS_QUIRK,
                        value);
    for (size_t i = zeros; i < value->len; i++)
        seconds = seconds * 10 + (uint64_t)(value->data[i] - '0');
    if (seconds > MTASTS_MAX_AGE_MAX) {
        add_slice_fault(parser, line, MTASTS_FAULT_MAX_AGE_RANGE, MTASTS_QUIRK,
                        value);
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

static void note_repeated_mx(struct parser *parser, const struct line *line,
                             const struct mtasts_bytes *text)
{
    for (size_t i = 0; i < parser->compared; i++) {
        const struct mtasts_bytes *other = &parser->mx_seen[i];

        if (other->len != text->len ||
            !ascii_equal_nocase(other->data, text->data, text->len))
            continue;
        add_slice_fault(parser, line, MTASTS_FAULT_MX_DUPLICATE, MTASTS_NOTE,
                        text);
        break;
    }
    if (parser->compared < MX_COMPARED_MAX)
        parser->mx_seen[parser->compared++] = *text;
}

static void read_mx(struct parser *parser, const struct line *line)
{
    struct mtasts_bytes text = line->value;
    enum mx_kind kind = judge_mx(&text);

    if (kind != MX_GOOD || text.len < line->value.len)
        parser->mx_quirk = true;
    if (kind == MX_BAD) {
        if (find_control(parser, line, text.data, text.len))
            return;
        add_slice_fault(parser, line, MTASTS_FAULT_MX_VALUE, MTASTS_QUIRK,
                        &line->value);
        parser->bad_mx++;
        return;
    }
    if (text.len < line->value.len)
        add_fault(parser, line, MTASTS_FAULT_MX_TRAILING_DOT, MTASTS_QUIRK,
                  text.data + text.len, 1);
    if (kind == MX_ODD)
        add_slice_fault(parser, line, MTASTS_FAULT_MX_UNDERSCORE, MTASTS_QUIRK,
                        &text);
    if (domain_digit_labels(text.data, text.len) == 4)
        add_slice_fault(parser, line, MTASTS_FAULT_MX_ADDRESS, MTASTS_NOTE,
                        &text);
    if (parser->wants_notes)
        note_repeated_mx(parser, line, &text);
    parser->mx[kind].count++;
    parser->mx[kind].octets += text.len + 1;
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
static void check_value(struct parser *parser, const struct line *line)
{
    const char *text = line->value.data;
    size_t len = line->value.len;
    bool tab_seen = false;
    bool utf8_seen = false;
    size_t step;

    if (len == 0)
        add_fault(parser, line, MTASTS_FAULT_VALUE_EMPTY, MTASTS_QUIRK, text,
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
                add_fault(parser, line, MTASTS_FAULT_UTF8, MTASTS_QUIRK,
                          text + i, 1);
            }
        } else if (text[i] != '\t') {
            add_fault(parser, line, MTASTS_FAULT_CONTROL, MTASTS_FATAL,
                      text + i, 1);
            return;
        } else if (!tab_seen) {
            tab_seen = true;
            add_fault(parser, line, MTASTS_FAULT_VALUE, MTASTS_QUIRK, text + i,
                      1);
        }
    }
}

/* A field that is ignored: an extension, or a repeated one of ours. */
static void read_ignored(struct parser *parser, const struct line *line,
                         bool is_repeated)
{
    const struct mtasts_bytes *key = &line->key;
    bool has_key = is_key(key);

    if (!has_key && !find_control(parser, line, key->data, key->len))
        add_slice_fault(parser, line, MTASTS_FAULT_KEY, MTASTS_QUIRK, key);
    check_value(parser, line);
    if (is_repeated)
        add_slice_fault(parser, line, MTASTS_FAULT_KEY_DUPLICATE, MTASTS_NOTE,
                        key);
    else if (near_miss(key->data, key->len))
        add_slice_fault(parser, line, MTASTS_FAULT_KEY_NEAR_MISS, MTASTS_NOTE,
                        key);
    else if (has_key)
        add_slice_fault(parser, line, MTASTS_FAULT_KEY_UNKNOWN, MTASTS_NOTE,
                        key);
}

static void check_space(struct parser *parser, const struct line *line)
{
    const char *key_end = line->key.data + line->key.len;

    if (line->key.data > line->text && line->key.len > 0)
        add_fault(parser, line, MTASTS_FAULT_LINE_SPACE, MTASTS_QUIRK,
                  line->text, (size_t)(line->key.data - line->text));
    if (*key_end != ':')
        add_fault(parser, line, MTASTS_FAULT_COLON_SPACE, MTASTS_QUIRK, key_end,
                  1);
}

static void read_field(struct parser *parser, const struct line *line)
{
    enum field field = known_field(&line->key);

    check_space(parser, line);
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
static void read_no_field(struct parser *parser, const struct line *line)
{
    static const char status_line[] = "HTTP/";
    struct mtasts_bytes text = {line->text, line->len};
    enum mtasts_weight weight = MTASTS_QUIRK;

    trim_start(&text);
    trim_end(&text);
    if (text.len == 0) {
        add_slice_fault(parser, line, MTASTS_FAULT_BLANK_LINE, MTASTS_QUIRK,
                        &(struct mtasts_bytes){line->text, line->len});
        return;
    }
    if (!parser->any_field && text.len >= sizeof(status_line) - 1 &&
        memcmp(text.data, status_line, sizeof(status_line) - 1) == 0)
        weight = MTASTS_FATAL;
    parser->any_field = true;
    if (!find_control(parser, line, text.data, text.len))
        add_slice_fault(parser, line, MTASTS_FAULT_COLON_MISSING, weight,
                        &text);
}

static void read_line(struct parser *parser, struct line *line)
{
    split_line(line);
    if (line->key.data)
        read_field(parser, line);
    else
        read_no_field(parser, line);
    if (line->has_lf && !parser->lf_noted && line->text[line->len] == '\n') {
        parser->lf_noted = true;
        add_fault(parser, line, MTASTS_FAULT_LINE_ENDS_LF, MTASTS_NOTE,
                  line->text + line->len, 1);
    }
}

static void skip_bom(struct parser *parser)
{
    static const char bom[] = "\xef\xbb\xbf";
    size_t len = sizeof(bom) - 1;
    struct line first = {.text = parser->body, .number = 1};

    if (parser->len < len || memcmp(parser->body, bom, len) != 0)
        return;
    add_fault(parser, &first, MTASTS_FAULT_BOM, MTASTS_QUIRK, parser->body,
              len);
    parser->start = parser->pos = len;
}

static void add_missing(struct parser *parser, const struct line *last,
                        enum mtasts_fault_code code)
{
    add_fault(parser, last, code, MTASTS_FATAL, last->text + last->len, 0);
}

/* What can be said only after the last line, given to it. */
static void check_whole(struct parser *parser, const struct line *last,
                        struct fault_mark mark)
{
    if (!parser->any_field) {
        add_missing(parser, last, MTASTS_FAULT_POLICY_EMPTY);
        return;
    }
    if (!last->has_lf)
        add_fault(parser, last, MTASTS_FAULT_NO_FINAL_NEWLINE, MTASTS_NOTE,
                  last->text + last->len, 0);
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
        fault_raise(parser->faults, mark, MTASTS_FAULT_MX_VALUE,
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
    struct line line;

    parser->pos = parser->start;
    while (policy->mx_count < parser->mx[kept].count &&
           next_line(parser, &line)) {
        split_line(&line);
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
    struct line line = {.text = body ? body : "", .number = 1};
    struct parser parser;

    if ((len > 0 && !body) || !ret_policy ||
        (flags & ~(unsigned)MTASTS_TOLERANT))
        return -MTASTS_EINVAL;
    /* All but mx_seen, which is written before it is read. */
    memset(&parser, 0, offsetof(struct parser, mx_seen));
    parser.body = line.text;
    parser.len = len;
    parser.faults = faults ? faults : &ignored;
    parser.wants_notes = faults != NULL;

    struct fault_mark mark = fault_mark(parser.faults);
    skip_bom(&parser);
    while (next_line(&parser, &line))
        read_line(&parser, &line);
    check_whole(&parser, &line, mark);
    if (!fault_accepts(parser.faults, mark, flags & MTASTS_TOLERANT))
        return -MTASTS_ESYNTAX;
    return make_policy(&parser, ret_policy);
}
