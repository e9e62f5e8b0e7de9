/*
 * The `_mta-sts` TXT RRset: strict and tolerant readings against each other
 * and against the grammar, written down a second time. RRs are cut at 0x1e.
 */
#include "property.h"

/* RFC 8461 section 3.1, sts-text-record, and the first id of it. */
static bool is_sts_record(const char *text, size_t len, const char **ret_id,
                          size_t *ret_id_len)
{
    const char *at = text;
    const char *end = text + len;

    *ret_id = NULL;
    if (!take_word(&at, end, "v=STSv1") || !take_delimiter(&at, end))
        return false;
    for (;;) {
        const char *id = at;

        if (*ret_id == NULL && take_word(&at, end, "id=")) {
            id = at;
            while (at < end && ascii_is_alnum(*at))
                at++;
            if (at == id || at - id > MTASTS_ID_MAX)
                return false;
            *ret_id = id;
            *ret_id_len = (size_t)(at - id);
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
    return *ret_id != NULL;
}

static bool begins_right(const struct mtasts_bytes *rr)
{
    const char *at = rr->data;

    return take_word(&at, rr->data + rr->len, "v=STSv1;");
}

/* The verdict as the RFC's text gives it, step after step. */
static enum mtasts_verdict expected_verdict(const struct rrset *set,
                                            const char **ret_id,
                                            size_t *ret_id_len)
{
    const struct mtasts_bytes *left = &set->rrs[0];
    size_t count = 0;

    for (size_t i = 0; i < set->count; i++) {
        if (!begins_right(&set->rrs[i]))
            continue;
        left = &set->rrs[i];
        count++;
    }
    if (count > 1)
        return MTASTS_VERDICT_MULTIPLE;
    if (count == 0 && set->count > 1)
        return MTASTS_VERDICT_NONE;
    if (is_sts_record(left->data, left->len, ret_id, ret_id_len))
        return MTASTS_VERDICT_VALID;
    const char *at = left->data;
    const char *end = left->data + left->len;
    return take_word(&at, end, "v=STSv1") && take_delimiter(&at, end)
               ? MTASTS_VERDICT_INVALID
               : MTASTS_VERDICT_NONE;
}

static void check_record(const struct mtasts_sts_record *record,
                         const struct rrset *set)
{
    size_t len = strlen(record->id);

    if (record->verdict != MTASTS_VERDICT_VALID) {
        PROPERTY(len == 0);
        return;
    }
    PROPERTY(len >= 1 && len <= MTASTS_ID_MAX);
    for (size_t i = 0; i < len; i++)
        PROPERTY(ascii_is_alnum(record->id[i]));
    PROPERTY(record->rr < set->count);
}

static void check_strict(const struct mtasts_sts_record *record,
                         const struct rrset *set)
{
    const char *id = NULL;
    size_t id_len = 0;
    enum mtasts_verdict expected = expected_verdict(set, &id, &id_len);

    PROPERTY(record->verdict == expected);
    if (expected == MTASTS_VERDICT_VALID)
        PROPERTY(ascii_is(id, id_len, record->id));
}

static void check_rrset(const struct rrset *set)
{
    struct fault_room strict_room;
    struct fault_room tolerant_room;
    struct fault_room small_room;
    struct mtasts_faults *faults = fault_room(&strict_room, FAULTS_MAX);
    struct mtasts_sts_record strict;
    struct mtasts_sts_record tolerant;
    struct mtasts_sts_record again;

    PROPERTY(
        mtasts_sts_record_parse(set->rrs, set->count, 0, faults, &strict) == 0);
    check_record_faults(faults, set);
    check_record(&strict, set);
    check_strict(&strict, set);
    if (strict.verdict == MTASTS_VERDICT_VALID)
        PROPERTY(faults->quirks == 0 && faults->fatal == 0);

    faults = fault_room(&tolerant_room, FAULTS_MAX);
    PROPERTY(mtasts_sts_record_parse(set->rrs, set->count, MTASTS_TOLERANT,
                                     faults, &tolerant) == 0);
    check_record(&tolerant, set);
    PROPERTY(same_faults(&strict_room.list, faults));
    if (strict.verdict == MTASTS_VERDICT_VALID)
        PROPERTY(memcmp(&strict, &tolerant, sizeof(strict)) == 0);
    if (tolerant.verdict == MTASTS_VERDICT_VALID)
        PROPERTY(faults->fatal == 0 &&
                 (faults->quirks == 0) ==
                     (strict.verdict == MTASTS_VERDICT_VALID));

    PROPERTY(mtasts_sts_record_parse(set->rrs, set->count, MTASTS_TOLERANT,
                                     fault_room(&small_room, 1), &again) == 0);
    PROPERTY(memcmp(&tolerant, &again, sizeof(again)) == 0);
    PROPERTY(same_faults(&small_room.list, faults));
    PROPERTY(mtasts_sts_record_parse(set->rrs, set->count, MTASTS_TOLERANT,
                                     NULL, &again) == 0);
    PROPERTY(memcmp(&tolerant, &again, sizeof(again)) == 0);
}

/* The input as RDATA: what is joined is shorter, and fits exactly. */
static void check_join(const uint8_t *data, size_t size)
{
    _cleanup_free_ char *joined = malloc(size ? size : 1);
    size_t len = 0;

    if (mtasts_txt_join(data, size, joined, size, &len) < 0)
        return;
    PROPERTY(len < size || size == 0);
    PROPERTY(mtasts_txt_join(data, size, joined, len, &len) == 0);
    if (len > 0)
        PROPERTY(mtasts_txt_join(data, size, joined, len - 1, &len) ==
                 -MTASTS_ETOOLONG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rrset set;

    rrset_make(&set, data, size);
    check_rrset(&set);
    rrset_clear(&set);
    check_join(data, size);
    return 0;
}
