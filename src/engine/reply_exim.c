/*
 * reply_exim: Exim checks both the name of the MX host and its certificate,
 * so it is told patterns: they stay right when MX records change. Only where
 * they are too many do the MX hosts stand for them.
 */
#include "engine/reply_exim.h"

#include "engine/reply_names.h"
#include "engine/reply_text.h"
#include <mtasts/error.h>

#define SECURE "secure"
#define SEPARATOR " : "
#define NAMES_MAX (REPLY_EXIM_MAX - sizeof(SECURE))

static struct reply_names names_of(const struct policy_answer *answer,
                                   bool hosts)
{
    return (struct reply_names){.policy = answer->held->policy,
                                .mx = hosts ? answer->mx : NULL,
                                .room = NAMES_MAX,
                                .times = 1,
                                .more = sizeof(SEPARATOR) - 1};
}

static size_t put_names(struct reply_text *text, struct reply_names *names)
{
    struct mtasts_bytes name;
    size_t count = 0;

    while (reply_names_next(names, &name)) {
        reply_puts(text, count++ == 0 ? " " : SEPARATOR);
        reply_put(text, name.data, name.len);
    }
    return count;
}

static void put_defer(struct reply_text *text, const char *why)
{
    reply_puts(text, "defer ");
    reply_put_sentence(text, why);
}

static void put_secure(struct reply_text *text,
                       const struct policy_answer *answer)
{
    struct reply_names names = names_of(answer, false);
    size_t count;

    reply_puts(text, SECURE);
    count = put_names(text, &names);
    if (names.cut && reply_names_covered(answer)) {
        names = names_of(answer, true);
        text->len = sizeof(SECURE) - 1;
        count = put_names(text, &names);
    }
    if (count == 0) {
        text->len = 0;
        put_defer(text, REPLY_NO_USABLE_MX);
    }
}

static void put_line(struct reply_text *text,
                     const struct policy_answer *answer)
{
    if (answer->kind == ANSWER_DEFER)
        put_defer(text,
                  answer->why && *answer->why ? answer->why : REPLY_NOT_TOLD);
    else if (answer->mx && answer->mx->status == MX_NULL)
        reply_puts(text, "none");
    else if (answer->dane)
        reply_puts(text, "dane");
    else if (answer->kind == ANSWER_POLICY &&
             answer->mode == MTASTS_MODE_ENFORCE)
        put_secure(text, answer);
    else
        reply_puts(text, "none");
}

int reply_exim(const struct policy_answer *answer, char *buf, size_t size,
               size_t *ret_len)
{
    struct reply_text text = {.data = buf, .size = size};

    put_line(&text, answer);
    *ret_len = text.len;
    return text.len > size ? -MTASTS_ETOOLONG : 0;
}
