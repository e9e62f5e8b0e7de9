/*
 * The `_smtp._tls` TXT RRset: strict and tolerant readings against each
 * other and against the grammar around the URIs, written down a second
 * time. RRs are cut at 0x1e.
 */
#include "property.h"

#define URIS_MAX 64

/* What no URI holds, or must not hold here (RFC 3986, RFC 8460 section 3). */
static bool is_uri_octet(char c)
{
    return c > 0x20 && c < 0x7f && !strchr("\"<>\\^`{|},!;", c);
}

/* A loose URI: a scheme, a colon, and nothing that a URI cannot hold. */
static bool take_loose_uri(const char **at, const char *end)
{
    const char *start = *at;

    while (*at < end && is_uri_octet(**at))
        (*at)++;
    return *at > start && ascii_is_alpha(*start) &&
           memchr(start, ':', (size_t)(*at - start));
}

static bool take_rua(const char **at, const char *end)
{
    if (!take_word(at, end, "rua="))
        return false;
    for (;;) {
        if (!take_loose_uri(at, end))
            return false;
        const char *ahead = *at;
        take_wsp(&ahead, end);
        if (!take_word(&ahead, end, ","))
            return true;
        take_wsp(&ahead, end);
        *at = ahead;
    }
}

/* RFC 8460 section 3, tlsrpt-record, but for what is inside the URIs. */
static bool is_loose_record(const struct mtasts_bytes *rr)
{
    const char *at = rr->data;
    const char *end = rr->data + rr->len;
    bool rua_seen = false;

    if (!take_word(&at, end, "v=TLSRPTv1") || !take_delimiter(&at, end))
        return false;
    for (;;) {
        const char *name = at;

        if (take_word(&name, end, "rua=")) {
            if (!take_rua(&at, end))
                return false;
            rua_seen = true;
        } else if (!take_extension(&at, end)) {
            return false;
        }
        if (at == end)
            break;
        if (!take_delimiter(&at, end))
            return false;
        if (at == end)
            break;
    }
    return rua_seen;
}

static void check_slice(const struct mtasts_bytes *uri,
                        const struct mtasts_bytes *rr)
{
    PROPERTY(uri->len > 0);
    PROPERTY(uri->data >= rr->data);
    PROPERTY(uri->data + uri->len <= rr->data + rr->len);
}

/* Usable is mailto:...@... or https://..., in any letter case. */
static void check_usable(const struct mtasts_bytes *uri)
{
    if (uri->len > 7 && ascii_equal_nocase(uri->data, "mailto:", 7))
        PROPERTY(memchr(uri->data, '@', uri->len) != NULL);
    else
        PROPERTY(uri->len > 8 && ascii_equal_nocase(uri->data, "https://", 8));
}

static void check_strict(const struct mtasts_tlsrpt_record *record,
                         const struct mtasts_bytes *rua,
                         const struct rrset *set)
{
    if (record->verdict != MTASTS_VERDICT_VALID) {
        PROPERTY(record->rua_count == 0 && record->ignored_count == 0);
        return;
    }
    PROPERTY(is_loose_record(&set->rrs[record->rr]));
    PROPERTY(record->rua_count + record->ignored_count >= 1);
    for (size_t i = 0; i < MIN_OF(record->rua_count, URIS_MAX); i++)
        for (size_t j = 0; j < rua[i].len; j++)
            PROPERTY(is_uri_octet(rua[i].data[j]));
}

static void check_rua(const struct mtasts_tlsrpt_record *record,
                      const struct mtasts_bytes *rua, const struct rrset *set)
{
    if (record->verdict != MTASTS_VERDICT_VALID)
        return;
    PROPERTY(record->rr < set->count);
    for (size_t i = 0; i < MIN_OF(record->rua_count, URIS_MAX); i++) {
        check_slice(&rua[i], &set->rrs[record->rr]);
        check_usable(&rua[i]);
        PROPERTY(i == 0 || rua[i].data >= rua[i - 1].data + rua[i - 1].len);
    }
}

/* Less room changes nothing but what is stored. */
static void check_less_room(const struct rrset *set,
                            const struct mtasts_tlsrpt_record *expected,
                            const struct mtasts_bytes *rua)
{
    struct mtasts_tlsrpt_record record;
    struct mtasts_bytes few[1] = {{NULL, 0}};

    PROPERTY(mtasts_tlsrpt_record_parse(set->rrs, set->count, MTASTS_TOLERANT,
                                        NULL, few, 1, &record) == 0);
    PROPERTY(memcmp(&record, expected, sizeof(record)) == 0);
    if (record.rua_count > 0)
        PROPERTY(few[0].data == rua[0].data && few[0].len == rua[0].len);
    PROPERTY(mtasts_tlsrpt_record_parse(set->rrs, set->count, MTASTS_TOLERANT,
                                        NULL, NULL, 0, &record) == 0);
    PROPERTY(memcmp(&record, expected, sizeof(record)) == 0);
}

static void check_rrset(const struct rrset *set)
{
    struct fault_room strict_room;
    struct fault_room tolerant_room;
    struct mtasts_faults *faults = fault_room(&strict_room, FAULTS_MAX);
    struct mtasts_tlsrpt_record strict;
    struct mtasts_tlsrpt_record tolerant;
    struct mtasts_bytes strict_rua[URIS_MAX];
    struct mtasts_bytes rua[URIS_MAX];

    PROPERTY(mtasts_tlsrpt_record_parse(set->rrs, set->count, 0, faults,
                                        strict_rua, URIS_MAX, &strict) == 0);
    check_record_faults(faults, set);
    check_strict(&strict, strict_rua, set);
    check_rua(&strict, strict_rua, set);
    if (strict.verdict == MTASTS_VERDICT_VALID)
        PROPERTY(faults->quirks == 0 && faults->fatal == 0);

    faults = fault_room(&tolerant_room, FAULTS_MAX);
    PROPERTY(mtasts_tlsrpt_record_parse(set->rrs, set->count, MTASTS_TOLERANT,
                                        faults, rua, URIS_MAX, &tolerant) == 0);
    check_record_faults(faults, set);
    check_rua(&tolerant, rua, set);
    check_less_room(set, &tolerant, rua);
    if (tolerant.verdict == MTASTS_VERDICT_VALID)
        PROPERTY(faults->fatal == 0 &&
                 (faults->quirks == 0) ==
                     (strict.verdict == MTASTS_VERDICT_VALID));
    if (strict.verdict != MTASTS_VERDICT_VALID)
        return;
    PROPERTY(memcmp(&strict, &tolerant, sizeof(strict)) == 0);
    for (size_t i = 0; i < MIN_OF(strict.rua_count, URIS_MAX); i++)
        PROPERTY(rua[i].data == strict_rua[i].data &&
                 rua[i].len == strict_rua[i].len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rrset set;

    rrset_make(&set, data, size);
    check_rrset(&set);
    rrset_clear(&set);
    return 0;
}
