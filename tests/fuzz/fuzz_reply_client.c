/*
 * Whatever a policy holds, the client library reads the reply, and as what
 * the engine meant.
 */
#include "answer.h"
#include "client/answer.h"
#include "engine/reply_client.h"

#define NOW_MS 2000

static bool null_mx(const struct policy_answer *answer)
{
    return answer->mx && answer->mx->status == MX_NULL;
}

/* Never less than an enforced policy. */
static void check_kind(const struct policy_answer *answer,
                       const struct mtasts_answer *read)
{
    bool applies = answer->kind == ANSWER_POLICY &&
                   (answer->mode == MTASTS_MODE_ENFORCE || !null_mx(answer));

    if (answer->kind == ANSWER_DEFER)
        PROPERTY(read->kind == MTASTS_ANSWER_DEFER);
    else if (!applies)
        PROPERTY(read->kind == MTASTS_ANSWER_NONE);
    else if (answer->mode == MTASTS_MODE_ENFORCE)
        PROPERTY(read->kind != MTASTS_ANSWER_NONE || read->dane);
    if (read->kind == MTASTS_ANSWER_POLICY)
        PROPERTY(mtasts_sts_policy_mode(read->policy) == answer->mode);
    PROPERTY(read->dane == answer->dane);
    PROPERTY(read->hosts_null == null_mx(answer));
}

static bool matches(const struct mtasts_sts_policy *policy, const char *host)
{
    return mtasts_sts_policy_find_mx(policy, host, strlen(host), NULL) == 0;
}

/* The same decision about every host. */
static void check_hosts(const struct policy_answer *answer,
                        const struct mtasts_answer *read)
{
    for (size_t i = 0; i < read->host_count; i++) {
        const char *host = read->hosts[i].name;
        bool covered = answer->held && matches(answer->held->policy, host);

        PROPERTY(read->hosts[i].covered == covered);
        if (read->policy)
            PROPERTY(matches(read->policy, host) == covered);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char room[3 + REPLY_CLIENT_MAX + 1] = "OK ";
    struct mtasts_answer *read = NULL;
    struct fuzz_answer fuzz;
    size_t len = 0;

    if (fuzz_answer_make(&fuzz, data, size)) {
        PROPERTY(reply_client(&fuzz.answer, NOW_MS, room + 3, REPLY_CLIENT_MAX,
                              &len) == 0);
        room[3 + len] = '\0';
        PROPERTY(answer_parse(room, 3 + len, &read) == 0);
        check_kind(&fuzz.answer, read);
        check_hosts(&fuzz.answer, read);
        mtasts_answer_free(read);
    }
    fuzz_answer_clear(&fuzz);
    return 0;
}
