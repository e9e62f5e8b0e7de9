/*
 * What a daemon could say, as the client library reads it: first as a
 * netstring, however it is cut, then as a reply.
 */
#include "client/answer.h"
#include "client/exchange.h"
#include "property.h"
#include <mtasts/mx_match.h>

static void check_frame(const char *data, size_t size)
{
    const char *reply = NULL;
    size_t len = 0;
    int whole = exchange_parse(data, size, &reply, &len);

    PROPERTY(whole == 0 || whole == 1 || whole == -MTASTS_ESYSTEM);
    if (whole == 1) {
        PROPERTY(len <= EXCHANGE_REPLY_MAX);
        PROPERTY(reply > data && reply + len < data + size);
        PROPERTY(reply[-1] == ':' && reply[len] == ',');
    }
    /* a part is never more than it turns out to be */
    for (size_t cut = 0; cut < MIN_OF(size, (size_t)16); cut++) {
        int part = exchange_parse(data, cut, &reply, &len);
        PROPERTY(part == 0 || part == whole);
    }
}

static void check_text(const char *text)
{
    PROPERTY(text != NULL);
    for (; *text; text++)
        PROPERTY(*text >= ' ' && *text <= '~');
}

static void check_policy(const struct mtasts_sts_policy *policy)
{
    PROPERTY(mtasts_sts_policy_mode(policy) != MTASTS_MODE_NONE);
    PROPERTY(mtasts_sts_policy_mx_count(policy) > 0);
    for (size_t i = 0; i < mtasts_sts_policy_mx_count(policy); i++) {
        const char *mx = mtasts_sts_policy_mx(policy, i);
        PROPERTY(mtasts_mx_pattern_valid(mx, strlen(mx)));
    }
}

static void check_answer(const struct mtasts_answer *answer)
{
    check_text(answer->id);
    check_text(answer->reason);
    PROPERTY(mtasts_result_name(answer->failure) != NULL);
    PROPERTY((answer->policy != NULL) ==
             (answer->kind == MTASTS_ANSWER_POLICY));
    if (answer->policy)
        check_policy(answer->policy);
    for (size_t i = 0; i < answer->host_count; i++) {
        check_text(answer->hosts[i].name);
        PROPERTY(*answer->hosts[i].name != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mtasts_answer *answer = NULL;
    char *text = malloc(size + 1);

    PROPERTY(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0'; /* as exchange() hands it over */
    check_frame(text, size);
    int error = answer_parse(text, size, &answer);
    PROPERTY(error == 0 || error == -MTASTS_ESYSTEM);
    PROPERTY((answer != NULL) == (error == 0));
    if (answer)
        check_answer(answer);
    mtasts_answer_free(answer);
    free(text);
    return 0;
}
