/*
 * One line whatever a policy holds: a word, and after "secure" a list whose
 * items are names out of the policy or of MX hosts that it covers.
 */
#include "answer.h"
#include "engine/reply_exim.h"

static bool is_known(const struct fuzz_answer *fuzz, const char *name,
                     size_t len)
{
    const struct mtasts_sts_policy *policy = fuzz->held->policy;

    for (size_t i = 0; i < mtasts_sts_policy_mx_count(policy); i++)
        if (ascii_is(name, len, mtasts_sts_policy_mx(policy, i)))
            return true;
    for (size_t i = 0; fuzz->mx && i < fuzz->mx->count; i++)
        if (fuzz->mx->hosts[i].len >= len &&
            memcmp(fuzz->mx->hosts[i].data, name, len) == 0)
            return mtasts_sts_policy_find_mx(policy, name, len, NULL) == 0;
    return false;
}

static void check_list(const struct fuzz_answer *fuzz, const char *at,
                       const char *end)
{
    for (;;) {
        const char *blank = memchr(at, ' ', (size_t)(end - at));
        const char *stop = blank ? blank : end;

        PROPERTY(stop > at && !memchr(at, ':', (size_t)(stop - at)));
        PROPERTY(is_known(fuzz, at, (size_t)(stop - at)));
        if (!blank)
            return;
        at = stop;
        PROPERTY(take_word(&at, end, " : "));
    }
}

static void check_line(const struct fuzz_answer *fuzz, const char *line,
                       size_t len)
{
    const struct policy_answer *answer = &fuzz->answer;
    const char *at = line;
    const char *end = line + len;

    for (size_t i = 0; i < len; i++)
        PROPERTY(line[i] >= ' ' && line[i] <= '~');
    if (take_word(&at, end, "secure ")) {
        PROPERTY(answer->mode == MTASTS_MODE_ENFORCE);
        check_list(fuzz, at, end);
    } else if (take_word(&at, end, "defer ")) {
        PROPERTY(answer->kind == ANSWER_DEFER ||
                 answer->mode == MTASTS_MODE_ENFORCE);
        PROPERTY(at < end);
    } else if (take_word(&at, end, "dane")) {
        PROPERTY(answer->dane && at == end);
    } else {
        PROPERTY(take_word(&at, end, "none") && at == end);
        PROPERTY(answer->kind == ANSWER_NONE ||
                 answer->mode != MTASTS_MODE_ENFORCE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_answer fuzz;
    static char room[REPLY_EXIM_MAX];
    size_t len = 0;

    if (fuzz_answer_make(&fuzz, data, size)) {
        PROPERTY(reply_exim(&fuzz.answer, room, sizeof(room), &len) == 0);
        check_line(&fuzz, room, len);
    }
    fuzz_answer_clear(&fuzz);
    return 0;
}
