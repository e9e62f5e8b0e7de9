/*
 * The policy body: strict and tolerant readings against each other, against
 * the grammar written down a second time, and against the writer.
 */
#include "property.h"

DEFINE_CLEANUP(struct mtasts_sts_policy *, mtasts_sts_policy_free, policy)
#define _cleanup_policy_ _cleanup_(cleanup_policy)

/* What the grammar says a body means. */
struct expected {
    bool version;
    bool mode;
    bool max_age;
    enum mtasts_mode mode_value;
    uint64_t seconds;
    size_t mx_count;
};

/* Octets of the UTF8-2, UTF8-3 or UTF8-4 at `at`, by decoding it. */
static size_t utf8_len(const char *at, const char *end)
{
    unsigned char first = (unsigned char)*at;
    size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    uint32_t point = first & (0xffu >> (len + 1));
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    if (first < 0xc0 || first >= 0xf8 || (size_t)(end - at) < len)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if (((unsigned char)at[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | ((unsigned char)at[i] & 0x3f);
    }
    return point < least[len] || point > 0x10ffff ||
                   (point >= 0xd800 && point < 0xe000)
               ? 0
               : len;
}

/* sts-policy-ext-value, `*at` to `end`: first and last are no spaces. */
static bool is_ext_value(const char *at, const char *end)
{
    if (at == end || *at == ' ' || end[-1] == ' ')
        return false;
    while (at < end) {
        size_t len = (unsigned char)*at >= 0x80 ? utf8_len(at, end)
                                                : *at >= 0x20 && *at < 0x7f;
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

static bool is_mx(const char *at, const char *end)
{
    take_word(&at, end, "*.");
    return is_domain(at, (size_t)(end - at));
}

/* 1*10DIGIT, up to a year. */
static bool is_max_age(const char *at, const char *end, uint64_t *ret_seconds)
{
    if (at == end || end - at > 10)
        return false;
    for (*ret_seconds = 0; at < end; at++) {
        if (!ascii_is_digit(*at))
            return false;
        *ret_seconds = *ret_seconds * 10 + (uint64_t)(*at - '0');
    }
    return *ret_seconds <= MTASTS_MAX_AGE_MAX;
}

/* A field and the white space after it; the first of each name counts. */
static bool read_field(const char *at, const char *end,
                       struct expected *expected)
{
    const char *name = at;

    while (end > at && ascii_is_wsp(end[-1]))
        end--;
    if (!take_ext_name(&at, end))
        return false;
    size_t name_len = (size_t)(at - name);
    if (!take_word(&at, end, ":"))
        return false;
    take_wsp(&at, end);
    size_t len = (size_t)(end - at);

    if (ascii_is(name, name_len, "mx")) {
        expected->mx_count++;
        return is_mx(at, end);
    }
    if (ascii_is(name, name_len, "version") && !expected->version) {
        expected->version = true;
        return ascii_is(at, len, "STSv1");
    }
    if (ascii_is(name, name_len, "mode") && !expected->mode) {
        expected->mode = true;
        return mtasts_mode_parse(at, len, &expected->mode_value) == 0;
    }
    if (ascii_is(name, name_len, "max_age") && !expected->max_age) {
        expected->max_age = true;
        return is_max_age(at, end, &expected->seconds);
    }
    return is_ext_value(at, end);
}

/* RFC 8461 section 3.2, sts-policy-record. */
static bool is_policy(const char *body, size_t len, struct expected *expected)
{
    const char *end = body + len;

    do {
        const char *lf = len ? memchr(body, '\n', (size_t)(end - body)) : NULL;
        const char *stop = lf ? lf : end;

        if (lf && stop > body && stop[-1] == '\r')
            stop--;
        if (!read_field(body, stop, expected))
            return false;
        body = lf ? lf + 1 : end;
    } while (body < end);
    return expected->version && expected->mode && expected->max_age &&
           (expected->mx_count > 0 || expected->mode_value == MTASTS_MODE_NONE);
}

static bool same_policy(const struct mtasts_sts_policy *a,
                        const struct mtasts_sts_policy *b)
{
    size_t count = mtasts_sts_policy_mx_count(a);

    if (mtasts_sts_policy_mode(a) != mtasts_sts_policy_mode(b) ||
        mtasts_sts_policy_max_age(a) != mtasts_sts_policy_max_age(b) ||
        count != mtasts_sts_policy_mx_count(b))
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(mtasts_sts_policy_mx(a, i), mtasts_sts_policy_mx(b, i)) != 0)
            return false;
    return true;
}

/* Whatever was accepted, by either reading. */
static void check_policy(const struct mtasts_sts_policy *policy, bool strict)
{
    size_t count = mtasts_sts_policy_mx_count(policy);

    PROPERTY(mtasts_sts_policy_max_age(policy) <= MTASTS_MAX_AGE_MAX);
    PROPERTY(count > 0 || mtasts_sts_policy_mode(policy) == MTASTS_MODE_NONE);
    PROPERTY(mtasts_sts_policy_mx(policy, count) == NULL);
    for (size_t i = 0; i < count; i++) {
        const char *mx = mtasts_sts_policy_mx(policy, i);
        size_t len = strlen(mx);

        PROPERTY(mtasts_mx_pattern_valid(mx, len) ||
                 (!strict && strchr(mx, '_')));
        for (size_t j = 0; j < len; j++)
            PROPERTY(!ascii_is_upper(mx[j]));
    }
}

/* What the writer makes of a policy is strict, and means the same. */
static void check_writer(const struct mtasts_sts_policy *policy)
{
    size_t count = mtasts_sts_policy_mx_count(policy);
    _cleanup_free_ const char **mx = calloc(count + 1, sizeof(*mx));
    _cleanup_free_ char *body = malloc(MTASTS_POLICY_BODY_MAX + 1);
    _cleanup_policy_ struct mtasts_sts_policy *again = NULL;
    struct mtasts_faults faults = {0};
    size_t len = 0;

    for (size_t i = 0; i < count; i++)
        mx[i] = mtasts_sts_policy_mx(policy, i);
    int r = mtasts_sts_policy_write(
        mtasts_sts_policy_mode(policy), mtasts_sts_policy_max_age(policy), mx,
        count, body, MTASTS_POLICY_BODY_MAX + 1, &len);
    if (r == -MTASTS_ENAME) {
        PROPERTY(strchr(mx[len], '_') != NULL);
        return;
    }
    PROPERTY(r == 0 && len == strlen(body));
    PROPERTY(mtasts_sts_policy_parse(body, len, 0, &faults, &again) == 0);
    PROPERTY(same_policy(policy, again));
    PROPERTY(faults.quirks == 0 && faults.fatal == 0);
}

static void check_positions(const struct mtasts_faults *faults,
                            const char *body, size_t len)
{
    size_t lines = 1;

    check_counts(faults);
    for (size_t i = 0; i < len; i++)
        lines += body[i] == '\n';
    for (size_t i = 0; i < MIN_OF(faults->count, faults->max); i++) {
        const struct mtasts_fault *fault = &faults->items[i];
        size_t start = fault->offset - (fault->column - 1);
        size_t newlines = 0;

        PROPERTY(fault->rr == 0);
        PROPERTY(fault->offset <= len && fault->len <= len - fault->offset);
        PROPERTY(fault->line >= 1 && fault->line <= lines);
        PROPERTY(fault->column >= 1 && fault->column <= fault->offset + 1);
        PROPERTY(!memchr(body + start, '\n', fault->offset - start));
        PROPERTY(start == 0 || start == 3 || body[start - 1] == '\n');
        for (size_t j = 0; j < start; j++)
            newlines += body[j] == '\n';
        PROPERTY(newlines + 1 == fault->line);
    }
}

static void check_strict(const struct mtasts_sts_policy *policy,
                         const char *body, size_t len)
{
    struct expected expected = {0};

    PROPERTY(is_policy(body, len, &expected) == (policy != NULL));
    if (!policy)
        return;
    PROPERTY(mtasts_sts_policy_mode(policy) == expected.mode_value);
    PROPERTY(mtasts_sts_policy_max_age(policy) == expected.seconds);
    PROPERTY(mtasts_sts_policy_mx_count(policy) == expected.mx_count);
    check_policy(policy, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *body = size ? (const char *)data : "";
    struct fault_room strict_room;
    struct fault_room tolerant_room;
    _cleanup_policy_ struct mtasts_sts_policy *strict = NULL;
    _cleanup_policy_ struct mtasts_sts_policy *tolerant = NULL;
    _cleanup_policy_ struct mtasts_sts_policy *again = NULL;
    struct mtasts_faults *faults = fault_room(&strict_room, FAULTS_MAX);

    int r = mtasts_sts_policy_parse(body, size, 0, faults, &strict);
    PROPERTY(r == 0 || r == -MTASTS_ESYNTAX);
    PROPERTY((r == 0) == (faults->quirks == 0 && faults->fatal == 0));
    PROPERTY((r == 0) == (strict != NULL));
    check_positions(faults, body, size);
    check_strict(strict, body, size);

    faults = fault_room(&tolerant_room, 2);
    r = mtasts_sts_policy_parse(body, size, MTASTS_TOLERANT, faults, &tolerant);
    PROPERTY((r == 0) == (faults->fatal == 0));
    PROPERTY(same_faults(&strict_room.list, faults));
    if (tolerant) {
        check_policy(tolerant, false);
        check_writer(tolerant);
    }
    PROPERTY(!strict || (tolerant && same_policy(strict, tolerant)));

    r = mtasts_sts_policy_parse(body, size, MTASTS_TOLERANT, NULL, &again);
    PROPERTY((r == 0) == (tolerant != NULL));
    PROPERTY(!again || same_policy(tolerant, again));
    return 0;
}
