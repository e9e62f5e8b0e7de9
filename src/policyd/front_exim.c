/*
 * front_exim: the line server with the reply for Exim behind it.
 */
#include "policyd/front_exim.h"

#include "engine/reply_exim.h"
#include "policyd/policyd.h"
#include "policyd/question.h"
#include <mtasts/error.h>
#include <string.h>

struct front_exim {
    struct policyd *policyd;
    struct line_server *server;
    char reply[REPLY_EXIM_MAX];
};

/* Beside each question that has to wait. */
struct pending {
    struct policy_waiter waiter;
    struct front_exim *front;
    struct asker *asker;
    char domain[MTASTS_NAME_MAX + 1];
};

static void reply(struct front_exim *front, struct asker *asker,
                  const struct policy_answer *answer)
{
    static const char too_long[] = "defer the reply is too long";
    size_t len;

    if (reply_exim(answer, front->reply, sizeof(front->reply), &len) < 0)
        line_answer(asker, too_long, strlen(too_long));
    else
        line_answer(asker, front->reply, len);
}

static void on_answer(void *ctx, const struct policy_answer *answer)
{
    struct pending *pending = ctx;
    struct policy_answer final = *answer;

    policyd_finish(pending->front->policyd, pending->domain, &final);
    reply(pending->front, pending->asker, &final);
}

static void on_asked(void *ctx, struct asker *asker, const char *line,
                     size_t len)
{
    struct front_exim *front = ctx;
    struct pending *pending = asker_extra(asker);
    struct policy_answer answer;
    char domain[MTASTS_NAME_MAX + 1];

    policyd_metrics_question(front->policyd->metrics, FRONT_EXIM);
    if (!question_domain(line, len, domain)) {
        policyd_metrics_refused(front->policyd->metrics);
        line_answer(asker, "none", strlen("none"));
        return;
    }
    pending->waiter.fn = on_answer;
    pending->waiter.ctx = pending;
    if (policyd_ask(front->policyd, domain, 0, &pending->waiter, &answer)) {
        reply(front, asker, &answer);
        return;
    }
    pending->front = front;
    pending->asker = asker;
    snprintf(pending->domain, sizeof(pending->domain), "%s", domain);
}

static void on_cancelled(void *ctx, struct asker *asker)
{
    struct pending *pending = asker_extra(asker);

    (void)ctx;
    policy_waiter_cancel(&pending->waiter);
}

static const struct line_owner owner = {
    .asked = on_asked,
    .cancelled = on_cancelled,
};

int front_exim_new(struct policyd *policyd, size_t peers_max,
                   struct front_exim **ret_front)
{
    const struct stream_options options = {.extra = sizeof(struct pending),
                                           .peers_max = peers_max};
    struct front_exim *front = calloc(1, sizeof(*front));
    int error;

    if (!front)
        return -MTASTS_ENOMEM;
    front->policyd = policyd;
    error =
        line_server_new(policyd->loop, &options, &owner, front, &front->server);
    if (error) {
        free(front);
        return error;
    }
    *ret_front = front;
    return 0;
}

void front_exim_free(struct front_exim *front)
{
    if (!front)
        return;
    line_server_free(front->server);
    free(front);
}

struct stream_server *front_exim_stream(struct front_exim *front)
{
    return line_server_stream(front->server);
}

void front_exim_stats(const struct front_exim *front,
                      struct line_stats *ret_stats)
{
    line_server_stats(front->server, ret_stats);
}
