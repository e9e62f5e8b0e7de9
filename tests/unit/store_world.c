/*
 * store_world: a store with its writer and its reader, for tests. See
 * store_world.h.
 */
#include "store_world.h"

#include "unit.h"
#include <mtasts/error.h>
#include <time.h>

struct world world;

int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void pause_ms(long ms)
{
    const struct timespec pause = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&pause, NULL);
}

int world_setup(void **state)
{
    (void)state;
    place_make(&world.place);
    world.writer = NULL;
    world.reader = NULL;
    return 0;
}

void world_start(void)
{
    struct store_fault fault = {.text = ""};

    if (store_writer_start(world.place.path, &world.writer, &fault) < 0)
        fail_msg("%s", fault.text);
    assert_int_equal(
        store_reader_new(world.place.path, world.writer, &world.reader), 0);
}

void world_stop(void)
{
    struct store_loss loss = {.count = 99};

    store_reader_free(TAKE_PTR(world.reader));
    assert_int_equal(
        store_writer_stop(TAKE_PTR(world.writer), PATIENCE_MS, &loss), 0);
    assert_int_equal(loss.count, 0);
    assert_int_equal(loss.why.trouble, STORE_FINE);
}

int world_teardown(void **state)
{
    (void)state;
    store_reader_free(TAKE_PTR(world.reader));
    if (world.writer)
        store_writer_stop(TAKE_PTR(world.writer), 100, NULL);
    place_remove(&world.place);
    return 0;
}

int world_try_put(unsigned n, int64_t fetched_ms)
{
    struct made_row *made = malloc(sizeof(*made));
    int error;

    assert_non_null(made);
    error = store_writer_put(world.writer, made_row(made, n, fetched_ms, 0));
    free(made);
    return error;
}

void world_put(unsigned n, int64_t fetched_ms)
{
    assert_int_equal(world_try_put(n, fetched_ms), 0);
}

void world_put_range(unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++)
        world_put(n, n);
}

void world_fill(void)
{
    world_start();
    world_put_range(0, MANY);
    world_stop();
}

int64_t world_in_file(unsigned n)
{
    struct policy_row *row = NULL;
    int64_t fetched_ms;
    char domain[32];
    int error;

    snprintf(domain, sizeof(domain), "d%u.example", n);
    error = store_reader_get(world.reader, domain, &row);
    if (error)
        return error == -MTASTS_ENOTFOUND ? 0 : -1;
    assert_string_equal(row->domain, domain);
    fetched_ms = row->fetched_ms;
    free(row);
    return fetched_ms;
}

struct store_state world_state(void)
{
    struct store_state now;

    store_writer_state(world.writer, &now);
    return now;
}

void await_fine(void)
{
    int64_t until = now_ms() + PATIENCE_MS;
    struct store_state now = world_state();

    while (now.failing || now.waiting > 0) {
        if (now_ms() > until)
            fail_msg("still waits: %s", now.fault.text);
        pause_ms(5);
        now = world_state();
    }
}

void await_generation(unsigned generation)
{
    int64_t until = now_ms() + PATIENCE_MS;

    while (world_state().generation < generation) {
        if (now_ms() > until)
            fail_msg("was not rebuilt");
        pause_ms(5);
    }
    assert_int_equal(world_state().generation, generation);
}

void await_trouble(enum store_trouble trouble)
{
    int64_t until = now_ms() + PATIENCE_MS;

    while (world_state().fault.trouble != trouble) {
        if (now_ms() > until)
            fail_msg("does not fail");
        pause_ms(5);
    }
    assert_true(world_state().failing);
    assert_true(world_state().since_ms > INT64_C(1600000000000));
    assert_non_null(strstr(world_state().fault.text, world.place.path));
}

void assert_told(enum store_news_kind kind, const char *words)
{
    struct store_news *news = calloc(1, sizeof(*news));

    assert_non_null(news);
    assert_true(store_writer_news(world.writer, news));
    if (news->kind != kind || !strstr(news->text, words) ||
        !strstr(news->text, world.place.path))
        fail_msg("%s: %s", store_news_name(news->kind), news->text);
    free(news);
}

void assert_nothing_told(void)
{
    struct store_news *news = calloc(1, sizeof(*news));

    assert_non_null(news);
    if (store_writer_news(world.writer, news))
        fail_msg("%s: %s", store_news_name(news->kind), news->text);
    free(news);
}

void world_count_row(void *ctx, const struct policy_row *row)
{
    unsigned *counts = ctx;

    assert_in_range(row->fetched_ms, 0, MANY - 1);
    counts[row->fetched_ms]++;
}

unsigned world_load(unsigned counts[MANY])
{
    int64_t until = now_ms() + PATIENCE_MS;
    enum store_load load;
    unsigned rows = 0;

    memset(counts, 0, MANY * sizeof(*counts));
    while ((load = store_reader_load(world.reader, SLICE, world_count_row,
                                     counts)) != STORE_LOAD_DONE) {
        assert_true(now_ms() < until);
        if (load == STORE_LOAD_WAIT)
            pause_ms(5);
    }
    for (unsigned n = 0; n < MANY; n++)
        rows += counts[n] > 0;
    return rows;
}
