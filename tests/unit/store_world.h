/*
 * store_world: a store with its writer and its reader, for tests. There is
 * one at a time.
 */
#ifndef MTASTS_TESTS_STORE_WORLD_H
#define MTASTS_TESTS_STORE_WORLD_H

#include "store/store_reader.h"
#include "store_place.h"

#define PATIENCE_MS 30000 /* what has not happened by then does not */
#define MANY 3000u        /* rows of a file that has something in it */
#define SLICE 100u        /* rows read at a time */

struct world {
    struct place place;
    struct store_writer *writer;
    struct store_reader *reader;
};

extern struct world world;

/* For cmocka: a folder of its own; nothing runs yet. */
int world_setup(void **state);
int world_teardown(void **state);

#define IN_WORLD(test)                                                         \
    cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

/* Nothing may be lost in the end. */
void world_start(void);
void world_stop(void);

/* Makes a file with MANY rows, d0.example (fetched at 0) to d2999.example (at
   2999), and closes it. */
void world_fill(void);

int world_try_put(unsigned n, int64_t fetched_ms);
void world_put(unsigned n, int64_t fetched_ms);
void world_put_range(unsigned from, unsigned to);

/* The time of the fetch of dN.example in the file; 0: it is not there, -1:
   could not tell. */
int64_t world_in_file(unsigned n);

/* Reads all in slices; how many different rows came, and how often each. */
unsigned world_load(unsigned counts[MANY]);
void world_count_row(void *ctx, const struct policy_row *row);

struct store_state world_state(void);

/* Until all is written and nothing fails. */
void await_fine(void);
void await_generation(unsigned generation);
void await_trouble(enum store_trouble trouble);

/* The next of the news is of this kind, and has these words. */
void assert_told(enum store_news_kind kind, const char *words);
void assert_nothing_told(void);

int64_t now_ms(void);
void pause_ms(long ms);

#endif
