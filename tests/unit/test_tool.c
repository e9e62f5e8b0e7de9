/* tool: programs run to their end, within their deadline and their buffers. */
#include "cli/tool.h"

#include "unit.h"
#include <mtasts/error.h>
#include <time.h>

#define SHORT_MS 300u
#define SHORT_S 20 /* far more than SHORT_MS, far less than they sleep */

/* What a shell makes of this; `input` NULL: nothing to read. */
static int shell(const char *script, const char *input, uint32_t deadline_ms,
                 struct tool_output *output)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    const struct tool tool = {
        .argv = argv, .input = input, .deadline_ms = deadline_ms};
    return tool_run(&tool, output);
}

static void test_runs(void **state)
{
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;
    char why[64];

    (void)state;
    assert_int_equal(
        shell("cat; echo one >&2; echo two >&2; exit 3", "in", 0, &output), 0);
    assert_string_equal(buf_text(&output.out), "in");
    assert_int_equal(output.status, 3);
    tool_why(&output, why, sizeof(why));
    assert_string_equal(why, "two");
    assert_int_equal(shell("kill -9 $$", NULL, 0, &output), 0);
    assert_int_equal(output.status, 128 + 9);
    tool_why(&output, why, sizeof(why));
    assert_string_equal(why, "it ended with status 137");
}

static void test_no_program(void **state)
{
    static const char *const argv[] = {"mtasts-no-such-program", NULL};
    const struct tool tool = {.argv = argv};
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;

    (void)state;
    assert_int_equal(tool_run(&tool, &output), -MTASTS_ENOTFOUND);
}

/* One that hangs with its output open, and one that has closed it. */
static void test_deadline(void **state)
{
    static const char *const scripts[] = {
        "exec sleep 60",
        "exec sleep 60 >&- 2>&-",
        "echo some; exec sleep 60 >&- 2>&-",
    };

    (void)state;
    for (size_t i = 0; i < ELEMENTS(scripts); i++) {
        _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;
        time_t begun = time(NULL);

        assert_int_equal(shell(scripts[i], NULL, SHORT_MS, &output),
                         -MTASTS_ETIMEDOUT);
        assert_in_range(time(NULL) - begun, 0, SHORT_S);
    }
}

/* Silence before the end is no fault. */
static void test_quiet_end(void **state)
{
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;

    (void)state;
    assert_int_equal(
        shell("exec >&- 2>&-; sleep 0.2; exit 4", NULL, 0, &output), 0);
    assert_int_equal(output.status, 4);
}

static void test_too_much(void **state)
{
    _cleanup_tool_output_ struct tool_output output = TOOL_OUTPUT;

    (void)state;
    assert_int_equal(shell("yes", NULL, 0, &output), -MTASTS_ETOOLONG);
    assert_int_equal(shell("yes >&2", NULL, 0, &output), -MTASTS_ETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs),     cmocka_unit_test(test_no_program),
        cmocka_unit_test(test_deadline), cmocka_unit_test(test_quiet_end),
        cmocka_unit_test(test_too_much),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
