/*
 * The site's own rules: which one applies, until when, and what becomes of
 * an answer.
 */
#include "answer.h"
#include "engine/overrides.h"
#include "unit.h"
#include <mtasts/error.h>

#define TESTING                                                                \
    "version: STSv1|mode: testing|mx: a.example.com|max_age: 604800|"
#define ENFORCE                                                                \
    "version: STSv1|mode: enforce|mx: b.example.com|max_age: 604800|"
#define NONE "version: STSv1|mode: none|max_age: 604800|"

#define NOW 1000000

static const struct override table[] = {
    {.pattern = "example.com",
     .action = OVERRIDE_EXEMPT,
     .reason = "own",
     .owner = "me"},
    {.pattern = ".example.com",
     .action = OVERRIDE_ENFORCE,
     .reason = "below",
     .owner = ""},
    {.pattern = ".deep.example.com",
     .action = OVERRIDE_EXEMPT,
     .reason = "deep",
     .owner = ""},
    {.pattern = "old.example.com",
     .action = OVERRIDE_EXEMPT,
     .reason = "old",
     .owner = "",
     .expires_s = NOW},
    {.pattern = "only-old.example.net",
     .action = OVERRIDE_EXEMPT,
     .reason = "old",
     .owner = "",
     .expires_s = NOW - 1},
    {.pattern = "soon.example.net",
     .action = OVERRIDE_EXEMPT,
     .reason = "soon",
     .owner = "",
     .expires_s = NOW + 10},
    {.pattern = "_x.example.net",
     .action = OVERRIDE_EXEMPT,
     .reason = "underscore",
     .owner = ""},
};

static struct overrides *make(const struct override *rows, size_t count)
{
    struct overrides *overrides = NULL;
    size_t bad = 0;

    assert_int_equal(overrides_new(rows, count, &overrides, &bad), 0);
    return overrides;
}

static void test_which_applies(void **state)
{
    (void)state;
    static const struct {
        const char *domain;
        const char *reason; /* NULL: none applies */
    } cases[] = {
        {"example.com", "own"},
        {"a.example.com", "below"},
        {"b.a.example.com", "below"},
        {"deep.example.com", "below"},
        {"a.deep.example.com", "deep"},
        {"b.a.deep.example.com", "deep"},
        {"adeep.example.com", "below"},
        {"badexample.com", NULL},
        {"com", NULL},
        {"old.example.com", "below"}, /* what has expired hides nothing */
        {"only-old.example.net", NULL},
        {"soon.example.net", "soon"},
        {"_x.example.net", "underscore"},
        {"", NULL},
    };
    _cleanup_overrides_ struct overrides *overrides =
        make(table, ELEMENTS(table));

    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        const struct override *row =
            overrides_find(overrides, cases[i].domain, NOW);

        if ((row == NULL) != (cases[i].reason == NULL) ||
            (row && strcmp(row->reason, cases[i].reason) != 0))
            fail_msg("%s: %s", cases[i].domain, row ? row->reason : "none");
    }
    assert_null(overrides_find(overrides, "soon.example.net", NOW + 10));
    assert_non_null(overrides_find(overrides, "old.example.com", NOW - 1));
    assert_string_equal(
        overrides_find(overrides, "old.example.com", NOW - 1)->reason, "old");
    assert_null(overrides_find(NULL, "example.com", NOW));
}

static void test_table(void **state)
{
    (void)state;
    _cleanup_overrides_ struct overrides *overrides =
        make(table, ELEMENTS(table));
    _cleanup_overrides_ struct overrides *empty = make(NULL, 0);

    assert_int_equal(overrides_count(overrides), ELEMENTS(table));
    for (size_t i = 0; i < ELEMENTS(table); i++) {
        const struct override *row = overrides_at(overrides, i);

        assert_string_equal(row->pattern, table[i].pattern);
        assert_string_equal(row->owner, table[i].owner);
        assert_ptr_not_equal(row->pattern, table[i].pattern);
        assert_int_equal(row->expires_s, table[i].expires_s);
    }
    assert_int_equal(overrides_count(empty), 0);
    assert_int_equal(overrides_count(NULL), 0);
    assert_null(overrides_find(empty, "example.com", NOW));
    assert_int_equal(overrides_next_expiry(overrides, NOW - 2), NOW - 1);
    assert_int_equal(overrides_next_expiry(overrides, NOW), NOW + 10);
    assert_int_equal(overrides_next_expiry(overrides, NOW + 10), INT64_MAX);
    assert_int_equal(overrides_next_expiry(NULL, NOW), INT64_MAX);
    assert_string_equal(override_action_name(OVERRIDE_EXEMPT), "exempt");
    assert_string_equal(override_action_name(OVERRIDE_ENFORCE), "enforce");
    assert_string_equal(override_action_name(OVERRIDE_POLICY), "policy");
}

static void test_refused(void **state)
{
    (void)state;
    static char longest[OVERRIDE_TEXT_MAX + 2];
    struct held_policy *held = NULL;
    size_t bad = 0;
    _cleanup_answer_ struct made_answer made = {0};

    made_answer_init(&made, ENFORCE, NULL);
    held = made.held;
    memset(longest, 'x', sizeof(longest) - 1);
    const struct {
        struct override row;
        int error;
    } cases[] = {
        {{.pattern = "", .reason = "", .owner = ""}, -MTASTS_ENAME},
        {{.pattern = ".", .reason = "", .owner = ""}, -MTASTS_ENAME},
        {{.pattern = "Example.org", .reason = "", .owner = ""}, -MTASTS_ENAME},
        {{.pattern = "example.org.", .reason = "", .owner = ""}, -MTASTS_ENAME},
        {{.pattern = "..org", .reason = "", .owner = ""}, -MTASTS_ENAME},
        {{.pattern = "*.org", .reason = "", .owner = ""}, -MTASTS_ENAME},
        {{.pattern = "a b", .reason = "", .owner = ""}, -MTASTS_ENAME},
        {{.pattern = "example.com", .reason = "", .owner = ""}, -MTASTS_EINVAL},
        {{.pattern = "a", .reason = longest, .owner = ""}, -MTASTS_ETOOLONG},
        {{.pattern = "a", .reason = "", .owner = longest}, -MTASTS_ETOOLONG},
        {{.pattern = "a", .reason = "", .owner = "", .held = held},
         -MTASTS_EINVAL},
        {{.pattern = "a", .reason = "", .owner = "", .action = OVERRIDE_POLICY},
         -MTASTS_EINVAL},
    };

    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct override rows[] = {table[0], cases[i].row, table[1]};
        struct overrides *overrides = NULL;

        bad = 0;
        assert_int_equal(overrides_new(rows, ELEMENTS(rows), &overrides, &bad),
                         cases[i].error);
        assert_null(overrides);
        assert_int_equal(bad, 1);
    }
    struct overrides *overrides = NULL;
    assert_int_equal(overrides_new(table, OVERRIDES_MAX + 1, &overrides, &bad),
                     -MTASTS_ELIMIT);
}

/* ---- what becomes of an answer ---- */

static struct override row_of(enum override_action action,
                              struct held_policy *held)
{
    return (struct override){.pattern = "example.com",
                             .action = action,
                             .held = held,
                             .reason = "why",
                             .owner = ""};
}

static void test_exempt(void **state)
{
    (void)state;
    struct override row = row_of(OVERRIDE_EXEMPT, NULL);
    _cleanup_answer_ struct made_answer made = {0};

    made_answer_init(&made, ENFORCE, "b.example.com");
    made.answer.dane = true;
    made.answer.failure = MTASTS_RESULT_STS_POLICY_FETCH_ERROR;
    made.answer.ttl_s = 100;
    override_apply(&row, NOW, &made.answer);
    assert_int_equal(made.answer.kind, ANSWER_NONE);
    assert_int_equal(made.answer.source, SOURCE_OVERRIDE);
    assert_int_equal(made.answer.failure, MTASTS_RESULT_SUCCESS);
    assert_null(made.answer.held);
    assert_null(made.answer.mx);
    assert_false(made.answer.dane);
    assert_int_equal(made.answer.ttl_s, 100);
    assert_string_equal(made.answer.why, "why");

    struct policy_answer deferred = {.kind = ANSWER_DEFER, .why = "x"};
    override_apply(&row, NOW, &deferred);
    assert_int_equal(deferred.kind, ANSWER_NONE);
}

static void test_enforce(void **state)
{
    (void)state;
    struct override row = row_of(OVERRIDE_ENFORCE, NULL);
    static const char *const untouched[] = {ENFORCE, NONE, NULL};

    for (size_t i = 0; i < ELEMENTS(untouched); i++) {
        _cleanup_answer_ struct made_answer made = {0};
        made_answer_init(&made, untouched[i], NULL);
        struct policy_answer before = made.answer;
        override_apply(&row, NOW, &made.answer);
        assert_int_equal(made.answer.kind, before.kind);
        assert_int_equal(made.answer.mode, before.mode);
        assert_int_equal(made.answer.source, before.source);
        assert_string_equal(made.answer.why, "");
    }
    _cleanup_answer_ struct made_answer made = {0};
    made_answer_init(&made, TESTING, "a.example.com");
    override_apply(&row, NOW, &made.answer);
    assert_int_equal(made.answer.kind, ANSWER_POLICY);
    assert_int_equal(made.answer.mode, MTASTS_MODE_ENFORCE);
    assert_int_equal(made.answer.source, SOURCE_OVERRIDE);
    assert_ptr_equal(made.answer.held, made.held);
    assert_ptr_equal(made.answer.mx, made.mx);

    /* who was to wait still waits */
    made.answer = (struct policy_answer){
        .kind = ANSWER_DEFER, .held = made.held, .why = "x"};
    made.answer.mode = MTASTS_MODE_TESTING;
    override_apply(&row, NOW, &made.answer);
    assert_int_equal(made.answer.kind, ANSWER_DEFER);
    assert_int_equal(made.answer.mode, MTASTS_MODE_TESTING);
}

static void test_policy(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum answer_kind kind;
        enum mtasts_mode mode;
    } cases[] = {
        {ENFORCE, ANSWER_POLICY, MTASTS_MODE_ENFORCE},
        {TESTING, ANSWER_POLICY, MTASTS_MODE_TESTING},
        {NONE, ANSWER_NONE, MTASTS_MODE_NONE},
    };

    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        _cleanup_answer_ struct made_answer site = {0};
        struct policy_answer answer = {.kind = ANSWER_DEFER,
                                       .failure =
                                           MTASTS_RESULT_STS_POLICY_INVALID,
                                       .dane = true,
                                       .why = "x"};

        made_answer_init(&site, cases[i].body, NULL);
        struct override row = row_of(OVERRIDE_POLICY, site.held);
        override_apply(&row, NOW, &answer);
        assert_int_equal(answer.kind, cases[i].kind);
        assert_int_equal(answer.mode, cases[i].mode);
        assert_ptr_equal(answer.held, site.held);
        assert_int_equal(answer.failure, MTASTS_RESULT_SUCCESS);
        assert_true(answer.dane); /* it still goes first */
    }
}

/* The table owns the policies once it is made, and frees them. */
static void test_owns_policies(void **state)
{
    (void)state;
    struct made_answer made;

    made_answer_init(&made, ENFORCE, NULL);
    struct override row = row_of(OVERRIDE_POLICY, made.held);
    _cleanup_overrides_ struct overrides *overrides = make(&row, 1);
    const struct override *found =
        overrides_find(overrides, "example.com", NOW);
    assert_ptr_equal(found->held, made.held);
}

static void test_lives_as_long_as_the_row(void **state)
{
    (void)state;
    struct override row = row_of(OVERRIDE_EXEMPT, NULL);
    struct policy_answer answer = {.ttl_s = 100};

    row.expires_s = NOW + 10;
    override_apply(&row, NOW, &answer);
    assert_int_equal(answer.ttl_s, 10);
    row.expires_s = NOW + 100;
    override_apply(&row, NOW, &answer);
    assert_int_equal(answer.ttl_s, 10);
    override_apply(NULL, NOW, &answer);
    assert_int_equal(answer.ttl_s, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_applies),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_exempt),
        cmocka_unit_test(test_enforce),
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_owns_policies),
        cmocka_unit_test(test_lives_as_long_as_the_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
