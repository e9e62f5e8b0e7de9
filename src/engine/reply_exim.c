/*
 * reply_exim: Exim checks both the name of the MX host and its certificate,
 * so it is told patterns: they stay right when MX records change. Only where
 * they are too many do the MX hosts stand for them.
 */
#include "engine/reply_exim.h"

#include "engine/demand.h"
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

static void put_names(struct reply_text *text, struct reply_names *names)
{
    struct mtasts_bytes name;
    size_t count = 0;

    while (reply_names_next(names, &name)) {
        reply_puts(text, count++ == 0 ? " " : SEPARATOR);
        reply_put(text, name.data, name.len);
    }
}

static void put_secure(struct reply_text *text,
                       const struct policy_answer *answer)
{
    struct reply_names names = names_of(answer, false);

    reply_puts(text, SECURE);
    put_names(text, &names);
    if (names.cut && reply_names_covered(answer)) {
        names = names_of(answer, true);
        text->len = sizeof(SECURE) - 1;
        put_names(text, &names);
    }
}

static void put_line(struct reply_text *text,
                     const struct policy_answer *answer)
{
    switch (demand_of(answer)) {
    case DEMAND_NONE:
    case DEMAND_REPORT: reply_puts(text, "none"); break;
    case DEMAND_SECURE: put_secure(text, answer); break;
    case DEMAND_DANE: reply_puts(text, "dane"); break;
    case DEMAND_DEFER:
        reply_puts(text, "defer ");
        reply_put_sentence(text, demand_reason(answer));
        break;
    }
}

int reply_exim(const struct policy_answer *answer, char *buf, size_t size,
               size_t *ret_len)
{
    struct reply_text text = {.data = buf, .size = size};

    put_line(&text, answer);
    *ret_len = text.len;
    return text.len > size ? -MTASTS_ETOOLONG : 0;
}
