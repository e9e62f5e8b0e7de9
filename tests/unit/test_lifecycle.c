/*
 * extra-lifecycle.json on the policy engine: what is cached + what DNS and
 * HTTPS say -> the policy in effect, what is cached then, what is reported.
 *
 * The vectors have each message wait for its look at DNS. The engine answers
 * from a policy in force at once and looks while nobody waits; so the policy
 * in effect is what it answers once it has looked.
 */
#include "base/cleanup.h"
#include "engine/policy_engine.h"
#include "unit.h"
#include "vectors.h"

#define DOMAIN "example.com"

/* Where the standard can be read in more than one way: the reading taken. */
static const struct ambiguous {
    const char *name;
    const char *reading;
} ambiguous[] = {
    {"first-contact-dns-servfail",
     "proceed without MTA-STS (a setting): nothing was ever promised"},
    {"fresh-none-new-id-fails",
     "a record with a new id says that the domain is active: reported"},
};

struct world {
    bool asked_txt;
    bool fetched;
    bool answered;
    struct policy_answer answer;
};

static void on_ask_txt(void *ctx, const char *domain)
{
    assert_string_equal(domain, DOMAIN);
    ((struct world *)ctx)->asked_txt = true;
}

static void on_fetch(void *ctx, const char *domain)
{
    assert_string_equal(domain, DOMAIN);
    ((struct world *)ctx)->fetched = true;
}

static void on_ask_mx(void *ctx, const char *domain, bool with_dane)
{
    (void)ctx;
    (void)domain;
    (void)with_dane;
    fail();
}

static void on_store(void *ctx, const char *domain,
                     const struct held_policy *held, int64_t used_ms)
{
    (void)ctx;
    (void)domain;
    (void)held;
    (void)used_ms;
}

static void on_forget(void *ctx, const char *domain)
{
    (void)ctx;
    (void)domain;
}

static void on_tell(void *ctx, const struct policy_event *event)
{
    (void)ctx;
    assert_string_equal(event->domain, DOMAIN);
}

static void on_answer(void *ctx, const struct policy_answer *answer)
{
    struct world *world = ctx;

    world->answered = true;
    world->answer = *answer;
}

static const struct policy_world functions = {
    .ask_txt = on_ask_txt,
    .fetch = on_fetch,
    .ask_mx = on_ask_mx,
    .store = on_store,
    .forget = on_forget,
    .tell = on_tell,
};

static int64_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static size_t write_body(const json_t *policy, char *body, size_t size)
{
    int len = snprintf(body, size,
                       "version: STSv1\r\nmode: %s\r\nmx: mx.example.com\r\n"
                       "max_age: %lld\r\n",
                       vectors_text(policy, "mode"),
                       (long long)number(policy, "max_age"));

    assert_true(len > 0 && (size_t)len < size);
    return (size_t)len;
}

static void load(struct policy_engine *engine, const json_t *cache,
                 int64_t now_ms)
{
    int64_t fetched_ms = number(cache, "fetched_at") * 1000;
    char body[256];
    size_t len = write_body(cache, body, sizeof(body));

    /* As it was held then; what has expired since has to be found so. */
    const struct policy_kept kept = {.domain = DOMAIN,
                                     .id = vectors_text(cache, "id"),
                                     .fetched_ms = fetched_ms,
                                     .used_ms = now_ms,
                                     .body = body,
                                     .len = len};
    assert_int_equal(policy_engine_load(engine, &kept, fetched_ms), 1);
}

static void give_txt(struct policy_engine *engine, const json_t *txt,
                     int64_t now_ms)
{
    static const char *const names[] = {"valid", "none", "invalid", "multiple"};
    struct txt_outcome outcome = {
        .status = TXT_FAILED, .id = vectors_text(txt, "id"), .ttl = 300};

    for (size_t i = 0; i < ELEMENTS(names); i++)
        if (strcmp(vectors_text(txt, "verdict"), names[i]) == 0)
            outcome.status = (enum txt_status)i;
    assert_true((outcome.status == TXT_FAILED) ==
                (json_object_get(txt, "error") != NULL));
    policy_engine_txt(engine, DOMAIN, &outcome, now_ms);
}

static void give_fetch(struct policy_engine *engine, const json_t *fetch,
                       int64_t now_ms)
{
    const char *error = vectors_text(fetch, "error");
    struct fetch_outcome outcome = {.result = MTASTS_RESULT_SUCCESS};
    char body[256];

    if (*error) {
        outcome.result = MTASTS_RESULT_STS_POLICY_FETCH_ERROR;
        while (strcmp(mtasts_result_name(outcome.result), error) != 0)
            outcome.result++;
    } else {
        outcome.len =
            write_body(json_object_get(fetch, "ok"), body, sizeof(body));
        outcome.body = body;
    }
    policy_engine_fetched(engine, DOMAIN, &outcome, now_ms);
}

static void check_effective(const char *name, const char *expected,
                            const struct policy_answer *answer)
{
    const char *effective = answer->kind == ANSWER_POLICY
                                ? mtasts_mode_name(answer->mode)
                                : "no-policy";

    if (strcmp(effective, expected) != 0)
        fail_msg("%s: %s, expected %s", name, effective, expected);
}

static void check_reported(const char *name, const json_t *expected,
                           const struct policy_answer *answer)
{
    const char *reported = answer->failure == MTASTS_RESULT_SUCCESS
                               ? ""
                               : mtasts_result_name(answer->failure);
    const char *wanted =
        json_is_string(expected) ? json_string_value(expected) : "";

    if (strcmp(reported, wanted) != 0)
        fail_msg("%s: reported \"%s\", expected \"%s\"", name, reported,
                 wanted);
}

static void check_cache(const char *name, const struct policy_engine *engine,
                        const json_t *expected)
{
    struct policy_view view;

    if (policy_engine_view(engine, DOMAIN, &view) < 0)
        view.held = NULL;
    if ((view.held != NULL) != json_is_object(expected))
        fail_msg("%s: cached: %s", name, view.held ? "yes" : "no");
    if (!view.held)
        return;
    assert_string_equal(view.held->id, vectors_text(expected, "id"));
    assert_string_equal(mtasts_mode_name(held_policy_mode(view.held)),
                        vectors_text(expected, "mode"));
    assert_int_equal(view.held->fetched_ms,
                     number(expected, "fetched_at") * 1000);
    assert_int_equal(mtasts_sts_policy_max_age(view.held->policy),
                     number(expected, "max_age"));
}

static void run_case(const json_t *test)
{
    const char *name = vectors_text(test, "name");
    const json_t *expect = json_object_get(test, "expect");
    const json_t *cache = json_object_get(test, "cache");
    int64_t now_ms = number(test, "now") * 1000;
    struct policy_settings settings;
    struct world world = {.answered = false};
    struct policy_waiter waiter = {.fn = on_answer, .ctx = &world};
    _cleanup_policy_engine_ struct policy_engine *engine = NULL;

    policy_settings_init(&settings);
    assert_int_equal(policy_engine_new(&settings, &functions, &world, &engine),
                     0);
    if (json_is_object(cache))
        load(engine, cache, now_ms);
    if (policy_engine_ask(engine, DOMAIN, 0, now_ms, &waiter, &world.answer))
        world.answered = true;
    if (!world.asked_txt)
        fail_msg("%s: the record was not looked at", name);
    give_txt(engine, json_object_get(test, "txt"), now_ms);
    if (world.fetched != json_is_true(json_object_get(expect, "does_fetch")))
        fail_msg("%s: fetched: %d", name, world.fetched);
    if (world.fetched)
        give_fetch(engine, json_object_get(test, "fetch"), now_ms);
    assert_true(world.answered);
    if (world.answer.source == SOURCE_CACHE)
        assert_int_equal(
            policy_engine_ask(engine, DOMAIN, 0, now_ms, NULL, &world.answer),
            1);
    check_effective(name, vectors_text(expect, "effective"), &world.answer);
    check_reported(name, json_object_get(expect, "tlsrpt"), &world.answer);
    check_cache(name, engine, json_object_get(expect, "cache_after"));
}

static bool is_known_ambiguous(const char *name)
{
    for (size_t i = 0; i < ELEMENTS(ambiguous); i++)
        if (strcmp(name, ambiguous[i].name) == 0)
            return true;
    return false;
}

static void test_vectors(void **state)
{
    json_t *cases = vectors_load("extra-lifecycle.json", 19);
    json_t *test;
    size_t i;

    (void)state;
    json_array_foreach(cases, i, test)
    {
        if (json_is_true(json_object_get(test, "ambiguous")) !=
            is_known_ambiguous(vectors_text(test, "name")))
            fail_msg("%s: ambiguous?", vectors_text(test, "name"));
        run_case(test);
    }
    printf("extra-lifecycle.json: %zu passed\n", json_array_size(cases));
    json_decref(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};

    return cmocka_run_group_tests_name("lifecycle", tests, NULL, NULL);
}
