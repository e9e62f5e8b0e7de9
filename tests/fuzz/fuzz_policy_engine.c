/*
 * The policy engine against a stranger's world: any order of questions,
 * outcomes and time, for a few domains.
 *
 * Always: an answer is never weaker than the last policy that was fetched and
 * has not expired; nobody waits past ask_ms; a question has one answer; one
 * look-up of a kind at a time for a domain; the accounts add up.
 */
#include "engine/policy_engine.h"
#include "property.h"

#define DOMAINS 4u
#define WAITERS 16u
#define START_MS INT64_C(1000000000)

struct play;

struct player {
    struct policy_waiter waiter;
    struct play *play;
    bool waits;
    int64_t since_ms;
    unsigned domain;
};

/* What a sender has to remember of a domain: the model. */
struct memory {
    bool holds;
    enum mtasts_mode mode;
    int64_t fetched_ms;
    int64_t expires_ms;
    bool txt;
    bool fetch;
    bool mx;
};

struct play {
    const uint8_t *data;
    size_t left;
    int64_t now_ms;
    int64_t imported_ms; /* when what is being imported was fetched */
    struct policy_settings settings;
    struct policy_engine *engine;
    struct memory memories[DOMAINS];
    struct player players[WAITERS];
};

static const char *const domains[DOMAINS] = {"a.example", "b.example",
                                             "c.example", "d.example"};
static const enum mtasts_mode modes[] = {MTASTS_MODE_NONE, MTASTS_MODE_TESTING,
                                         MTASTS_MODE_ENFORCE};
static const unsigned ages[] = {0,    1,     59,     61,      400,
                                4000, 86400, 604800, 31557600};

static unsigned take(struct play *play, unsigned below)
{
    if (!play->left)
        return 0;
    play->left--;
    return *play->data++ % below;
}

static struct memory *memory_of(struct play *play, const char *domain)
{
    for (unsigned i = 0; i < DOMAINS; i++)
        if (strcmp(domains[i], domain) == 0)
            return &play->memories[i];
    abort();
}

/* ---- the world ---- */

static void ask_txt(void *ctx, const char *domain)
{
    struct memory *memory = memory_of(ctx, domain);

    PROPERTY(!memory->txt && !memory->fetch);
    memory->txt = true;
}

static void ask_fetch(void *ctx, const char *domain)
{
    struct memory *memory = memory_of(ctx, domain);

    PROPERTY(!memory->txt && !memory->fetch);
    memory->fetch = true;
}

static void ask_mx(void *ctx, const char *domain, bool with_dane)
{
    struct play *play = ctx;
    struct memory *memory = memory_of(play, domain);

    PROPERTY(!memory->mx);
    PROPERTY(with_dane == (play->settings.dane != DANE_OFF));
    memory->mx = true;
}

static void on_store(void *ctx, const char *domain,
                     const struct held_policy *held, int64_t used_ms)
{
    struct play *play = ctx;
    struct memory *memory = memory_of(play, domain);

    PROPERTY(held->fetched_ms <= play->now_ms && used_ms <= play->now_ms);
    PROPERTY(held->fetched_ms == play->now_ms ||
             held->fetched_ms == play->imported_ms);
    memory->holds = true;
    memory->fetched_ms = held->fetched_ms;
    memory->mode = held_policy_mode(held);
    memory->expires_ms = held_policy_expires_ms(held);
}

static void on_forget(void *ctx, const char *domain)
{
    struct play *play = ctx;
    struct memory *memory = memory_of(play, domain);

    PROPERTY(memory->holds);
    memory->holds = false;
}

/* Only for want of room, by order, or at its end is a policy forgotten. */
static void on_tell(void *ctx, const struct policy_event *event)
{
    struct play *play = ctx;
    const struct memory *memory = memory_of(play, event->domain);

    PROPERTY(policy_event_name(event->kind) != NULL);
    if (event->kind == EVENT_POLICY_EXPIRED ||
        event->kind == EVENT_POLICY_UNUSED)
        PROPERTY(play->now_ms > memory->expires_ms);
}

static const struct policy_world world = {
    .ask_txt = ask_txt,
    .fetch = ask_fetch,
    .ask_mx = ask_mx,
    .store = on_store,
    .forget = on_forget,
    .tell = on_tell,
};

/* ---- answers ---- */

static void check(struct play *play, unsigned domain,
                  const struct policy_answer *answer)
{
    const struct memory *memory = &play->memories[domain];

    if (answer->kind == ANSWER_DEFER)
        return;
    if (!memory->holds || play->now_ms > memory->expires_ms) {
        PROPERTY(answer->kind == ANSWER_NONE && !answer->held);
        return;
    }
    PROPERTY(answer->held != NULL && answer->mode == memory->mode);
    PROPERTY((answer->kind == ANSWER_POLICY) ==
             (memory->mode != MTASTS_MODE_NONE));
}

static void on_answer(void *ctx, const struct policy_answer *answer)
{
    struct player *player = ctx;

    PROPERTY(player->waits);
    player->waits = false;
    check(player->play, player->domain, answer);
}

static void ask(struct play *play)
{
    struct player *player = &play->players[take(play, WAITERS)];
    unsigned domain = take(play, DOMAINS);
    unsigned wants = take(play, 2) ? ASK_HOSTS : 0;
    struct policy_answer answer;

    if (player->waits)
        return;
    player->waiter.fn = on_answer;
    player->waiter.ctx = player;
    player->play = play;
    player->domain = domain;
    player->since_ms = play->now_ms;
    if (policy_engine_ask(play->engine, domains[domain], wants, play->now_ms,
                          &player->waiter, &answer))
        check(play, domain, &answer);
    else
        player->waits = true;
}

static void leave(struct play *play)
{
    struct player *player = &play->players[take(play, WAITERS)];

    policy_waiter_cancel(&player->waiter);
    player->waits = false;
}

/* ---- outcomes ---- */

static void give_txt(struct play *play, unsigned domain)
{
    static const char *const ids[] = {"1", "2", "3"};
    struct txt_outcome outcome = {
        .status = (enum txt_status)take(play, TXT_FAILED + 1),
        .id = "",
        .ttl = ages[take(play, ELEMENTS(ages))]};

    if (outcome.status == TXT_VALID)
        outcome.id = ids[take(play, 3)];
    play->memories[domain].txt = false;
    policy_engine_txt(play->engine, domains[domain], &outcome, play->now_ms);
}

static size_t policy_text(struct play *play, unsigned max_age, char *body,
                          size_t size)
{
    return (size_t)snprintf(
        body, size,
        "version: STSv1\r\nmode: %s\r\nmx: mx.example\r\nmax_age: %u\r\n",
        mtasts_mode_name(modes[take(play, 3)]), max_age);
}

static void give_fetch(struct play *play, unsigned domain)
{
    static const enum mtasts_result failures[] = {
        MTASTS_RESULT_STS_POLICY_FETCH_ERROR, MTASTS_RESULT_STS_WEBPKI_INVALID,
        MTASTS_RESULT_STS_POLICY_INVALID};
    struct fetch_outcome outcome = {.result = MTASTS_RESULT_SUCCESS};
    unsigned kind = take(play, 6);
    char body[256];

    if (kind < ELEMENTS(failures)) {
        outcome.result = failures[kind];
    } else if (kind == 5) {
        outcome.result = MTASTS_RESULT_STS_POLICY_FETCH_ERROR;
        outcome.unasked = true;
    } else if (kind == 3) {
        outcome.body = "version: STSv1\nmode: enforce\n";
        outcome.len = strlen(outcome.body);
    } else {
        unsigned max_age = ages[take(play, ELEMENTS(ages))];
        outcome.len = policy_text(play, max_age, body, sizeof(body));
        outcome.body = body;
    }
    play->memories[domain].fetch = false;
    policy_engine_fetched(play->engine, domains[domain], &outcome,
                          play->now_ms);
}

static void give_mx(struct play *play, unsigned domain)
{
    static const char *const hosts[] = {"mx.example", "other.example"};
    struct mx_outcome outcome = {
        .status = (enum mx_status)take(play, MX_FAILED + 1),
        .dane = (enum mx_dane)take(play, MX_DANE_FAILED + 1),
        .hosts = hosts,
        .ttl = ages[take(play, ELEMENTS(ages))]};

    if (outcome.status == MX_OK)
        outcome.count = 1 + take(play, 2);
    play->memories[domain].mx = false;
    policy_engine_mx(play->engine, domains[domain], &outcome, play->now_ms);
}

static void outcome(struct play *play)
{
    unsigned domain = take(play, DOMAINS);

    switch (take(play, 3)) {
    case 0: give_txt(play, domain); break;
    case 1: give_fetch(play, domain); break;
    default: give_mx(play, domain); break;
    }
}

/* ---- time ---- */

static void check_patience(struct play *play)
{
    for (unsigned i = 0; i < WAITERS; i++)
        PROPERTY(!play->players[i].waits ||
                 play->now_ms < play->players[i].since_ms +
                                    (int64_t)play->settings.ask_ms);
}

/* The world has an end for everything, a little late perhaps: what it was
   asked and has not said, the engine gives up. */
static void tick(struct play *play)
{
    policy_engine_tick(play->engine, play->now_ms);
    check_patience(play);
    PROPERTY(policy_engine_due(play->engine) > play->now_ms);
}

static void forget_given_up(struct play *play)
{
    struct policy_view view;

    for (unsigned i = 0; i < DOMAINS; i++)
        if (policy_engine_view(play->engine, domains[i], &view) < 0 ||
            !view.busy)
            play->memories[i].txt = play->memories[i].fetch =
                play->memories[i].mx = false;
}

static void pass(struct play *play)
{
    static const int64_t steps[] = {1,      999,     1000,     10000,    60000,
                                    301000, 3601000, 86400000, 700000000};
    int64_t end = play->now_ms + steps[take(play, ELEMENTS(steps))];
    unsigned turns = 0;

    while (policy_engine_due(play->engine) <= end && turns++ < 200) {
        play->now_ms = MAX_OF(policy_engine_due(play->engine), play->now_ms);
        /* Everything under way ends first, as a world without answers. */
        for (unsigned i = 0; i < DOMAINS; i++)
            play->memories[i].txt = play->memories[i].fetch =
                play->memories[i].mx = false;
        tick(play);
    }
    if (turns <= 200)
        play->now_ms = end;
    forget_given_up(play);
}

/* ---- orders ---- */

/* Only what was fetched later than what is held is taken. */
static void import(struct play *play, unsigned domain)
{
    const struct memory before = play->memories[domain];
    unsigned age = ages[take(play, ELEMENTS(ages))];
    unsigned max_age = ages[take(play, ELEMENTS(ages))];
    char body[256];
    struct policy_kept kept = {
        .domain = domains[domain],
        .id = "9",
        .fetched_ms = play->now_ms - (int64_t)age * 1000,
        .used_ms = play->now_ms,
        .body = body,
        .len = policy_text(play, max_age, body, sizeof(body))};
    bool newer = !before.holds || before.fetched_ms < kept.fetched_ms;

    play->imported_ms = kept.fetched_ms;
    int taken = policy_engine_import(play->engine, &kept, play->now_ms);
    play->imported_ms = play->now_ms;
    if (!newer)
        PROPERTY(taken == 0);
    else
        PROPERTY(taken == (max_age < age ? -MTASTS_ETIMEDOUT : 1));
    /* for want of room the domain itself may be gone again */
    if (taken != 1)
        PROPERTY(play->memories[domain].holds == before.holds &&
                 play->memories[domain].mode == before.mode);
}

static void order(struct play *play)
{
    unsigned domain = take(play, DOMAINS);
    struct memory *memory = &play->memories[domain];
    unsigned kind = take(play, 3);

    if (kind == 0) {
        policy_engine_refresh(play->engine, domains[domain], play->now_ms);
    } else if (kind == 1) {
        import(play, domain);
    } else {
        policy_engine_flush(play->engine, domains[domain], play->now_ms);
        PROPERTY(!memory->holds);
        memory->txt = memory->fetch = memory->mx = false;
    }
}

static void set(struct play *play)
{
    play->settings.dane = (enum dane_use)take(play, 3);
    play->settings.entries_max = 1 + take(play, DOMAINS);
    play->settings.discoveries_max = 1 + take(play, DOMAINS);
    play->settings.refreshes_max = 1 + take(play, 2);
    play->settings.txt_failure = (enum on_failure)take(play, 2);
    play->settings.mx_uncovered = (enum on_failure)take(play, 2);
    play->settings.always_hosts = take(play, 2);
    policy_engine_set(play->engine, &play->settings);
}

static void check_accounts(const struct play *play)
{
    struct policy_stats stats;
    struct policy_view view;
    uint64_t cursor = 0;
    size_t entries = 0;
    size_t held = 0;
    size_t busy = 0;

    policy_engine_stats(play->engine, &stats);
    while (policy_engine_next(play->engine, &cursor, &view)) {
        entries++;
        held += view.held != NULL;
        busy += view.busy;
    }
    PROPERTY(stats.entries == entries && stats.discoveries == busy);
    PROPERTY(stats.policies[0] + stats.policies[1] + stats.policies[2] == held);
    PROPERTY(stats.negative == entries - held);
    PROPERTY((stats.bytes > 0) == (entries > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const moves[])(struct play * play) = {
        ask,  ask,  outcome, outcome, outcome, outcome,
        pass, pass, leave,   order,   set,
    };
    struct play play = {.data = data, .left = size, .now_ms = START_MS};

    policy_settings_init(&play.settings);
    if (policy_engine_new(&play.settings, &world, &play, &play.engine) < 0)
        return 0;
    while (play.left) {
        moves[take(&play, ELEMENTS(moves))](&play);
        check_accounts(&play);
    }
    policy_engine_free(play.engine);
    return 0;
}
