/* See answer.h. */
#include "answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *memory)
{
    if (!memory) {
        fprintf(stderr, "answer: no memory\n");
        abort();
    }
    return memory;
}

static struct held_policy *make_held(const char *body)
{
    _cleanup_free_ char *text = must(strdup(body));
    struct held_policy *held = NULL;

    for (char *at = text; (at = strchr(at, '|')); at++)
        *at = '\n';
    if (held_policy_new(text, strlen(text), "id1", 1000, MTASTS_TOLERANT, NULL,
                        &held) < 0) {
        fprintf(stderr, "answer: not a policy: %s\n", body);
        abort();
    }
    return held;
}

static struct mx_set *make_mx(const char *hosts)
{
    _cleanup_free_ char *text = must(strdup(hosts));
    const char *names[ANSWER_HOSTS_MAX];
    struct mx_outcome outcome = {.hosts = names, .ttl = 300};
    char *rest = text;

    if (*hosts == '\0')
        outcome.status = MX_NULL;
    else if (strcmp(hosts, "?") == 0)
        outcome.status = MX_FAILED;
    else
        for (char *name;
             outcome.count < ANSWER_HOSTS_MAX && (name = strsep(&rest, " "));)
            names[outcome.count++] = name;
    return must(mx_set_new(&outcome, 1000));
}

void made_answer_init(struct made_answer *made, const char *body,
                      const char *hosts)
{
    *made = (struct made_answer){.answer = {.why = ""}};
    if (body) {
        made->held = make_held(body);
        made->answer.held = made->held;
        made->answer.mode = held_policy_mode(made->held);
        if (made->answer.mode != MTASTS_MODE_NONE)
            made->answer.kind = ANSWER_POLICY;
    }
    if (hosts)
        made->mx = make_mx(hosts);
    made->answer.mx = made->mx;
}

void made_answer_clear(struct made_answer *made)
{
    held_policy_free(made->held);
    free(made->mx);
}
