/*
 * What waits to be written: of a domain the newest, in order of the first,
 * within its maximum.
 */
#include "base/cleanup.h"
#include "store/store_queue.h"
#include "store_place.h"
#include "unit.h"

#include <mtasts/error.h>

static struct store_queue queue;

static int teardown(void **state)
{
    (void)state;
    store_queue_clear(&queue);
    assert_null(queue.by_domain);
    assert_int_equal(queue.octets, 0);
    queue.lost = 0;
    return 0;
}

static int put(struct store_queue *into, unsigned n, int64_t fetched_ms,
               size_t len)
{
    static struct made_row made;

    return store_queue_put(into, made_row(&made, n, fetched_ms, len));
}

/* "1=10 2- 3=7": domains in line, with the time of the fetch or deleted. */
static void is_in_line(const struct store_queue *line, const char *expected)
{
    char text[200] = "";
    size_t len = 0;

    for (const struct queue_node *node = line->changes.first; node;
         node = node->next) {
        const struct store_change *change = (const struct store_change *)node;
        int digits = (int)strcspn(change->domain, ".") - 1;
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s",
                                len ? " " : "", digits, change->domain + 1);
        if (change->row)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "=%d",
                                    (int)change->row->fetched_ms);
        else
            len += (size_t)snprintf(text + len, sizeof(text) - len, "-");
    }
    assert_string_equal(text, expected);
}

static void test_newest_counts(void **state)
{
    (void)state;
    assert_int_equal(put(&queue, 1, 10, 0), 0);
    assert_int_equal(put(&queue, 2, 10, 0), 0);
    assert_int_equal(put(&queue, 3, 10, 0), 0);
    assert_int_equal(put(&queue, 1, 20, 500), 0);
    assert_int_equal(store_queue_delete(&queue, "d2.example"), 0);
    is_in_line(&queue, "1=20 2- 3=10");
    assert_int_equal(put(&queue, 2, 5, 0), 0);
    is_in_line(&queue, "1=20 2=5 3=10");
    assert_int_equal(store_queue_count(&queue), 3);
    store_queue_drop_change(&queue);
    is_in_line(&queue, "2=5 3=10");
    assert_int_equal(put(&queue, 1, 30, 0), 0);
    is_in_line(&queue, "2=5 3=10 1=30");
}

static void test_copies(void **state)
{
    static struct made_row made;
    const struct store_change *change;

    (void)state;
    assert_int_equal(
        store_queue_put(&queue, made_row(&made, 1, 10, MTASTS_POLICY_BODY_MAX)),
        0);
    memset(&made, 'x', sizeof(made));
    made_row(&made, 1, 10, MTASTS_POLICY_BODY_MAX);
    change = (const struct store_change *)queue.changes.first;
    assert_same_row(change->row, &made.row);
}

static void test_not_valid(void **state)
{
    static char name[MTASTS_NAME_MAX + 2];
    const struct policy_row row = {name, "1", 1, 2, "", 0};

    (void)state;
    assert_int_equal(store_queue_put(&queue, &row), -MTASTS_EINVAL);
    assert_int_equal(store_queue_delete(&queue, name), -MTASTS_EINVAL);
    memset(name, 'a', sizeof(name) - 1);
    assert_int_equal(store_queue_put(&queue, &row), -MTASTS_EINVAL);
    assert_int_equal(store_queue_delete(&queue, name), -MTASTS_EINVAL);
    assert_int_equal(store_queue_count(&queue), 0);
    assert_int_equal(queue.lost, 0);
}

static void test_most_domains(void **state)
{
    (void)state;
    for (unsigned n = 0; n < STORE_CHANGES_MAX; n++)
        assert_int_equal(put(&queue, n, 1, 0), 0);
    assert_int_equal(put(&queue, STORE_CHANGES_MAX, 1, 0), -MTASTS_ELIMIT);
    assert_int_equal(store_queue_delete(&queue, "other.example"),
                     -MTASTS_ELIMIT);
    assert_int_equal(queue.lost, 2);
    /* One that waits already is still brought up to date. */
    assert_int_equal(put(&queue, 7, 2, 0), 0);
    assert_int_equal(queue.changes.count, STORE_CHANGES_MAX);
    store_queue_drop_change(&queue);
    assert_int_equal(put(&queue, STORE_CHANGES_MAX, 1, 0), 0);
}

static void test_most_octets(void **state)
{
    const unsigned fit = STORE_OCTETS_MAX / (MTASTS_POLICY_BODY_MAX + 200);
    unsigned n = 0;

    (void)state;
    while (put(&queue, n, 1, MTASTS_POLICY_BODY_MAX) == 0)
        n++;
    assert_true(n >= fit && n < fit + 5);
    assert_true(queue.octets <= STORE_OCTETS_MAX);
    assert_int_equal(queue.lost, 1);
    assert_int_equal(put(&queue, 3, 2, MTASTS_POLICY_BODY_MAX), 0);
    assert_int_equal(put(&queue, 4, 2, 0), 0);
    assert_int_equal(put(&queue, n, 1, MTASTS_POLICY_BODY_MAX - 200), 0);
    assert_int_equal(queue.changes.count, n + 1);
}

static void add_history(struct store_queue *into, int64_t at_ms)
{
    const struct history_row row = {"a.example", at_ms, "", "", "", "", "", ""};

    assert_int_equal(store_queue_history(into, &row), 0);
}

static int64_t first_history_ms(const struct store_queue *line)
{
    return ((const struct store_history *)line->history.first)->row->at_ms;
}

static void test_history(void **state)
{
    (void)state;
    for (unsigned i = 0; i < STORE_HISTORY_MAX + 3; i++)
        add_history(&queue, i);
    assert_int_equal(queue.history.count, STORE_HISTORY_MAX);
    assert_int_equal(queue.lost, 3);
    assert_int_equal(first_history_ms(&queue), 3);
    store_queue_drop_history(&queue);
    assert_int_equal(first_history_ms(&queue), 4);
    assert_int_equal(store_queue_count(&queue), STORE_HISTORY_MAX - 1);
}

static void test_absorb(void **state)
{
    static struct store_queue newer;

    (void)state;
    assert_int_equal(put(&queue, 1, 10, 0), 0);
    assert_int_equal(put(&queue, 2, 10, 0), 0);
    assert_int_equal(store_queue_delete(&queue, "d3.example"), 0);
    add_history(&queue, 1);
    assert_int_equal(put(&newer, 4, 20, 0), 0);
    assert_int_equal(put(&newer, 3, 20, 0), 0);
    assert_int_equal(store_queue_delete(&newer, "d1.example"), 0);
    add_history(&newer, 2);
    newer.lost = 5;
    queue.lost = 2;
    store_queue_absorb(&queue, &newer);
    is_in_line(&queue, "1- 2=10 3=20 4=20");
    assert_int_equal(queue.history.count, 2);
    assert_int_equal(first_history_ms(&queue), 1);
    assert_int_equal(queue.lost, 7);
    assert_int_equal(store_queue_count(&newer), 0);
    assert_int_equal(newer.octets, 0);
    assert_null(newer.by_domain);
}

static void test_absorb_too_much(void **state)
{
    static struct store_queue newer;

    (void)state;
    for (unsigned n = 0; n < STORE_CHANGES_MAX; n++)
        assert_int_equal(put(&queue, n, 1, 0), 0);
    assert_int_equal(put(&newer, 5, 2, 0), 0);
    assert_int_equal(put(&newer, STORE_CHANGES_MAX, 2, 0), 0);
    store_queue_absorb(&queue, &newer);
    assert_int_equal(queue.changes.count, STORE_CHANGES_MAX);
    assert_int_equal(queue.lost, 1);
    assert_int_equal(store_queue_count(&newer), 0);
}

#define CLEARED(test) cmocka_unit_test_teardown(test, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEARED(test_newest_counts), CLEARED(test_copies),
        CLEARED(test_not_valid),     CLEARED(test_most_domains),
        CLEARED(test_most_octets),   CLEARED(test_history),
        CLEARED(test_absorb),        CLEARED(test_absorb_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
