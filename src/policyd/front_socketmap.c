/*
 * front_socketmap: a key in, the reply of its map out.
 *
 * The answer of the engine is written into one buffer and sent from there.
 */
#include "policyd/front_socketmap.h"

#include "engine/reply_client.h"
#include "engine/reply_socketmap.h"
#include "policyd/policyd.h"
#include "policyd/question.h"
#include <mtasts/error.h>
#include <string.h>

struct front_socketmap {
    struct policyd *policyd;
    struct socketmap_server *server;
    char reply[REPLY_SOCKETMAP_MAX];
};

/* Beside each question that has to wait. */
struct pending {
    struct policy_waiter waiter;
    struct front_socketmap *front;
    struct asker *asker;
    enum reply_map map;
    char domain[MTASTS_NAME_MAX + 1];
};

static void say(struct asker *asker, enum socketmap_status status,
                const char *text)
{
    socketmap_answer(asker, status, text, strlen(text));
}

static void reply(struct front_socketmap *front, struct asker *asker,
                  enum reply_map map, const char *domain,
                  const struct policy_answer *answer)
{
    static const enum socketmap_status statuses[] = {
        [REPLY_OK] = SOCKETMAP_OK,
        [REPLY_NOTFOUND] = SOCKETMAP_NOTFOUND,
        [REPLY_TEMP] = SOCKETMAP_TEMP,
    };
    struct policyd *policyd = front->policyd;
    enum reply_status status = REPLY_OK;
    size_t len;
    int error;

    if (map == REPLY_MAP_CLIENT)
        error = reply_client(answer, policyd_now(policyd), front->reply,
                             sizeof(front->reply), &len);
    else
        error =
            reply_socketmap(&policyd->reply, map, domain, answer, front->reply,
                            sizeof(front->reply), &status, &len);
    if (error) {
        say(asker, SOCKETMAP_TEMP, "the reply is too long");
        return;
    }
    socketmap_answer(asker, statuses[status], front->reply, len);
}

static void on_answer(void *ctx, const struct policy_answer *answer)
{
    struct pending *pending = ctx;
    struct policy_answer final = *answer;

    policyd_finish(pending->front->policyd, pending->domain, &final);
    reply(pending->front, pending->asker, pending->map, pending->domain,
          &final);
}

static void ask(struct front_socketmap *front, struct asker *asker,
                enum reply_map map, const char *domain)
{
    struct policyd *policyd = front->policyd;
    struct pending *pending = asker_extra(asker);
    struct policy_answer answer;

    pending->waiter.fn = on_answer;
    pending->waiter.ctx = pending;
    if (policyd_ask(policyd, domain, reply_map_wants(map, &policyd->reply),
                    &pending->waiter, &answer)) {
        reply(front, asker, map, domain, &answer);
        return;
    }
    pending->front = front;
    pending->asker = asker;
    pending->map = map;
    snprintf(pending->domain, sizeof(pending->domain), "%s", domain);
}

static void on_asked(void *ctx, struct asker *asker,
                     const struct socketmap_request *request)
{
    struct front_socketmap *front = ctx;
    char domain[MTASTS_NAME_MAX + 1];
    enum reply_map map;

    if (reply_map_parse(request->map.data, request->map.len, &map) < 0) {
        policyd_metrics_refused(front->policyd->metrics);
        say(asker, SOCKETMAP_PERM,
            "no such map: ask postfix, postfix-tlsrpt or sts");
        return;
    }
    policyd_metrics_question(front->policyd->metrics, (enum front_kind)map);
    if (!question_domain(request->key.data, request->key.len, domain)) {
        policyd_metrics_refused(front->policyd->metrics);
        say(asker, SOCKETMAP_NOTFOUND, "");
        return;
    }
    ask(front, asker, map, domain);
}

static void on_cancelled(void *ctx, struct asker *asker)
{
    struct pending *pending = asker_extra(asker);

    (void)ctx;
    policy_waiter_cancel(&pending->waiter);
}

static const struct socketmap_owner owner = {
    .asked = on_asked,
    .cancelled = on_cancelled,
};

int front_socketmap_new(struct policyd *policyd, size_t peers_max,
                        struct front_socketmap **ret_front)
{
    const struct stream_options options = {.extra = sizeof(struct pending),
                                           .peers_max = peers_max};
    struct front_socketmap *front = calloc(1, sizeof(*front));
    int error;

    if (!front)
        return -MTASTS_ENOMEM;
    front->policyd = policyd;
    error = socketmap_server_new(policyd->loop, &options, &owner, front,
                                 &front->server);
    if (error) {
        free(front);
        return error;
    }
    *ret_front = front;
    return 0;
}

void front_socketmap_free(struct front_socketmap *front)
{
    if (!front)
        return;
    socketmap_server_free(front->server);
    free(front);
}

struct stream_server *front_socketmap_stream(struct front_socketmap *front)
{
    return socketmap_server_stream(front->server);
}

void front_socketmap_stats(const struct front_socketmap *front,
                           struct socketmap_stats *ret_stats)
{
    socketmap_server_stats(front->server, ret_stats);
}
