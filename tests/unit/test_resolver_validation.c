/*
 * resolver_validation: scripts of events and time, and every short script
 * against what must hold in all of them.
 */
#include "base/cleanup.h"
#include "net/resolver_validation.h"
#include "unit.h"

#define HOUR 3600000u
#define START 1000000u /* of the clock; any */

#define DNSSEC VALIDATION_PROBE_DNSSEC
#define STRIPS VALIDATION_PROBE_STRIPS
#define UNCLEAR VALIDATION_PROBE_UNCLEAR
#define SECURE VALIDATION_ANSWER_SECURE
#define BOGUS VALIDATION_ANSWER_BOGUS

/* `after` the event before, `event` happens: then so. */
struct step {
    uint32_t after;
    enum validation_event event;
    bool validate;
    uint32_t probe_in;
};

#define STEPS_MAX 16

struct script {
    const char *name;
    uint32_t probe_ms;
    struct step steps[STEPS_MAX];
};

static const struct script SCRIPTS[] = {
    {"all is well",
     HOUR,
     {{50, DNSSEC, true, HOUR}, {HOUR, DNSSEC, true, HOUR}}},
    {"strips from the start",
     HOUR,
     {{50, STRIPS, false, 20000},
      {20000, STRIPS, false, 20000},
      {20000, DNSSEC, true, HOUR}}},
    {"could not tell at the start",
     HOUR,
     {{5000, UNCLEAR, true, 10000},
      {10000, UNCLEAR, true, 10000},
      {10000, DNSSEC, true, HOUR}}},
    {"could not tell, and then it strips",
     HOUR,
     {{5000, UNCLEAR, true, 10000}, {10000, STRIPS, false, 20000}}},
    {"could not tell, but a secure answer came",
     HOUR,
     {{5000, UNCLEAR, true, 10000},
      {1000, SECURE, true, 9000},
      {9000, STRIPS, true, 15000}}},
    {"begins to strip",
     HOUR,
     {{50, DNSSEC, true, HOUR},
      {HOUR, STRIPS, true, 15000},
      {15000, STRIPS, true, 15000},
      {15000, STRIPS, true, 15000},
      {15000, STRIPS, true, 15000},
      {15000, STRIPS, false, 20000},
      {20000, UNCLEAR, false, 10000},
      {10000, STRIPS, false, 20000},
      {20000, DNSSEC, true, HOUR},
      {HOUR, STRIPS, true, 15000}}},
    {"five in a row, but in too short a time",
     HOUR,
     {{50, DNSSEC, true, HOUR},
      {HOUR, STRIPS, true, 15000},
      {1000, STRIPS, true, 15000},
      {1000, STRIPS, true, 15000},
      {1000, STRIPS, true, 15000},
      {1000, STRIPS, true, 15000},
      {1000, STRIPS, true, 15000},
      {54999, STRIPS, true, 15000},
      {1, STRIPS, false, 20000}}},
    {"long enough, but four",
     HOUR,
     {{50, DNSSEC, true, HOUR},
      {HOUR, STRIPS, true, 15000},
      {60000, STRIPS, true, 15000},
      {60000, STRIPS, true, 15000},
      {60000, STRIPS, true, 15000},
      {0, DNSSEC, true, HOUR}}},
    {"one good probe begins the row anew",
     HOUR,
     {{50, DNSSEC, true, HOUR},
      {HOUR, STRIPS, true, 15000},
      {15000, STRIPS, true, 15000},
      {15000, STRIPS, true, 15000},
      {15000, STRIPS, true, 15000},
      {15000, DNSSEC, true, HOUR},
      {15000, STRIPS, true, 15000}}},
    {"and so does one that tells nothing",
     HOUR,
     {{50, DNSSEC, true, HOUR},
      {HOUR, STRIPS, true, 15000},
      {15000, STRIPS, true, 15000},
      {15000, STRIPS, true, 15000},
      {15000, STRIPS, true, 15000},
      {15000, UNCLEAR, true, 10000},
      {10000, STRIPS, true, 15000}}},
    {"and a secure answer, which sets no probe",
     HOUR,
     {{50, DNSSEC, true, HOUR},
      {HOUR, STRIPS, true, 15000},
      {15000, STRIPS, true, 15000},
      {15000, STRIPS, true, 15000},
      {15000, STRIPS, true, 15000},
      {14000, SECURE, true, 1000},
      {1000, STRIPS, true, 15000}}},
    {"bogus answers bring the probe forward, every half minute at most",
     HOUR,
     {{50, DNSSEC, true, HOUR},
      {1000, BOGUS, true, 29000},
      {1000, BOGUS, true, 28000},
      {28000, DNSSEC, true, HOUR},
      {40000, BOGUS, true, 0}}},
    {"but not a probe that is sooner anyway",
     HOUR,
     {{50, DNSSEC, true, HOUR},
      {HOUR, STRIPS, true, 15000},
      {5000, BOGUS, true, 10000},
      {10000, UNCLEAR, true, 10000},
      {5000, BOGUS, true, 5000}}},
    {"nothing waits longer than probe_ms",
     400,
     {{50, UNCLEAR, true, 400},
      {400, DNSSEC, true, 400},
      {10, BOGUS, true, 190},
      {190, STRIPS, true, 400},
      {400, STRIPS, true, 400},
      {400, STRIPS, true, 400},
      {400, STRIPS, true, 400},
      {400, STRIPS, false, 400},
      {400, DNSSEC, true, 400}}},
};

static void test_scripts(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(SCRIPTS); i++) {
        const struct script *script = &SCRIPTS[i];
        struct validation validation;
        uint64_t now = START;
        validation_init(&validation, script->probe_ms, now);
        assert_true(validation.action.validate);
        assert_int_equal(validation.action.probe_at, now);
        for (size_t j = 0; j < STEPS_MAX; j++) {
            const struct step *step = &script->steps[j];
            struct validation_action action;
            if (step->after == 0 && step->probe_in == 0)
                break;
            now += step->after;
            action = validation_step(&validation, step->event, now);
            if (action.validate != step->validate ||
                action.probe_at != now + step->probe_in)
                fail_msg("%s, step %zu: %d in %d", script->name, j + 1,
                         action.validate, (int)(action.probe_at - now));
        }
    }
}

/* ---- all short scripts ---- */

#define EVENTS 5u
#define WAITS 2u /* at once, or when the probe was due */
#define LENGTH 6u

/* What has happened, kept another way than the code does. */
struct history {
    bool proven;
    bool validated;
    unsigned row;
    uint64_t row_from;
};

static void follow(struct history *history, enum validation_event event,
                   uint64_t now)
{
    if (event == VALIDATION_PROBE_STRIPS) {
        if (history->row == 0)
            history->row_from = now;
        history->row++;
    } else if (event != VALIDATION_ANSWER_BOGUS) {
        history->row = 0;
    }
}

static void check(const struct history *history, enum validation_event event,
                  struct validation_action action, uint64_t now)
{
    bool lasted = history->row >= 5 && now - history->row_from >= 60000;

    assert_true(action.probe_at <= now + HOUR);
    if (event == VALIDATION_PROBE_DNSSEC)
        assert_true(action.validate);
    if (history->validated && !action.validate) {
        assert_int_equal(event, VALIDATION_PROBE_STRIPS);
        assert_true(!history->proven || lasted);
    }
    if (history->validated && event == VALIDATION_PROBE_STRIPS)
        assert_int_equal(action.validate, history->proven && !lasted);
    if (!history->validated && event != VALIDATION_PROBE_DNSSEC)
        assert_false(action.validate);
    if (!action.validate)
        assert_true(action.probe_at <= now + 30000);
}

static void run(unsigned long number, bool proven)
{
    struct history history = {.validated = true, .proven = proven};
    struct validation validation;
    uint64_t now = START;

    validation_init(&validation, HOUR, now);
    if (proven)
        validation_step(&validation, VALIDATION_PROBE_DNSSEC, now);
    for (unsigned i = 0; i < LENGTH; i++) {
        enum validation_event event = (enum validation_event)(number % EVENTS);
        struct validation_action action;
        number /= EVENTS;
        if (number % WAITS == 1)
            now = MAX_OF(now, validation.action.probe_at);
        number /= WAITS;
        follow(&history, event, now);
        action = validation_step(&validation, event, now);
        check(&history, event, action, now);
        history.validated = action.validate;
        if (event == VALIDATION_PROBE_DNSSEC ||
            event == VALIDATION_ANSWER_SECURE)
            history.proven = true;
    }
}

static void test_all_short_scripts(void **state)
{
    unsigned long count = 1;

    (void)state;
    for (unsigned i = 0; i < LENGTH; i++)
        count *= EVENTS * WAITS;
    for (unsigned long number = 0; number < count; number++) {
        run(number, false);
        run(number, true);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scripts),
        cmocka_unit_test(test_all_short_scripts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
