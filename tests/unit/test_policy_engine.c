/*
 * The policy engine, driven by the scripts of tests/replay: events, elapsed
 * time, and every action that must follow. tests/replay/README.md says how
 * they are written. An action that no script expects fails it.
 */
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/number.h"
#include "engine/policy_engine.h"
#include "unit.h"
#include <dirent.h>
#include <mtasts/error.h>

#define LINE_MAX_OCTETS 1024
#define WORDS_MAX 32
#define WAITERS_MAX 32
#define ACTIONS_MAX 65536u
#define BODY_MAX 4096u
#define START_MS INT64_C(1000000000)

struct replay {
    const char *file;
    unsigned line;
    int64_t now_ms;
    struct policy_settings settings;
    struct policy_engine *engine;
    struct buf actions; /* a line each, not yet expected */
    struct waiter {
        struct policy_waiter waiter;
        struct replay *replay;
        char name[32];
    } waiters[WAITERS_MAX];
    size_t waiter_count;
    char *words[WORDS_MAX];
    size_t count;
};

static void fail_at(const struct replay *replay, const char *what,
                    const char *detail)
{
    fail_msg("%s:%u: %s: %s", replay->file, replay->line, what, detail);
}

/* ---- what the engine does, as lines ---- */

static void describe(struct buf *buf, const struct policy_answer *answer)
{
    static const char *const sources[] = {"cache", "discovery", "deadline",
                                          "override", "limit"};

    if (answer->kind == ANSWER_DEFER)
        buf_puts(buf, "defer");
    else if (answer->kind == ANSWER_NONE)
        buf_puts(buf, answer->held ? "none-mode" : "none");
    else
        buf_puts(buf, mtasts_mode_name(answer->mode));
    if (answer->held)
        buf_printf(buf, " id=%s", answer->held->id);
    if (answer->mx)
        buf_printf(buf, " mx=%zu", answer->mx->count);
    if (answer->dane)
        buf_puts(buf, " dane");
    if (answer->failure != MTASTS_RESULT_SUCCESS)
        buf_printf(buf, " %s", mtasts_result_name(answer->failure));
    if (answer->source != SOURCE_CACHE)
        buf_printf(buf, " (%s)", sources[answer->source]);
    buf_putc(buf, '\n');
}

static void on_ask_txt(void *ctx, const char *domain)
{
    buf_printf(&((struct replay *)ctx)->actions, "txt %s\n", domain);
}

static void on_fetch(void *ctx, const char *domain)
{
    buf_printf(&((struct replay *)ctx)->actions, "fetch %s\n", domain);
}

static void on_ask_mx(void *ctx, const char *domain, bool with_dane)
{
    buf_printf(&((struct replay *)ctx)->actions, "mx %s%s\n", domain,
               with_dane ? " dane" : "");
}

static void on_store(void *ctx, const char *domain,
                     const struct held_policy *held, int64_t used_ms)
{
    struct replay *replay = ctx;

    assert_true(used_ms <= replay->now_ms);
    buf_printf(&replay->actions, "store %s %s id=%s", domain,
               mtasts_mode_name(held_policy_mode(held)), held->id);
    if (held->fetched_ms != replay->now_ms)
        buf_printf(&replay->actions, " age=%lld",
                   (long long)(replay->now_ms - held->fetched_ms) / 1000);
    buf_putc(&replay->actions, '\n');
}

static void on_forget(void *ctx, const char *domain)
{
    buf_printf(&((struct replay *)ctx)->actions, "forget %s\n", domain);
}

static void on_tell(void *ctx, const struct policy_event *event)
{
    struct replay *replay = ctx;

    buf_printf(&replay->actions, "tell %s %s", policy_event_name(event->kind),
               event->domain);
    if (event->had && event->has)
        buf_printf(&replay->actions, " %s->%s",
                   mtasts_mode_name(event->old_mode),
                   mtasts_mode_name(event->mode));
    if (event->kind == EVENT_MX_UNCOVERED)
        buf_printf(&replay->actions, " %s", event->why);
    buf_putc(&replay->actions, '\n');
}

static void on_answer(void *ctx, const struct policy_answer *answer)
{
    struct waiter *waiter = ctx;

    buf_printf(&waiter->replay->actions, "answer %s ", waiter->name);
    describe(&waiter->replay->actions, answer);
}

static const struct policy_world world = {
    .ask_txt = on_ask_txt,
    .fetch = on_fetch,
    .ask_mx = on_ask_mx,
    .store = on_store,
    .forget = on_forget,
    .tell = on_tell,
};

/* ---- the words of a script ---- */

static uint64_t number(const struct replay *replay, const char *text)
{
    uint64_t value = 0;

    if (number_parse(text, strlen(text), UINT32_MAX, &value) < 0)
        fail_at(replay, "no number", text);
    return value;
}

static const char *word(const struct replay *replay, size_t index)
{
    if (index >= replay->count)
        fail_at(replay, "a word is missing", replay->words[0]);
    return replay->words[index];
}

/* The value of `key=value`, or `otherwise`. */
static const char *option(const struct replay *replay, const char *key,
                          const char *otherwise)
{
    size_t len = strlen(key);

    for (size_t i = 1; i < replay->count; i++)
        if (strncmp(replay->words[i], key, len) == 0 &&
            replay->words[i][len] == '=')
            return replay->words[i] + len + 1;
    return otherwise;
}

static size_t pick(const struct replay *replay, const char *text,
                   const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, names[i]) == 0)
            return i;
    fail_at(replay, "no such word", text);
    return 0;
}

/* ---- set ---- */

#define NUMBER(member)                                                         \
    {                                                                          \
#member, offsetof(struct policy_settings, member),                     \
            sizeof(((struct policy_settings *)0)->member)                      \
    }

static void set(struct replay *replay)
{
    static const struct {
        const char *name;
        size_t offset;
        size_t size;
    } numbers[] = {
        NUMBER(ask_ms),          NUMBER(discovery_ms),  NUMBER(slow_ms),
        NUMBER(refresh_s),       NUMBER(retry_s),       NUMBER(retry_max_s),
        NUMBER(warn_s),          NUMBER(entries_max),   NUMBER(bytes_max),
        NUMBER(discoveries_max), NUMBER(refreshes_max), NUMBER(strict),
        NUMBER(always_hosts),
    };
    static const char *const failures[] = {"proceed", "defer"};
    static const char *const dane[] = {"off", "enforced", "all"};
    struct policy_settings *settings = &replay->settings;
    const char *name = word(replay, 1);
    const char *value = word(replay, 2);
    enum on_failure *failure = NULL;

    for (size_t i = 0; i < ELEMENTS(numbers); i++)
        if (strcmp(name, numbers[i].name) == 0) {
            uint64_t wide = number(replay, value);
            memcpy((char *)settings + numbers[i].offset, &wide,
                   numbers[i].size);
            goto done;
        }
    if (strcmp(name, "dane") == 0) {
        settings->dane = (enum dane_use)pick(replay, value, dane, 3);
        goto done;
    }
    if (strcmp(name, "txt_failure") == 0)
        failure = &settings->txt_failure;
    else if (strcmp(name, "mx_failure") == 0)
        failure = &settings->mx_failure;
    else if (strcmp(name, "tlsa_failure") == 0)
        failure = &settings->tlsa_failure;
    else if (strcmp(name, "mx_uncovered") == 0)
        failure = &settings->mx_uncovered;
    else
        fail_at(replay, "no such setting", name);
    *failure = (enum on_failure)pick(replay, value, failures, 2);
done:
    policy_engine_set(replay->engine, settings);
}

/* ---- events ---- */

static void ask(struct replay *replay)
{
    struct policy_answer answer;
    struct waiter *waiter = &replay->waiters[replay->waiter_count];
    unsigned wants = 0;
    bool known = false;

    assert_true(replay->waiter_count < WAITERS_MAX);
    *waiter = (struct waiter){.replay = replay};
    snprintf(waiter->name, sizeof(waiter->name), "%s",
             option(replay, "as", "it"));
    waiter->waiter.fn = on_answer;
    waiter->waiter.ctx = waiter;
    for (size_t i = 2; i < replay->count; i++) {
        if (strcmp(replay->words[i], "hosts") == 0)
            wants |= ASK_HOSTS;
        known |= strcmp(replay->words[i], "known") == 0;
    }
    if (policy_engine_ask(replay->engine, word(replay, 1), wants,
                          replay->now_ms, known ? NULL : &waiter->waiter,
                          &answer)) {
        buf_puts(&replay->actions, "answer ");
        buf_printf(&replay->actions, "%s ", waiter->name);
        describe(&replay->actions, &answer);
    } else {
        replay->waiter_count++;
    }
}

static void leave(struct replay *replay)
{
    for (size_t i = 0; i < replay->waiter_count; i++)
        if (strcmp(replay->waiters[i].name, word(replay, 1)) == 0)
            policy_waiter_cancel(&replay->waiters[i].waiter);
}

static void txt(struct replay *replay)
{
    static const char *const names[] = {"valid", "none", "invalid", "multiple",
                                        "failed"};
    struct txt_outcome outcome = {
        .status = (enum txt_status)pick(replay, word(replay, 2), names, 5),
        .id = option(replay, "id", ""),
        .ttl = (uint32_t)number(replay, option(replay, "ttl", "300"))};

    policy_engine_txt(replay->engine, word(replay, 1), &outcome,
                      replay->now_ms);
}

static enum mtasts_result result_of(const struct replay *replay,
                                    const char *name)
{
    for (int i = 0; mtasts_result_name((enum mtasts_result)i); i++)
        if (strcmp(mtasts_result_name((enum mtasts_result)i), name) == 0)
            return (enum mtasts_result)i;
    fail_at(replay, "no such result", name);
    return MTASTS_RESULT_SUCCESS;
}

/* MODE MX...: a policy with the options max_age= and line=. */
static void write_policy(struct replay *replay, struct buf *body)
{
    buf_printf(body, "version: STSv1\r\nmode: %s\r\n", word(replay, 2));
    for (size_t i = 3; i < replay->count; i++)
        if (!strchr(replay->words[i], '='))
            buf_printf(body, "mx: %s\r\n", replay->words[i]);
    buf_printf(body, "max_age: %s\r\n", option(replay, "max_age", "604800"));
    if (option(replay, "line", NULL))
        buf_printf(body, "%s\r\n", option(replay, "line", NULL));
}

static void fetched(struct replay *replay)
{
    _cleanup_buf_ struct buf body = BUF(BODY_MAX);
    struct fetch_outcome outcome = {.result = MTASTS_RESULT_SUCCESS};

    if (strcmp(word(replay, 2), "fails") == 0) {
        outcome.result =
            result_of(replay, option(replay, "as", "sts-policy-fetch-error"));
    } else if (strcmp(word(replay, 2), "unasked") == 0) {
        outcome.result = MTASTS_RESULT_STS_POLICY_FETCH_ERROR;
        outcome.unasked = true;
    } else {
        write_policy(replay, &body);
        outcome.body = buf_text(&body);
        outcome.len = body.len;
    }
    policy_engine_fetched(replay->engine, word(replay, 1), &outcome,
                          replay->now_ms);
}

static void mx(struct replay *replay)
{
    static const char *const statuses[] = {"ok", "null", "none", "failed"};
    static const char *const dane[] = {"unasked", "none", "usable", "failed"};
    const char *hosts[WORDS_MAX];
    struct mx_outcome outcome = {
        .status = (enum mx_status)pick(replay, word(replay, 2), statuses, 4),
        .dane = (enum mx_dane)pick(replay, option(replay, "dane", "unasked"),
                                   dane, 4),
        .hosts = hosts,
        .ttl = (uint32_t)number(replay, option(replay, "ttl", "300"))};

    for (size_t i = 3; i < replay->count; i++)
        if (!strchr(replay->words[i], '='))
            hosts[outcome.count++] = replay->words[i];
    policy_engine_mx(replay->engine, word(replay, 1), &outcome, replay->now_ms);
}

typedef int keep_fn(struct policy_engine *engine,
                    const struct policy_kept *kept, int64_t now_ms);

static void keep(struct replay *replay, keep_fn *fn)
{
    _cleanup_buf_ struct buf body = BUF(BODY_MAX);
    int64_t age = (int64_t)number(replay, option(replay, "age", "0")) * 1000;
    int64_t unused =
        (int64_t)number(replay, option(replay, "unused", "0")) * 1000;

    write_policy(replay, &body);
    const struct policy_kept kept = {.domain = word(replay, 1),
                                     .id = option(replay, "id", "1"),
                                     .fetched_ms = replay->now_ms - age,
                                     .used_ms = replay->now_ms - unused,
                                     .body = buf_text(&body),
                                     .len = body.len};
    int taken = fn(replay->engine, &kept, replay->now_ms);
    if (taken < 0)
        buf_printf(&replay->actions, "error %s\n", mtasts_strerror(taken));
    else if (taken == 0)
        buf_puts(&replay->actions, "left\n");
}

/* load DOMAIN MODE MX... id= age= (seconds ago) max_age= */
static void load(struct replay *replay)
{
    keep(replay, policy_engine_load);
}

/* import DOMAIN ...: likewise */
static void import(struct replay *replay)
{
    keep(replay, policy_engine_import);
}

static void flush(struct replay *replay)
{
    int error =
        policy_engine_flush(replay->engine, word(replay, 1), replay->now_ms);

    if (error)
        buf_printf(&replay->actions, "error %s\n", mtasts_strerror(error));
}

static void refresh(struct replay *replay)
{
    int error =
        policy_engine_refresh(replay->engine, word(replay, 1), replay->now_ms);

    if (error)
        buf_printf(&replay->actions, "error %s\n", mtasts_strerror(error));
}

/* after SECONDS: time passes in the steps that the engine asks for, up to
   the first action when `until` follows. */
static void after(struct replay *replay)
{
    int64_t end =
        replay->now_ms + (int64_t)number(replay, word(replay, 1)) * 1000;
    bool until = replay->count > 2 && strcmp(word(replay, 2), "at-most") == 0;
    int64_t due;

    while ((due = policy_engine_due(replay->engine)) <= end) {
        if (due > replay->now_ms)
            replay->now_ms = due;
        policy_engine_tick(replay->engine, replay->now_ms);
        if (until && replay->actions.len)
            return;
        assert_true(policy_engine_due(replay->engine) > replay->now_ms);
    }
    if (until)
        fail_at(replay, "nothing happened", "after");
    replay->now_ms = end;
}

/* count entries=N enforce=N negative=N busy=N failing=N */
static void check_counts(struct replay *replay)
{
    struct policy_stats stats;
    policy_engine_stats(replay->engine, &stats);
    const struct {
        const char *name;
        size_t value;
    } counts[] = {
        {"entries", stats.entries},
        {"none", stats.policies[MTASTS_MODE_NONE]},
        {"testing", stats.policies[MTASTS_MODE_TESTING]},
        {"enforce", stats.policies[MTASTS_MODE_ENFORCE]},
        {"negative", stats.negative},
        {"busy", stats.discoveries},
        {"failing", stats.failing},
        {"evicted", stats.evicted},
    };

    for (size_t i = 0; i < ELEMENTS(counts); i++) {
        const char *expected = option(replay, counts[i].name, NULL);
        if (expected && number(replay, expected) != counts[i].value)
            fail_msg("%s:%u: %s is %zu", replay->file, replay->line,
                     counts[i].name, counts[i].value);
    }
}

/* > ACTION: the oldest action that was not expected yet. */
static void expect(struct replay *replay, const char *text)
{
    const char *actions = buf_text(&replay->actions);
    const char *end = strchr(actions, '\n');

    if (!end) {
        fail_at(replay, "no action, expected", text);
        return;
    }
    if ((size_t)(end - actions) != strlen(text) ||
        strncmp(actions, text, strlen(text)) != 0)
        fail_msg("%s:%u: expected: %s\n  got: %.*s", replay->file, replay->line,
                 text, (int)(end - actions), actions);
    buf_consume(&replay->actions, (size_t)(end - actions) + 1);
}

static const struct verb {
    const char *name;
    void (*run)(struct replay *replay);
} verbs[] = {
    {"set", set},         {"ask", ask},         {"leave", leave},
    {"txt", txt},         {"fetched", fetched}, {"mx", mx},
    {"load", load},       {"import", import},   {"flush", flush},
    {"refresh", refresh}, {"after", after},     {"count", check_counts},
};

static void run_line(struct replay *replay, char *line)
{
    char *rest = NULL;

    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "> ", 2) == 0) {
        expect(replay, line + 2);
        return;
    }
    replay->count = 0;
    for (char *part = strtok_r(line, " ", &rest); part && *part != '#';
         part = strtok_r(NULL, " ", &rest)) {
        assert_true(replay->count < WORDS_MAX);
        replay->words[replay->count++] = part;
    }
    if (!replay->count)
        return;
    if (replay->actions.len)
        fail_at(replay, "not expected", buf_text(&replay->actions));
    for (size_t i = 0; i < ELEMENTS(verbs); i++)
        if (strcmp(verbs[i].name, replay->words[0]) == 0) {
            verbs[i].run(replay);
            return;
        }
    fail_at(replay, "no such verb", replay->words[0]);
}

static void run_file(const char *path)
{
    char line[LINE_MAX_OCTETS];
    struct replay *replay = calloc(1, sizeof(*replay));
    FILE *file = fopen(path, "r");

    assert_non_null(replay);
    assert_non_null(file);
    replay->file = path;
    replay->now_ms = START_MS;
    buf_init(&replay->actions, ACTIONS_MAX);
    policy_settings_init(&replay->settings);
    assert_int_equal(
        policy_engine_new(&replay->settings, &world, replay, &replay->engine),
        0);
    while (fgets(line, sizeof(line), file)) {
        replay->line++;
        run_line(replay, line);
    }
    if (replay->actions.len)
        fail_at(replay, "not expected", buf_text(&replay->actions));
    fclose(file);
    policy_engine_free(replay->engine);
    assert_int_equal(replay->actions.error, 0);
    buf_clear(&replay->actions);
    free(replay);
}

static int is_script(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && strcmp(dot, ".replay") == 0;
}

static void run_script(void **state)
{
    run_file(*state);
}

int main(void)
{
    struct dirent **names;
    int count = scandir(REPLAY_DIR, &names, is_script, alphasort);
    struct CMUnitTest *tests;

    if (count <= 0) {
        fprintf(stderr, "no scripts in %s\n", REPLAY_DIR);
        return 1;
    }
    tests = calloc((size_t)count, sizeof(*tests));
    if (!tests)
        return 1;
    for (int i = 0; i < count; i++) {
        char *path = NULL;
        if (asprintf(&path, "%s/%s", REPLAY_DIR, names[i]->d_name) < 0)
            return 1;
        tests[i] = (struct CMUnitTest){.name = names[i]->d_name,
                                       .test_func = run_script,
                                       .initial_state = path};
    }
    int failed = _cmocka_run_group_tests("policy_engine", tests, (size_t)count,
                                         NULL, NULL);
    for (int i = 0; i < count; i++) {
        free(tests[i].initial_state);
        free(names[i]);
    }
    free(names);
    free(tests);
    return failed;
}
